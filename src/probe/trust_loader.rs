//! Loads what TLS needs on a thread of its own while DNS and TCP are under way.

use std::os::unix::fs::FileTypeExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use super::spec::TlsChoice;
use super::tls::{Tools, Trust};

/// What TLS needs: there, on its way, or not wanted yet.
#[derive(Default)]
pub(super) struct TrustLoader {
    tools: Loaded<Tools>,
    trust: Loaded<Trust>,
    thread: Option<JoinHandle<()>>,
    /// Whether the thread may have to wait for somebody at the other end of a pipe.
    may_wait: bool,
}

/// One part of it.
#[derive(Default)]
enum Loaded<T> {
    #[default]
    NotWanted,
    OnItsWay(oneshot::Receiver<Arc<T>>),
    There(Arc<T>),
}

impl<T> Loaded<T> {
    /// What was loaded, as soon as it is there; made by `load` where no thread could.
    async fn get(&mut self, load: impl FnOnce() -> Arc<T>) -> Arc<T> {
        let value = match self {
            Self::There(value) => return Arc::clone(value),
            Self::OnItsWay(loaded) => loaded.await.unwrap_or_else(|_| load()),
            Self::NotWanted => load(),
        };
        *self = Self::There(Arc::clone(&value));
        value
    }

    fn is_there(&mut self) -> bool {
        if let Self::OnItsWay(loaded) = self
            && let Ok(value) = loaded.try_recv()
        {
            *self = Self::There(value);
        }
        matches!(self, Self::There(_))
    }
}

impl TrustLoader {
    /// Begins to load, unless that has begun.
    pub(super) fn start(&mut self, choice: &TlsChoice) {
        if !matches!(self.tools, Loaded::NotWanted) {
            return;
        }
        let ((tools_done, tools), (trust_done, trust)) = (oneshot::channel(), oneshot::channel());
        self.may_wait = names_a_pipe(choice);
        let choice = choice.clone();
        let load = move || {
            // Nobody waits any more if the run has ended.
            let tools = Arc::new(Tools::load(&choice));
            let _ = tools_done.send(Arc::clone(&tools));
            let _ = trust_done.send(Arc::new(Trust::load(&choice, &tools)));
        };
        // Without a thread it is loaded when it is asked for.
        if let Ok(thread) = thread::Builder::new().name("trust".to_owned()).spawn(load) {
            self.tools = Loaded::OnItsWay(tools);
            self.trust = Loaded::OnItsWay(trust);
            self.thread = Some(thread);
        }
    }

    /// Another one, in which all is there from the start.
    pub(super) async fn shared(&mut self, choice: &TlsChoice) -> Self {
        self.start(choice);
        let (tools, trust) = (self.tools(choice).await, self.trust(choice).await);
        Self {
            tools: Loaded::There(tools),
            trust: Loaded::There(trust),
            thread: None,
            may_wait: false,
        }
    }

    /// Cryptography, the client's certificate and the key log.
    pub(super) async fn tools(&mut self, choice: &TlsChoice) -> Arc<Tools> {
        self.tools.get(|| Arc::new(Tools::load(choice))).await
    }

    /// The certificate store.
    pub(super) async fn trust(&mut self, choice: &TlsChoice) -> Arc<Trust> {
        let tools = self.tools(choice).await;
        self.trust
            .get(|| Arc::new(Trust::load(choice, &tools)))
            .await
    }

    /// Whether all that a handshake of this kind waits for is there.
    pub(super) fn is_ready(&mut self, choice: &TlsChoice) -> bool {
        self.tools.is_there() && (choice.insecure || self.trust.is_there())
    }
}

fn names_a_pipe(choice: &TlsChoice) -> bool {
    let files = [&choice.ca_file, &choice.cert, &choice.key, &choice.key_log];
    let is_pipe =
        |path: &PathBuf| std::fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo());
    files.into_iter().flatten().any(is_pipe)
}

impl Drop for TrustLoader {
    /// Waits for the thread, a few milliseconds at most and only where the run failed early: were
    /// the process to exit meanwhile, its exit handlers would take the cryptographic library's
    /// random source away from under the thread, and it would abort.
    fn drop(&mut self) {
        let thread = self.thread.take();
        // One that waits for a pipe is left alone: it would keep the program from ending.
        if let Some(thread) = thread.filter(|thread| !self.may_wait || thread.is_finished()) {
            let _ = thread.join();
        }
    }
}
