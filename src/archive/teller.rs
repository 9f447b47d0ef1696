//! From records to a run's events.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::interface::Interface;
use super::ours::Ours;
use super::reader::Reader;
use super::record::{Captured, Record, Statistics};
use super::{ArchiveError, Extent, Store};
use crate::insight::{packet_of, undelivered_of};
use crate::trace::{Event, OtherFrames, Packet, SCHEMA, Stored, Undelivered, What};
use crate::units::{Moment, Nanos, Untrusted, WallTime};
use crate::wire::{Fragments, Frame, Link, frame_of};

/// What is in a file and is no event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Why it was not read to its end.
    pub error: Option<ArchiveError>,
    /// TLS key logs (`SSLKEYLOGFILE`'s format), in their order.
    pub key_logs: Vec<Extent>,
    /// Entries of the systemd journal, in their order.
    pub journal: Vec<Extent>,
    /// Names that the file knows for addresses.
    pub names: BTreeMap<IpAddr, Untrusted>,
}

/// What is said where runs were put one behind the other.
const ANOTHER_RUN: &str =
    "another run begins in the file; what is behind its beginning is left out";

pub(super) struct Teller<F> {
    store: Arc<Store>,
    /// What stands for an interface without a name.
    name: String,
    to: F,
    /// When the first frame passed; from there the run's time counts.
    started: Option<WallTime>,
    /// When the latest did.
    latest: WallTime,
    /// What was told before the first frame.
    early: Vec<What>,
    links: Vec<Option<Link>>,
    fragments: Fragments,
    packets: Vec<Packet>,
    others: OtherFrames,
    undelivered: Vec<Undelivered>,
    statistics: BTreeMap<u16, Statistics>,
    comments: usize,
    untimed: u64,
    kept: Kept,
    /// It is a run of ours, and tells itself.
    ours: Option<Ours>,
    /// Events of a run of ours, behind packets of others.
    misplaced: u64,
    /// It was said that the first bytes of the pipe are no longer kept.
    said_forgotten: bool,
}

impl<F: FnMut(Event)> Teller<F> {
    /// Packets in an event at most.
    const BATCH: usize = 512;
    /// Comments that are told.
    const MOST_COMMENTS: usize = 1_000;
    /// Key logs, journal entries and names that are kept, of each.
    const MOST_KEPT: usize = 1 << 20;

    pub(super) fn new(store: Arc<Store>, name: String, to: F) -> Self {
        Self {
            store,
            name,
            to,
            started: None,
            latest: WallTime(0),
            early: Vec::new(),
            links: Vec::new(),
            fragments: Fragments::default(),
            packets: Vec::with_capacity(Self::BATCH),
            others: OtherFrames::default(),
            undelivered: Vec::new(),
            statistics: BTreeMap::new(),
            comments: 0,
            untimed: 0,
            kept: Kept::default(),
            ours: None,
            misplaced: 0,
            said_forgotten: false,
        }
    }

    pub(super) fn tell(mut self, mut reader: Reader) -> Kept {
        loop {
            // Somebody may be watching: what is known is not kept back while more is waited for.
            if reader.may_wait() {
                self.flush();
            }
            match reader.next() {
                Ok(Some(Record::Frame(frame))) => self.frame(&frame),
                Ok(Some(Record::Told(event))) if self.is_of_another_run(&event) => {
                    self.note(ANOTHER_RUN.to_owned());
                    break;
                }
                Ok(Some(record)) => self.take(record),
                Ok(None) => break,
                Err(error) => {
                    self.kept.error = Some(error);
                    break;
                }
            }
        }
        self.finish()
    }

    fn take(&mut self, record: Record<'_>) {
        match record {
            Record::Frame(frame) => self.frame(&frame),
            Record::Interface(interface) => self.interface(interface),
            Record::Section => {
                if let Some(ours) = &mut self.ours {
                    ours.end_section();
                }
            }
            Record::Comment(text) => self.comment(&text),
            Record::Statistics(statistics) => {
                _ = self.statistics.insert(statistics.interface, statistics);
            }
            Record::KeyLog(extent) if self.kept.key_logs.len() < Self::MOST_KEPT => {
                self.kept.key_logs.push(extent);
            }
            Record::Journal(extent) if self.kept.journal.len() < Self::MOST_KEPT => {
                self.kept.journal.push(extent);
            }
            Record::Name(address, name) if self.kept.names.len() < Self::MOST_KEPT => {
                _ = self.kept.names.entry(address).or_insert(name);
            }
            Record::KeyLog(_) | Record::Journal(_) | Record::Name(..) => {}
            Record::Told(event) => {
                if let Some(ours) = self.ours() {
                    ours.hear(&event);
                    self.flush();
                    (self.to)(*event);
                }
            }
            Record::Untold(why) => {
                if let Some(ours) = self.ours() {
                    ours.miss(why);
                }
            }
        }
    }

    fn is_of_another_run(&self, event: &Event) -> bool {
        matches!(event.what, What::RunStarted { .. })
            && self.ours.as_ref().is_some_and(Ours::has_ended_section)
    }

    /// The run of ours that an entry of the journal is of: one that begins the file. Behind packets
    /// of others it could not be told from them.
    fn ours(&mut self) -> Option<&mut Ours> {
        if self.ours.is_none() && self.started.is_some() {
            self.misplaced += 1;
            return None;
        }
        // What is said so far is in the run itself.
        self.early.clear();
        Some(self.ours.get_or_insert_default())
    }

    fn interface(&mut self, interface: &Interface) {
        self.store.add_interface(interface.link_type);
        self.links.push(interface.link());
        if self.ours.is_some() {
            return;
        }
        let name = interface
            .name
            .as_ref()
            .map_or_else(|| Untrusted::new(self.name.as_str()), Clone::clone);
        self.say(What::CaptureOpened {
            interface: name.escaped().into_owned(),
            link_type: interface.link_name(),
        });
    }

    fn comment(&mut self, text: &Untrusted) {
        if self.ours.is_some() {
            return;
        }
        self.comments += 1;
        if self.comments <= Self::MOST_COMMENTS {
            self.note(format!("a comment in the file: {}", text.raw()));
        }
    }

    fn frame(&mut self, frame: &Captured<'_>) {
        let wall = frame.wall.unwrap_or(self.latest);
        self.untimed += u64::from(frame.wall.is_none());
        match &mut self.ours {
            Some(ours) if ours.begins_batch(frame.aside) => self.flush(),
            None if self.started.is_none() => self.start(wall),
            _ => {}
        }
        if let Some(ours) = &mut self.ours {
            ours.enter_batch(frame.aside);
        }
        self.latest = self.latest.max(wall);
        self.read(frame, wall);
        if self.packets.len() >= Self::BATCH || self.others.total() >= Self::BATCH as u64 {
            self.flush();
        }
    }

    fn read(&mut self, frame: &Captured<'_>, wall: WallTime) {
        let bytes = u32::try_from(frame.bytes.len())
            .ok()
            .and_then(NonZeroU32::new);
        let stored = bytes.map(|bytes| Stored {
            at: frame.at,
            bytes,
            interface: frame.interface,
        });
        let aside = frame
            .aside
            .filter(|_| self.ours.is_some())
            .unwrap_or_default();
        if let Some(packet) = aside.packet {
            self.packets.push(Packet { stored, ..packet });
            return;
        }
        let link = self
            .links
            .get(usize::from(frame.interface))
            .copied()
            .flatten();
        match link.map_or(Frame::Other, |link| {
            frame_of(link, frame.bytes, frame.frame_bytes)
        }) {
            Frame::Segment(segment) => {
                let packet = packet_of(&segment, wall, frame.frame_bytes, stored);
                self.packets.push(Packet {
                    segment_bytes: aside.segment_bytes,
                    ..packet
                });
            }
            Frame::Fragment(fragment) => match self.fragments.take(&fragment) {
                Some(whole) => self
                    .packets
                    .push(packet_of(&whole, wall, frame.frame_bytes, None)),
                None => self.others.fragments += 1,
            },
            Frame::Arp => self.others.arp += 1,
            Frame::Icmp(error) => {
                self.others.icmp += 1;
                self.undelivered
                    .extend(error.map(|error| undelivered_of(&error, wall)));
            }
            Frame::Other => self.others.other += 1,
            Frame::Unreadable => self.others.unreadable += 1,
        }
    }

    fn start(&mut self, wall: WallTime) {
        self.started = Some(wall);
        self.latest = wall;
        let tool_version = env!("CARGO_PKG_VERSION").to_owned();
        self.emit(What::RunStarted {
            schema: SCHEMA.to_owned(),
            tool_version,
            started_at: wall,
        });
        self.emit(What::ClockPaired {
            wall,
            uncertainty: Nanos::ZERO,
        });
        for what in std::mem::take(&mut self.early) {
            self.emit(what);
        }
    }

    /// Says once that what came first is no longer kept.
    fn say_forgotten(&mut self) {
        if let Some((_, limit)) = self.store.forgotten().filter(|_| !self.said_forgotten) {
            self.said_forgotten = true;
            let text = format!(
                "more than {limit} came through the pipe: the bytes of the oldest packets are no \
                    longer kept, so that they cannot be taken apart \
                 (--spool-limit keeps more)"
            );
            self.emit(What::Note {
                exchange: None,
                text: Untrusted::new(text),
            });
        }
    }

    fn flush(&mut self) {
        if !self.packets.is_empty() {
            let packets = std::mem::replace(&mut self.packets, Vec::with_capacity(Self::BATCH));
            match &self.ours {
                Some(ours) => (self.to)(ours.batch(packets)),
                None => self.emit(What::Packets { packets }),
            }
        }
        if !self.undelivered.is_empty() {
            let errors = std::mem::take(&mut self.undelivered);
            self.emit(What::Undelivered { errors });
        }
        if self.others.total() > 0 {
            let frames = std::mem::take(&mut self.others);
            self.emit(What::OtherFrames { frames });
        }
        self.say_forgotten();
    }

    fn finish(mut self) -> Kept {
        self.flush();
        for what in std::mem::take(&mut self.early) {
            self.emit(what);
        }
        if self.ours.is_none()
            && self
                .statistics
                .values()
                .any(|statistics| statistics.dropped.is_some())
        {
            let sum = |of: fn(&Statistics) -> Option<u64>| {
                self.statistics
                    .values()
                    .filter_map(of)
                    .fold(0, u64::saturating_add)
            };
            let (received, dropped) = (
                sum(|statistics| statistics.received),
                sum(|statistics| statistics.dropped),
            );
            self.emit(What::CaptureClosed { received, dropped });
        }
        if self.comments > Self::MOST_COMMENTS {
            self.note(format!(
                "{} more comments in the file are not shown",
                self.comments - Self::MOST_COMMENTS
            ));
        }
        if self.untimed > 0 {
            self.note(format!(
                "{} packets have no time in the file; each stands at the time of the one before it",
                self.untimed
            ));
        }
        if let Some(missed) = self.ours.as_ref().and_then(Ours::missed) {
            self.note(missed);
        }
        if self.misplaced > 0 {
            self.note(format!(
                "{} events of a run stand behind packets of others, and are left out",
                self.misplaced
            ));
        }
        if let Some(error) = &self.kept.error {
            self.note(format!("the file is not read to its end: {error}"));
        }
        if let Some((forgotten, _)) = self.store.forgotten() {
            self.note(format!(
                "of the packets' bytes the first {forgotten} are no longer kept"
            ));
        }
        // A run of ours says itself that it is over. Where it does not, it was cut off.
        if self.ours.is_none() {
            self.emit(What::RunEnded);
        }
        self.kept
    }

    fn note(&mut self, text: String) {
        self.say(What::Note {
            exchange: None,
            text: Untrusted::new(text),
        });
    }

    /// Tells something in its place among the packets.
    fn say(&mut self, what: What) {
        self.flush();
        if self.started.is_none() && self.ours.is_none() && self.kept.error.is_none() {
            self.early.push(what);
        } else {
            self.emit(what);
        }
    }

    fn emit(&mut self, what: What) {
        let of_others = || {
            self.started.map_or(Moment::START, |started| {
                Moment(self.latest.distance(started))
            })
        };
        let at = self.ours.as_ref().map_or_else(of_others, Ours::latest);
        (self.to)(Event { at, what });
    }
}
