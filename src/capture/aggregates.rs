//! How large the segments are that an aggregate stands for.
//!
//! Where the kernel or the network card cuts segments on the way out, or glues them on the way in,
//! a capture sees the whole. The kernel knows the size of the parts (`gso_size`) and tells it to
//! sockets that ask for it, which libpcap does not. So a second socket beside the capture sees the
//! headers of the packets that are too large for a wire, with that size before them; both are
//! looked up by what the TCP header says.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroU16;
#[cfg(target_os = "linux")]
use std::os::fd::AsFd;
use std::os::fd::OwnedFd;

use super::packet_filter::MAX_ETHERNET_FRAME;
use crate::sys;
use crate::trace::{Packet, Transport};
use crate::wire::{LinkType, TransportKind, parse_segment};

/// Sender, receiver, sequence number.
type Key = (SocketAddr, SocketAddr, u32);

/// An interface's aggregates.
pub(super) struct AggregateSizes {
    #[cfg(target_os = "linux")]
    socket: sys::FrameSocket,
    #[cfg(target_os = "linux")]
    frames: sys::FrameBuffers,
    sizes: HashMap<Key, NonZeroU16>,
}

/// Before each frame (`linux/virtio_net.h`): flags, kind, length of the headers, size of the parts,
/// and what does not matter here. In this machine's byte order.
const VNET_HEADER_BYTES: usize = 10;
const GSO_SIZE: std::ops::Range<usize> = 4..6;

impl AggregateSizes {
    /// Remembered at a time; older ones are forgotten.
    const MAX_SIZES: usize = 16_384;
    /// Bytes of packets that may wait: the kernel counts each whole, though it holds no more than
    /// its headers. Without the right to so much (`CAP_NET_ADMIN`) it is less, and of a flood
    /// of aggregates some sizes are not known.
    #[cfg(target_os = "linux")]
    const SOCKET_BUFFER: u32 = 16 << 20;

    /// `None` where the system does not tell.
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

    /// For its filter.
    #[cfg(target_os = "linux")]
    pub(super) fn socket(&self) -> Option<OwnedFd> {
        self.socket.as_fd().try_clone_to_owned().ok()
    }

    /// Of each segment but the last; `None` of what is no aggregate.
    pub(super) fn segment_bytes(&mut self, packet: &Packet) -> Option<NonZeroU16> {
        if packet.frame_bytes <= MAX_ETHERNET_FRAME {
            return None;
        }
        let Transport::Tcp(tcp) = packet.transport else {
            // What is told of others takes the room of what is wanted.
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
            sizes: known,
        } = self;
        let mut left = Self::MAX_SIZES;
        while left > 0 {
            let taken = socket
                .receive(frames, |frame| record_size(known, frame))
                .unwrap_or_default();
            if taken == 0 {
                return;
            }
            left = left.saturating_sub(taken);
        }
    }
}

fn record_size(known: &mut HashMap<Key, NonZeroU16>, frame: &[u8]) {
    let Some((description, frame)) = frame.split_at_checked(VNET_HEADER_BYTES) else {
        return;
    };
    let Some(&[low, high]) = description.get(GSO_SIZE) else {
        return;
    };
    let Some(each) = NonZeroU16::new(u16::from_ne_bytes([low, high])) else {
        return;
    };
    // Of the frame only its headers are here.
    let Some(segment) = parse_segment(LinkType::Ethernet, frame, u16::MAX.into()) else {
        return;
    };
    if let TransportKind::Tcp(tcp) = segment.kind {
        if known.len() >= AggregateSizes::MAX_SIZES {
            known.clear();
        }
        known.insert((segment.source, segment.destination, tcp.seq), each);
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

    /// A described frame whose parts have a size, and of which only the beginning is there.
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
    fn a_size_is_known_by_what_the_header_says() {
        let mut known = HashMap::new();
        let key = (
            ([10, 0, 0, 2], 50_000).into(),
            ([10, 0, 0, 10], 443).into(),
            77,
        );
        record_size(&mut known, &aggregate_frame(0, 200));
        assert_eq!(known, HashMap::new(), "no aggregate");
        record_size(&mut known, &aggregate_frame(1_448, 200));
        assert_eq!(
            known,
            HashMap::from([(key, NonZeroU16::new(1_448).unwrap())])
        );
    }

    proptest! {
        #[test]
        fn whatever_is_told_does_no_harm(
            bytes in proptest::collection::vec(any::<u8>(), 0..120),
            cut in 0..80_usize,
        ) {
            let mut known = HashMap::new();
            record_size(&mut known, &bytes);
            record_size(&mut known, &aggregate_frame(9, cut));
            prop_assert!(known.len() <= 1);
        }
    }
}
