//! pcap files: a header, then packets (<https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html>).
//!
//! ```text
//! file    │ magic 4 │ major 2 │ minor 2 │ reserved 8 │ snap length 4 │ link type 4 │
//! packet  │ seconds 4 │ fraction 4 │ captured 4 │ on the link 4 │ bytes … │
//! ```

use super::ArchiveError;
use super::error::Needed;
use super::fields::Fields;
use super::interface::{Interface, Ticks};
use super::record::{Captured, Record};
use super::source::Source;
use crate::units::WallTime;

const FILE_HEADER: usize = 24;
const PACKET_HEADER: usize = 16;
/// Alexey Kuznetzov's packets have an interface, a protocol and a kind behind the usual header.
const LONGER_HEADER: usize = 24;
/// No program captures more of a packet (`MAXIMUM_SNAPLEN` of libpcap).
pub(super) const LONGEST: u32 = 262_144;

/// A pcap file.
pub(super) struct Pcap {
    source: Source,
    format: Format,
    interface: Interface,
    /// The interface was told of.
    introduced: bool,
}

/// How packets' headers are written.
#[derive(Clone, Copy)]
struct Format {
    variant: Variant,
    /// Which of both lengths comes first.
    swapped: Swapped,
}

/// What the magic number says.
#[derive(Clone, Copy)]
pub(super) struct Variant {
    big_endian: bool,
    /// Nanoseconds to a unit of the fraction.
    fraction: u64,
    /// Bytes of a packet's header.
    header: usize,
}

/// Whether what is on the link stands before what was captured: before version 2.3, and sometimes
/// in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Swapped {
    Never,
    WhereItShows,
    Always,
}

impl Variant {
    /// By a file's first four bytes; `None` where it is no pcap.
    pub(super) const fn of(magic: &[u8]) -> Option<Self> {
        let (big_endian, fraction, header) = match magic {
            [0xa1, 0xb2, 0xc3, 0xd4] => (true, 1_000, PACKET_HEADER),
            [0xd4, 0xc3, 0xb2, 0xa1] => (false, 1_000, PACKET_HEADER),
            [0xa1, 0xb2, 0x3c, 0x4d] => (true, 1, PACKET_HEADER),
            [0x4d, 0x3c, 0xb2, 0xa1] => (false, 1, PACKET_HEADER),
            [0xa1, 0xb2, 0xcd, 0x34] => (true, 1_000, LONGER_HEADER),
            [0x34, 0xcd, 0xb2, 0xa1] => (false, 1_000, LONGER_HEADER),
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
    /// Reads the file's header.
    pub(super) fn new(mut source: Source, variant: Variant) -> Result<Self, ArchiveError> {
        let header = Fields {
            bytes: source.take(FILE_HEADER, "the file header")?,
            big_endian: variant.big_endian,
        };
        let swapped = match (header.u16_at(4), header.u16_at(6)) {
            (2, 3) => Swapped::WhereItShows,
            (2, 0..3) => Swapped::Always,
            _ => Swapped::Never,
        };
        // What stands above says how long the frame check sequence is, which is behind what IP's
        // length covers.
        let link_type = u16::try_from(header.u32_at(20) & 0xffff).unwrap_or(u16::MAX);
        let interface = Interface {
            name: None,
            link_type,
            ticks: Ticks::NANOS,
            snap_length: header.u32_at(16),
        };
        Ok(Self {
            source,
            format: Format { variant, swapped },
            interface,
            introduced: false,
        })
    }

    pub(super) const fn source(&self) -> &Source {
        &self.source
    }

    /// Bytes of the next record, where its header is at hand.
    pub(super) fn length_of_next(&self) -> Option<usize> {
        let header = self.format.variant.header;
        let bytes = self.source.waiting()?.get(..header)?;
        Some(header.saturating_add(self.format.read(bytes).captured as usize))
    }

    pub(super) fn next(&mut self) -> Result<Option<Record<'_>>, ArchiveError> {
        if !self.introduced {
            self.introduced = true;
            return Ok(Some(Record::Interface(&self.interface)));
        }
        let offset = self.source.offset();
        if self.source.peek(1)?.is_empty() {
            return Ok(None);
        }
        let header = self.format.read(
            self.source
                .take(self.format.variant.header, "a packet's header")?,
        );
        if header.captured > LONGEST {
            let needed = Needed::AtMost(u64::from(LONGEST));
            return Err(ArchiveError::Length {
                layer: "a packet",
                offset,
                needed,
                found: u64::from(header.captured),
            });
        }
        let at = self.source.offset();
        let bytes = self.source.take(header.captured as usize, "a packet")?;
        let frame_bytes = header.on_the_link.max(header.captured);
        Ok(Some(Record::Frame(Captured {
            interface: 0,
            wall: Some(header.wall),
            bytes,
            frame_bytes,
            at,
            aside: None,
        })))
    }
}

struct Header {
    wall: WallTime,
    captured: u32,
    on_the_link: u32,
}

impl Format {
    fn read(self, bytes: &[u8]) -> Header {
        let fields = Fields {
            bytes,
            big_endian: self.variant.big_endian,
        };
        let fraction = u64::from(fields.u32_at(4)) * self.variant.fraction;
        let wall = WallTime(u64::from(fields.u32_at(0)) * 1_000_000_000 + fraction);
        let (captured, on_the_link) = (fields.u32_at(8), fields.u32_at(12));
        let swapped = match self.swapped {
            Swapped::Never => false,
            Swapped::WhereItShows => captured > on_the_link,
            Swapped::Always => true,
        };
        if swapped {
            Header {
                wall,
                captured: on_the_link,
                on_the_link: captured,
            }
        } else {
            Header {
                wall,
                captured,
                on_the_link,
            }
        }
    }
}
