//! A service: what listens on a port of a host; and the state that the services of a lab share.

use std::pin::Pin;
use std::sync::Arc;

use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Semaphore;

use super::addresses::AddressBook;
use super::api::ApiState;
use super::handler::HttpHandler;
use super::http_service::{HttpMode, HttpService};
use super::http2;
use super::identity::TlsIdentities;
use super::key_value_store::KeyValueStore;
use super::load_balancer::RoundRobin;
use super::workers::WorkerPool;

/// A service: what listens on a port of a host.
#[derive(Clone, Copy)]
pub(super) struct Service {
    /// Name. On loopback, hosts whose services have the same name share a port.
    pub(super) name: &'static str,
    /// URL scheme.
    pub(super) scheme: &'static str,
    /// Standard port, used where every host has addresses of its own.
    pub(super) port: u16,
    pub(super) kind: ServiceKind,
}

/// Kind of a service, with its handler.
#[derive(Clone, Copy)]
pub(super) enum ServiceKind {
    /// HTTP.
    Http(HttpService),
    /// TCP: a task per connection.
    Tcp(fn(AcceptedConnection) -> ServeFuture),
    /// UDP: one task for all datagrams.
    Udp(fn(UdpSocket, Arc<LabState>) -> ServeFuture),
    /// A closed port.
    Closed,
}

/// An accepted connection.
pub(super) struct AcceptedConnection {
    pub(super) stream: TcpStream,
    pub(super) state: Arc<LabState>,
}

/// Future of a service.
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

    /// Plaintext HTTP.
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

    /// A TCP service.
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

    /// A closed port.
    pub(super) const fn closed(name: &'static str, scheme: &'static str, port: u16) -> Self {
        Self {
            name,
            scheme,
            port,
            kind: ServiceKind::Closed,
        }
    }
}

/// State shared by the servers of one lab.
pub(super) struct LabState {
    /// Addresses of hosts and services.
    pub(super) addresses: AddressBook,
    /// TLS server configurations.
    pub(super) identities: TlsIdentities,
    /// State of the first host's pages.
    pub(super) api: ApiState,
    /// Next backend of the load balancer.
    pub(super) round_robin: RoundRobin,
    /// Permits for further concurrent HTTP/2 requests.
    pub(super) streams: Arc<Semaphore>,
    /// Content of the key-value store.
    pub(super) key_values: KeyValueStore,
    /// Threads of the worker-pool server.
    pub(super) workers: WorkerPool,
}

impl LabState {
    /// The initial state.
    pub(super) fn new(addresses: AddressBook, identities: TlsIdentities) -> Self {
        Self {
            addresses,
            identities,
            api: ApiState::default(),
            round_robin: RoundRobin::default(),
            streams: Arc::new(Semaphore::new(http2::MAX_STREAMS_OF_LAB)),
            key_values: KeyValueStore::default(),
            workers: WorkerPool::default(),
        }
    }
}
