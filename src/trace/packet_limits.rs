//! Limits on the packets and flows that a trace lists.

/// Limits on the packets and flows that a trace lists, and which ones are kept beyond them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketLimits {
    /// Packets of all flows together. At some 78 bytes each, 10,000,000 are 0.8 GB.
    pub packets: usize,
    /// Packets of one flow.
    pub packets_per_flow: usize,
    /// Flows.
    pub flows: usize,
    /// Whether the latest packets are kept and the oldest evicted, as suits an endless capture.
    /// Otherwise the first are kept, and further ones are only counted.
    pub keeps_latest: bool,
}

impl PacketLimits {
    /// Limits for bounded input: a run, or a file.
    pub const KEEP_FIRST: Self = Self {
        packets: 10_000_000,
        packets_per_flow: 1_048_576,
        flows: 65_536,
        keeps_latest: false,
    };
    /// Limits for input that may never end.
    pub const KEEP_LATEST: Self = Self {
        packets: 2_097_152,
        packets_per_flow: 400_000,
        flows: 65_536,
        keeps_latest: true,
    };

    /// Packets evicted at a time, as a divisor of the limit. Evicting many at once keeps the cost
    /// per packet constant.
    pub(super) const PACKET_EVICTION_DIVISOR: usize = 4;
    /// Flows evicted at a time, as a divisor of the limit.
    pub(super) const FLOW_EVICTION_DIVISOR: usize = 8;
    /// Bytes of a pipe that are kept for each listed packet.
    const BYTES_PER_PACKET: u64 = 512;
    /// Minimum limit on packets, however few bytes are kept.
    const MIN_PACKETS: usize = 8_192;

    /// Limits for a pipe of which this many bytes are kept.
    pub fn for_pipe(bytes: u64) -> Self {
        let packets = usize::try_from(bytes / Self::BYTES_PER_PACKET)
            .unwrap_or(usize::MAX)
            .clamp(Self::MIN_PACKETS, Self::KEEP_LATEST.packets);
        Self {
            packets,
            packets_per_flow: packets.min(Self::KEEP_LATEST.packets_per_flow),
            flows: packets.min(Self::KEEP_LATEST.flows),
            ..Self::KEEP_LATEST
        }
    }
}

impl Default for PacketLimits {
    fn default() -> Self {
        Self::KEEP_FIRST
    }
}

/// Number of packets and flows that were evicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evicted {
    /// Packets, including those of evicted flows.
    pub packets: u64,
    /// Flows.
    pub flows: u64,
}
