//! Placement of the lab: binding its services on loopback or in a private network.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use socket2::Socket;

use super::addresses::AddressBook;
use super::hosts::{HOSTS, Host, NAME_SERVER};
use super::loopback_ports::DualStack;
use super::service::{Service, ServiceKind};
use super::{LabError, loopback_ports};

/// Port of DNS (RFC 1035 §4.2).
pub(super) const DNS_PORT: u16 = 53;

/// Placement of the lab: binding its services on loopback or in a private network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// On `127.0.0.1` and `::1`, each service on a free port. Hosts behind a firewall are left out.
    Loopback,
    /// On each host's own addresses, each service on its standard port. The addresses must already
    /// be assigned to an interface.
    Network,
}

/// A socket bound to the port of a service.
pub(super) enum BoundSocket {
    Tcp(TcpListener),
    Udp(UdpSocket),
    /// Kept open so that no other program listens on a port that must refuse connections.
    Reserved(Socket),
}

/// Bound sockets and their addresses.
pub(super) struct BoundServices {
    pub(super) sockets: Vec<(Service, BoundSocket)>,
    pub(super) dns: Vec<(UdpSocket, TcpListener)>,
    pub(super) addresses: AddressBook,
}

impl Placement {
    /// Hosts of this placement.
    pub(super) fn hosts(self) -> impl Iterator<Item = &'static Host> {
        HOSTS
            .iter()
            .filter(move |host| self == Self::Network || !host.is_firewalled())
    }

    /// Binds every port of every host.
    pub(super) fn bind(self) -> Result<BoundServices, LabError> {
        match self {
            Self::Loopback => bind_on_loopback(),
            Self::Network => bind_on_network(),
        }
    }
}

fn bind_on_loopback() -> Result<BoundServices, LabError> {
    let (udp, tcp) = loopback_ports::bind_udp_and_tcp()?;
    let dns = udp.local_addr().map_err(|source| LabError::Bind {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        source,
    })?;
    let mut sockets = Vec::new();
    let mut ports = BTreeMap::new();
    for service in Placement::Loopback.hosts().flat_map(|host| host.services) {
        if !ports.contains_key(service.name) {
            let opened = bind_on_free_port(service.kind)?;
            ports.insert(service.name, opened.port);
            sockets.extend(opened.into_sockets().map(|socket| (*service, socket)));
        }
    }
    let has_v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    let addresses = AddressBook {
        placement: Placement::Loopback,
        ports,
        has_v6,
        dns_server: dns,
    };
    Ok(BoundServices {
        sockets,
        dns: vec![(udp, tcp)],
        addresses,
    })
}

fn bind_on_free_port(kind: ServiceKind) -> Result<DualStack<BoundSocket>, LabError> {
    Ok(match kind {
        ServiceKind::Http(_) | ServiceKind::Tcp(_) => {
            loopback_ports::listen_on_free_port()?.map(BoundSocket::Tcp)
        }
        ServiceKind::Udp(_) => loopback_ports::bind_udp_on_free_port()?.map(BoundSocket::Udp),
        ServiceKind::Closed => loopback_ports::reserve_closed_port()?.map(BoundSocket::Reserved),
    })
}

fn bind_on_network() -> Result<BoundServices, LabError> {
    let has_v6 = has_v6()?;
    let mut sockets = Vec::new();
    let mut dns = Vec::new();
    for host in Placement::Network.hosts() {
        let addresses = host
            .v4()
            .map(IpAddr::V4)
            .into_iter()
            .chain(host.v6().filter(|_| has_v6).map(IpAddr::V6));
        for address in addresses {
            for service in host.services {
                let at = (address, service.port).into();
                let opened = match service.kind {
                    ServiceKind::Http(_) | ServiceKind::Tcp(_) => {
                        BoundSocket::Tcp(with_bind_error(address, || listen_at(at))?)
                    }
                    ServiceKind::Udp(_) => {
                        BoundSocket::Udp(with_bind_error(address, || bind_udp(at))?)
                    }
                    // The address belongs to the lab alone, so nothing else listens there.
                    ServiceKind::Closed => continue,
                };
                sockets.push((*service, opened));
            }
            if host.name == NAME_SERVER {
                dns.push(with_bind_error(address, || {
                    Ok((
                        bind_udp((address, DNS_PORT).into())?,
                        listen_at((address, DNS_PORT).into())?,
                    ))
                })?);
            }
        }
    }
    let addresses = AddressBook::on_network(has_v6);
    Ok(BoundServices {
        sockets,
        dns,
        addresses,
    })
}

/// Returns true if the machine has IPv6. If it has, but not the lab's address, that is an error.
fn has_v6() -> Result<bool, LabError> {
    let Some(address) = HOSTS.iter().find_map(Host::v6) else {
        return Ok(false);
    };
    match UdpSocket::bind((address, 0)) {
        Ok(_) => Ok(true),
        Err(_) if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() => Ok(false),
        Err(source) => Err(LabError::Bind {
            address: address.into(),
            source,
        }),
    }
}

fn with_bind_error<T>(
    address: IpAddr,
    open: impl FnOnce() -> io::Result<T>,
) -> Result<T, LabError> {
    open().map_err(|source| LabError::Bind { address, source })
}

fn listen_at(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn bind_udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
