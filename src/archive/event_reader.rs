//! Conversion of capture records into the events of a run.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::frame_batch::FrameBatch;
use super::interface::CaptureInterface;
use super::reader::RecordReader;
use super::record::{CaptureRecord, CapturedFrame, InterfaceStatistics};
use super::saved_run::SavedRun;
use super::{ArchiveError, CaptureStore, Extent};
use crate::trace::{EVENT_SCHEMA, Event, EventKind};
use crate::units::{Moment, Nanos, Untrusted, WallTime, format_count};

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
    frames: FrameBatch,
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
    /// Maximum number of comments emitted.
    const MAX_COMMENTS: usize = 1_000;
    /// Maximum number of key logs, journal entries and names, each.
    const MAX_ATTACHMENTS: usize = 1 << 20;

    pub(super) fn new(store: Arc<CaptureStore>, name: String, sink: F) -> Self {
        Self {
            store,
            name,
            sink,
            started: None,
            latest: WallTime(0),
            before_start: Vec::new(),
            frames: FrameBatch::new(),
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
                if let Some(run) = &mut self.saved_run {
                    run.end_section();
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
                if let Some(run) = self.saved_run_mut() {
                    run.observe(&event);
                    self.flush();
                    (self.sink)(*event);
                }
            }
            CaptureRecord::UnreadableEvent(why) => {
                if let Some(run) = self.saved_run_mut() {
                    run.add_unreadable(why);
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
        self.frames.add_interface(interface.link());
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
            Some(run) if run.begins_batch(frame.meta) => self.flush(),
            None if self.started.is_none() => self.start_run(wall),
            _ => {}
        }
        if let Some(run) = &mut self.saved_run {
            run.enter_batch(frame.meta);
        }
        self.latest = self.latest.max(wall);
        // Captures of other programs may contain such metadata by accident, or to mislead.
        let meta = frame.meta.filter(|_| self.saved_run.is_some());
        self.frames
            .decode(frame, wall, meta.unwrap_or_default(), &self.store);
        if self.frames.is_full() {
            self.flush();
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
        for kind in std::mem::take(&mut self.before_start) {
            self.emit(kind);
        }
    }

    /// Emits the note on overwritten bytes, once.
    fn note_overwritten(&mut self) {
        if let Some((_, limit)) = self.store.overwritten().filter(|_| !self.noted_overwritten) {
            self.noted_overwritten = true;
            let text = format!(
                "more than {limit} came through the pipe: the bytes of the oldest packets were \
                 discarded, so they can no longer be dissected (--spool-limit keeps more)"
            );
            self.emit(EventKind::Note {
                exchange: None,
                text: Untrusted::new(text),
            });
        }
    }

    fn flush(&mut self) {
        if let Some(packets) = self.frames.take_packets() {
            match &self.saved_run {
                Some(run) => (self.sink)(run.batch_event(packets)),
                None => self.emit(EventKind::Packets { packets }),
            }
        }
        if let Some(errors) = self.frames.take_errors() {
            self.emit(EventKind::Undelivered { errors });
        }
        if let Some(frames) = self.frames.take_others() {
            self.emit(EventKind::OtherFrames { frames });
        }
        self.note_overwritten();
    }

    fn finish(mut self) -> Attachments {
        self.flush();
        for kind in std::mem::take(&mut self.before_start) {
            self.emit(kind);
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
    fn emit_in_place(&mut self, kind: EventKind) {
        self.flush();
        if self.started.is_none() && self.saved_run.is_none() && self.attachments.error.is_none() {
            self.before_start.push(kind);
        } else {
            self.emit(kind);
        }
    }

    fn emit(&mut self, kind: EventKind) {
        let of_others = || {
            self.started.map_or(Moment::START, |started| {
                Moment(self.latest.distance(started))
            })
        };
        let at = self
            .saved_run
            .as_ref()
            .map_or_else(of_others, SavedRun::latest);
        (self.sink)(Event { at, kind });
    }
}
