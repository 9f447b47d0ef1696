//! The blocks that are read whole.

use super::options::{COMMENT, Options};
use super::{
    ENHANCED_PACKET, Framed, INTERFACE, JOURNAL, NAMES, OBSOLETE_PACKET, Pcapng, SECRETS, SECTION,
    SIMPLE_PACKET, STATISTICS, Waiting, layer, names,
};
use crate::archive::ArchiveError;
use crate::archive::aside::{self, Aside};
use crate::archive::error::Needed;
use crate::archive::fields::Fields;
use crate::archive::interface::{Interface, Ticks};
use crate::archive::journal::{self, Entry};
use crate::archive::pcap::LONGEST;
use crate::archive::record::{Extent, Statistics};
use crate::units::{Untrusted, WallTime};

/// The least length of a block: what is around its body, and the fields that it has in any case.
pub(super) const fn shortest(kind: u32) -> u32 {
    let body = match kind {
        SECTION => 16,
        INTERFACE | SECRETS => 8,
        OBSOLETE_PACKET | ENHANCED_PACKET => 20,
        SIMPLE_PACKET => 4,
        STATISTICS => 12,
        _ => 0,
    };
    Pcapng::AROUND + body
}

/// Where the body of a block begins.
const BODY: usize = 8;

impl Pcapng {
    /// Reads the block that was taken last and began at `offset`.
    pub(super) fn read(&mut self, kind: u32, offset: u64) -> Result<Option<Framed>, ArchiveError> {
        match kind {
            SECTION => self.begin_section(offset)?,
            INTERFACE => self.describe_interface(offset)?,
            STATISTICS => self.statistics(offset)?,
            NAMES => self.names(),
            JOURNAL => self.journal(offset),
            ENHANCED_PACKET => return self.enhanced_packet(offset).map(Some),
            OBSOLETE_PACKET => return self.obsolete_packet(offset).map(Some),
            SIMPLE_PACKET => return self.simple_packet(offset).map(Some),
            _ => {}
        }
        Ok(None)
    }

    /// The block without the length at its end.
    fn fields(&self) -> Fields<'_> {
        let block = self.source.taken();
        Fields {
            bytes: block
                .get(..block.len().saturating_sub(4))
                .unwrap_or_default(),
            big_endian: self.big_endian,
        }
    }

    fn begin_section(&mut self, offset: u64) -> Result<(), ArchiveError> {
        let major = self.fields().u16_at(BODY + 4);
        if major != 1 {
            let found = u64::from(major);
            return Err(ArchiveError::Field {
                layer: layer(SECTION),
                offset,
                field: "the major version",
                needed: "1",
                found,
            });
        }
        self.section = self.interfaces.len();
        if offset > 0 {
            self.wait(Waiting::Section);
        }
        self.comments(BODY + 16);
        Ok(())
    }

    fn describe_interface(&mut self, offset: u64) -> Result<(), ArchiveError> {
        const NAME: u16 = 2;
        const RESOLUTION: u16 = 9;
        const OFFSET: u16 = 14;
        if self.interfaces.len() == Self::MOST_INTERFACES {
            let found = self.interfaces.len() as u64 + 1;
            return Err(ArchiveError::Field {
                layer: layer(INTERFACE),
                offset,
                field: "the number",
                needed: "at most 65535",
                found,
            });
        }
        let fields = self.fields();
        let (mut name, mut resolution, mut moved) = (None, 6, 0);
        for (code, value) in Options::new(fields.from(BODY + 8)) {
            match (code, value) {
                (NAME, _) => name = Some(Untrusted::from_bytes(value)),
                (RESOLUTION, [power, ..]) => resolution = *power,
                (OFFSET, [_, _, _, _, _, _, _, _]) => {
                    moved = Fields {
                        bytes: value,
                        ..fields
                    }
                    .u64_at(0)
                    .cast_signed();
                }
                _ => {}
            }
        }
        let interface = Interface {
            name,
            link_type: fields.u16_at(BODY),
            snap_length: fields.u32_at(BODY + 4),
            ticks: Ticks::of_resolution(resolution, moved),
        };
        self.comments(BODY + 8);
        self.waiting
            .push_back(Waiting::Interface(self.interfaces.len()));
        self.interfaces.push(interface);
        Ok(())
    }

    fn statistics(&mut self, offset: u64) -> Result<(), ArchiveError> {
        const RECEIVED: u16 = 4;
        const DROPPED: u16 = 5;
        let fields = self.fields();
        let (interface, _) = self.interface(fields.u32_at(BODY), layer(STATISTICS), offset)?;
        let mut statistics = Statistics {
            interface,
            received: None,
            dropped: None,
        };
        for (code, value) in Options::new(fields.from(BODY + 12)) {
            let count = (value.len() == 8).then(|| {
                Fields {
                    bytes: value,
                    ..fields
                }
                .u64_at(0)
            });
            match code {
                RECEIVED => statistics.received = count,
                DROPPED => statistics.dropped = count,
                _ => {}
            }
        }
        self.wait(Waiting::Statistics(statistics));
        self.comments(BODY + 12);
        Ok(())
    }

    fn names(&mut self) {
        let found: Vec<_> = names::Names::new(self.fields().from(BODY))
            .take(Self::MOST_WAITING)
            .collect();
        for (address, name) in found {
            self.wait(Waiting::Name(address, name));
        }
    }

    /// An entry of the journal: an event of a run, or somebody's whose place is noted.
    fn journal(&mut self, offset: u64) {
        let entry = self.fields().from(BODY).bytes;
        let extent = Extent {
            at: offset + BODY as u64,
            bytes: entry.len() as u64,
        };
        let waiting = match journal::read(entry) {
            Entry::Told(event) => Waiting::Told(event),
            Entry::Unreadable(why) => Waiting::Untold(why),
            Entry::Foreign => Waiting::Journal(extent),
        };
        self.wait(waiting);
    }

    fn enhanced_packet(&mut self, offset: u64) -> Result<Framed, ArchiveError> {
        let fields = self.fields();
        let (interface, described) =
            self.interface(fields.u32_at(BODY), layer(ENHANCED_PACKET), offset)?;
        let wall = Some(described.ticks.wall(fields.halves_at(BODY + 4)));
        self.packet(offset, interface, wall)
    }

    /// As the enhanced one, with an interface of 16 bits and a count of drops beside it.
    fn obsolete_packet(&mut self, offset: u64) -> Result<Framed, ArchiveError> {
        let fields = self.fields();
        let (interface, described) = self.interface(
            u32::from(fields.u16_at(BODY)),
            layer(OBSOLETE_PACKET),
            offset,
        )?;
        let wall = Some(described.ticks.wall(fields.halves_at(BODY + 4)));
        self.packet(offset, interface, wall)
    }

    /// What the two kinds with times have in common.
    fn packet(
        &mut self,
        offset: u64,
        interface: u16,
        wall: Option<WallTime>,
    ) -> Result<Framed, ArchiveError> {
        const BYTES: usize = BODY + 20;
        let fields = self.fields();
        let (captured, frame_bytes) = (fields.u32_at(BODY + 12), fields.u32_at(BODY + 16));
        let room = u32::try_from(fields.bytes.len() - BYTES)
            .unwrap_or(u32::MAX)
            .min(LONGEST);
        if captured > room {
            let needed = Needed::AtMost(u64::from(room));
            return Err(ArchiveError::Length {
                layer: "the packet in a block",
                offset,
                needed,
                found: u64::from(captured),
            });
        }
        let end = BYTES + captured as usize;
        let options = end.next_multiple_of(4);
        let has_options = fields.bytes.len() > options;
        let aside = if has_options {
            self.beside(options)
        } else {
            None
        };
        if has_options {
            self.comments(options);
        }
        Ok(Framed {
            interface,
            wall,
            range: BYTES..end,
            frame_bytes: frame_bytes.max(captured),
            aside,
        })
    }

    /// A packet of the section's first interface without a time; how much of it was captured
    /// follows from that interface's limit.
    fn simple_packet(&mut self, offset: u64) -> Result<Framed, ArchiveError> {
        const BYTES: usize = BODY + 4;
        let fields = self.fields();
        let (interface, described) = self.interface(0, layer(SIMPLE_PACKET), offset)?;
        let frame_bytes = fields.u32_at(BODY);
        let limit = if described.snap_length == 0 {
            LONGEST
        } else {
            described.snap_length.min(LONGEST)
        };
        let captured = (frame_bytes.min(limit) as usize).min(fields.bytes.len() - BYTES);
        Ok(Framed {
            interface,
            wall: None,
            range: BYTES..BYTES + captured,
            frame_bytes,
            aside: None,
        })
    }

    /// An interface of this section: its number in the file, and what is known of it.
    fn interface(
        &self,
        number: u32,
        layer: &'static str,
        offset: u64,
    ) -> Result<(u16, &Interface), ArchiveError> {
        let place = self.section.saturating_add(number as usize);
        let known = u16::try_from(place).ok().zip(self.interfaces.get(place));
        let needed = "one that the section describes before";
        known.ok_or(ArchiveError::Field {
            layer,
            offset,
            field: "the interface",
            needed,
            found: u64::from(number),
        })
    }

    /// What we wrote beside a packet, among the options from `at` on.
    fn beside(&self, at: usize) -> Option<Aside> {
        let mut options = Options::new(self.fields().from(at));
        options
            .find(|(code, _)| *code == aside::CODE)
            .and_then(|(_, value)| Aside::read(value))
    }

    /// Lets the comments wait that are among the options from `at` on.
    fn comments(&mut self, at: usize) {
        let options = Options::new(self.fields().from(at));
        let comments: Vec<Untrusted> = options
            .filter(|(code, _)| *code == COMMENT)
            .map(|(_, text)| Untrusted::from_bytes(text))
            .take(Self::MOST_WAITING)
            .collect();
        for comment in comments {
            self.wait(Waiting::Comment(comment));
        }
    }
}
