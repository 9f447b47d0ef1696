//! Loads trust on a thread of its own while DNS and TCP are under way.

use std::sync::Arc;
use std::thread;

use tokio::sync::oneshot;

use super::spec::TlsChoice;
use super::tls::Trust;

/// Trust that is there, on its way, or not wanted yet.
pub(super) enum TrustLoader {
    /// Nobody has asked.
    Idle,
    /// It is being loaded.
    Loading(oneshot::Receiver<Arc<Trust>>),
    /// It is there.
    Loaded(Arc<Trust>),
}

impl TrustLoader {
    /// Begins to load, unless that has begun.
    pub(super) fn start(&mut self, choice: &TlsChoice) {
        if !matches!(self, Self::Idle) {
            return;
        }
        let (done, loaded) = oneshot::channel();
        let choice = choice.clone();
        let load = move || {
            // Nobody waits any more if the run has ended.
            let _ = done.send(Arc::new(Trust::load(&choice)));
        };
        // Without a thread it is loaded when it is asked for.
        if thread::Builder::new().name("trust".to_owned()).spawn(load).is_ok() {
            *self = Self::Loading(loaded);
        }
    }

    /// What was loaded, as soon as it is there.
    pub(super) async fn get(&mut self, choice: &TlsChoice) -> Arc<Trust> {
        let trust = match self {
            Self::Loaded(trust) => return Arc::clone(trust),
            Self::Loading(loaded) => loaded.await.unwrap_or_else(|_| Arc::new(Trust::load(choice))),
            Self::Idle => Arc::new(Trust::load(choice)),
        };
        *self = Self::Loaded(Arc::clone(&trust));
        trust
    }
}
