//! The writer of a run's blocks, in the order in which items are given.

use std::io::{self, Write};
use std::sync::Arc;

use super::address_names::WrittenNames;
use super::blocks::{self, PacketBlock};
use super::descriptions::describe_event;
use super::packet_comments::packet_comments;
use super::redaction::RunRedactor;
use super::{SaveOptions, SavedInterface};
use crate::archive::journal;
use crate::archive::packet_meta::PacketMeta;
use crate::archive::pcap::MAX_CAPTURED;
use crate::trace::{ByteStore, Event, EventKind, Packet, Trace};
use crate::units::{Moment, WallTime};
use crate::wire::LinkType;

pub(super) struct RunWriter<W> {
    out: W,
    interfaces: Vec<SavedInterface>,
    store: Arc<dyn ByteStore>,
    redactor: RunRedactor,
    /// The trace so far, as needed for the rest: clocks, packets, exchanges.
    known: Trace,
    names: WrittenNames,
    /// The time of the event that the latest packet belongs to.
    batch: Option<Moment>,
    /// Whether the first entry has been written.
    has_entries: bool,
    /// The number of packets written per interface.
    delivered: Vec<u64>,
    /// When the capture ended, with the kernel's counts of received and dropped packets.
    closed: Option<(WallTime, u64, u64)>,
}

impl<W: Write> RunWriter<W> {
    /// Writes the beginning of a file.
    pub(super) fn begin(out: W, means: SaveOptions) -> io::Result<Self> {
        let SaveOptions {
            interfaces,
            store,
            rules,
            with_secrets,
            ..
        } = means;
        let redactor = RunRedactor::new(rules, with_secrets);
        let known = Trace::default();
        let names = WrittenNames::default();
        let delivered = vec![0; interfaces.len()];
        let mut writer = Self {
            out,
            interfaces,
            store,
            redactor,
            known,
            names,
            batch: None,
            has_entries: false,
            delivered,
            closed: None,
        };
        writer.out.write_all(&blocks::section_block(
            concat!("tapline ", env!("CARGO_PKG_VERSION")),
            std::env::consts::OS,
        ))?;
        for device in &writer.interfaces {
            writer.out.write_all(&blocks::interface_block(
                &device.name,
                link_type_in_files(device.link_type),
                device.snap_length,
            ))?;
        }
        Ok(writer)
    }

    /// The event as it will be written.
    pub(super) fn redacted(&mut self, event: &Event) -> Event {
        self.redactor.event(event)
    }

    /// Applies an event early if other items need it before it is written, such as clocks and
    /// exchanges.
    pub(super) fn apply_early(&mut self, event: &Event) {
        if let EventKind::RunStarted { .. }
        | EventKind::ClockPaired { .. }
        | EventKind::ExchangeStarted { .. }
        | EventKind::DnsQueried { .. }
        | EventKind::AttemptStarted { .. } = event.kind
        {
            self.known.apply(event.clone());
        }
    }

    /// The wall-clock time of an instant; if no clock reading is known, as if the run had begun in
    /// 1970.
    pub(super) fn wall_of(&self, at: Moment) -> WallTime {
        let from_start = || {
            WallTime(
                self.known
                    .started_at()
                    .unwrap_or_default()
                    .0
                    .saturating_add_signed(at.0),
            )
        };
        self.known.clock().wall_of(at).unwrap_or_else(from_start)
    }

    /// Returns true if a packet's bytes are in the store.
    pub(super) fn has_bytes(&self, packet: &Packet) -> bool {
        packet
            .stored
            .is_some_and(|stored| usize::from(stored.interface) < self.interfaces.len())
    }

    pub(super) fn write_secrets(&mut self, lines: &str) -> io::Result<()> {
        self.out.write_all(&blocks::secrets_block(lines))
    }

    pub(super) fn write_event(&mut self, wall: WallTime, event: &Event) -> io::Result<()> {
        self.has_entries = true;
        let mut entry = journal::encode_entry(event, wall, &describe_event(event, &self.known));
        if entry.len() + blocks::MAX_OVERHEAD > journal::MAX_ENTRY_BYTES {
            let text = format!(
                "an event of {} bytes is left out, since it is too long to be read back",
                entry.len()
            );
            let note = Event {
                at: event.at,
                kind: EventKind::Note {
                    exchange: None,
                    text: text.into(),
                },
            };
            entry = journal::encode_entry(&note, wall, &describe_event(&note, &self.known));
        }
        self.out.write_all(&blocks::journal_block(&entry))?;
        match &event.kind {
            EventKind::Packets { .. } => self.known.apply(event.clone()),
            EventKind::CaptureClosed { received, dropped } => {
                self.closed = Some((wall, *received, *dropped));
            }
            EventKind::Resolved { .. } | EventKind::DnsAnswered { .. } => {
                let names = self.names.learn(event, &self.known);
                if !names.is_empty() {
                    self.out.write_all(&blocks::names_block(names))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes a packet of the batch that was emitted at an instant.
    pub(super) fn write_packet(&mut self, packet: &Packet, at: Moment) -> io::Result<()> {
        // A file is recognized as a run by a journal entry before its first packet.
        if !self.has_entries {
            self.write_event(packet.wall, &packets_event(at, &[]))?;
        }
        let Some((interface, bytes)) = self.bytes_of(packet) else {
            return self.write_event(packet.wall, &packets_event(at, &[*packet]));
        };
        self.known.apply(packets_event(at, &[*packet]));
        let link = self.link_of(interface);
        let begins_batch = self.batch.replace(at) != Some(at);
        let meta = PacketMeta {
            at: begins_batch.then_some(at),
            ..PacketMeta::for_packet(packet, link, &bytes)
        }
        .to_option_value();
        let block = PacketBlock {
            interface,
            wall: packet.wall,
            bytes: &bytes,
            frame_bytes: packet.frame_bytes,
            comments: &packet_comments(&self.known, packet),
            meta: meta.as_deref(),
        };
        self.out.write_all(&block.encode())?;
        if let Some(delivered) = self.delivered.get_mut(usize::from(interface)) {
            *delivered += 1;
        }
        Ok(())
    }

    /// A packet's interface, and its bytes as written; `None` if they are no longer available.
    fn bytes_of(&mut self, packet: &Packet) -> Option<(u16, Vec<u8>)> {
        let stored = packet.stored?;
        let link = self.link_of(stored.interface);
        let mut bytes = Vec::new();
        self.store
            .read(stored, MAX_CAPTURED as usize, &mut bytes)
            .ok()?;
        let may_be_written = self.redactor.packet(packet, link, &mut bytes);
        (may_be_written && !bytes.is_empty()).then_some((stored.interface, bytes))
    }

    fn link_of(&self, interface: u16) -> Option<LinkType> {
        self.interfaces
            .get(usize::from(interface))
            .and_then(|device| LinkType::from_number(device.link_type.into()))
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Writes the end of a file, and returns the output.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.write_statistics()?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// The kernel's counts are totals over all interfaces: for one of several, all that can be
    /// known is that nothing was dropped.
    fn write_statistics(&mut self) -> io::Result<()> {
        let Some((wall, received, dropped)) = self.closed else {
            return Ok(());
        };
        let is_only = self.delivered.len() == 1;
        for (interface, delivered) in (0..).zip(&self.delivered) {
            let counted = (
                is_only.then_some(received),
                (is_only || dropped == 0).then_some(dropped),
            );
            self.out.write_all(&blocks::statistics_block(
                interface, wall, *delivered, counted,
            ))?;
        }
        Ok(())
    }
}

/// Packets as an event without references to their bytes.
pub(super) fn packets_event(at: Moment, packets: &[Packet]) -> Event {
    let packets = packets
        .iter()
        .map(|packet| Packet {
            stored: None,
            ..*packet
        })
        .collect();
    Event {
        at,
        kind: EventKind::Packets { packets },
    }
}

/// Link types of live captures equal those of files, except for raw IP
/// (<https://www.tcpdump.org/linktypes.html>).
const fn link_type_in_files(number: u16) -> u16 {
    const RAW: u16 = 101;
    match number {
        12 | 14 => RAW,
        other => other,
    }
}
