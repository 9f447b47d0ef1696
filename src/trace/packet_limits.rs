//! How many packets and flows a trace lists.

/// How many packets and flows a trace lists, and which go when there are more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketLimits {
    /// Packets of all flows together. At some 78 bytes each, 10,000,000 are 0.8 GB.
    pub packets: usize,
    /// Packets of one flow.
    pub of_flow: usize,
    /// Flows.
    pub flows: usize,
    /// Whether the latest stay and the oldest go, as suits what never ends. Else the first stay,
    /// and further ones are only counted.
    pub keeps_latest: bool,
}

impl PacketLimits {
    /// What ends: a run, or a file.
    pub const FIRST: Self = Self {
        packets: 10_000_000,
        of_flow: 400_000,
        flows: 65_536,
        keeps_latest: false,
    };
    /// What may go on for ever.
    pub const LATEST: Self = Self {
        packets: 2_097_152,
        of_flow: 400_000,
        flows: 65_536,
        keeps_latest: true,
    };

    /// What part of the packets goes at once, one in so many, so that making room costs no more
    /// than their coming did.
    pub(super) const AT_ONCE: usize = 4;
    /// What part of the flows.
    pub(super) const FLOWS_AT_ONCE: usize = 8;
    /// Bytes of a pipe that are kept, for each packet that is listed.
    const BYTES: u64 = 512;
    /// Packets that are listed however few bytes are kept.
    const LEAST: usize = 8_192;

    /// For a pipe of which so many bytes are kept.
    pub fn of_pipe(bytes: u64) -> Self {
        let packets = usize::try_from(bytes / Self::BYTES)
            .unwrap_or(usize::MAX)
            .clamp(Self::LEAST, Self::LATEST.packets);
        Self {
            packets,
            of_flow: packets.min(Self::LATEST.of_flow),
            flows: packets.min(Self::LATEST.flows),
            ..Self::LATEST
        }
    }
}

impl Default for PacketLimits {
    fn default() -> Self {
        Self::FIRST
    }
}

/// What a trace listed and no longer does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Packets, those of forgotten flows included.
    pub packets: u64,
    /// Flows.
    pub flows: u64,
}
