//! State of an HTTP/1 request while it is being written: head, body and their sizes.

use super::parts::record_part;
use crate::probe::layering::PartTracker;
use crate::probe::message_phases::MessagePhases;
use crate::probe::throttle::Throttle;
use crate::trace::{EventKind, HttpHeader, HttpVersion};
use crate::units::Untrusted;
use crate::wire::Side;
use crate::wire::http1::RequestHead;
use crate::wire::stream::{HeadContent, MessageHead, StreamParser, UnitKind, UnitPiece, UnitSink};

/// Tracks how much of one request has been written.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own: told, handed, written; and whether there is a body"
)]
pub(super) struct Outbound {
    /// Number of bytes of the head written so far.
    head_bytes: u64,
    head_emitted: bool,
    /// Number of body bytes handed to hyper so far.
    bytes_queued: u64,
    /// Number of bytes written after the head, chunked framing included.
    written: u64,
    /// Length of the body; `None` without a body or if its length is unknown.
    expected: Option<u64>,
    has_body: bool,
    all_queued: bool,
    done: bool,
    throttle: Throttle,
}

impl Outbound {
    pub(super) fn new(has_body: bool, expected: Option<u64>) -> Self {
        Self {
            head_bytes: 0,
            head_emitted: false,
            bytes_queued: 0,
            written: 0,
            expected,
            has_body,
            all_queued: !has_body || expected == Some(0),
            done: false,
            throttle: Throttle::default(),
        }
    }

    /// Records that `bytes` of the body were handed to hyper; `last` marks the end of the body.
    pub(super) const fn body_queued(&mut self, bytes: u64, last: bool) {
        self.bytes_queued += bytes;
        self.all_queued |= last;
    }

    /// Returns true once the last byte of the request has been written.
    pub(super) const fn is_done(&self) -> bool {
        self.done
    }

    /// Returns the number of body bytes written so far.
    pub(super) fn body_written(&self) -> u64 {
        // Chunked framing is counted in `written`, so the number of bytes handed over is an upper
        // bound for those of the body.
        self.written.min(self.bytes_queued)
    }

    /// Returns the number of bytes written so far, head and framing included.
    pub(super) fn all_written(&self) -> u64 {
        self.written + self.head_bytes
    }

    pub(super) fn sent(
        &mut self,
        bytes: &[u8],
        parser: &mut StreamParser<'_>,
        stage: &MessagePhases,
        parts: Option<&mut PartTracker>,
    ) {
        let mut sink = RequestSink {
            outbound: self,
            stage,
            parts,
        };
        parser.push(Side::Client, bytes, &mut sink);
        if let Some(parts) = sink.parts {
            parts.flush_unlisted();
        }
        if self.has_body && self.throttle.is_due(stage.recorder.now()) {
            self.emit_body_progress(stage);
        }
    }

    pub(super) fn flushed(&mut self, stage: &mut MessagePhases) {
        if self.head_emitted && self.all_queued && !self.done {
            self.done = true;
            stage.request_sent(stage.recorder.now());
            if self.has_body {
                self.emit_body_progress(stage);
            }
        }
    }

    fn emit_head(&mut self, head: &RequestHead, stage: &MessagePhases) {
        self.head_emitted = true;
        stage.recorder.emit(EventKind::RequestHead {
            exchange: stage.exchange,
            version: if head.minor == 0 {
                HttpVersion::Http10
            } else {
                HttpVersion::Http11
            },
            method: head.method.clone(),
            target: Untrusted::from_bytes(&head.target),
            headers: head.fields.iter().map(HttpHeader::from).collect(),
            header_bytes: head.bytes as u64,
        });
    }

    fn emit_body_progress(&self, stage: &MessagePhases) {
        let (sent, expected) = (self.body_written(), self.expected);
        stage.recorder.emit(EventKind::RequestBody {
            exchange: stage.exchange,
            sent,
            expected,
        });
    }
}

/// Sink for the units that the parser finds in the request.
struct RequestSink<'a> {
    outbound: &'a mut Outbound,
    stage: &'a MessagePhases,
    parts: Option<&'a mut PartTracker>,
}

impl UnitSink for RequestSink<'_> {
    fn unit(&mut self, piece: &UnitPiece<'_>) {
        let bytes = piece.bytes.len() as u64;
        match piece.kind {
            UnitKind::Http1Head { .. } => self.outbound.head_bytes += bytes,
            _ => self.outbound.written += bytes,
        }
        record_part(piece, self.parts.as_deref_mut());
    }

    fn head(&mut self, head: MessageHead<'_>) {
        if let HeadContent::Request(request) = head.content {
            self.outbound.emit_head(request, self.stage);
        }
    }
}
