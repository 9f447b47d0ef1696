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
//! The law: *fold(events) = fold(read(write(events)))*, but for where packets' bytes lie. What a packet's bytes do not say stands
//! [beside](super::aside) it; a packet whose bytes were not kept is told in the journal.

mod blocks;
mod held;
mod names;
mod remarks;
mod sentence;

use std::io::{self, Write};
use std::sync::Arc;

use super::aside::Aside;
use super::journal;
use super::pcap::LONGEST;
use crate::insight::packet_of;
use crate::insight::redact::{ClearText, Redactor, Rules};
use crate::trace::{ByteStore, Event, Packet, Phase, Stored, Trace, What};
use crate::units::{Moment, WallTime};
use crate::wire::{Frame, Link, frame_of};
use blocks::PacketBlock;
use held::{Held, Item};
use names::Names;
use sentence::sentence;

/// An interface that packets may be of. They name it by its place among all ([`Stored::interface`]).
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
/// They are held back for [`HOLD_NANOS`], so that in the file they stand between the packets in time's order; with secrets also while TLS is
/// being agreed upon, so that keys stand before the packets that they open.
pub struct Saver<W> {
    out: W,
    means: Means,
    clear_text: ClearText,
    held: Held,
    names: Names,
    /// What is needed of the run to write the rest: clocks, packets, whom is talked with.
    known: Trace,
    /// When the batch was told that the last packet was of.
    batch: Option<Moment>,
    /// TLS is being agreed upon.
    opening: bool,
    /// The first entry is written.
    begun: bool,
    /// Packets written, of each interface.
    delivered: Vec<u64>,
    /// When the capture ended, and what the kernel had counted by then as come and as lost.
    closed: Option<(WallTime, u64, u64)>,
}

impl<W: Write> Saver<W> {
    /// Packets in an entry of the journal.
    const MOST_TOLD: usize = 128;

    /// Begins a file.
    pub fn begin(out: W, means: Means) -> io::Result<Self> {
        let (held, names, known) = (Held::default(), Names::default(), Trace::default());
        let delivered = vec![0; means.devices.len()];
        let (clear_text, batch, opening, begun, closed) = (ClearText::default(), None, false, false, None);
        let mut saver = Self { out, means, clear_text, held, names, known, batch, opening, begun, delivered, closed };
        let program = concat!("tapline ", env!("CARGO_PKG_VERSION"));
        saver.out.write_all(&blocks::section(program, std::env::consts::OS))?;
        for device in &saver.means.devices {
            saver.out.write_all(&blocks::interface(&device.name, link_type_in_files(device.link_type), device.snap_length))?;
        }
        saver.hand_on()?;
        Ok(saver)
    }

    /// Adds lines of a TLS key log, ahead of all that is held back. Only where secrets are asked for.
    pub fn unlock(&mut self, lines: &str) -> io::Result<()> {
        if self.means.with_secrets && !lines.is_empty() { self.out.write_all(&blocks::secrets(lines)) } else { Ok(()) }
    }

    /// Adds an event.
    pub fn take(&mut self, event: &Event) -> io::Result<()> {
        match &event.what {
            What::Packets { packets } if !packets.is_empty() => self.hold_packets(event.at, packets),
            What::Undelivered { errors } => {
                let wall = errors.first().map_or_else(|| self.wall_of(event.at), |error| error.wall);
                self.held.pass(wall, Item::Told(Box::new(event.clone())));
            }
            _ => {
                let event = self.masked(event);
                self.hold_event(event);
            }
        }
        if self.held.is_full() {
            self.release(WallTime(u64::MAX))
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
        if self.opening { Ok(()) } else { self.release(WallTime(u64::MAX)) }
    }

    /// Writes all the rest, and gives back what it was written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.release(WallTime(u64::MAX))?;
        self.write_statistics()?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// What the kernel counted it counted over all interfaces: of one among several only that none is lost can be known.
    fn write_statistics(&mut self) -> io::Result<()> {
        let Some((wall, received, dropped)) = self.closed else { return Ok(()) };
        let is_only = self.delivered.len() == 1;
        for (interface, delivered) in (0..).zip(&self.delivered) {
            let counted = (is_only.then_some(received), (is_only || dropped == 0).then_some(dropped));
            self.out.write_all(&blocks::statistics(interface, wall, *delivered, counted))?;
        }
        Ok(())
    }

    fn masked(&mut self, event: &Event) -> Event {
        if self.means.with_secrets {
            return event.clone();
        }
        self.means.rules.learn(&event.what);
        Redactor::by(&self.means.rules).event(event)
    }

    fn hold_event(&mut self, event: Event) {
        if let What::RunStarted { .. }
        | What::ClockPaired { .. }
        | What::ExchangeStarted { .. }
        | What::DnsQueried { .. }
        | What::AttemptStarted { .. } = event.what
        {
            self.known.apply(event.clone());
        }
        match event.what {
            What::PhaseBegan { phase: Phase::Tls | Phase::Proxy, .. } => self.opening = self.means.with_secrets,
            What::PhaseEnded { phase: Phase::Tls | Phase::Proxy, .. }
            | What::Failed { .. }
            | What::ExchangeEnded { .. }
            | What::RunEnded => self.opening = false,
            _ => {}
        }
        self.held.tell(self.wall_of(event.at), event);
    }

    /// Packets whose bytes are kept one by one, the others in bunches.
    fn hold_packets(&mut self, at: Moment, packets: &[Packet]) {
        let is_kept = |packet: &Packet| packet.stored.is_some_and(|stored| usize::from(stored.interface) < self.means.devices.len());
        for bunch in packets.chunk_by(|one, next| !is_kept(one) && !is_kept(next)) {
            match bunch {
                [packet] if is_kept(packet) => self.held.pass(packet.wall, Item::Packet(*packet, at)),
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
                Item::Told(event) => self.write_event(wall, &event)?,
                Item::Packet(packet, at) => self.write_packet(&packet, at)?,
            }
        }
        self.hand_on()
    }

    fn hand_on(&mut self) -> io::Result<()> {
        if self.means.live { self.out.flush() } else { Ok(()) }
    }

    fn write_event(&mut self, wall: WallTime, event: &Event) -> io::Result<()> {
        self.begun = true;
        let entry = journal::entry_of(event, wall, &sentence(event, &self.known));
        self.out.write_all(&blocks::journal(&entry))?;
        match &event.what {
            What::Packets { .. } => self.known.apply(event.clone()),
            What::CaptureClosed { received, dropped } => self.closed = Some((wall, *received, *dropped)),
            What::Resolved { .. } | What::DnsAnswered { .. } => {
                let names = self.names.learn(event, &self.known);
                if !names.is_empty() {
                    self.out.write_all(&blocks::names(names))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn write_packet(&mut self, packet: &Packet, at: Moment) -> io::Result<()> {
        // Whoever reads it knows by the first entry that this is a run.
        if !self.begun {
            self.write_event(packet.wall, &told(at, &[]))?;
        }
        let Some((stored, bytes)) = self.bytes_of(packet) else {
            return self.write_event(packet.wall, &told(at, &[*packet]));
        };
        self.known.apply(told(at, &[*packet]));
        let comments = remarks::remarks(&self.known, packet);
        let aside = self.aside(packet, at, stored.interface, &bytes).written();
        let block = PacketBlock {
            interface: stored.interface,
            wall: packet.wall,
            bytes: &bytes,
            frame_bytes: packet.frame_bytes,
            comments: &comments,
            aside: aside.as_deref(),
        };
        self.out.write_all(&block.written())?;
        if let Some(delivered) = self.delivered.get_mut(usize::from(stored.interface)) {
            *delivered += 1;
        }
        Ok(())
    }

    /// A packet's bytes as they are written; `None` where there are none any more.
    fn bytes_of(&mut self, packet: &Packet) -> Option<(Stored, Vec<u8>)> {
        let stored = packet.stored?;
        let link_type = self.means.devices.get(usize::from(stored.interface))?.link_type;
        let mut bytes = Vec::new();
        self.means.store.read(stored, LONGEST as usize, &mut bytes).ok()?;
        if !self.means.with_secrets {
            // What cannot be read cannot be known to be harmless.
            match Link::from_number(link_type.into()) {
                Some(link) => self.clear_text.over(link, packet.frame_bytes, &mut bytes, &self.means.rules),
                None => return None,
            }
        }
        (!bytes.is_empty()).then_some((stored, bytes))
    }

    /// What has to stand beside a packet so that it is read as it was told.
    fn aside(&mut self, packet: &Packet, at: Moment, interface: u16, bytes: &[u8]) -> Aside {
        let at = (self.batch.replace(at) != Some(at)).then_some(at);
        let link = self.means.devices.get(usize::from(interface)).and_then(|device| Link::from_number(device.link_type.into()));
        let frame_bytes = packet.frame_bytes.max(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        let plain = Packet { stored: None, segment_bytes: None, ..*packet };
        let read = match link.map(|link| frame_of(link, bytes, frame_bytes)) {
            Some(Frame::Segment(segment)) => Some(packet_of(&segment, packet.wall, frame_bytes, None)),
            _ => None,
        };
        if read == Some(plain) {
            return Aside { at, segment_bytes: packet.segment_bytes, packet: None };
        }
        Aside { at, segment_bytes: None, packet: Some(Packet { stored: None, ..*packet }) }
    }

    /// When an instant of the run was, as far as the clocks were told; else as if it had begun with 1970.
    fn wall_of(&self, at: Moment) -> WallTime {
        let from_start = || WallTime(self.known.started_at().unwrap_or_default().0.saturating_add_signed(at.0));
        self.known.clock().wall_of(at).unwrap_or_else(from_start)
    }
}

fn told(at: Moment, packets: &[Packet]) -> Event {
    let packets = packets.iter().map(|packet| Packet { stored: None, ..*packet }).collect();
    Event { at, what: What::Packets { packets } }
}

/// libpcap's numbers for captures under way are those of files, but for packets that begin with IP
/// (<https://www.tcpdump.org/linktypes.html>).
const fn link_type_in_files(number: u16) -> u16 {
    const RAW: u16 = 101;
    match number {
        12 | 14 => RAW,
        other => other,
    }
}
