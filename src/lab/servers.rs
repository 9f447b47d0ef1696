//! Startup of all servers of a lab.

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
use super::service::LabState;
use super::service::{AcceptedConnection, Service, ServiceKind};
use super::{LabError, dns};

/// All servers of a lab. They are tasks of the runtime in which they were opened, and end with it.
pub struct Servers {
    state: Arc<LabState>,
    ca_pem: String,
    _reserved: Vec<Socket>,
}

impl Servers {
    /// Binds every port and serves it in the current tokio runtime. When it returns, all servers
    /// accept connections.
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
        let state = Arc::new(LabState::new(places, identities));
        let mut limiters: BTreeMap<&str, ConnectionLimiter> = BTreeMap::new();
        let mut closed = Vec::new();
        for (service, socket) in sockets {
            let limiter = limiters
                .entry(service.name)
                .or_insert_with(ConnectionLimiter::new);
            if let Some(socket) = serve_socket(service, socket, &state, limiter)
                .map_err(|source| LabError::Thread { source })?
            {
                closed.push(socket);
            }
        }
        Ok(Self {
            state,
            ca_pem,
            _reserved: closed,
        })
    }

    /// URL of the first page to look at.
    pub fn start_url(&self) -> String {
        self.state.addresses.url(API, &HTTPS, "/users")
    }

    /// Address of the lab's DNS server, over UDP and TCP.
    pub fn dns_server(&self) -> SocketAddr {
        self.state.addresses.dns_server
    }

    /// Root certificate to trust, as PEM. Its private key stays in memory and is dropped with the
    /// servers.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The catalogue: URLs that work, then those that fail on purpose.
    pub fn catalogue(&self) -> Vec<CatalogueEntry> {
        catalogue::all_entries(&self.state.addresses)
    }
}

/// Serves a socket in a task of its own; a reserved socket is returned, to be kept open.
fn serve_socket(
    service: Service,
    socket: BoundSocket,
    state: &Arc<LabState>,
    limiter: &ConnectionLimiter,
) -> io::Result<Option<Socket>> {
    let limiter = limiter.clone();
    let shared = Arc::clone(state);
    let connect = move |stream| AcceptedConnection {
        stream,
        state: Arc::clone(&shared),
    };
    match (socket, service.kind) {
        (BoundSocket::Tcp(listener), ServiceKind::Http(web)) => {
            tokio::spawn(
                limiter.accept_connections(TcpListener::from_std(listener)?, move |stream| {
                    web.serve(connect(stream))
                }),
            );
        }
        (BoundSocket::Tcp(listener), ServiceKind::Tcp(serve)) => {
            tokio::spawn(
                limiter.accept_connections(TcpListener::from_std(listener)?, move |stream| {
                    serve(connect(stream))
                }),
            );
        }
        (BoundSocket::Udp(socket), ServiceKind::Udp(serve)) => {
            tokio::spawn(serve(UdpSocket::from_std(socket)?, Arc::clone(state)));
        }
        (BoundSocket::Reserved(socket), _) => return Ok(Some(socket)),
        // A socket that does not fit the service's kind is closed here.
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
