//! pcapng files: blocks in sections (<https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html>).
//!
//! ```text
//! block │ type 4 │ total length 4 │ body … │ total length 4 │
//! ```
//!
//! A section decides the byte order of what follows, and its interfaces are its own. Blocks of
//! unknown types are passed over, which is what their length is for.

mod blocks;
mod names;
mod options;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::ops::Range;

use super::ArchiveError;
use super::aside::Aside;
use super::error::Needed;
use super::fields::Fields;
use super::interface::Interface;
use super::journal;
use super::record::{Captured, Extent, Record, Statistics};
use super::source::Source;
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
/// The kind of secrets that are a TLS key log: `TLSK`.
pub(super) const TLS_KEY_LOG: u32 = 0x544c_534b;

pub(super) use options::COMMENT;

/// A pcapng file.
pub(super) struct Pcapng {
    source: Source,
    big_endian: bool,
    /// Those of all sections.
    interfaces: Vec<Interface>,
    /// Where in them the section's own begin.
    section: usize,
    /// What is to be told before the next block is read.
    waiting: VecDeque<Waiting>,
}

/// What a block said beside a packet.
enum Waiting {
    Section,
    Interface(usize),
    Comment(Untrusted),
    Statistics(Statistics),
    Name(IpAddr, Untrusted),
    KeyLog(Extent),
    Journal(Extent),
    Told(Box<Event>),
    Untold(Untrusted),
}

/// A packet in the block that was read last.
struct Framed {
    interface: u16,
    wall: Option<WallTime>,
    /// Its bytes in the block.
    range: Range<usize>,
    frame_bytes: u32,
    aside: Option<Aside>,
}

impl Pcapng {
    /// How such a file begins, in either byte order.
    pub(super) const MAGIC: [u8; 4] = SECTION.to_be_bytes();
    /// Type and both lengths.
    const AROUND: u32 = 12;
    /// A block that has to be held whole is no longer.
    const LONGEST: usize = 1 << 24;
    /// Interfaces of all sections together.
    const MOST_INTERFACES: usize = u16::MAX as usize;
    /// What may wait, of one block's comments and names.
    const MOST_WAITING: usize = 4_096;

    pub(super) fn new(source: Source) -> Result<Self, ArchiveError> {
        let mut file = Self {
            source,
            big_endian: true,
            interfaces: Vec::new(),
            section: 0,
            waiting: VecDeque::new(),
        };
        // What begins as a section and is none is no capture.
        file.block()?;
        Ok(file)
    }

    pub(super) const fn source(&self) -> &Source {
        &self.source
    }

    /// Bytes that have to be at hand for the next record: those of its block where that holds a
    /// packet or an entry of the journal. What others hold is not known.
    pub(super) fn length_of_next(&self) -> Option<usize> {
        if !self.waiting.is_empty() {
            return Some(0);
        }
        let head = Fields {
            bytes: self.source.waiting()?.get(..8)?,
            big_endian: self.big_endian,
        };
        let is_told = matches!(
            head.u32_at(0),
            ENHANCED_PACKET | SIMPLE_PACKET | OBSOLETE_PACKET | JOURNAL
        );
        is_told.then(|| (head.u32_at(4) as usize).next_multiple_of(4))
    }

    pub(super) fn next(&mut self) -> Result<Option<Record<'_>>, ArchiveError> {
        while self.waiting.is_empty() {
            if self.source.peek(1)?.is_empty() {
                return Ok(None);
            }
            if let Some(Framed {
                interface,
                wall,
                range,
                frame_bytes,
                aside,
            }) = self.block()?
            {
                let block = self.source.taken();
                let at = self.source.offset() - block.len() as u64 + range.start as u64;
                let bytes = block.get(range).unwrap_or_default();
                return Ok(Some(Record::Frame(Captured {
                    interface,
                    wall,
                    bytes,
                    frame_bytes,
                    at,
                    aside,
                })));
            }
        }
        Ok(self
            .waiting
            .pop_front()
            .and_then(|waiting| self.told(waiting)))
    }

    fn told(&self, waiting: Waiting) -> Option<Record<'_>> {
        Some(match waiting {
            Waiting::Interface(place) => Record::Interface(self.interfaces.get(place)?),
            Waiting::Section => Record::Section,
            Waiting::Comment(text) => Record::Comment(text),
            Waiting::Statistics(statistics) => Record::Statistics(statistics),
            Waiting::Name(address, name) => Record::Name(address, name),
            Waiting::KeyLog(extent) => Record::KeyLog(extent),
            Waiting::Journal(extent) => Record::Journal(extent),
            Waiting::Told(event) => Record::Told(event),
            Waiting::Untold(why) => Record::Untold(why),
        })
    }

    /// Reads a block. What it says waits; where it is a packet's, the packet.
    fn block(&mut self) -> Result<Option<Framed>, ArchiveError> {
        let offset = self.source.offset();
        let (kind, length) = self.head(offset)?;
        let layer = layer(kind);
        let holds = match kind {
            SECTION | INTERFACE | OBSOLETE_PACKET | SIMPLE_PACKET | NAMES | STATISTICS
            | ENHANCED_PACKET => true,
            JOURNAL if length as usize <= journal::LONGEST => true,
            JOURNAL | SECRETS => {
                self.extent(kind, offset, length)?;
                false
            }
            _ => false,
        };
        // Some write lengths without the padding that they have all the same.
        let span = u64::from(length).next_multiple_of(4);
        if !holds {
            self.source
                .skip(span - 4 - (self.source.offset() - offset), layer)?;
            let end = Fields {
                bytes: self.source.take(4, layer)?,
                big_endian: self.big_endian,
            }
            .u32_at(0);
            return agree(layer, offset, length, end).map(|()| None);
        }
        let Some(span) = usize::try_from(span)
            .ok()
            .filter(|span| *span <= Self::LONGEST)
        else {
            let needed = Needed::AtMost(Self::LONGEST as u64);
            return Err(ArchiveError::Length {
                layer,
                offset,
                needed,
                found: u64::from(length),
            });
        };
        self.source.take(span, layer)?;
        let block = Fields {
            bytes: self.source.taken(),
            big_endian: self.big_endian,
        };
        agree(layer, offset, length, block.u32_at(span - 4))?;
        self.read(kind, offset)
    }

    /// A block's type and length; of a section's, the byte order too, which counts from there on.
    fn head(&mut self, offset: u64) -> Result<(u32, u32), ArchiveError> {
        const LAYER: &str = "a block's header";
        let head = self.source.peek(12)?;
        if head.len() < 12 {
            return Err(ArchiveError::Cut {
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
                        Fields {
                            bytes: head,
                            big_endian: true,
                        }
                        .u32_at(8),
                    );
                    return Err(ArchiveError::Field {
                        layer: "a section",
                        offset,
                        field: "the byte order",
                        needed: "1a2b3c4d",
                        found,
                    });
                }
            };
        }
        let fields = Fields {
            bytes: head,
            big_endian: self.big_endian,
        };
        let (kind, length) = (fields.u32_at(0), fields.u32_at(4));
        let shortest = blocks::shortest(kind);
        if length < shortest {
            let needed = Needed::AtLeast(u64::from(shortest));
            return Err(ArchiveError::Length {
                layer: layer(kind),
                offset,
                needed,
                found: u64::from(length),
            });
        }
        Ok((kind, length))
    }

    /// Notes where the content of a block lies that is not read now.
    fn extent(&mut self, kind: u32, offset: u64, length: u32) -> Result<(), ArchiveError> {
        if kind == JOURNAL {
            let bytes = u64::from(length - Self::AROUND);
            self.waiting.push_back(Waiting::Journal(Extent {
                at: offset + 8,
                bytes,
            }));
            return Ok(());
        }
        let fields = Fields {
            bytes: self.source.take(16, layer(kind))?,
            big_endian: self.big_endian,
        };
        let (secrets, stated) = (fields.u32_at(8), fields.u32_at(12));
        let most = length - blocks::shortest(SECRETS);
        if stated > most {
            let needed = Needed::AtMost(u64::from(most));
            return Err(ArchiveError::Length {
                layer: "the secrets of a block",
                offset,
                needed,
                found: u64::from(stated),
            });
        }
        if secrets == TLS_KEY_LOG {
            self.waiting.push_back(Waiting::KeyLog(Extent {
                at: offset + 16,
                bytes: u64::from(stated),
            }));
        }
        Ok(())
    }

    fn wait(&mut self, waiting: Waiting) {
        if self.waiting.len() < Self::MOST_WAITING {
            self.waiting.push_back(waiting);
        }
    }
}

fn agree(layer: &'static str, offset: u64, length: u32, end: u32) -> Result<(), ArchiveError> {
    if length == end {
        return Ok(());
    }
    Err(ArchiveError::Length {
        layer,
        offset,
        needed: Needed::AsAtTheEnd(u64::from(end)),
        found: u64::from(length),
    })
}

const fn layer(kind: u32) -> &'static str {
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
