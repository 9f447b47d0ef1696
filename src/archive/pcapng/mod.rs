//! pcapng files: blocks in sections
//! (<https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html>).
//!
//! ```text
//! block │ type 4 │ total length 4 │ body … │ total length 4 │
//! ```
//!
//! A section sets the byte order of its blocks, and has interfaces of its own. Blocks of unknown
//! types are skipped by their length.

mod blocks;
mod tagged_values;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::ops::Range;

use super::ArchiveError;
use super::endian_bytes::EndianBytes;
use super::error::ExpectedLength;
use super::input::ArchiveInput;
use super::interface::CaptureInterface;
use super::journal;
use super::packet_meta::PacketMeta;
use super::record::{CaptureRecord, CapturedFrame, Extent, InterfaceStatistics};
use crate::trace::Event;
use crate::units::{Untrusted, WallTime};

pub(super) const SECTION: u32 = 0x0a0d_0d0a;
pub(super) const INTERFACE: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
pub(super) const NAMES: u32 = 4;
pub(super) const STATISTICS: u32 = 5;
pub(super) const ENHANCED_PACKET: u32 = 6;
pub(super) const JOURNAL: u32 = 9;
pub(super) const SECRETS: u32 = 10;
/// The secrets type of a TLS key log: `TLSK`.
pub(super) const TLS_KEY_LOG: u32 = 0x544c_534b;

pub(super) use tagged_values::COMMENT;

/// A reader of pcapng files.
pub(super) struct Pcapng {
    source: ArchiveInput,
    big_endian: bool,
    /// The interfaces of all sections.
    interfaces: Vec<CaptureInterface>,
    /// The index of the current section's first interface.
    section_start: usize,
    /// Records to return before the next block is read.
    pending: VecDeque<PendingRecord>,
}

/// A record that is not a packet.
enum PendingRecord {
    Section,
    Interface(usize),
    Comment(Untrusted),
    Statistics(InterfaceStatistics),
    Name(IpAddr, Untrusted),
    KeyLog(Extent),
    Journal(Extent),
    Event(Box<Event>),
    UnreadableEvent(Untrusted),
}

/// A packet in the block that was read last.
struct PacketInBlock {
    interface: u16,
    wall: Option<WallTime>,
    /// Its range in the block.
    range: Range<usize>,
    frame_bytes: u32,
    meta: Option<PacketMeta>,
}

impl Pcapng {
    /// The first bytes of a file, in either byte order.
    pub(super) const MAGIC: [u8; 4] = SECTION.to_be_bytes();
    /// The type and both lengths.
    const BLOCK_OVERHEAD: u32 = 12;
    /// Maximum size of a block that has to be in memory.
    const MAX_BLOCK: usize = 1 << 24;
    /// Maximum number of interfaces in all sections.
    const MAX_INTERFACES: usize = u16::MAX as usize;
    /// Maximum number of queued records: comments and names.
    const MAX_PENDING: usize = 4_096;

    pub(super) fn new(source: ArchiveInput) -> Result<Self, ArchiveError> {
        let mut file = Self {
            source,
            big_endian: true,
            interfaces: Vec::new(),
            section_start: 0,
            pending: VecDeque::new(),
        };
        // Without a valid first section it is not a capture file.
        file.read_block()?;
        Ok(file)
    }

    pub(super) const fn source(&self) -> &ArchiveInput {
        &self.source
    }

    /// The size of the next record, if it is a packet or a journal entry; others may not produce
    /// one.
    pub(super) fn next_length(&self) -> Option<usize> {
        if !self.pending.is_empty() {
            return Some(0);
        }
        let head = EndianBytes {
            bytes: self.source.buffered()?.get(..8)?,
            big_endian: self.big_endian,
        };
        let is_told = matches!(
            head.u32_at(0),
            ENHANCED_PACKET | SIMPLE_PACKET | OBSOLETE_PACKET | JOURNAL
        );
        is_told.then(|| (head.u32_at(4) as usize).next_multiple_of(4))
    }

    pub(super) fn next(&mut self) -> Result<Option<CaptureRecord<'_>>, ArchiveError> {
        while self.pending.is_empty() {
            if self.source.peek(1)?.is_empty() {
                return Ok(None);
            }
            if let Some(PacketInBlock {
                interface,
                wall,
                range,
                frame_bytes,
                meta,
            }) = self.read_block()?
            {
                let block = self.source.taken();
                let at = self.source.offset() - block.len() as u64 + range.start as u64;
                let bytes = block.get(range).unwrap_or_default();
                return Ok(Some(CaptureRecord::Frame(CapturedFrame {
                    interface,
                    wall,
                    bytes,
                    frame_bytes,
                    at,
                    meta,
                })));
            }
        }
        Ok(self
            .pending
            .pop_front()
            .and_then(|waiting| self.to_record(waiting)))
    }

    fn to_record(&self, waiting: PendingRecord) -> Option<CaptureRecord<'_>> {
        Some(match waiting {
            PendingRecord::Interface(place) => {
                CaptureRecord::Interface(self.interfaces.get(place)?)
            }
            PendingRecord::Section => CaptureRecord::Section,
            PendingRecord::Comment(text) => CaptureRecord::Comment(text),
            PendingRecord::Statistics(statistics) => CaptureRecord::Statistics(statistics),
            PendingRecord::Name(address, name) => CaptureRecord::Name(address, name),
            PendingRecord::KeyLog(extent) => CaptureRecord::KeyLog(extent),
            PendingRecord::Journal(extent) => CaptureRecord::Journal(extent),
            PendingRecord::Event(event) => CaptureRecord::Event(event),
            PendingRecord::UnreadableEvent(why) => CaptureRecord::UnreadableEvent(why),
        })
    }

    /// Reads a block: returns a packet, and queues other records.
    fn read_block(&mut self) -> Result<Option<PacketInBlock>, ArchiveError> {
        let offset = self.source.offset();
        let (kind, length) = self.read_block_header(offset)?;
        let layer = block_name(kind);
        let holds = match kind {
            SECTION | INTERFACE | OBSOLETE_PACKET | SIMPLE_PACKET | NAMES | STATISTICS
            | ENHANCED_PACKET => true,
            JOURNAL if length as usize <= journal::MAX_ENTRY_BYTES => true,
            JOURNAL | SECRETS => {
                self.queue_extent(kind, offset, length)?;
                false
            }
            _ => false,
        };
        // Some programs write lengths without the padding, which is there all the same.
        let span = u64::from(length).next_multiple_of(4);
        if !holds {
            self.source
                .skip(span - 4 - (self.source.offset() - offset), layer)?;
            let end = EndianBytes {
                bytes: self.source.take(4, layer)?,
                big_endian: self.big_endian,
            }
            .u32_at(0);
            return check_lengths_agree(layer, offset, length, end).map(|()| None);
        }
        let Some(span) = usize::try_from(span)
            .ok()
            .filter(|span| *span <= Self::MAX_BLOCK)
        else {
            let needed = ExpectedLength::AtMost(Self::MAX_BLOCK as u64);
            return Err(ArchiveError::Length {
                layer,
                offset,
                needed,
                found: u64::from(length),
            });
        };
        self.source.take(span, layer)?;
        let block = EndianBytes {
            bytes: self.source.taken(),
            big_endian: self.big_endian,
        };
        check_lengths_agree(layer, offset, length, block.u32_at(span - 4))?;
        self.read_body(kind, offset)
    }

    /// Reads a block's type and length; the header of a section also sets the byte order.
    fn read_block_header(&mut self, offset: u64) -> Result<(u32, u32), ArchiveError> {
        const LAYER: &str = "a block's header";
        let head = self.source.peek(12)?;
        if head.len() < 12 {
            return Err(ArchiveError::Truncated {
                layer: LAYER,
                offset,
                needed: 12,
                found: head.len() as u64,
            });
        }
        if head.starts_with(&Self::MAGIC) {
            self.big_endian = match head.get(8..12) {
                Some([0x1a, 0x2b, 0x3c, 0x4d]) => true,
                Some([0x4d, 0x3c, 0x2b, 0x1a]) => false,
                _ => {
                    let found = u64::from(
                        EndianBytes {
                            bytes: head,
                            big_endian: true,
                        }
                        .u32_at(8),
                    );
                    return Err(ArchiveError::Field {
                        layer: "a section",
                        offset,
                        field: "byte order",
                        needed: "1a2b3c4d",
                        found,
                    });
                }
            };
        }
        let fields = EndianBytes {
            bytes: head,
            big_endian: self.big_endian,
        };
        let kind = fields.u32_at(0);
        let length = fields.u32_at(4);
        let shortest = blocks::min_block_length(kind);
        if length < shortest {
            let needed = ExpectedLength::AtLeast(u64::from(shortest));
            return Err(ArchiveError::Length {
                layer: block_name(kind),
                offset,
                needed,
                found: u64::from(length),
            });
        }
        Ok((kind, length))
    }

    /// Queues the position of a block's content that is not read now.
    fn queue_extent(&mut self, kind: u32, offset: u64, length: u32) -> Result<(), ArchiveError> {
        if kind == JOURNAL {
            let bytes = u64::from(length - Self::BLOCK_OVERHEAD);
            self.pending.push_back(PendingRecord::Journal(Extent {
                at: offset + 8,
                bytes,
            }));
            return Ok(());
        }
        let fields = EndianBytes {
            bytes: self.source.take(16, block_name(kind))?,
            big_endian: self.big_endian,
        };
        let secrets = fields.u32_at(8);
        let stated = fields.u32_at(12);
        let most = length - blocks::min_block_length(SECRETS);
        if stated > most {
            let needed = ExpectedLength::AtMost(u64::from(most));
            return Err(ArchiveError::Length {
                layer: "the secrets of a block",
                offset,
                needed,
                found: u64::from(stated),
            });
        }
        if secrets == TLS_KEY_LOG {
            self.pending.push_back(PendingRecord::KeyLog(Extent {
                at: offset + 16,
                bytes: u64::from(stated),
            }));
        }
        Ok(())
    }

    fn queue_record(&mut self, waiting: PendingRecord) {
        if self.pending.len() < Self::MAX_PENDING {
            self.pending.push_back(waiting);
        }
    }
}

fn check_lengths_agree(
    layer: &'static str,
    offset: u64,
    length: u32,
    end: u32,
) -> Result<(), ArchiveError> {
    if length == end {
        return Ok(());
    }
    Err(ArchiveError::Length {
        layer,
        offset,
        needed: ExpectedLength::SameAsTrailer(u64::from(end)),
        found: u64::from(length),
    })
}

const fn block_name(kind: u32) -> &'static str {
    match kind {
        SECTION => "a section's header",
        INTERFACE => "an interface's description",
        OBSOLETE_PACKET => "a packet block",
        SIMPLE_PACKET => "a simple packet block",
        NAMES => "a block of names",
        STATISTICS => "an interface's statistics",
        ENHANCED_PACKET => "an enhanced packet block",
        JOURNAL => "a journal entry",
        SECRETS => "a block of secrets",
        _ => "a block",
    }
}
