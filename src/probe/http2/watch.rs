//! Watches one HTTP/2 connection above TLS: its frames by their headers.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::failure;
use crate::probe::Failed;
use crate::probe::layering::Parts;
use crate::probe::pace::Pace;
use crate::probe::stage::Stage;
use crate::probe::tap::Observer;
use crate::probe::tls::{alert_in, record_flood_in};
use crate::trace::{Header, HttpVersion, PartKind, Phase, StreamPosition, What};
use crate::units::{Moment, Untrusted};
use crate::wire::http2::{FRAME_HEADER, Frame, FrameReader, PREFACE, Passed};

/// Field sections told apart in one answer.
const MOST_SECTIONS: usize = 256;
/// Frames in a row that may carry nothing of the response. One a second would be more than a day's.
const MOST_IDLE_FRAMES: u32 = 100_000;
/// The peer's first bytes, kept for the case that they are no HTTP/2.
const FIRST_BYTES: usize = 80;

/// Observes a connection and knows how far its exchange has come. Every clone is the same watch.
#[derive(Clone)]
pub(super) struct Watch(Arc<Mutex<State>>);

pub(super) struct State {
    out: FrameReader,
    inward: FrameReader,
    first_received: Vec<u8>,
    /// The TLS alert that ended the connection: h2 hands errors on without what is in them.
    alert: Option<Failed>,
    passing: Option<Passing>,
    /// For telling what lies where, sent and received.
    parts: Option<(Parts, Parts)>,
}

/// The request that is put on the connection, as it will be told.
pub(super) struct RequestTold {
    pub(super) method: String,
    pub(super) target: Untrusted,
    pub(super) headers: Vec<Header>,
    pub(super) expected: Option<u64>,
    pub(super) has_body: bool,
}

/// The exchange that passes.
pub(super) struct Passing {
    pub(super) stage: Stage,
    request: RequestTold,
    /// Its stream, once its HEADERS frame passes.
    stream: Option<u32>,
    request_bytes: u64,
    pub(super) body_sent: u64,
    all_written: bool,
    done: bool,
    pace: Pace,
    sections: Vec<Section>,
    /// Field sections of the answer that were taken so far.
    taken: usize,
    /// Frames received since the response last came on.
    idle_frames: u32,
}

/// A field section of the answer.
#[derive(Clone, Copy)]
pub(super) struct Section {
    /// When its first byte was read.
    pub(super) began: Moment,
    /// How far the streams were before it.
    pub(super) before: StreamPosition,
    /// Payload bytes of its frames.
    pub(super) bytes: u64,
}

impl Watch {
    pub(super) fn new(mut parts: Option<(Parts, Parts)>) -> Self {
        if let Some((sent, _)) = &mut parts {
            sent.whole(PartKind::Http2Preface, PREFACE.len());
        }
        Self(Arc::new(Mutex::new(State {
            out: FrameReader::of_client(),
            inward: FrameReader::of_server(),
            first_received: Vec::new(),
            alert: None,
            passing: None,
            parts,
        })))
    }

    /// From now on, the next stream that is opened is this exchange's.
    pub(super) fn begin(&self, stage: Stage, request: RequestTold) {
        self.lock().passing = Some(Passing {
            stage,
            request,
            stream: None,
            request_bytes: 0,
            body_sent: 0,
            all_written: false,
            done: false,
            pace: Pace::default(),
            sections: Vec::new(),
            taken: 0,
            idle_frames: 0,
        });
    }

    /// Looks at the exchange that passes.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Passing) -> T) -> Option<T> {
        self.lock().passing.as_mut().map(look)
    }

    /// The peer's first bytes on the connection.
    pub(super) fn first_received(&self) -> Vec<u8> {
        self.lock().first_received.clone()
    }

    /// The TLS alert that ended the connection, if one did.
    pub(super) fn alert(&self) -> Option<Failed> {
        self.lock().alert.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Passing {
    /// The field section that the message just decoded came in.
    pub(super) fn take_section(&mut self) -> Section {
        let now = || Section {
            began: self.stage.recorder.now(),
            before: self.stage.position_before_latest(),
            bytes: 0,
        };
        let section = self.sections.get(self.taken).copied().unwrap_or_else(now);
        self.taken += 1;
        section
    }

    /// The response has come on.
    pub(super) const fn advanced(&mut self) {
        self.idle_frames = 0;
    }

    /// The failure of a peer that sends frames without end and nothing of the response in them (RFC
    /// 9113 §10.5).
    pub(super) fn flooded(&self) -> Option<Failed> {
        (self.idle_frames > MOST_IDLE_FRAMES)
            .then(|| failure::flood(self.stage.phase(), MOST_IDLE_FRAMES))
    }

    /// Whether nothing of an answer has come.
    pub(super) const fn is_untouched(&self) -> bool {
        self.sections.is_empty()
    }

    /// Bytes of the answer's latest field section.
    pub(super) fn head_bytes(&self) -> u64 {
        self.sections.last().map_or(0, |section| section.bytes)
    }

    /// Whether the request is written to its last byte.
    pub(super) const fn is_done(&self) -> bool {
        self.done
    }

    /// Bytes of the request written so far, frame headers aside.
    pub(super) const fn all_written(&self) -> u64 {
        self.request_bytes + self.body_sent
    }

    fn sent(&mut self, passed: Passed) {
        let (Passed::Began(frame) | Passed::Ended(frame)) = passed;
        if self.stream.is_none() && frame.kind == Frame::HEADERS {
            self.stream = Some(frame.stream);
        }
        if self.stream != Some(frame.stream) || matches!(passed, Passed::Began(_)) {
            return;
        }
        match frame.kind {
            Frame::HEADERS | Frame::CONTINUATION => {
                self.request_bytes += u64::from(frame.length);
                if frame.flags & Frame::END_HEADERS != 0 {
                    self.tell_head();
                }
            }
            Frame::DATA => {
                self.body_sent += u64::from(frame.length);
                // Each `WINDOW_UPDATE` that let it go had its use.
                self.idle_frames = 0;
            }
            _ => {}
        }
        self.all_written |=
            frame.is(Frame::HEADERS, Frame::END_STREAM) || frame.is(Frame::DATA, Frame::END_STREAM);
        if frame.kind == Frame::DATA && self.pace.is_due(self.stage.recorder.now()) {
            self.tell_body();
        }
    }

    fn flushed(&mut self) {
        if self.all_written && !self.done {
            self.done = true;
            self.stage.sent(self.stage.recorder.now());
            if self.request.has_body {
                self.tell_body();
            }
        }
    }

    fn received(&mut self, passed: Passed, now: Moment) {
        let Passed::Began(frame) = passed else { return };
        self.idle_frames = self.idle_frames.saturating_add(1);
        if self.stream != Some(frame.stream) || self.sections.len() == MOST_SECTIONS {
            return;
        }
        let before = self.stage.position_before_latest();
        match frame.kind {
            Frame::HEADERS => self.sections.push(Section {
                began: now,
                before,
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

    fn tell_head(&mut self) {
        self.stage.recorder.emit(What::RequestHead {
            exchange: self.stage.exchange,
            version: HttpVersion::Http2,
            method: self.request.method.clone(),
            target: self.request.target.clone(),
            headers: std::mem::take(&mut self.request.headers),
            header_bytes: self.request_bytes,
        });
    }

    fn tell_body(&self) {
        let (sent, expected) = (self.body_sent, self.request.expected);
        self.stage.recorder.emit(What::RequestBody {
            exchange: self.stage.exchange,
            sent,
            expected,
        });
    }
}

impl Observer for Watch {
    fn sent(&mut self, bytes: &[u8]) {
        let State {
            out,
            passing,
            parts,
            ..
        } = &mut *self.lock();
        let mut parts = parts.as_mut().map(|(sent, _)| sent);
        out.read(bytes, |passed| {
            tell_part(passed, parts.as_deref_mut());
            if let Some(passing) = passing {
                passing.sent(passed);
            }
        });
    }

    fn received(&mut self, bytes: &[u8]) {
        let State {
            inward,
            first_received,
            passing,
            parts,
            ..
        } = &mut *self.lock();
        let mut parts = parts.as_mut().map(|(_, received)| received);
        let room = FIRST_BYTES - first_received.len();
        first_received.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        let now = passing.as_ref().map(|passing| passing.stage.recorder.now());
        inward.read(bytes, |passed| {
            tell_part(passed, parts.as_deref_mut());
            if let (Some(passing), Some(now)) = (&mut *passing, now) {
                passing.received(passed, now);
            }
        });
    }

    fn flushed(&mut self) {
        self.with(Passing::flushed);
    }

    fn broken(&mut self, error: &io::Error) {
        let state = &mut *self.lock();
        let phase = state
            .passing
            .as_ref()
            .map_or(Phase::Send, |passing| passing.stage.phase());
        state.alert = record_flood_in(error, phase).or_else(|| alert_in(error, phase));
    }
}

/// A frame's place is known once its header is there: frames follow each other.
fn tell_part(passed: Passed, parts: Option<&mut Parts>) {
    if let (
        Passed::Began(Frame {
            kind,
            flags,
            stream,
            length,
        }),
        Some(parts),
    ) = (passed, parts)
    {
        let payload = usize::try_from(length).unwrap_or(usize::MAX);
        parts.whole(
            PartKind::Http2Frame {
                kind,
                flags,
                stream,
            },
            payload.saturating_add(FRAME_HEADER),
        );
    }
}
