//! The lab within the process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use socket2::Socket;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::catalogue::{self, Exhibit, Ports};
use super::gate::Gate;
use super::hosts::API;
use super::identity::Identities;
use super::ports::Pair;
use super::router::Site;
use super::{Error, broken, dns, faults, ports, secure};

/// The lab's servers, running on a thread of their own. They stop, and their ports close, when the value is dropped.
#[derive(Debug)]
pub struct Embedded {
    ports: Ports,
    dns: SocketAddr,
    ca_pem: String,
    /// Held so that nobody else listens where the lab says that nobody does.
    _refused: Pair<Socket>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Starts the servers. When it returns they answer.
    pub fn start() -> Result<Self, Error> {
        let identities = Arc::new(Identities::new()?);
        let ca_pem = identities.pem();
        let refused = ports::closed()?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|source| Error::Thread { source })?;
        let (ports, dns) = open_servers(&runtime, &identities, refused.port)?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("lab".to_owned())
            .spawn(move || {
                // An error means that the sender is gone, which also says stop.
                let _ = runtime.block_on(stopped);
            })
            .map_err(|source| Error::Thread { source })?;
        Ok(Self { ports, dns, ca_pem, _refused: refused, stop: Some(stop), thread: Some(thread) })
    }

    /// The page to look at first.
    pub fn url(&self) -> String {
        format!("https://{API}:{}/users", self.ports.https)
    }

    /// The DNS server that knows the lab's names, over UDP and TCP.
    pub const fn dns(&self) -> SocketAddr {
        self.dns
    }

    /// The certificate to trust, as PEM. Its key never leaves memory and ends with this value.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// What there is to see, what works first and what fails on purpose after it.
    pub fn catalogue(&self) -> Vec<Exhibit> {
        catalogue::exhibits(self.ports)
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It can only fail by a panic, which was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Opens every port and hands it to the task that serves it.
fn open_servers(runtime: &Runtime, identities: &Arc<Identities>, refused: u16) -> Result<(Ports, SocketAddr), Error> {
    let _inside = runtime.enter();
    let gate = Gate::new();
    let (https, http, reset, broken) = (ports::listen()?, ports::listen()?, ports::listen()?, ports::listen()?);
    let ports = Ports { https: https.port, http: http.port, refused, reset: reset.port, broken: broken.port };
    let dns = dns::start(https.v6.is_some())?;
    let site = Arc::new(Site { https_port: ports.https });
    for listener in listeners(https)? {
        let (identities, site) = (Arc::clone(identities), Arc::clone(&site));
        tokio::spawn(gate.clone().keep(listener, move |stream| secure::serve(stream, Arc::clone(&identities), Arc::clone(&site))));
    }
    for listener in listeners(http)? {
        let site = Arc::clone(&site);
        tokio::spawn(gate.clone().keep(listener, move |stream| secure::serve_plain(stream, Arc::clone(&site))));
    }
    for listener in listeners(broken)? {
        tokio::spawn(gate.clone().keep(listener, broken::serve));
    }
    for listener in listeners(reset)? {
        tokio::spawn(gate.clone().keep(listener, faults::reset));
    }
    Ok((ports, dns))
}

fn listeners(pair: Pair<std::net::TcpListener>) -> Result<Vec<TcpListener>, Error> {
    pair.into_sockets().map(|listener| TcpListener::from_std(listener).map_err(|source| Error::Thread { source })).collect()
}
