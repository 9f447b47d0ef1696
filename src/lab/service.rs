//! What answers at a port of a host.

use std::pin::Pin;
use std::sync::Arc;

use tokio::net::{TcpStream, UdpSocket};

use super::content::Content;
use super::site::Site;
use super::web::{Manner, Web};

/// What answers at a port of a host.
#[derive(Clone, Copy)]
pub(super) struct Service {
    /// What it is called. On loopback, hosts with a service of the same name share its port.
    pub(super) name: &'static str,
    /// The scheme of URLs that lead to it.
    pub(super) scheme: &'static str,
    /// The port it has where every host has addresses of its own.
    pub(super) port: u16,
    pub(super) kind: Kind,
}

/// How a service is served.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// HTTP.
    Web(Web),
    /// Each TCP connection by a task of its own.
    Connections(fn(Visit) -> Serving),
    /// All datagrams by one task.
    Datagrams(fn(UdpSocket, Arc<Site>) -> Serving),
    /// Not at all: the port is closed.
    Closed,
}

/// A client's connection.
pub(super) struct Visit {
    pub(super) stream: TcpStream,
    pub(super) site: Arc<Site>,
}

/// The work of serving.
pub(super) type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Service {
    /// HTTP over TLS.
    pub(super) const fn https(name: &'static str, content: Content) -> Self {
        Self {
            name,
            scheme: "https",
            port: 443,
            kind: Kind::Web(Web {
                is_secure: true,
                manner: Manner::Any,
                content,
            }),
        }
    }

    /// HTTP in clear.
    pub(super) const fn http(name: &'static str, manner: Manner, content: Content) -> Self {
        Self {
            name,
            scheme: "http",
            port: 80,
            kind: Kind::Web(Web {
                is_secure: false,
                manner,
                content,
            }),
        }
    }

    /// A service over TCP.
    pub(super) const fn connections(
        name: &'static str,
        scheme: &'static str,
        port: u16,
        serve: fn(Visit) -> Serving,
    ) -> Self {
        Self {
            name,
            scheme,
            port,
            kind: Kind::Connections(serve),
        }
    }

    /// A port where nobody listens.
    pub(super) const fn closed(name: &'static str, scheme: &'static str, port: u16) -> Self {
        Self {
            name,
            scheme,
            port,
            kind: Kind::Closed,
        }
    }
}
