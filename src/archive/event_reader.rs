//! Conversion of capture records into the events of a run.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::interface::CaptureInterface;
use super::reader::RecordReader;
use super::record::{CaptureRecord, CapturedFrame, InterfaceStatistics};
use super::saved_run::SavedRun;
use super::{ArchiveError, CaptureStore, Extent};
use crate::insight::{packet_from_segment, undelivered_from_icmp};
use crate::trace::{
    DeliveryError, EVENT_SCHEMA, Event, EventKind, OtherFrames, Packet, PacketLocation,
};
use crate::units::{Moment, Nanos, Untrusted, WallTime, format_count};
use crate::wire::{Fragments, LinkType, ParsedFrame, parse_frame};

/// The content of a capture file other than events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachments {
    /// Why it was not read to its end.
    pub error: Option<ArchiveError>,
    /// TLS key logs (in the format of `SSLKEYLOGFILE`), in order.
    pub key_logs: Vec<Extent>,
    /// Entries of the systemd journal from other programs, in order.
    pub journal: Vec<Extent>,
    /// Names of addresses.
    pub names: BTreeMap<IpAddr, Untrusted>,
}

/// The note on concatenated runs.
const ANOTHER_RUN: &str = "another run begins in the file; everything from there on is ignored";

pub(super) struct EventReader<F> {
    store: Arc<CaptureStore>,
    /// The name for interfaces without one.
    name: String,
    sink: F,
    /// The time of the first frame, at which the run's time axis starts.
    started: Option<WallTime>,
    /// The time of the latest frame.
    latest: WallTime,
    /// Events before the first frame.
    before_start: Vec<EventKind>,
    links: Vec<Option<LinkType>>,
    fragments: Fragments,
    packets: Vec<Packet>,
    other_frames: OtherFrames,
    undelivered: Vec<DeliveryError>,
    statistics: BTreeMap<u16, InterfaceStatistics>,
    comments: usize,
    without_time: u64,
    attachments: Attachments,
    /// The state of a saved run, whose events are passed on.
    saved_run: Option<SavedRun>,
    /// Events of a saved run after packets of another capture.
    misplaced: u64,
    /// Whether the note on overwritten bytes has been emitted.
    noted_overwritten: bool,
}

impl<F: FnMut(Event)> EventReader<F> {
    /// Maximum number of packets per event.
    const MAX_BATCH: usize = 512;
    /// Maximum number of comments emitted.
    const MAX_COMMENTS: usize = 1_000;
    /// Maximum number of key logs, journal entries and names, each.
    const MAX_ATTACHMENTS: usize = 1 << 20;

    pub(super) fn new(store: Arc<CaptureStore>, name: String, to: F) -> Self {
        Self {
            store,
            name,
            sink: to,
            started: None,
            latest: WallTime(0),
            before_start: Vec::new(),
            links: Vec::new(),
            fragments: Fragments::default(),
            packets: Vec::with_capacity(Self::MAX_BATCH),
            other_frames: OtherFrames::default(),
            undelivered: Vec::new(),
            statistics: BTreeMap::new(),
            comments: 0,
            without_time: 0,
            attachments: Attachments::default(),
            saved_run: None,
            misplaced: 0,
            noted_overwritten: false,
        }
    }

    pub(super) fn read_events(mut self, mut reader: RecordReader) -> Attachments {
        loop {
            // Somebody may be watching: do not hold back packets while waiting for more.
            if reader.may_block() {
                self.flush();
            }
            match reader.next() {
                Ok(Some(CaptureRecord::Frame(frame))) => self.handle_frame(&frame),
                Ok(Some(CaptureRecord::Event(event))) if self.is_of_another_run(&event) => {
                    self.emit_note(ANOTHER_RUN.to_owned());
                    break;
                }
                Ok(Some(record)) => self.handle_record(record),
                Ok(None) => break,
                Err(error) => {
                    self.attachments.error = Some(error);
                    break;
                }
            }
        }
        self.finish()
    }

    fn handle_record(&mut self, record: CaptureRecord<'_>) {
        match record {
            CaptureRecord::Frame(frame) => self.handle_frame(&frame),
            CaptureRecord::Interface(interface) => self.handle_interface(interface),
            CaptureRecord::Section => {
                if let Some(ours) = &mut self.saved_run {
                    ours.end_section();
                }
            }
            CaptureRecord::Comment(text) => self.handle_comment(&text),
            CaptureRecord::Statistics(statistics) => {
                _ = self.statistics.insert(statistics.interface, statistics);
            }
            CaptureRecord::KeyLog(extent)
                if self.attachments.key_logs.len() < Self::MAX_ATTACHMENTS =>
            {
                self.attachments.key_logs.push(extent);
            }
            CaptureRecord::Journal(extent)
                if self.attachments.journal.len() < Self::MAX_ATTACHMENTS =>
            {
                self.attachments.journal.push(extent);
            }
            CaptureRecord::Name(address, name)
                if self.attachments.names.len() < Self::MAX_ATTACHMENTS =>
            {
                _ = self.attachments.names.entry(address).or_insert(name);
            }
            CaptureRecord::KeyLog(_) | CaptureRecord::Journal(_) | CaptureRecord::Name(..) => {}
            CaptureRecord::Event(event) => {
                if let Some(ours) = self.saved_run_mut() {
                    ours.observe(&event);
                    self.flush();
                    (self.sink)(*event);
                }
            }
            CaptureRecord::UnreadableEvent(why) => {
                if let Some(ours) = self.saved_run_mut() {
                    ours.add_unreadable(why);
                }
            }
        }
    }

    fn is_of_another_run(&self, event: &Event) -> bool {
        matches!(event.kind, EventKind::RunStarted { .. })
            && self
                .saved_run
                .as_ref()
                .is_some_and(SavedRun::has_ended_section)
    }

    /// The saved run that an event belongs to, if it begins the file. Behind packets of another
    /// capture its events could not be told apart from those.
    fn saved_run_mut(&mut self) -> Option<&mut SavedRun> {
        if self.saved_run.is_none() && self.started.is_some() {
            self.misplaced += 1;
            return None;
        }
        // What would have been emitted so far is part of the run itself.
        self.before_start.clear();
        Some(self.saved_run.get_or_insert_default())
    }

    fn handle_interface(&mut self, interface: &CaptureInterface) {
        self.store.add_interface(interface.link_type);
        self.links.push(interface.link());
        if self.saved_run.is_some() {
            return;
        }
        let name = interface
            .name
            .as_ref()
            .map_or_else(|| Untrusted::new(self.name.as_str()), Clone::clone);
        self.emit_in_place(EventKind::CaptureOpened {
            interface: name.escaped().into_owned(),
            link_type: interface.link_name(),
        });
    }

    fn handle_comment(&mut self, text: &Untrusted) {
        if self.saved_run.is_some() {
            return;
        }
        self.comments += 1;
        if self.comments <= Self::MAX_COMMENTS {
            self.emit_note(format!("a comment in the file: {}", text.raw()));
        }
    }

    fn handle_frame(&mut self, frame: &CapturedFrame<'_>) {
        let wall = frame.wall.unwrap_or(self.latest);
        self.without_time += u64::from(frame.wall.is_none());
        match &mut self.saved_run {
            Some(ours) if ours.begins_batch(frame.meta) => self.flush(),
            None if self.started.is_none() => self.start_run(wall),
            _ => {}
        }
        if let Some(ours) = &mut self.saved_run {
            ours.enter_batch(frame.meta);
        }
        self.latest = self.latest.max(wall);
        self.decode_frame(frame, wall);
        if self.packets.len() >= Self::MAX_BATCH
            || self.other_frames.total() >= Self::MAX_BATCH as u64
        {
            self.flush();
        }
    }

    fn decode_frame(&mut self, frame: &CapturedFrame<'_>, wall: WallTime) {
        let bytes = u32::try_from(frame.bytes.len())
            .ok()
            .and_then(NonZeroU32::new);
        let stored = bytes.map(|bytes| PacketLocation {
            at: frame.at,
            bytes,
            interface: frame.interface,
        });
        let aside = frame
            .meta
            .filter(|_| self.saved_run.is_some())
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
        match link.map_or(ParsedFrame::Other, |link| {
            parse_frame(link, frame.bytes, frame.frame_bytes)
        }) {
            ParsedFrame::Segment(segment) => {
                let packet = packet_from_segment(&segment, wall, frame.frame_bytes, stored);
                self.packets.push(Packet {
                    segment_bytes: aside.segment_bytes,
                    ..packet
                });
            }
            ParsedFrame::Fragment(fragment) => match self.fragments.take(&fragment) {
                Some(whole) => {
                    self.packets
                        .push(packet_from_segment(&whole, wall, frame.frame_bytes, None))
                }
                None => self.other_frames.fragments += 1,
            },
            ParsedFrame::Arp => self.other_frames.arp += 1,
            ParsedFrame::Icmp(error) => {
                self.other_frames.icmp += 1;
                self.undelivered
                    .extend(error.map(|error| undelivered_from_icmp(&error, wall)));
            }
            ParsedFrame::Other => self.other_frames.other += 1,
            ParsedFrame::Unreadable => self.other_frames.unreadable += 1,
        }
    }

    fn start_run(&mut self, wall: WallTime) {
        self.started = Some(wall);
        self.latest = wall;
        let tool_version = env!("CARGO_PKG_VERSION").to_owned();
        self.emit(EventKind::RunStarted {
            schema: EVENT_SCHEMA.to_owned(),
            tool_version,
            started_at: wall,
        });
        self.emit(EventKind::ClockPaired {
            wall,
            uncertainty: Nanos::ZERO,
        });
        for what in std::mem::take(&mut self.before_start) {
            self.emit(what);
        }
    }

    /// Emits the note on overwritten bytes, once.
    fn note_overwritten(&mut self) {
        if let Some((_, limit)) = self.store.overwritten().filter(|_| !self.noted_overwritten) {
            self.noted_overwritten = true;
            let text = format!(
                "more than {limit} came through the pipe: the bytes of the oldest packets were discarded, so they can no longer be dissected (--spool-limit keeps more)"
            );
            self.emit(EventKind::Note {
                exchange: None,
                text: Untrusted::new(text),
            });
        }
    }

    fn flush(&mut self) {
        if !self.packets.is_empty() {
            let packets = std::mem::replace(&mut self.packets, Vec::with_capacity(Self::MAX_BATCH));
            match &self.saved_run {
                Some(ours) => (self.sink)(ours.batch_event(packets)),
                None => self.emit(EventKind::Packets { packets }),
            }
        }
        if !self.undelivered.is_empty() {
            let errors = std::mem::take(&mut self.undelivered);
            self.emit(EventKind::Undelivered { errors });
        }
        if self.other_frames.total() > 0 {
            let frames = std::mem::take(&mut self.other_frames);
            self.emit(EventKind::OtherFrames { frames });
        }
        self.note_overwritten();
    }

    fn finish(mut self) -> Attachments {
        self.flush();
        for what in std::mem::take(&mut self.before_start) {
            self.emit(what);
        }
        if self.saved_run.is_none()
            && self
                .statistics
                .values()
                .any(|statistics| statistics.dropped.is_some())
        {
            let sum = |of: fn(&InterfaceStatistics) -> Option<u64>| {
                self.statistics
                    .values()
                    .filter_map(of)
                    .fold(0, u64::saturating_add)
            };
            let received = sum(|statistics| statistics.received);
            let dropped = sum(|statistics| statistics.dropped);
            self.emit(EventKind::CaptureClosed { received, dropped });
        }
        if self.comments > Self::MAX_COMMENTS {
            self.emit_note(format!(
                "{} more comments in the file are not shown",
                self.comments - Self::MAX_COMMENTS
            ));
        }
        if self.without_time > 0 {
            self.emit_note(format!(
                "{} without a timestamp in the file; each gets that of the packet before it",
                format_count(self.without_time, "packet")
            ));
        }
        if let Some(missed) = self.saved_run.as_ref().and_then(SavedRun::unreadable_note) {
            self.emit_note(missed);
        }
        if self.misplaced > 0 {
            self.emit_note(format!(
                "ignored {} of a run, which follow packets of another capture",
                format_count(self.misplaced, "event")
            ));
        }
        if let Some(error) = &self.attachments.error {
            self.emit_note(format!("the file was not read to its end: {error}"));
        }
        if let Some((overwritten, _)) = self.store.overwritten() {
            self.emit_note(format!(
                "the first {overwritten} of the packets' bytes were discarded"
            ));
        }
        // A saved run has its own end event. If that is missing, the run was cut off, and the
        // screen says so.
        if self.saved_run.is_none() {
            self.emit(EventKind::RunEnded);
        }
        self.attachments
    }

    fn emit_note(&mut self, text: String) {
        self.emit_in_place(EventKind::Note {
            exchange: None,
            text: Untrusted::new(text),
        });
    }

    /// Emits an event in its place among the packets.
    fn emit_in_place(&mut self, what: EventKind) {
        self.flush();
        if self.started.is_none() && self.saved_run.is_none() && self.attachments.error.is_none() {
            self.before_start.push(what);
        } else {
            self.emit(what);
        }
    }

    fn emit(&mut self, what: EventKind) {
        let of_others = || {
            self.started.map_or(Moment::START, |started| {
                Moment(self.latest.distance(started))
            })
        };
        let at = self
            .saved_run
            .as_ref()
            .map_or_else(of_others, SavedRun::latest);
        (self.sink)(Event { at, kind: what });
    }
}
