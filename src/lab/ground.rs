//! Where the lab's services are bound.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use socket2::Socket;

use super::hosts::{HOSTS, Host, NAME_SERVER};
use super::places::Places;
use super::service::{Kind, Service};
use super::{Error, ports};

/// The port of DNS (RFC 1035 §4.2).
pub(super) const DNS_PORT: u16 = 53;

/// Where the lab's services are bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// On `127.0.0.1` and `::1`, each service on a free port. Hosts behind a firewall are not there.
    Loopback,
    /// On each host's own addresses, each service on its standard port. The addresses are on an interface, ready to be bound.
    Network,
}

/// What was opened.
pub(super) struct Opened {
    pub(super) listeners: Vec<(Service, TcpListener)>,
    /// Held so that nobody else listens where the lab says that nobody does.
    pub(super) closed: Vec<Socket>,
    pub(super) dns: Vec<(UdpSocket, TcpListener)>,
    pub(super) places: Places,
}

impl Ground {
    /// The hosts that are there.
    pub(super) fn hosts(self) -> impl Iterator<Item = &'static Host> {
        HOSTS.iter().filter(move |host| self == Self::Network || !host.is_firewalled())
    }

    /// Opens every port of every host.
    pub(super) fn open(self) -> Result<Opened, Error> {
        match self {
            Self::Loopback => on_loopback(),
            Self::Network => on_network(),
        }
    }
}

fn on_loopback() -> Result<Opened, Error> {
    let (udp, tcp) = ports::datagrams_and_connections()?;
    let dns = udp.local_addr().map_err(|source| Error::Bind { address: IpAddr::V4(Ipv4Addr::LOCALHOST), source })?;
    let (mut listeners, mut closed, mut ports) = (Vec::new(), Vec::new(), BTreeMap::new());
    for service in Ground::Loopback.hosts().flat_map(|host| host.services) {
        if ports.contains_key(service.name) {
            continue;
        }
        let port = match service.kind {
            Kind::Web(_) | Kind::Connections(_) => {
                let pair = ports::listen()?;
                let port = pair.port;
                listeners.extend(pair.into_sockets().map(|listener| (*service, listener)));
                port
            }
            Kind::Closed => {
                let pair = ports::closed()?;
                let port = pair.port;
                closed.extend(pair.into_sockets());
                port
            }
        };
        ports.insert(service.name, port);
    }
    let has_v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    let places = Places { ground: Ground::Loopback, ports, has_v6, dns };
    Ok(Opened { listeners, closed, dns: vec![(udp, tcp)], places })
}

fn on_network() -> Result<Opened, Error> {
    let has_v6 = has_v6()?;
    let mut listeners = Vec::new();
    let mut dns = Vec::new();
    for host in Ground::Network.hosts() {
        let addresses = host.v4().map(IpAddr::V4).into_iter().chain(host.v6().filter(|_| has_v6).map(IpAddr::V6));
        for address in addresses {
            for service in host.services {
                if let Kind::Web(_) | Kind::Connections(_) = service.kind {
                    listeners.push((*service, bound(address, || listen((address, service.port).into()))?));
                }
            }
            if host.name == NAME_SERVER {
                dns.push(bound(address, || Ok((datagrams((address, DNS_PORT).into())?, listen((address, DNS_PORT).into())?)))?);
            }
        }
    }
    let places = Places::on_network(has_v6);
    Ok(Opened { listeners, closed: Vec::new(), dns, places })
}

/// Whether the machine has IPv6 at all. That it has it, and not the address, is an error.
fn has_v6() -> Result<bool, Error> {
    let Some(address) = HOSTS.iter().find_map(Host::v6) else { return Ok(false) };
    match UdpSocket::bind((address, 0)) {
        Ok(_) => Ok(true),
        Err(_) if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() => Ok(false),
        Err(source) => Err(Error::Bind { address: address.into(), source }),
    }
}

fn bound<T>(address: IpAddr, open: impl FnOnce() -> io::Result<T>) -> Result<T, Error> {
    open().map_err(|source| Error::Bind { address, source })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn datagrams(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
