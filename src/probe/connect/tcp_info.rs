//! `TCP_INFO`: the kernel's figures for a live TCP connection.

use std::os::fd::{AsFd, OwnedFd};

use crate::sys;
use crate::trace::TcpInfo;
use crate::units::Nanos;

/// Reader of one connection's `TCP_INFO`. It holds a duplicate of the socket, so it works after the
/// stream is gone; the connection is closed when both are dropped.
#[derive(Debug)]
pub(in crate::probe) struct TcpInfoReader(OwnedFd);

impl TcpInfoReader {
    /// Creates a reader for a socket; `None` if the system has no `TCP_INFO` or no file descriptor
    /// left.
    pub(super) fn new(socket: &impl AsFd) -> Option<Self> {
        cfg!(target_os = "linux").then(|| socket.as_fd().try_clone_to_owned().ok().map(Self))?
    }

    /// Returns the current figures; `None` if the system has none.
    pub(in crate::probe) fn read(&self) -> Option<TcpInfo> {
        sys::tcp_info(self.0.as_fd())
            .ok()
            .map(|bytes| parse_tcp_info(&bytes))
    }
}

/// Parses `struct tcp_info` (`include/uapi/linux/tcp.h`) by offset. Fields that an older kernel
/// does not have are `None`, and so are round-trip times without a sample (0, or all ones for the
/// minimum).
fn parse_tcp_info(info: &[u8]) -> TcpInfo {
    let micros = |offset| {
        u32_at(info, offset)
            .filter(|&us| us != 0 && us != u32::MAX)
            .map(|us| Nanos(u64::from(us) * 1_000))
    };
    TcpInfo {
        rtt: micros(68),
        min_rtt: micros(148),
        retransmits: u32_at(info, 100).map(u64::from),
        send_mss: u32_at(info, 16),
        receive_mss: u32_at(info, 20),
        path_mtu: u32_at(info, 60),
        congestion_window: u32_at(info, 80),
        segments_out: u32_at(info, 136).map(u64::from),
        segments_in: u32_at(info, 140).map(u64::from),
        data_segments_out: u32_at(info, 156).map(u64::from),
        data_segments_in: u32_at(info, 152).map(u64::from),
        bytes_sent: u64_at(info, 200),
        bytes_received: bytes_received(info),
        bytes_retransmitted: u64_at(info, 208),
    }
}

/// Returns the payload bytes received. The kernel counts the peer's FIN, which takes a sequence
/// number, as one byte. It is subtracted in the states that follow a FIN; the state of a closed
/// socket does not show whether there was one, so there is no figure.
fn bytes_received(info: &[u8]) -> Option<u64> {
    const TIME_WAIT: u8 = 6;
    const CLOSE: u8 = 7;
    const CLOSE_WAIT: u8 = 8;
    const LAST_ACK: u8 = 9;
    const CLOSING: u8 = 11;
    let counted = u64_at(info, 128)?;
    match *info.first()? {
        TIME_WAIT | CLOSE_WAIT | LAST_ACK | CLOSING => Some(counted.saturating_sub(1)),
        CLOSE => None,
        _ => Some(counted),
    }
}

fn u32_at(info: &[u8], offset: usize) -> Option<u32> {
    info.get(offset..offset + 4)?
        .try_into()
        .ok()
        .map(u32::from_ne_bytes)
}

fn u64_at(info: &[u8], offset: usize) -> Option<u64> {
    info.get(offset..offset + 8)?
        .try_into()
        .ok()
        .map(u64::from_ne_bytes)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{Shutdown, TcpListener, TcpStream};

    use super::*;

    #[test]
    fn fields_that_an_older_kernel_does_not_have_are_absent() {
        let figures = parse_tcp_info(&[1; 104]);
        assert_eq!(figures.retransmits, Some(0x0101_0101));
        assert_eq!(
            (figures.segments_out, figures.min_rtt, figures.bytes_sent),
            (None, None, None)
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_counts_sent_and_received_bytes() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let gauge = TcpInfoReader::new(&client).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        client.write_all(b"12345").unwrap();
        server.read_exact(&mut [0; 5]).unwrap();
        server.write_all(b"123").unwrap();
        client.read_exact(&mut [0; 3]).unwrap();

        let figures = gauge.read().unwrap();
        assert_eq!(figures.bytes_sent, Some(5));
        assert_eq!(figures.bytes_received, Some(3));
        assert_eq!(figures.retransmits, Some(0));
        server.shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.read(&mut [0; 3]).unwrap(), 0);
        assert_eq!(
            gauge.read().unwrap().bytes_received,
            Some(3),
            "a FIN is no byte"
        );

        assert!(figures.send_mss.unwrap() > 1000 && figures.path_mtu.unwrap() > 1000);
        assert!(figures.rtt.unwrap() > Nanos::ZERO);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_reader_outlives_the_stream() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let gauge = TcpInfoReader::new(&client).unwrap();
        drop(client);
        assert!(gauge.read().is_some());
    }
}
