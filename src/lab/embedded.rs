//! The lab within the current process.

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::catalogue::CatalogueEntry;
use super::{LabError, Placement, Servers};

/// The lab's servers on loopback, on a thread of their own. Dropping the value stops them and
/// closes their ports.
#[derive(Debug)]
pub struct EmbeddedLab {
    servers: Servers,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl EmbeddedLab {
    /// Starts the servers. When it returns, they accept connections.
    pub fn start() -> Result<Self, LabError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| LabError::Thread { source })?;
        let servers = {
            let _inside = runtime.enter();
            Servers::open(Placement::Loopback)?
        };
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("lab".to_owned())
            .spawn(move || {
                // An error means that the sender was dropped, which is also a request to stop.
                let _ = runtime.block_on(stopped);
            })
            .map_err(|source| LabError::Thread { source })?;
        Ok(Self {
            servers,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// URL of the first page to look at.
    pub fn start_url(&self) -> String {
        self.servers.start_url()
    }

    /// Address of the lab's DNS server, over UDP and TCP.
    pub fn dns_server(&self) -> SocketAddr {
        self.servers.dns_server()
    }

    /// Root certificate to trust, as PEM. Its private key stays in memory and is dropped with this
    /// value.
    pub fn ca_pem(&self) -> &str {
        self.servers.ca_pem()
    }

    /// The catalogue: URLs that work, then those that fail on purpose.
    pub fn catalogue(&self) -> Vec<CatalogueEntry> {
        self.servers.catalogue()
    }
}

impl Drop for EmbeddedLab {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Joining fails only if the thread panicked, which was reported when it happened.
            let _ = thread.join();
        }
    }
}
