//! Segment sizes of aggregates (GSO, GRO, TSO, LRO).
//!
//! Where the kernel or the network card splits segments on the way out, or merges them on the way
//! in, a capture sees the aggregate. The kernel knows the size of the segments (`gso_size`) and
//! reports it to sockets that ask for it, which libpcap does not. Therefore a second socket beside
//! the capture receives the headers of the packets that are too large for Ethernet, preceded by
//! that size; aggregates are matched by addresses and sequence number.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroU16;
#[cfg(target_os = "linux")]
use std::os::fd::AsFd;
use std::os::fd::OwnedFd;

use super::packet_filter::MAX_ETHERNET_FRAME;
use crate::sys;
use crate::trace::Packet;
use crate::wire::{LinkType, TransportHeader, parse_segment};

/// Source, destination, sequence number.
type Key = (SocketAddr, SocketAddr, u32);

/// Segment sizes of the aggregates of an interface.
pub(super) struct AggregateSizes {
    #[cfg(target_os = "linux")]
    socket: sys::FrameSocket,
    #[cfg(target_os = "linux")]
    frames: sys::FrameBuffers,
    sizes: HashMap<Key, NonZeroU16>,
}

/// Header before each frame (`struct virtio_net_hdr`, `linux/virtio_net.h`), in native byte order:
/// flags, GSO type, header length, GSO size, and checksum fields that are not used here.
const VNET_HEADER_BYTES: usize = 10;
const GSO_SIZE: std::ops::Range<usize> = 4..6;

impl AggregateSizes {
    /// Sizes kept; beyond that all are forgotten.
    const MAX_SIZES: usize = 16_384;
    /// Receive buffer of the socket in bytes: the kernel counts each packet whole, although it
    /// keeps only its headers. Without `CAP_NET_ADMIN` the buffer is smaller, and in a flood of
    /// aggregates some sizes are missed.
    #[cfg(target_os = "linux")]
    const SOCKET_BUFFER: u32 = 16 << 20;

    /// Opens the socket; `None` where the system does not report sizes.
    #[cfg(target_os = "linux")]
    pub(super) fn open(interface: &str) -> Option<Self> {
        let socket = sys::FrameSocket::open_with_vnet_header(
            sys::interface_index(interface)?,
            Self::SOCKET_BUFFER,
        )
        .ok()?;
        Some(Self {
            socket,
            frames: sys::FrameBuffers::new(4_096),
            sizes: HashMap::new(),
        })
    }

    /// A duplicate of the socket, for its filter.
    #[cfg(target_os = "linux")]
    pub(super) fn socket(&self) -> Option<OwnedFd> {
        self.socket.as_fd().try_clone_to_owned().ok()
    }

    /// Size of each segment of an aggregate except the last; `None` for a packet that is not one.
    pub(super) fn segment_bytes(&mut self, packet: &Packet) -> Option<NonZeroU16> {
        if packet.frame_bytes <= MAX_ETHERNET_FRAME {
            return None;
        }
        let TransportHeader::Tcp(tcp) = packet.transport else {
            // Drain the socket: other aggregates would otherwise fill its buffer.
            self.read();
            return None;
        };
        let key = (packet.source, packet.destination, tcp.seq);
        if !self.sizes.contains_key(&key) {
            self.read();
        }
        self.sizes.get(&key).copied()
    }

    #[cfg(target_os = "linux")]
    fn read(&mut self) {
        let Self {
            socket,
            frames,
            sizes,
        } = self;
        let mut left = Self::MAX_SIZES;
        while left > 0 {
            let taken = socket
                .receive(frames, |frame| record_size(sizes, frame))
                .unwrap_or_default();
            if taken == 0 {
                return;
            }
            left = left.saturating_sub(taken);
        }
    }
}

fn record_size(sizes: &mut HashMap<Key, NonZeroU16>, frame: &[u8]) {
    let Some((description, frame)) = frame.split_at_checked(VNET_HEADER_BYTES) else {
        return;
    };
    let Some(&[low, high]) = description.get(GSO_SIZE) else {
        return;
    };
    let Some(each) = NonZeroU16::new(u16::from_ne_bytes([low, high])) else {
        return;
    };
    // Only the frame's headers were captured.
    let Some(segment) = parse_segment(LinkType::Ethernet, frame, u16::MAX.into()) else {
        return;
    };
    if let TransportHeader::Tcp(tcp) = segment.header {
        if sizes.len() >= AggregateSizes::MAX_SIZES {
            sizes.clear();
        }
        sizes.insert((segment.source, segment.destination, tcp.seq), each);
    }
}

#[cfg(not(target_os = "linux"))]
impl AggregateSizes {
    pub(super) fn open(_interface: &str) -> Option<Self> {
        None
    }

    pub(super) fn socket(&self) -> Option<OwnedFd> {
        None
    }

    fn read(&mut self) {}
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    use super::*;

    /// A frame preceded by its virtio header with a GSO size, truncated after `captured` bytes.
    fn aggregate_frame(size: u16, captured: usize) -> Vec<u8> {
        let mut frame = vec![0; VNET_HEADER_BYTES];
        frame.splice(GSO_SIZE, size.to_ne_bytes());
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([10, 0, 0, 2], [10, 0, 0, 10], 64)
            .tcp(50_000, 443, 77, 1_000);
        builder.write(&mut frame, &[0; 7_240]).unwrap();
        frame.truncate(VNET_HEADER_BYTES + captured);
        frame
    }

    #[test]
    fn the_segment_size_comes_from_the_virtio_header() {
        let mut sizes = HashMap::new();
        let key = (
            ([10, 0, 0, 2], 50_000).into(),
            ([10, 0, 0, 10], 443).into(),
            77,
        );
        record_size(&mut sizes, &aggregate_frame(0, 200));
        assert_eq!(sizes, HashMap::new(), "no aggregate");
        record_size(&mut sizes, &aggregate_frame(1_448, 200));
        assert_eq!(
            sizes,
            HashMap::from([(key, NonZeroU16::new(1_448).unwrap())])
        );
    }

    proptest! {
        #[test]
        fn arbitrary_frames_are_harmless(
            bytes in proptest::collection::vec(any::<u8>(), 0..120),
            cut in 0..80_usize,
        ) {
            let mut sizes = HashMap::new();
            record_size(&mut sizes, &bytes);
            record_size(&mut sizes, &aggregate_frame(9, cut));
            prop_assert!(sizes.len() <= 1);
        }
    }
}
