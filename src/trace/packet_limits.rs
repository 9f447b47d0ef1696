//! How many packets and flows a trace lists.

/// How many packets and flows a trace lists, and which go when there are more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketLimits {
    /// Packets of all flows together. At some 78 bytes each, 10,000,000 are 0.8 GB.
    pub packets: usize,
    /// Packets of one flow.
    pub packets_per_flow: usize,
    /// Flows.
    pub flows: usize,
    /// Whether the latest stay and the oldest go, as suits what never ends. Else the first stay,
    /// and further ones are only counted.
    pub keeps_latest: bool,
}

impl PacketLimits {
    /// What ends: a run, or a file.
    pub const KEEP_FIRST: Self = Self {
        packets: 10_000_000,
        packets_per_flow: 400_000,
        flows: 65_536,
        keeps_latest: false,
    };
    /// What may go on for ever.
    pub const KEEP_LATEST: Self = Self {
        packets: 2_097_152,
        packets_per_flow: 400_000,
        flows: 65_536,
        keeps_latest: true,
    };

    /// What part of the packets goes at once, one in so many, so that making room costs no more
    /// than their coming did.
    pub(super) const PACKET_EVICTION_DIVISOR: usize = 4;
    /// What part of the flows.
    pub(super) const FLOW_EVICTION_DIVISOR: usize = 8;
    /// Bytes of a pipe that are kept, for each packet that is listed.
    const BYTES_PER_PACKET: u64 = 512;
    /// Packets that are listed however few bytes are kept.
    const MIN_PACKETS: usize = 8_192;

    /// For a pipe of which so many bytes are kept.
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

/// What a trace listed and no longer does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evicted {
    /// Packets, those of forgotten flows included.
    pub packets: u64,
    /// Flows.
    pub flows: u64,
}
