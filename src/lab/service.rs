//! What answers at a port of a host.

use std::pin::Pin;
use std::sync::Arc;

use tokio::net::{TcpStream, UdpSocket};

use super::handler::HttpHandler;
use super::http_service::{HttpMode, HttpService};
use super::state::LabState;

/// What answers at a port of a host.
#[derive(Clone, Copy)]
pub(super) struct Service {
    /// What it is called. On loopback, hosts with a service of the same name share its port.
    pub(super) name: &'static str,
    /// The scheme of URLs that lead to it.
    pub(super) scheme: &'static str,
    /// The port it has where every host has addresses of its own.
    pub(super) port: u16,
    pub(super) kind: ServiceKind,
}

/// How a service is served.
#[derive(Clone, Copy)]
pub(super) enum ServiceKind {
    /// HTTP.
    Http(HttpService),
    /// Each TCP connection by a task of its own.
    Tcp(fn(AcceptedConnection) -> ServeFuture),
    /// All datagrams by one task.
    Udp(fn(UdpSocket, Arc<LabState>) -> ServeFuture),
    /// Not at all: the port is closed.
    Closed,
}

/// A client's connection.
pub(super) struct AcceptedConnection {
    pub(super) stream: TcpStream,
    pub(super) state: Arc<LabState>,
}

/// The work of serving.
pub(super) type ServeFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Service {
    /// HTTP over TLS.
    pub(super) const fn https(name: &'static str, content: HttpHandler) -> Self {
        Self {
            name,
            scheme: "https",
            port: 443,
            kind: ServiceKind::Http(HttpService {
                is_secure: true,
                mode: HttpMode::Any,
                handler: content,
            }),
        }
    }

    /// HTTP in clear.
    pub(super) const fn http(name: &'static str, manner: HttpMode, content: HttpHandler) -> Self {
        Self {
            name,
            scheme: "http",
            port: 80,
            kind: ServiceKind::Http(HttpService {
                is_secure: false,
                mode: manner,
                handler: content,
            }),
        }
    }

    /// A service over TCP.
    pub(super) const fn tcp(
        name: &'static str,
        scheme: &'static str,
        port: u16,
        serve: fn(AcceptedConnection) -> ServeFuture,
    ) -> Self {
        Self {
            name,
            scheme,
            port,
            kind: ServiceKind::Tcp(serve),
        }
    }

    /// A port where nobody listens.
    pub(super) const fn closed(name: &'static str, scheme: &'static str, port: u16) -> Self {
        Self {
            name,
            scheme,
            port,
            kind: ServiceKind::Closed,
        }
    }
}
