//! All servers of a lab, on the ground they were given.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use socket2::Socket;
use tokio::net::{TcpListener, UdpSocket};

use super::catalogue::{self, Exhibit};
use super::gate::Gate;
use super::ground::{Ground, Open, Opened};
use super::hosts::API;
use super::identity::Identities;
use super::service::{Kind, Service, Visit};
use super::site::Site;
use super::web::HTTPS;
use super::{Error, dns};

/// All servers of a lab. They are tasks of the runtime they were opened in, and end with it.
pub struct Servers {
    site: Arc<Site>,
    ca_pem: String,
    _closed: Vec<Socket>,
}

impl Servers {
    /// Opens every port and serves it, within the current tokio runtime. When it returns,
    /// everything answers.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn open(ground: Ground) -> Result<Self, Error> {
        let identities = Identities::new()?;
        let ca_pem = identities.pem();
        let Opened {
            sockets,
            dns,
            places,
        } = ground.open()?;
        dns::start(dns, &places)?;
        let site = Arc::new(Site::new(places, identities));
        let mut gates: BTreeMap<&str, Gate> = BTreeMap::new();
        let mut closed = Vec::new();
        for (service, socket) in sockets {
            let gate = gates.entry(service.name).or_insert_with(Gate::new);
            if let Some(socket) =
                serve(service, socket, &site, gate).map_err(|source| Error::Thread { source })?
            {
                closed.push(socket);
            }
        }
        Ok(Self {
            site,
            ca_pem,
            _closed: closed,
        })
    }

    /// The page to look at first.
    pub fn url(&self) -> String {
        self.site.places.url(API, &HTTPS, "/users")
    }

    /// The DNS server that knows the lab's names, over UDP and TCP.
    pub fn dns(&self) -> SocketAddr {
        self.site.places.dns
    }

    /// The certificate to trust, as PEM. Its key never leaves memory and ends with the servers.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// What there is to see, what works first and what fails on purpose after it.
    pub fn catalogue(&self) -> Vec<Exhibit> {
        catalogue::exhibits(&self.site.places)
    }
}

/// Serves what was opened for a service, or gives back what only has to be held.
fn serve(
    service: Service,
    socket: Open,
    site: &Arc<Site>,
    gate: &Gate,
) -> io::Result<Option<Socket>> {
    let (gate, own) = (gate.clone(), Arc::clone(site));
    let visit = move |stream| Visit {
        stream,
        site: Arc::clone(&own),
    };
    match (socket, service.kind) {
        (Open::Connections(listener), Kind::Web(web)) => {
            tokio::spawn(gate.keep(TcpListener::from_std(listener)?, move |stream| {
                web.serve(visit(stream))
            }));
        }
        (Open::Connections(listener), Kind::Connections(serve)) => {
            tokio::spawn(gate.keep(TcpListener::from_std(listener)?, move |stream| {
                serve(visit(stream))
            }));
        }
        (Open::Datagrams(socket), Kind::Datagrams(serve)) => {
            tokio::spawn(serve(UdpSocket::from_std(socket)?, Arc::clone(site)));
        }
        (Open::Closed(socket), _) => return Ok(Some(socket)),
        // A socket of another kind than the service's is of no use, and is closed here.
        _ => {}
    }
    Ok(None)
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers")
            .field("places", &self.site.places)
            .finish_non_exhaustive()
    }
}
