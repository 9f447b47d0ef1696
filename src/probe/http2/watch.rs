//! Observer of one HTTP/2 connection above TLS: follows its frames by their headers.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::failure;
use super::frames::{FrameBoundary, FrameTracker};
use crate::probe::PhaseFailure;
use crate::probe::layering::PartTracker;
use crate::probe::message_phases::MessagePhases;
use crate::probe::tap::StreamObserver;
use crate::probe::throttle::Throttle;
use crate::probe::tls::{alert_failure_in, record_flood_failure_in};
use crate::trace::{EventKind, HttpHeader, HttpVersion, PartKind, Phase, StreamPosition};
use crate::units::{Moment, Untrusted};
use crate::wire::Side;
use crate::wire::http2::{FRAME_HEADER, Frame, PREFACE};

/// Maximum number of field sections that are tracked separately in one response.
const MAX_SECTIONS: usize = 256;
/// Maximum number of consecutive frames that carry nothing of the response. One a second would take
/// more than a day.
const MAX_IDLE_FRAMES: u32 = 100_000;
/// Number of the peer's first bytes that are kept, in case they are not HTTP/2.
const FIRST_BYTES: usize = 80;

/// Observer of a connection and of the progress of its exchange. All clones share the same state.
#[derive(Clone)]
pub(super) struct Http2Monitor(Arc<Mutex<State>>);

pub(super) struct State {
    frames: FrameTracker,
    first_received: Vec<u8>,
    /// The TLS alert that ended the connection. h2 drops the source of an error, so it is kept
    /// here.
    alert: Option<PhaseFailure>,
    exchange: Option<Http2ExchangeState>,
    /// Recorders of the positions of frames, sent and received.
    parts: Option<(PartTracker, PartTracker)>,
}

/// The request to be sent, as its event describes it.
pub(super) struct RequestSummary {
    pub(super) method: String,
    pub(super) target: Untrusted,
    pub(super) headers: Vec<HttpHeader>,
    pub(super) expected: Option<u64>,
    pub(super) has_body: bool,
}

/// State of the exchange in progress.
pub(super) struct Http2ExchangeState {
    pub(super) phases: MessagePhases,
    request: RequestSummary,
    /// Its stream, known once its HEADERS frame is written.
    stream: Option<u32>,
    request_bytes: u64,
    pub(super) body_sent: u64,
    is_all_written: bool,
    is_done: bool,
    throttle: Throttle,
    sections: Vec<FieldSection>,
    /// Number of the response's field sections that were taken so far.
    sections_taken: usize,
    /// Number of frames received since the response last made progress.
    idle_frames: u32,
}

/// A field section of the response (RFC 9113 §8.1).
#[derive(Clone, Copy)]
pub(super) struct FieldSection {
    /// Time at which its first byte was read.
    pub(super) began: Moment,
    /// Stream positions before its first byte.
    pub(super) position_before: StreamPosition,
    /// Number of payload bytes of its frames.
    pub(super) bytes: u64,
}

impl Http2Monitor {
    pub(super) fn new(mut parts: Option<(PartTracker, PartTracker)>) -> Self {
        if let Some((sent, _)) = &mut parts {
            sent.add_complete(PartKind::Http2Preface, PREFACE.len());
        }
        Self(Arc::new(Mutex::new(State {
            frames: FrameTracker::new(),
            first_received: Vec::new(),
            alert: None,
            exchange: None,
            parts,
        })))
    }

    /// Starts an exchange: the next stream that is opened belongs to it.
    pub(super) fn begin(&self, stage: MessagePhases, request: RequestSummary) {
        self.lock().exchange = Some(Http2ExchangeState {
            phases: stage,
            request,
            stream: None,
            request_bytes: 0,
            body_sent: 0,
            is_all_written: false,
            is_done: false,
            throttle: Throttle::default(),
            sections: Vec::new(),
            sections_taken: 0,
            idle_frames: 0,
        });
    }

    /// Calls `look` with the exchange in progress; returns `None` if there is none.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Http2ExchangeState) -> T) -> Option<T> {
        self.lock().exchange.as_mut().map(look)
    }

    /// Returns the peer's first bytes on the connection.
    pub(super) fn first_received(&self) -> Vec<u8> {
        self.lock().first_received.clone()
    }

    /// Returns the TLS alert that ended the connection, if any.
    pub(super) fn alert(&self) -> Option<PhaseFailure> {
        self.lock().alert.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Http2ExchangeState {
    /// Takes the field section of the message that h2 decoded last.
    pub(super) fn take_section(&mut self) -> FieldSection {
        let now = || FieldSection {
            began: self.phases.recorder.now(),
            position_before: self.phases.position_before_latest(),
            bytes: 0,
        };
        let section = self
            .sections
            .get(self.sections_taken)
            .copied()
            .unwrap_or_else(now);
        self.sections_taken += 1;
        section
    }

    /// Records that the response made progress.
    pub(super) const fn response_progressed(&mut self) {
        self.idle_frames = 0;
    }

    /// Returns the failure of a peer that keeps sending frames that carry nothing of the response
    /// (RFC 9113 §10.5).
    pub(super) fn flood_failure(&self) -> Option<PhaseFailure> {
        (self.idle_frames > MAX_IDLE_FRAMES)
            .then(|| failure::frame_flood_failure(self.phases.phase(), MAX_IDLE_FRAMES))
    }

    /// Returns true if nothing of a response was received.
    pub(super) const fn has_no_response(&self) -> bool {
        self.sections.is_empty()
    }

    /// Returns the size in bytes of the response's latest field section.
    pub(super) fn head_bytes(&self) -> u64 {
        self.sections.last().map_or(0, |section| section.bytes)
    }

    /// Returns true once the last byte of the request has been written.
    pub(super) const fn is_done(&self) -> bool {
        self.is_done
    }

    /// Returns the number of request bytes written so far, without frame headers.
    pub(super) const fn all_written(&self) -> u64 {
        self.request_bytes + self.body_sent
    }

    fn sent(&mut self, passed: FrameBoundary) {
        let (FrameBoundary::Began(frame) | FrameBoundary::Ended(frame)) = passed;
        if self.stream.is_none() && frame.kind == Frame::HEADERS {
            self.stream = Some(frame.stream);
        }
        if self.stream != Some(frame.stream) || matches!(passed, FrameBoundary::Began(_)) {
            return;
        }
        match frame.kind {
            Frame::HEADERS | Frame::CONTINUATION => {
                self.request_bytes += u64::from(frame.length);
                if frame.flags & Frame::END_HEADERS != 0 {
                    self.emit_head();
                }
            }
            Frame::DATA => {
                self.body_sent += u64::from(frame.length);
                // The request made progress, so the `WINDOW_UPDATE` frames that allowed it were not
                // idle.
                self.idle_frames = 0;
            }
            _ => {}
        }
        self.is_all_written |=
            frame.is(Frame::HEADERS, Frame::END_STREAM) || frame.is(Frame::DATA, Frame::END_STREAM);
        if frame.kind == Frame::DATA && self.throttle.is_due(self.phases.recorder.now()) {
            self.emit_body_progress();
        }
    }

    fn flushed(&mut self) {
        if self.is_all_written && !self.is_done {
            self.is_done = true;
            self.phases.request_sent(self.phases.recorder.now());
            if self.request.has_body {
                self.emit_body_progress();
            }
        }
    }

    fn received(&mut self, passed: FrameBoundary, now: Moment) {
        let FrameBoundary::Began(frame) = passed else {
            return;
        };
        self.idle_frames = self.idle_frames.saturating_add(1);
        if self.stream != Some(frame.stream) || self.sections.len() == MAX_SECTIONS {
            return;
        }
        let before = self.phases.position_before_latest();
        match frame.kind {
            Frame::HEADERS => self.sections.push(FieldSection {
                began: now,
                position_before: before,
                bytes: u64::from(frame.length),
            }),
            Frame::CONTINUATION => {
                if let Some(section) = self.sections.last_mut() {
                    section.bytes += u64::from(frame.length);
                }
            }
            _ => {}
        }
    }

    fn emit_head(&mut self) {
        self.phases.recorder.emit(EventKind::RequestHead {
            exchange: self.phases.exchange,
            version: HttpVersion::Http2,
            method: self.request.method.clone(),
            target: self.request.target.clone(),
            headers: std::mem::take(&mut self.request.headers),
            header_bytes: self.request_bytes,
        });
    }

    fn emit_body_progress(&self) {
        let (sent, expected) = (self.body_sent, self.request.expected);
        self.phases.recorder.emit(EventKind::RequestBody {
            exchange: self.phases.exchange,
            sent,
            expected,
        });
    }
}

impl StreamObserver for Http2Monitor {
    fn sent(&mut self, bytes: &[u8]) {
        let State {
            frames,
            exchange: passing,
            parts,
            ..
        } = &mut *self.lock();
        let mut parts = parts.as_mut().map(|(sent, _)| sent);
        frames.push(Side::Client, bytes, &mut |passed| {
            record_frame_part(passed, parts.as_deref_mut());
            if let Some(passing) = passing {
                passing.sent(passed);
            }
        });
    }

    fn received(&mut self, bytes: &[u8]) {
        let State {
            frames,
            first_received,
            exchange: passing,
            parts,
            ..
        } = &mut *self.lock();
        let mut parts = parts.as_mut().map(|(_, received)| received);
        let room = FIRST_BYTES - first_received.len();
        first_received.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        let now = passing
            .as_ref()
            .map(|passing| passing.phases.recorder.now());
        frames.push(Side::Server, bytes, &mut |passed| {
            record_frame_part(passed, parts.as_deref_mut());
            if let (Some(passing), Some(now)) = (&mut *passing, now) {
                passing.received(passed, now);
            }
        });
    }

    fn flushed(&mut self) {
        self.with(Http2ExchangeState::flushed);
    }

    fn read_failed(&mut self, error: &io::Error) {
        let state = &mut *self.lock();
        let phase = state
            .exchange
            .as_ref()
            .map_or(Phase::Send, |passing| passing.phases.phase());
        state.alert =
            record_flood_failure_in(error, phase).or_else(|| alert_failure_in(error, phase));
    }
}

/// Records a frame's position, which is known from its header on: frames are contiguous.
fn record_frame_part(passed: FrameBoundary, parts: Option<&mut PartTracker>) {
    if let (FrameBoundary::Began(frame), Some(parts)) = (passed, parts) {
        let payload = usize::try_from(frame.length).unwrap_or(usize::MAX);
        parts.add_complete(
            PartKind::from_frame(frame),
            payload.saturating_add(FRAME_HEADER),
        );
    }
}
