//! Where the lab's services are bound.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use socket2::Socket;

use super::hosts::{HOSTS, Host, NAME_SERVER};
use super::places::Places;
use super::ports::Pair;
use super::service::{Kind, Service};
use super::{Error, ports};

/// The port of DNS (RFC 1035 §4.2).
pub(super) const DNS_PORT: u16 = 53;

/// Where the lab's services are bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// On `127.0.0.1` and `::1`, each service on a free port. Hosts behind a firewall are not
    /// there.
    Loopback,
    /// On each host's own addresses, each service on its standard port. The addresses are on an
    /// interface, ready to be bound.
    Network,
}

/// A socket at the port of a service.
pub(super) enum Open {
    Connections(TcpListener),
    Datagrams(UdpSocket),
    /// Held so that nobody else listens where the lab says that nobody does.
    Closed(Socket),
}

/// What was opened.
pub(super) struct Opened {
    pub(super) sockets: Vec<(Service, Open)>,
    pub(super) dns: Vec<(UdpSocket, TcpListener)>,
    pub(super) places: Places,
}

impl Ground {
    /// The hosts that are there.
    pub(super) fn hosts(self) -> impl Iterator<Item = &'static Host> {
        HOSTS
            .iter()
            .filter(move |host| self == Self::Network || !host.is_firewalled())
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
    let dns = udp.local_addr().map_err(|source| Error::Bind {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        source,
    })?;
    let (mut sockets, mut ports) = (Vec::new(), BTreeMap::new());
    for service in Ground::Loopback.hosts().flat_map(|host| host.services) {
        if !ports.contains_key(service.name) {
            let opened = on_free_port(service.kind)?;
            ports.insert(service.name, opened.port);
            sockets.extend(opened.into_sockets().map(|socket| (*service, socket)));
        }
    }
    let has_v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    let places = Places {
        ground: Ground::Loopback,
        ports,
        has_v6,
        dns,
    };
    Ok(Opened {
        sockets,
        dns: vec![(udp, tcp)],
        places,
    })
}

fn on_free_port(kind: Kind) -> Result<Pair<Open>, Error> {
    Ok(match kind {
        Kind::Web(_) | Kind::Connections(_) => ports::listen()?.map(Open::Connections),
        Kind::Datagrams(_) => ports::datagrams()?.map(Open::Datagrams),
        Kind::Closed => ports::closed()?.map(Open::Closed),
    })
}

fn on_network() -> Result<Opened, Error> {
    let has_v6 = has_v6()?;
    let mut sockets = Vec::new();
    let mut dns = Vec::new();
    for host in Ground::Network.hosts() {
        let addresses = host
            .v4()
            .map(IpAddr::V4)
            .into_iter()
            .chain(host.v6().filter(|_| has_v6).map(IpAddr::V6));
        for address in addresses {
            for service in host.services {
                let at = (address, service.port).into();
                let opened = match service.kind {
                    Kind::Web(_) | Kind::Connections(_) => {
                        Open::Connections(bound(address, || listen(at))?)
                    }
                    Kind::Datagrams(_) => Open::Datagrams(bound(address, || datagrams(at))?),
                    // The address is the lab's alone: nobody else listens there.
                    Kind::Closed => continue,
                };
                sockets.push((*service, opened));
            }
            if host.name == NAME_SERVER {
                dns.push(bound(address, || {
                    Ok((
                        datagrams((address, DNS_PORT).into())?,
                        listen((address, DNS_PORT).into())?,
                    ))
                })?);
            }
        }
    }
    let places = Places::on_network(has_v6);
    Ok(Opened {
        sockets,
        dns,
        places,
    })
}

/// Whether the machine has IPv6 at all. That it has it, and not the address, is an error.
fn has_v6() -> Result<bool, Error> {
    let Some(address) = HOSTS.iter().find_map(Host::v6) else {
        return Ok(false);
    };
    match UdpSocket::bind((address, 0)) {
        Ok(_) => Ok(true),
        Err(_) if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() => Ok(false),
        Err(source) => Err(Error::Bind {
            address: address.into(),
            source,
        }),
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
