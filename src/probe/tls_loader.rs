//! Loader for TLS credentials and trust anchors, on a thread of its own while DNS and TCP are in
//! progress.

use std::os::unix::fs::FileTypeExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use super::spec::TlsOptions;
use super::tls::{CryptoSetup, TrustStore};

/// Loader for the inputs of a handshake; each is loaded, being loaded, or not yet requested.
#[derive(Default)]
pub(super) struct TlsLoader {
    crypto: Loaded<CryptoSetup>,
    trust_store: Loaded<TrustStore>,
    thread: Option<JoinHandle<()>>,
    /// Whether the thread may block on the other end of a pipe.
    may_block: bool,
}

/// A value that is loaded in the background.
#[derive(Default)]
enum Loaded<T> {
    #[default]
    NotRequested,
    Loading(oneshot::Receiver<Arc<T>>),
    Ready(Arc<T>),
}

impl<T> Loaded<T> {
    /// Returns the value as soon as it is loaded, or loads it with `load` if no thread does.
    async fn get(&mut self, load: impl FnOnce() -> Arc<T>) -> Arc<T> {
        let value = match self {
            Self::Ready(value) => return Arc::clone(value),
            Self::Loading(loaded) => loaded.await.unwrap_or_else(|_| load()),
            Self::NotRequested => load(),
        };
        *self = Self::Ready(Arc::clone(&value));
        value
    }

    fn is_ready(&mut self) -> bool {
        if let Self::Loading(loaded) = self
            && let Ok(value) = loaded.try_recv()
        {
            *self = Self::Ready(value);
        }
        matches!(self, Self::Ready(_))
    }
}

impl TlsLoader {
    /// Starts loading, unless it has started.
    pub(super) fn start(&mut self, options: &TlsOptions) {
        if !matches!(self.crypto, Loaded::NotRequested) {
            return;
        }
        let ((crypto_sender, crypto), (store_sender, trust_store)) =
            (oneshot::channel(), oneshot::channel());
        self.may_block = names_a_pipe(options);
        let options = options.clone();
        let load = move || {
            // The receivers are gone if the run has ended.
            let crypto = Arc::new(CryptoSetup::load(&options));
            let _ = crypto_sender.send(Arc::clone(&crypto));
            let _ = store_sender.send(Arc::new(TrustStore::load(&options, &crypto)));
        };
        // Without a thread, the values are loaded when they are needed.
        if let Ok(thread) = thread::Builder::new().name("trust".to_owned()).spawn(load) {
            self.crypto = Loaded::Loading(crypto);
            self.trust_store = Loaded::Loading(trust_store);
            self.thread = Some(thread);
        }
    }

    /// Loads everything and returns a second loader that shares it.
    pub(super) async fn load_and_share(&mut self, options: &TlsOptions) -> Self {
        self.start(options);
        let crypto = self.crypto(options).await;
        let trust_store = self.trust_store(options).await;
        Self {
            crypto: Loaded::Ready(crypto),
            trust_store: Loaded::Ready(trust_store),
            thread: None,
            may_block: false,
        }
    }

    /// Returns the cryptography provider, client certificate and key log.
    pub(super) async fn crypto(&mut self, options: &TlsOptions) -> Arc<CryptoSetup> {
        self.crypto
            .get(|| Arc::new(CryptoSetup::load(options)))
            .await
    }

    /// Returns the certificate store.
    pub(super) async fn trust_store(&mut self, options: &TlsOptions) -> Arc<TrustStore> {
        let crypto = self.crypto(options).await;
        self.trust_store
            .get(|| Arc::new(TrustStore::load(options, &crypto)))
            .await
    }

    /// Returns true if everything that such a handshake waits for is loaded.
    pub(super) fn is_ready(&mut self, options: &TlsOptions) -> bool {
        self.crypto.is_ready() && (options.insecure || self.trust_store.is_ready())
    }
}

fn names_a_pipe(options: &TlsOptions) -> bool {
    let files = [
        &options.ca_file,
        &options.cert,
        &options.key,
        &options.key_log,
    ];
    let is_pipe =
        |path: &PathBuf| std::fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo());
    files.into_iter().flatten().any(is_pipe)
}

impl Drop for TlsLoader {
    /// Waits for the thread. This takes a few milliseconds at most, and only if the run failed
    /// early. If the process exited meanwhile, its exit handlers would destroy the random source of
    /// the cryptography library under the thread, which would abort.
    fn drop(&mut self) {
        let thread = self.thread.take();
        // A thread that blocks on a pipe is not waited for: it would keep the program from ending.
        if let Some(thread) = thread.filter(|thread| !self.may_block || thread.is_finished()) {
            let _ = thread.join();
        }
    }
}
