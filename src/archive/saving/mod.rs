//! A run as a file: pcapng that other programs open, and that opens here as the whole run.
//!
//! ```text
//! section ─ interfaces ─┬─ journal entry    an event, redacted unless secrets are asked for
//!                       ├─ packet           its bytes, remarks, and beside it what they do not say
//!                       ├─ secrets          TLS keys where they are asked for, before the packets that they open
//!                       ├─ names            of addresses
//!                       └─ statistics       of the interface
//! ```
//!
//! The law: *fold(events) = fold(read(write(events)))*, but for where packets' bytes lie. What a
//! packet's bytes do not say stands beside it; a packet whose bytes were not kept is told in the
//! journal.

mod address_names;
mod blocks;
mod descriptions;
mod packet_comments;
mod redaction;
mod reorder;
mod writer;

use std::io::{self, Write};
use std::sync::Arc;

use crate::insight::redact::RedactionRules;
use crate::trace::{ByteStore, Event, EventKind, Packet, Phase};
use crate::units::{Moment, WallTime};
use reorder::{BufferedItem, ReorderBuffer};
use writer::{RunWriter, packets_event};

/// An interface that packets may be of. They name it by its place among all
/// ([`Stored::interface`](crate::trace::Stored::interface)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedInterface {
    /// Its name.
    pub name: String,
    /// The number of its link type.
    pub link_type: u16,
    /// The most bytes that are captured of a packet.
    pub snap_length: u32,
}

/// What a run is saved with.
pub struct SaveOptions {
    /// Where packets were captured.
    pub interfaces: Vec<SavedInterface>,
    /// Where their bytes are.
    pub store: Arc<dyn ByteStore>,
    /// What is secret: masked in events, overwritten in packets.
    pub rules: RedactionRules,
    /// Nothing is, and the TLS keys are among it.
    pub with_secrets: bool,
    /// Somebody reads while it is written: what is written is handed on at once.
    pub live: bool,
}

/// How long what happened is held back.
pub const REORDER_NANOS: u64 = 50_000_000;

/// Writes a run as its events come.
///
/// They are held back for [`HOLD_NANOS`], so that in the file they stand between the packets in
/// time's order; with secrets also while TLS is being agreed upon, so that keys stand before the
/// packets that they open.
pub struct Saver<W> {
    writer: RunWriter<W>,
    buffer: ReorderBuffer,
    with_secrets: bool,
    live: bool,
    /// TLS is being agreed upon.
    in_handshake: bool,
}

impl<W: Write> Saver<W> {
    /// Packets in an entry of the journal.
    const MAX_PACKETS_PER_ENTRY: usize = 128;
    const END_OF_TIME: WallTime = WallTime(u64::MAX);

    /// Begins a file.
    pub fn begin(out: W, means: SaveOptions) -> io::Result<Self> {
        let SaveOptions {
            with_secrets, live, ..
        } = means;
        let writer = RunWriter::begin(out, means)?;
        let mut saver = Self {
            writer,
            buffer: ReorderBuffer::default(),
            with_secrets,
            live,
            in_handshake: false,
        };
        saver.flush_if_live()?;
        Ok(saver)
    }

    /// Adds lines of a TLS key log, ahead of all that is held back. Only where secrets are asked
    /// for.
    pub fn add_keys(&mut self, lines: &str) -> io::Result<()> {
        if self.with_secrets && !lines.is_empty() {
            self.writer.write_secrets(lines)
        } else {
            Ok(())
        }
    }

    /// Adds an event.
    pub fn add_event(&mut self, event: &Event) -> io::Result<()> {
        match &event.kind {
            EventKind::Packets { packets } if !packets.is_empty() => {
                self.buffer_packets(event.at, packets);
            }
            EventKind::Undelivered { errors } => {
                let wall = errors
                    .first()
                    .map_or_else(|| self.writer.wall_of(event.at), |error| error.wall);
                self.buffer
                    .push_from_wire(wall, BufferedItem::Event(Box::new(event.clone())));
            }
            _ => {
                let event = self.writer.redacted(event);
                self.buffer_event(event);
            }
        }
        if self.buffer.is_full() {
            self.write_until(Self::END_OF_TIME)
        } else if self.in_handshake {
            Ok(())
        } else {
            self.write_until(WallTime(
                self.buffer.newest().0.saturating_sub(REORDER_NANOS),
            ))
        }
    }

    /// Whether something is held back that [`Saver::settle`] would write.
    pub fn has_pending(&self) -> bool {
        !self.in_handshake && !self.buffer.is_empty()
    }

    /// Writes what is held back. To be called when nothing has come for as long as things are held.
    pub fn write_pending(&mut self) -> io::Result<()> {
        if self.in_handshake {
            Ok(())
        } else {
            self.write_until(Self::END_OF_TIME)
        }
    }

    /// Writes all the rest, and gives back what it was written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_until(Self::END_OF_TIME)?;
        self.writer.finish()
    }

    fn buffer_event(&mut self, event: Event) {
        self.writer.apply_early(&event);
        match event.kind {
            EventKind::PhaseBegan {
                phase: Phase::Tls | Phase::Proxy,
                ..
            } => self.in_handshake = self.with_secrets,
            EventKind::PhaseEnded {
                phase: Phase::Tls | Phase::Proxy,
                ..
            }
            | EventKind::Failed { .. }
            | EventKind::ExchangeEnded { .. }
            | EventKind::RunEnded => self.in_handshake = false,
            _ => {}
        }
        self.buffer.push_event(self.writer.wall_of(event.at), event);
    }

    /// Packets whose bytes are kept one by one, the others in bunches.
    fn buffer_packets(&mut self, at: Moment, packets: &[Packet]) {
        let is_kept = |packet: &Packet| self.writer.has_bytes(packet);
        for bunch in packets.chunk_by(|one, next| !is_kept(one) && !is_kept(next)) {
            match bunch {
                [packet] if is_kept(packet) => {
                    self.buffer
                        .push_from_wire(packet.wall, BufferedItem::Packet(*packet, at));
                }
                _ => {
                    for some in bunch.chunks(Self::MAX_PACKETS_PER_ENTRY) {
                        let wall = some.first().map_or(WallTime(0), |packet| packet.wall);
                        self.buffer.push_from_wire(
                            wall,
                            BufferedItem::Event(Box::new(packets_event(at, some))),
                        );
                    }
                }
            }
        }
    }

    fn write_until(&mut self, until: WallTime) -> io::Result<()> {
        while let Some((wall, item)) = self.buffer.pop_until(until) {
            match item {
                BufferedItem::Event(event) => self.writer.write_event(wall, &event)?,
                BufferedItem::Packet(packet, at) => self.writer.write_packet(&packet, at)?,
            }
        }
        self.flush_if_live()
    }

    fn flush_if_live(&mut self) -> io::Result<()> {
        if self.live {
            self.writer.flush()
        } else {
            Ok(())
        }
    }
}
