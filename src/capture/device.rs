//! An interface that is open for capture.

use std::os::fd::AsFd;

use pcap::{Active, Capture, Precision, TimestampType};

use super::CaptureError;
use super::aggregates::AggregateSizes;
use super::packet_filter::PacketFilter;
use crate::sys;
use crate::wire::LinkType;

/// Part of each packet that is captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureDepth {
    /// The headers only: 14 to 22 bytes of Ethernet, 60 of IPv4 or 40 of IPv6 with extensions, 60
    /// of TCP.
    Headers,
    /// Whole packets, which are kept. Of frames that never were one packet on a wire (aggregates,
    /// loopback's 64 KiB) only the beginning.
    Packets,
    /// Whole packets and whole aggregates, which are kept: streams can be reassembled and decrypted
    /// from them.
    WithAggregates,
}

impl CaptureDepth {
    pub(super) const fn snap_length(self) -> i32 {
        match self {
            Self::Headers => 256,
            Self::Packets => 2_048,
            // An IP packet of 64 KiB and any link header.
            Self::WithAggregates => 66_000,
        }
    }

    /// Size of the kernel's ring buffer. A packet takes a fixed slot of the snap length and some
    /// 150 bytes more: room for some 40,000 headers, 15,000 packets or 500 whole aggregates.
    const fn ring_bytes(self) -> i32 {
        match self {
            Self::Headers => 16 << 20,
            Self::Packets | Self::WithAggregates => 32 << 20,
        }
    }
}

/// An open capture whose filter blocks everything.
pub(super) struct CaptureDevice {
    pub(super) name: String,
    pub(super) link: LinkType,
    /// Link type number (`LINKTYPE_`).
    pub(super) link_type_number: u16,
    /// Link type name of libpcap, such as `EN10MB`.
    pub(super) link_name: String,
    pub(super) capture: Capture<Active>,
    pub(super) filter: PacketFilter,
    pub(super) aggregates: Option<AggregateSizes>,
    /// The kernel's counters, received and dropped, when the filter was closed.
    pub(super) kernel_counts: (u32, u32),
}

impl CaptureDevice {
    /// Opens an interface. Requires the right to capture.
    pub(super) fn open(name: &str, depth: CaptureDepth) -> Result<Self, CaptureError> {
        let refused = |error: pcap::Error| CaptureError::from_pcap(name, &error);
        let capture = Capture::from_device(name)
            .map_err(refused)?
            .promisc(false)
            .immediate_mode(true)
            .precision(Precision::Nano)
            .tstamp_type(TimestampType::Host)
            .snaplen(depth.snap_length())
            .buffer_size(depth.ring_bytes())
            .open()
            .and_then(Capture::setnonblock)
            .map_err(refused)?;
        Self::from_capture(name, capture, depth)
    }

    fn from_capture(
        name: &str,
        mut capture: Capture<Active>,
        depth: CaptureDepth,
    ) -> Result<Self, CaptureError> {
        let link_type_number = capture.get_datalink();
        let link_name = link_type_number
            .get_name()
            .unwrap_or_else(|_| format!("link type {}", link_type_number.0));
        let Some(link) = LinkType::from_number(link_type_number.0) else {
            return Err(CaptureError::new(
                format!("the link type of {name}, {link_name}, is not supported"),
                "use another interface",
            ));
        };
        let socket = capture.as_fd().try_clone_to_owned();
        let socket = socket.map_err(|error| {
            CaptureError::new(
                format!("the capture of {name} cannot be filtered: {error}"),
                "close some programs",
            )
        })?;
        // Opened after the capture, this socket receives each packet before the capture does.
        let aggregates = if link == LinkType::Ethernet && !is_loopback(name) {
            AggregateSizes::open(name)
        } else {
            None
        };
        let aggregate_socket = aggregates.as_ref().and_then(AggregateSizes::socket);
        let filter = PacketFilter::new(
            socket,
            link,
            depth.snap_length().unsigned_abs(),
            aggregate_socket,
        );
        if !filter.block_all() {
            // Filters cannot be replaced from here on this system: filter coarsely with libpcap,
            // and precisely later.
            capture
                .filter("tcp or udp", true)
                .map_err(|error| CaptureError::from_pcap(name, &error))?;
        }
        if is_loopback(name) {
            // Every loopback packet is seen twice, leaving and arriving. Before Linux 4.20 libpcap
            // drops the duplicates itself, and the kernel's counters are twice the packets
            // delivered.
            let _ = sys::ignore_outgoing(capture.as_fd());
        }
        let kernel_counts = capture
            .stats()
            .map_or((0, 0), |stat| (stat.received, stat.dropped));
        let link_type_number = u16::try_from(link_type_number.0).unwrap_or(u16::MAX);
        Ok(Self {
            name: name.to_owned(),
            link,
            link_type_number,
            link_name,
            capture,
            filter,
            aggregates,
            kernel_counts,
        })
    }
}

fn is_loopback(name: &str) -> bool {
    super::interface_selection::up_interfaces()
        .iter()
        .any(|interface| interface.name == name && interface.loopback)
}
