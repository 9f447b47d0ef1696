//! All servers of a lab, on the ground they were given.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use socket2::Socket;
use tokio::net::TcpListener;

use super::catalogue::{self, Exhibit};
use super::gate::Gate;
use super::ground::{Ground, Opened};
use super::hosts::API;
use super::identity::Identities;
use super::service::{Kind, Visit};
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
    /// Opens every port and serves it, within the current tokio runtime. When it returns, everything answers.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn open(ground: Ground) -> Result<Self, Error> {
        let identities = Identities::new()?;
        let ca_pem = identities.pem();
        let Opened { listeners, closed, dns, places } = ground.open()?;
        dns::start(dns, &places)?;
        let site = Arc::new(Site::new(places, identities));
        let gate = Gate::new();
        for (service, listener) in listeners {
            let listener = TcpListener::from_std(listener).map_err(|source| Error::Thread { source })?;
            let (site, gate) = (Arc::clone(&site), gate.clone());
            let visit = move |stream| Visit { stream, site: Arc::clone(&site) };
            match service.kind {
                Kind::Web(web) => drop(tokio::spawn(gate.keep(listener, move |stream| web.serve(visit(stream))))),
                Kind::Connections(serve) => drop(tokio::spawn(gate.keep(listener, move |stream| serve(visit(stream))))),
                Kind::Closed => {}
            }
        }
        Ok(Self { site, ca_pem, _closed: closed })
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

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers").field("places", &self.site.places).finish_non_exhaustive()
    }
}
