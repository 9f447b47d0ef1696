//! The lab within the process.

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::catalogue::CatalogueEntry;
use super::{LabError, Placement, Servers};

/// The lab's servers on loopback, running on a thread of their own. They stop, and their ports
/// close, when the value is dropped.
#[derive(Debug)]
pub struct EmbeddedLab {
    servers: Servers,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl EmbeddedLab {
    /// Starts the servers. When it returns they answer.
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
                // An error means that the sender is gone, which also says stop.
                let _ = runtime.block_on(stopped);
            })
            .map_err(|source| LabError::Thread { source })?;
        Ok(Self {
            servers,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The page to look at first.
    pub fn start_url(&self) -> String {
        self.servers.start_url()
    }

    /// The DNS server that knows the lab's names, over UDP and TCP.
    pub fn dns_server(&self) -> SocketAddr {
        self.servers.dns_server()
    }

    /// The certificate to trust, as PEM. Its key never leaves memory and ends with this value.
    pub fn ca_pem(&self) -> &str {
        self.servers.ca_pem()
    }

    /// What there is to see, what works first and what fails on purpose after it.
    pub fn catalogue(&self) -> Vec<CatalogueEntry> {
        self.servers.catalogue()
    }
}

impl Drop for EmbeddedLab {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It can only fail by a panic, which was reported when it happened.
            let _ = thread.join();
        }
    }
}
