//! Sockets on free ports of the loopback addresses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use socket2::{Domain, Socket, Type};

use super::LabError;

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Attempts to find a port that is free for both families and transports.
const MAX_TRIES: usize = 32;

/// One or two sockets with the same port: on `127.0.0.1`, and on `::1` where the machine has IPv6.
#[derive(Debug)]
pub(super) struct DualStack<S> {
    pub(super) port: u16,
    pub(super) v4: S,
    pub(super) v6: Option<S>,
}

impl<S> DualStack<S> {
    /// Converts each socket.
    pub(super) fn map<T>(self, mut as_other: impl FnMut(S) -> T) -> DualStack<T> {
        DualStack {
            port: self.port,
            v4: as_other(self.v4),
            v6: self.v6.map(as_other),
        }
    }

    /// The sockets.
    pub(super) fn into_sockets(self) -> impl Iterator<Item = S> {
        std::iter::once(self.v4).chain(self.v6)
    }
}

/// Listens for TCP connections on a free port.
pub(super) fn listen_on_free_port() -> Result<DualStack<TcpListener>, LabError> {
    open_dual_stack(|address| {
        let listener = TcpListener::bind(address)?;
        let port = listener.local_addr()?.port();
        listener.set_nonblocking(true)?;
        Ok((listener, port))
    })
}

/// Binds UDP sockets on a free port.
pub(super) fn bind_udp_on_free_port() -> Result<DualStack<UdpSocket>, LabError> {
    open_dual_stack(|address| {
        let socket = UdpSocket::bind(address)?;
        let port = socket.local_addr()?.port();
        socket.set_nonblocking(true)?;
        Ok((socket, port))
    })
}

/// Binds a port without listening on it: connections are refused, and no other program can take it.
pub(super) fn reserve_closed_port() -> Result<DualStack<Socket>, LabError> {
    open_dual_stack(|address| {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.bind(&address.into())?;
        let port = socket.local_addr()?.as_socket().map_or(0, |own| own.port());
        Ok((socket, port))
    })
}

/// Binds UDP and TCP sockets on the same free port of `127.0.0.1`, as DNS needs.
pub(super) fn bind_udp_and_tcp() -> Result<(UdpSocket, TcpListener), LabError> {
    let open = || -> io::Result<(UdpSocket, TcpListener)> {
        let udp = UdpSocket::bind((V4, 0))?;
        let tcp = TcpListener::bind(udp.local_addr()?)?;
        udp.set_nonblocking(true)?;
        tcp.set_nonblocking(true)?;
        Ok((udp, tcp))
    };
    retry_while_in_use(open).map_err(|source| LabError::Bind {
        address: V4,
        source,
    })
}

/// Opens a socket on the same free port in both address families; on a machine without IPv6, one
/// socket.
fn open_dual_stack<S>(
    open: impl Fn(SocketAddr) -> io::Result<(S, u16)>,
) -> Result<DualStack<S>, LabError> {
    let open_both = || {
        let (v4, port) = open((V4, 0).into())?;
        match open((V6, port).into()) {
            Ok((v6, _)) => Ok(DualStack {
                port,
                v4,
                v6: Some(v6),
            }),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
            Err(_) => Ok(DualStack { port, v4, v6: None }),
        }
    };
    retry_while_in_use(open_both).map_err(|source| LabError::Bind {
        address: V4,
        source,
    })
}

fn retry_while_in_use<T>(open: impl Fn() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..MAX_TRIES {
        match open() {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            done => return done,
        }
    }
    open()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::net::TcpStream;

    use super::*;

    #[test]
    fn a_listener_is_reached_on_every_family_it_has() {
        let listeners = listen_on_free_port().unwrap();
        TcpStream::connect((V4, listeners.port)).unwrap();
        if listeners.v6.is_some() {
            TcpStream::connect((V6, listeners.port)).unwrap();
        }
    }

    #[test]
    fn a_closed_port_refuses() {
        let closed = reserve_closed_port().unwrap();
        let error = TcpStream::connect((V4, closed.port)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
