//! Saving of runs: as pcapng files that other programs can open, and that open here as complete
//! runs.
//!
//! ```text
//! section ─ interfaces ─┬─ journal entry    an event, redacted without secrets
//!                       ├─ packet           its bytes, comments, and metadata beyond the bytes
//!                       ├─ secrets          TLS keys, before the packets that they decrypt
//!                       ├─ names            of addresses
//!                       └─ statistics       of the interface
//! ```
//!
//! The invariant, checked by the tests in `round_trip.rs`: *fold(events) =
//! fold(read(write(events)))*, except for the positions of packets' bytes. What a packet's bytes do
//! not contain is in its metadata; a packet without stored bytes is written as a journal entry.

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

/// An interface that packets were captured on. Packets refer to it by index
/// ([`PacketLocation::interface`](crate::trace::PacketLocation::interface)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedInterface {
    /// Its name.
    pub name: String,
    /// The number of its link type.
    pub link_type: u16,
    /// The most bytes captured of a packet.
    pub snap_length: u32,
}

/// Options for saving a run.
pub struct SaveOptions {
    /// The interfaces that packets were captured on.
    pub interfaces: Vec<SavedInterface>,
    /// The store with the packets' bytes.
    pub store: Arc<dyn ByteStore>,
    /// The rules for masking secrets in events and packets.
    pub rules: RedactionRules,
    /// Whether to include secrets, and TLS keys with them.
    pub with_secrets: bool,
    /// Whether the output is read while it is written, and so has to be flushed at once.
    pub live: bool,
}

/// How long items are held back for reordering.
pub const REORDER_NANOS: u64 = 50_000_000;

/// Writes the events of a run as they come.
///
/// They are held back for [`REORDER_NANOS`], so that events and packets are in chronological order
/// in the file; with secrets they are also held back during TLS handshakes, so that keys precede
/// the packets that they decrypt.
pub struct Saver<W> {
    writer: RunWriter<W>,
    buffer: ReorderBuffer,
    with_secrets: bool,
    live: bool,
    /// Whether a TLS handshake is in progress.
    in_handshake: bool,
}

impl<W: Write> Saver<W> {
    /// Maximum number of packets in a journal entry.
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

    /// Writes lines of a TLS key log ahead of everything held back. Does nothing unless secrets are
    /// included.
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

    /// Returns true if [`Saver::write_pending`] would write something.
    pub fn has_pending(&self) -> bool {
        !self.in_handshake && !self.buffer.is_empty()
    }

    /// Writes everything held back. Call it if no event has come for [`REORDER_NANOS`].
    pub fn write_pending(&mut self) -> io::Result<()> {
        if self.in_handshake {
            Ok(())
        } else {
            self.write_until(Self::END_OF_TIME)
        }
    }

    /// Writes the rest, and returns the output.
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

    /// Buffers packets with bytes one by one, and consecutive packets without bytes together.
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
