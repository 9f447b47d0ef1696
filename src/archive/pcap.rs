//! pcap files: a header, then packets
//! (<https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html>).
//!
//! ```text
//! file    │ magic 4 │ major 2 │ minor 2 │ reserved 8 │ snap length 4 │ link type 4 │
//! packet  │ seconds 4 │ fraction 4 │ captured 4 │ on the link 4 │ bytes … │
//! ```

use super::ArchiveError;
use super::endian_bytes::EndianBytes;
use super::error::ExpectedLength;
use super::input::ArchiveInput;
use super::interface::{CaptureInterface, TimestampUnit};
use super::record::{CaptureRecord, CapturedFrame};
use crate::units::WallTime;

const FILE_HEADER: usize = 24;
const PACKET_HEADER: usize = 16;
/// Alexey Kuznetzov's modified format has an interface, a protocol and a packet type behind the
/// usual header.
const MODIFIED_PACKET_HEADER: usize = 24;
/// The most bytes that programs capture of a packet (`MAXIMUM_SNAPLEN` of libpcap).
pub(super) const MAX_CAPTURED: u32 = 262_144;

/// A reader of pcap files.
pub(super) struct Pcap {
    source: ArchiveInput,
    format: PacketFormat,
    interface: CaptureInterface,
    /// Whether the interface record has been returned.
    interface_returned: bool,
}

/// The format of packet headers.
#[derive(Clone, Copy)]
struct PacketFormat {
    variant: PcapVariant,
    /// The order of the two lengths.
    length_order: LengthOrder,
}

/// The variant of the format, by its magic number.
#[derive(Clone, Copy)]
pub(super) struct PcapVariant {
    big_endian: bool,
    /// Nanoseconds per unit of the fraction.
    fraction: u64,
    /// Bytes of a packet header.
    header: usize,
}

/// The order of the captured and the original length: swapped before version 2.3, and in some files
/// of 2.3.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LengthOrder {
    CapturedFirst,
    Ambiguous,
    OriginalFirst,
}

impl PcapVariant {
    /// Recognizes a file's first four bytes; `None` if it is not pcap.
    pub(super) const fn from_magic(magic: &[u8]) -> Option<Self> {
        let (big_endian, fraction, header) = match magic {
            [0xa1, 0xb2, 0xc3, 0xd4] => (true, 1_000, PACKET_HEADER),
            [0xd4, 0xc3, 0xb2, 0xa1] => (false, 1_000, PACKET_HEADER),
            [0xa1, 0xb2, 0x3c, 0x4d] => (true, 1, PACKET_HEADER),
            [0x4d, 0x3c, 0xb2, 0xa1] => (false, 1, PACKET_HEADER),
            [0xa1, 0xb2, 0xcd, 0x34] => (true, 1_000, MODIFIED_PACKET_HEADER),
            [0x34, 0xcd, 0xb2, 0xa1] => (false, 1_000, MODIFIED_PACKET_HEADER),
            _ => return None,
        };
        Some(Self {
            big_endian,
            fraction,
            header,
        })
    }
}

impl Pcap {
    /// Reads the file header.
    pub(super) fn new(
        mut source: ArchiveInput,
        variant: PcapVariant,
    ) -> Result<Self, ArchiveError> {
        let header = EndianBytes {
            bytes: source.take(FILE_HEADER, "the file header")?,
            big_endian: variant.big_endian,
        };
        let length_order = match (header.u16_at(4), header.u16_at(6)) {
            (2, 3) => LengthOrder::Ambiguous,
            (2, 0..3) => LengthOrder::OriginalFirst,
            _ => LengthOrder::CapturedFirst,
        };
        // The upper half contains the length of the frame check sequence, which lies behind the
        // bytes that IP's length covers.
        let link_type = u16::try_from(header.u32_at(20) & 0xffff).unwrap_or(u16::MAX);
        let interface = CaptureInterface {
            name: None,
            link_type,
            timestamps: TimestampUnit::NANOS,
            snap_length: header.u32_at(16),
        };
        Ok(Self {
            source,
            format: PacketFormat {
                variant,
                length_order,
            },
            interface,
            interface_returned: false,
        })
    }

    pub(super) const fn source(&self) -> &ArchiveInput {
        &self.source
    }

    /// The size of the next record, if its header is buffered.
    pub(super) fn next_length(&self) -> Option<usize> {
        let header = self.format.variant.header;
        let bytes = self.source.buffered()?.get(..header)?;
        Some(header.saturating_add(self.format.read(bytes).captured as usize))
    }

    pub(super) fn next(&mut self) -> Result<Option<CaptureRecord<'_>>, ArchiveError> {
        if !self.interface_returned {
            self.interface_returned = true;
            return Ok(Some(CaptureRecord::Interface(&self.interface)));
        }
        let offset = self.source.offset();
        if self.source.peek(1)?.is_empty() {
            return Ok(None);
        }
        let header = self.format.read(
            self.source
                .take(self.format.variant.header, "a packet's header")?,
        );
        if header.captured > MAX_CAPTURED {
            let needed = ExpectedLength::AtMost(u64::from(MAX_CAPTURED));
            return Err(ArchiveError::Length {
                layer: "a packet",
                offset,
                needed,
                found: u64::from(header.captured),
            });
        }
        let at = self.source.offset();
        let bytes = self.source.take(header.captured as usize, "a packet")?;
        let frame_bytes = header.original.max(header.captured);
        Ok(Some(CaptureRecord::Frame(CapturedFrame {
            interface: 0,
            wall: Some(header.wall),
            bytes,
            frame_bytes,
            at,
            meta: None,
        })))
    }
}

struct PcapPacketHeader {
    wall: WallTime,
    captured: u32,
    original: u32,
}

impl PacketFormat {
    fn read(self, bytes: &[u8]) -> PcapPacketHeader {
        let fields = EndianBytes {
            bytes,
            big_endian: self.variant.big_endian,
        };
        let fraction = u64::from(fields.u32_at(4)) * self.variant.fraction;
        let wall = WallTime(u64::from(fields.u32_at(0)) * 1_000_000_000 + fraction);
        let captured = fields.u32_at(8);
        let original = fields.u32_at(12);
        let swapped = match self.length_order {
            LengthOrder::CapturedFirst => false,
            LengthOrder::Ambiguous => captured > original,
            LengthOrder::OriginalFirst => true,
        };
        if swapped {
            PcapPacketHeader {
                wall,
                captured: original,
                original: captured,
            }
        } else {
            PcapPacketHeader {
                wall,
                captured,
                original,
            }
        }
    }
}
