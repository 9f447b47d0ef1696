//! Encoding of pcapng blocks: little-endian, with timestamps in nanoseconds
//! (<https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html>).

use std::net::IpAddr;

use crate::archive::packet_meta;
use crate::archive::pcapng::{
    COMMENT, ENHANCED_PACKET, INTERFACE, JOURNAL, NAMES, SECRETS, SECTION, STATISTICS, TLS_KEY_LOG,
};
use crate::units::WallTime;

/// Maximum overhead of a block, including padding.
pub(super) const MAX_OVERHEAD: usize = 16;

/// A section header of unspecified length.
pub(super) fn section_block(program: &str, system: &str) -> Vec<u8> {
    const OPERATING_SYSTEM: u16 = 3;
    const PROGRAM: u16 = 4;
    let mut body = BlockBuilder::default();
    body.u32(0x1a2b_3c4d).u16(1).u16(0).u64(u64::MAX);
    body.option(OPERATING_SYSTEM, system.as_bytes())
        .option(PROGRAM, program.as_bytes());
    body.into_block(SECTION)
}

/// An interface description with timestamps in nanoseconds. `snap_length` is the most that is
/// captured of a packet, 0 for no limit.
pub(super) fn interface_block(name: &str, link_type: u16, snap_length: u32) -> Vec<u8> {
    const NAME: u16 = 2;
    const RESOLUTION: u16 = 9;
    const NANOSECONDS: u8 = 9;
    let mut body = BlockBuilder::default();
    body.u16(link_type).u16(0).u32(snap_length);
    body.option(NAME, name.as_bytes())
        .option(RESOLUTION, &[NANOSECONDS]);
    body.into_block(INTERFACE)
}

/// The content of an enhanced packet block.
#[derive(Clone, Copy, Debug)]
pub(super) struct PacketBlock<'a> {
    pub(super) interface: u16,
    pub(super) wall: WallTime,
    pub(super) bytes: &'a [u8],
    /// Its length on the link.
    pub(super) frame_bytes: u32,
    /// Comments for people.
    pub(super) comments: &'a [String],
    /// See [`packet_meta`].
    pub(super) meta: Option<&'a str>,
}

impl PacketBlock<'_> {
    pub(super) fn encode(self) -> Vec<u8> {
        let mut body = BlockBuilder::default();
        body.u32(self.interface.into()).split_u64(self.wall.0);
        body.u32(length_u32(self.bytes))
            .u32(self.frame_bytes)
            .padded(self.bytes);
        for comment in self.comments {
            body.option(COMMENT, comment.as_bytes());
        }
        if let Some(meta) = self.meta {
            body.option(packet_meta::OPTION_CODE, meta.as_bytes());
        }
        body.into_block(ENHANCED_PACKET)
    }
}

/// An entry of the systemd journal.
pub(super) fn journal_block(entry: &[u8]) -> Vec<u8> {
    let mut body = BlockBuilder::default();
    body.padded(entry);
    body.into_block(JOURNAL)
}

/// A name resolution block.
pub(super) fn names_block<'a>(names: impl IntoIterator<Item = (IpAddr, &'a str)>) -> Vec<u8> {
    const END: u16 = 0;
    const IPV4: u16 = 1;
    const IPV6: u16 = 2;
    let mut body = BlockBuilder::default();
    for (address, name) in names {
        let (kind, mut record) = match address {
            IpAddr::V4(ip) => (IPV4, ip.octets().to_vec()),
            IpAddr::V6(ip) => (IPV6, ip.octets().to_vec()),
        };
        record.extend(name.as_bytes());
        record.push(0);
        body.tagged(kind, &record);
    }
    body.u16(END).u16(0);
    body.into_block(NAMES)
}

/// Interface statistics at the end of a capture: delivered packets, and the kernel's counts of
/// received and dropped ones, if known.
pub(super) fn statistics_block(
    interface: u16,
    wall: WallTime,
    delivered: u64,
    (received, dropped): (Option<u64>, Option<u64>),
) -> Vec<u8> {
    const RECEIVED: u16 = 4;
    const DROPPED: u16 = 5;
    const DELIVERED: u16 = 8;
    let mut body = BlockBuilder::default();
    body.u32(interface.into()).split_u64(wall.0);
    for (code, count) in [
        (RECEIVED, received),
        (DROPPED, dropped),
        (DELIVERED, Some(delivered)),
    ] {
        if let Some(count) = count {
            body.option(code, &count.to_le_bytes());
        }
    }
    body.into_block(STATISTICS)
}

/// A decryption secrets block with lines of a TLS key log.
pub(super) fn secrets_block(lines: &str) -> Vec<u8> {
    let mut body = BlockBuilder::default();
    body.u32(TLS_KEY_LOG)
        .u32(length_u32(lines.as_bytes()))
        .padded(lines.as_bytes());
    body.into_block(SECRETS)
}

/// A builder of a block's body.
#[derive(Default)]
struct BlockBuilder {
    bytes: Vec<u8>,
    has_options: bool,
}

impl BlockBuilder {
    fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes.extend(value.to_le_bytes());
        self
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes.extend(value.to_le_bytes());
        self
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes.extend(value.to_le_bytes());
        self
    }

    /// A 64-bit number as in timestamps: the upper half first.
    fn split_u64(&mut self, value: u64) -> &mut Self {
        let [a, b, c, d, upper @ ..] = value.to_le_bytes();
        self.bytes.extend(upper);
        self.bytes.extend([a, b, c, d]);
        self
    }

    fn padded(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    /// A value with its type and 16-bit length; longer values are truncated.
    fn tagged(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        self.u16(kind)
            .u16(length)
            .padded(value.get(..length.into()).unwrap_or(value))
    }

    fn option(&mut self, code: u16, value: &[u8]) -> &mut Self {
        self.has_options = true;
        self.tagged(code, value)
    }

    fn into_block(mut self, kind: u32) -> Vec<u8> {
        if self.has_options {
            self.u32(0);
        }
        // The type, and the length twice.
        let total = length_u32(&self.bytes).saturating_add(12).to_le_bytes();
        [&kind.to_le_bytes(), &total, self.bytes.as_slice(), &total].concat()
    }
}

/// Nothing written here comes near 32 bits.
fn length_u32(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
