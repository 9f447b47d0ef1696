//! Parsing of the bodies of pcapng blocks.

use super::tagged_values::{BlockOptions, COMMENT, ResolvedNames};
use super::{
    ENHANCED_PACKET, INTERFACE, JOURNAL, NAMES, OBSOLETE_PACKET, PacketInBlock, Pcapng,
    PendingRecord, SECRETS, SECTION, SIMPLE_PACKET, STATISTICS, block_name,
};
use crate::archive::ArchiveError;
use crate::archive::endian_bytes::EndianBytes;
use crate::archive::error::ExpectedLength;
use crate::archive::interface::{CaptureInterface, TimestampUnit};
use crate::archive::journal::{self, JournalEntry};
use crate::archive::packet_meta::{self, PacketMeta};
use crate::archive::pcap::MAX_CAPTURED;
use crate::archive::record::{Extent, InterfaceStatistics};
use crate::units::{Untrusted, WallTime};

/// The minimum length of a block: its overhead and its fixed fields.
pub(super) const fn min_block_length(kind: u32) -> u32 {
    let body = match kind {
        SECTION => 16,
        INTERFACE | SECRETS => 8,
        OBSOLETE_PACKET | ENHANCED_PACKET => 20,
        SIMPLE_PACKET => 4,
        STATISTICS => 12,
        _ => 0,
    };
    Pcapng::BLOCK_OVERHEAD + body
}

/// The offset of the body in a block.
const BODY: usize = 8;

impl Pcapng {
    /// Parses the body of the block that was taken last, which began at `offset`.
    pub(super) fn read_body(
        &mut self,
        kind: u32,
        offset: u64,
    ) -> Result<Option<PacketInBlock>, ArchiveError> {
        match kind {
            SECTION => self.begin_section(offset)?,
            INTERFACE => self.describe_interface(offset)?,
            STATISTICS => self.read_statistics(offset)?,
            NAMES => self.read_names(),
            JOURNAL => self.read_journal_entry(offset),
            ENHANCED_PACKET => return self.enhanced_packet(offset).map(Some),
            OBSOLETE_PACKET => return self.obsolete_packet(offset).map(Some),
            SIMPLE_PACKET => return self.simple_packet(offset).map(Some),
            _ => {}
        }
        Ok(None)
    }

    /// The block without the length at its end.
    fn block_bytes(&self) -> EndianBytes<'_> {
        let block = self.source.taken();
        EndianBytes {
            bytes: block
                .get(..block.len().saturating_sub(4))
                .unwrap_or_default(),
            big_endian: self.big_endian,
        }
    }

    fn begin_section(&mut self, offset: u64) -> Result<(), ArchiveError> {
        let major = self.block_bytes().u16_at(BODY + 4);
        if major != 1 {
            let found = u64::from(major);
            return Err(ArchiveError::Field {
                layer: block_name(SECTION),
                offset,
                field: "major version",
                needed: "1",
                found,
            });
        }
        self.section_start = self.interfaces.len();
        if offset > 0 {
            self.queue_record(PendingRecord::Section);
        }
        self.queue_comments(BODY + 16);
        Ok(())
    }

    fn describe_interface(&mut self, offset: u64) -> Result<(), ArchiveError> {
        const NAME: u16 = 2;
        const RESOLUTION: u16 = 9;
        const OFFSET: u16 = 14;
        if self.interfaces.len() == Self::MAX_INTERFACES {
            let found = self.interfaces.len() as u64 + 1;
            return Err(ArchiveError::Field {
                layer: block_name(INTERFACE),
                offset,
                field: "number",
                needed: "at most 65535",
                found,
            });
        }
        let fields = self.block_bytes();
        let mut name = None;
        let mut resolution = 6;
        let mut moved = 0;
        for (code, value) in BlockOptions::new(fields.after(BODY + 8)) {
            match (code, value) {
                (NAME, _) => name = Some(Untrusted::from_bytes(value)),
                (RESOLUTION, [power, ..]) => resolution = *power,
                (OFFSET, [_, _, _, _, _, _, _, _]) => {
                    moved = EndianBytes {
                        bytes: value,
                        ..fields
                    }
                    .u64_at(0)
                    .cast_signed();
                }
                _ => {}
            }
        }
        let interface = CaptureInterface {
            name,
            link_type: fields.u16_at(BODY),
            snap_length: fields.u32_at(BODY + 4),
            timestamps: TimestampUnit::from_resolution(resolution, moved),
        };
        self.queue_comments(BODY + 8);
        self.pending
            .push_back(PendingRecord::Interface(self.interfaces.len()));
        self.interfaces.push(interface);
        Ok(())
    }

    fn read_statistics(&mut self, offset: u64) -> Result<(), ArchiveError> {
        const RECEIVED: u16 = 4;
        const DROPPED: u16 = 5;
        let fields = self.block_bytes();
        let (interface, _) = self.interface(fields.u32_at(BODY), block_name(STATISTICS), offset)?;
        let mut statistics = InterfaceStatistics {
            interface,
            received: None,
            dropped: None,
        };
        for (code, value) in BlockOptions::new(fields.after(BODY + 12)) {
            let count = (value.len() == 8).then(|| {
                EndianBytes {
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
        self.queue_record(PendingRecord::Statistics(statistics));
        self.queue_comments(BODY + 12);
        Ok(())
    }

    fn read_names(&mut self) {
        let found: Vec<_> = ResolvedNames::new(self.block_bytes().after(BODY))
            .take(Self::MAX_PENDING)
            .collect();
        for (address, name) in found {
            self.queue_record(PendingRecord::Name(address, name));
        }
    }

    /// Parses a journal entry: an event of a run, or another program's, whose position is kept.
    fn read_journal_entry(&mut self, offset: u64) {
        let entry = self.block_bytes().after(BODY).bytes;
        let extent = Extent {
            at: offset + BODY as u64,
            bytes: entry.len() as u64,
        };
        let waiting = match journal::parse_entry(entry) {
            JournalEntry::Event(event) => PendingRecord::Event(event),
            JournalEntry::Unreadable(why) => PendingRecord::UnreadableEvent(why),
            JournalEntry::Foreign => PendingRecord::Journal(extent),
        };
        self.queue_record(waiting);
    }

    fn enhanced_packet(&mut self, offset: u64) -> Result<PacketInBlock, ArchiveError> {
        let fields = self.block_bytes();
        let (interface, described) =
            self.interface(fields.u32_at(BODY), block_name(ENHANCED_PACKET), offset)?;
        let wall = Some(
            described
                .timestamps
                .to_wall_time(fields.split_u64_at(BODY + 4)),
        );
        self.packet(offset, interface, wall)
    }

    /// Like an enhanced packet, with a 16-bit interface and a drop count.
    fn obsolete_packet(&mut self, offset: u64) -> Result<PacketInBlock, ArchiveError> {
        let fields = self.block_bytes();
        let (interface, described) = self.interface(
            u32::from(fields.u16_at(BODY)),
            block_name(OBSOLETE_PACKET),
            offset,
        )?;
        let wall = Some(
            described
                .timestamps
                .to_wall_time(fields.split_u64_at(BODY + 4)),
        );
        self.packet(offset, interface, wall)
    }

    /// The common part of the two packet blocks with timestamps.
    fn packet(
        &mut self,
        offset: u64,
        interface: u16,
        wall: Option<WallTime>,
    ) -> Result<PacketInBlock, ArchiveError> {
        const BYTES: usize = BODY + 20;
        let fields = self.block_bytes();
        let captured = fields.u32_at(BODY + 12);
        let frame_bytes = fields.u32_at(BODY + 16);
        let room = u32::try_from(fields.bytes.len() - BYTES)
            .unwrap_or(u32::MAX)
            .min(MAX_CAPTURED);
        if captured > room {
            let needed = ExpectedLength::AtMost(u64::from(room));
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
        let meta = if has_options {
            self.packet_meta(options)
        } else {
            None
        };
        if has_options {
            self.queue_comments(options);
        }
        Ok(PacketInBlock {
            interface,
            wall,
            range: BYTES..end,
            frame_bytes: frame_bytes.max(captured),
            meta,
        })
    }

    /// A packet of the section's first interface without a timestamp; its captured length follows
    /// from the interface's snap length.
    fn simple_packet(&mut self, offset: u64) -> Result<PacketInBlock, ArchiveError> {
        const BYTES: usize = BODY + 4;
        let fields = self.block_bytes();
        let (interface, described) = self.interface(0, block_name(SIMPLE_PACKET), offset)?;
        let frame_bytes = fields.u32_at(BODY);
        let limit = if described.snap_length == 0 {
            MAX_CAPTURED
        } else {
            described.snap_length.min(MAX_CAPTURED)
        };
        let captured = (frame_bytes.min(limit) as usize).min(fields.bytes.len() - BYTES);
        Ok(PacketInBlock {
            interface,
            wall: None,
            range: BYTES..BYTES + captured,
            frame_bytes,
            meta: None,
        })
    }

    /// An interface of the current section: its number in the file, and its description.
    fn interface(
        &self,
        number: u32,
        layer: &'static str,
        offset: u64,
    ) -> Result<(u16, &CaptureInterface), ArchiveError> {
        let index = self.section_start.saturating_add(number as usize);
        let known = u16::try_from(index).ok().zip(self.interfaces.get(index));
        let needed = "an interface that the section has described before";
        known.ok_or(ArchiveError::Field {
            layer,
            offset,
            field: "interface",
            needed,
            found: u64::from(number),
        })
    }

    /// The metadata of a saved packet, among the options from `at` on.
    fn packet_meta(&self, at: usize) -> Option<PacketMeta> {
        let mut options = BlockOptions::new(self.block_bytes().after(at));
        options
            .find(|(code, _)| *code == packet_meta::OPTION_CODE)
            .and_then(|(_, value)| PacketMeta::from_option_value(value))
    }

    /// Queues the comments among the options from `at` on.
    fn queue_comments(&mut self, at: usize) {
        let options = BlockOptions::new(self.block_bytes().after(at));
        let comments: Vec<Untrusted> = options
            .filter(|(code, _)| *code == COMMENT)
            .map(|(_, text)| Untrusted::from_bytes(text))
            .take(Self::MAX_PENDING)
            .collect();
        for comment in comments {
            self.queue_record(PendingRecord::Comment(comment));
        }
    }
}
