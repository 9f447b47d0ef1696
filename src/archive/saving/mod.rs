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

mod blocks;
mod held;
mod masking;
mod names;
mod remarks;
mod sentence;
mod writer;

use std::io::{self, Write};
use std::sync::Arc;

use crate::insight::redact::Rules;
use crate::trace::{ByteStore, Event, Packet, Phase, What};
use crate::units::{Moment, WallTime};
use held::{Held, Item};
use writer::{Writer, told};

/// An interface that packets may be of. They name it by its place among all
/// ([`Stored::interface`](crate::trace::Stored::interface)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// The number of its link type.
    pub link_type: u16,
    /// The most bytes that are captured of a packet.
    pub snap_length: u32,
}

/// What a run is saved with.
pub struct Means {
    /// Where packets were captured.
    pub devices: Vec<Device>,
    /// Where their bytes are.
    pub store: Arc<dyn ByteStore>,
    /// What is secret: masked in events, overwritten in packets.
    pub rules: Rules,
    /// Nothing is, and the TLS keys are among it.
    pub with_secrets: bool,
    /// Somebody reads while it is written: what is written is handed on at once.
    pub live: bool,
}

/// How long what happened is held back.
pub const HOLD_NANOS: u64 = 50_000_000;

/// Writes a run as its events come.
///
/// They are held back for [`HOLD_NANOS`], so that in the file they stand between the packets in
/// time's order; with secrets also while TLS is being agreed upon, so that keys stand before the
/// packets that they open.
pub struct Saver<W> {
    writer: Writer<W>,
    held: Held,
    with_secrets: bool,
    live: bool,
    /// TLS is being agreed upon.
    opening: bool,
}

impl<W: Write> Saver<W> {
    /// Packets in an entry of the journal.
    const MOST_TOLD: usize = 128;
    const END_OF_TIME: WallTime = WallTime(u64::MAX);

    /// Begins a file.
    pub fn begin(out: W, means: Means) -> io::Result<Self> {
        let Means {
            with_secrets, live, ..
        } = means;
        let writer = Writer::begin(out, means)?;
        let mut saver = Self {
            writer,
            held: Held::default(),
            with_secrets,
            live,
            opening: false,
        };
        saver.hand_on()?;
        Ok(saver)
    }

    /// Adds lines of a TLS key log, ahead of all that is held back. Only where secrets are asked
    /// for.
    pub fn unlock(&mut self, lines: &str) -> io::Result<()> {
        if self.with_secrets && !lines.is_empty() {
            self.writer.secrets(lines)
        } else {
            Ok(())
        }
    }

    /// Adds an event.
    pub fn take(&mut self, event: &Event) -> io::Result<()> {
        match &event.what {
            What::Packets { packets } if !packets.is_empty() => {
                self.hold_packets(event.at, packets);
            }
            What::Undelivered { errors } => {
                let wall = errors
                    .first()
                    .map_or_else(|| self.writer.wall_of(event.at), |error| error.wall);
                self.held.pass(wall, Item::Told(Box::new(event.clone())));
            }
            _ => {
                let event = self.writer.masked(event);
                self.hold_event(event);
            }
        }
        if self.held.is_full() {
            self.release(Self::END_OF_TIME)
        } else if self.opening {
            Ok(())
        } else {
            self.release(WallTime(self.held.newest().0.saturating_sub(HOLD_NANOS)))
        }
    }

    /// Whether something is held back that [`Saver::settle`] would write.
    pub fn waits(&self) -> bool {
        !self.opening && !self.held.is_empty()
    }

    /// Writes what is held back. To be called when nothing has come for as long as things are held.
    pub fn settle(&mut self) -> io::Result<()> {
        if self.opening {
            Ok(())
        } else {
            self.release(Self::END_OF_TIME)
        }
    }

    /// Writes all the rest, and gives back what it was written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.release(Self::END_OF_TIME)?;
        self.writer.finish()
    }

    fn hold_event(&mut self, event: Event) {
        self.writer.foresee(&event);
        match event.what {
            What::PhaseBegan {
                phase: Phase::Tls | Phase::Proxy,
                ..
            } => self.opening = self.with_secrets,
            What::PhaseEnded {
                phase: Phase::Tls | Phase::Proxy,
                ..
            }
            | What::Failed { .. }
            | What::ExchangeEnded { .. }
            | What::RunEnded => self.opening = false,
            _ => {}
        }
        self.held.tell(self.writer.wall_of(event.at), event);
    }

    /// Packets whose bytes are kept one by one, the others in bunches.
    fn hold_packets(&mut self, at: Moment, packets: &[Packet]) {
        let is_kept = |packet: &Packet| self.writer.has_bytes(packet);
        for bunch in packets.chunk_by(|one, next| !is_kept(one) && !is_kept(next)) {
            match bunch {
                [packet] if is_kept(packet) => {
                    self.held.pass(packet.wall, Item::Packet(*packet, at));
                }
                _ => {
                    for some in bunch.chunks(Self::MOST_TOLD) {
                        let wall = some.first().map_or(WallTime(0), |packet| packet.wall);
                        self.held.pass(wall, Item::Told(Box::new(told(at, some))));
                    }
                }
            }
        }
    }

    fn release(&mut self, until: WallTime) -> io::Result<()> {
        while let Some((wall, item)) = self.held.next(until) {
            match item {
                Item::Told(event) => self.writer.event(wall, &event)?,
                Item::Packet(packet, at) => self.writer.packet(&packet, at)?,
            }
        }
        self.hand_on()
    }

    fn hand_on(&mut self) -> io::Result<()> {
        if self.live {
            self.writer.flush()
        } else {
            Ok(())
        }
    }
}
