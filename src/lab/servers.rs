//! All servers of a lab, on the ground they were given.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use socket2::Socket;
use tokio::net::{TcpListener, UdpSocket};

use super::catalogue::{self, CatalogueEntry};
use super::connection_limiter::ConnectionLimiter;
use super::hosts::API;
use super::http_service::HTTPS;
use super::identity::TlsIdentities;
use super::placement::{BoundServices, BoundSocket, Placement};
use super::service::{AcceptedConnection, Service, ServiceKind};
use super::state::LabState;
use super::{LabError, dns};

/// All servers of a lab. They are tasks of the runtime they were opened in, and end with it.
pub struct Servers {
    state: Arc<LabState>,
    ca_pem: String,
    _reserved: Vec<Socket>,
}

impl Servers {
    /// Opens every port and serves it, within the current tokio runtime. When it returns,
    /// everything answers.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn open(ground: Placement) -> Result<Self, LabError> {
        let identities = TlsIdentities::new()?;
        let ca_pem = identities.root_pem();
        let BoundServices {
            sockets,
            dns,
            addresses: places,
        } = ground.bind()?;
        dns::start_dns_server(dns, &places)?;
        let site = Arc::new(LabState::new(places, identities));
        let mut gates: BTreeMap<&str, ConnectionLimiter> = BTreeMap::new();
        let mut closed = Vec::new();
        for (service, socket) in sockets {
            let gate = gates
                .entry(service.name)
                .or_insert_with(ConnectionLimiter::new);
            if let Some(socket) = serve_socket(service, socket, &site, gate)
                .map_err(|source| LabError::Thread { source })?
            {
                closed.push(socket);
            }
        }
        Ok(Self {
            state: site,
            ca_pem,
            _reserved: closed,
        })
    }

    /// The page to look at first.
    pub fn start_url(&self) -> String {
        self.state.addresses.url(API, &HTTPS, "/users")
    }

    /// The DNS server that knows the lab's names, over UDP and TCP.
    pub fn dns_server(&self) -> SocketAddr {
        self.state.addresses.dns_server
    }

    /// The certificate to trust, as PEM. Its key never leaves memory and ends with the servers.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// What there is to see, what works first and what fails on purpose after it.
    pub fn catalogue(&self) -> Vec<CatalogueEntry> {
        catalogue::all_entries(&self.state.addresses)
    }
}

/// Serves what was opened for a service, or gives back what only has to be held.
fn serve_socket(
    service: Service,
    socket: BoundSocket,
    site: &Arc<LabState>,
    gate: &ConnectionLimiter,
) -> io::Result<Option<Socket>> {
    let (gate, own) = (gate.clone(), Arc::clone(site));
    let visit = move |stream| AcceptedConnection {
        stream,
        state: Arc::clone(&own),
    };
    match (socket, service.kind) {
        (BoundSocket::Tcp(listener), ServiceKind::Http(web)) => {
            tokio::spawn(
                gate.accept_connections(TcpListener::from_std(listener)?, move |stream| {
                    web.serve(visit(stream))
                }),
            );
        }
        (BoundSocket::Tcp(listener), ServiceKind::Tcp(serve)) => {
            tokio::spawn(
                gate.accept_connections(TcpListener::from_std(listener)?, move |stream| {
                    serve(visit(stream))
                }),
            );
        }
        (BoundSocket::Udp(socket), ServiceKind::Udp(serve)) => {
            tokio::spawn(serve(UdpSocket::from_std(socket)?, Arc::clone(site)));
        }
        (BoundSocket::Reserved(socket), _) => return Ok(Some(socket)),
        // A socket of another kind than the service's is of no use, and is closed here.
        _ => {}
    }
    Ok(None)
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers")
            .field("places", &self.state.addresses)
            .finish_non_exhaustive()
    }
}
