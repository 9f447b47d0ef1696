//! The request as it is written.

use super::body_parts::BodyParts;
use crate::probe::layering::PartTracker;
use crate::probe::message_phases::MessagePhases;
use crate::probe::request::RequestFraming;
use crate::probe::throttle::Throttle;
use crate::trace::{EventKind, HttpHeader, HttpVersion, PartKind};
use crate::units::Untrusted;
use crate::wire::http1::{self, HeadBuffer};

/// Follows one request to its last byte.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own: told, handed, written; and whether there is a body"
)]
pub(super) struct Outbound {
    head: HeadBuffer,
    head_emitted: bool,
    /// Body bytes handed to the connection.
    bytes_queued: u64,
    /// Bytes after the head that were written.
    written: u64,
    /// The body's length, where there is a body of known length.
    expected: Option<u64>,
    has_body: bool,
    all_queued: bool,
    done: bool,
    throttle: Throttle,
    body: BodyParts,
}

impl Outbound {
    pub(super) fn new(has_body: bool, expected: Option<u64>, framing: RequestFraming) -> Self {
        Self {
            head: HeadBuffer::default(),
            head_emitted: false,
            bytes_queued: 0,
            written: 0,
            expected,
            has_body,
            all_queued: !has_body || expected == Some(0),
            done: false,
            throttle: Throttle::default(),
            body: BodyParts::new(match framing {
                RequestFraming::None => http1::BodyFraming::Length(0),
                RequestFraming::Length(length) => http1::BodyFraming::Length(length),
                RequestFraming::Chunked => http1::BodyFraming::Chunked,
            }),
        }
    }

    /// A piece of the body was handed to the connection, perhaps the last.
    pub(super) const fn body_queued(&mut self, bytes: u64, last: bool) {
        self.bytes_queued += bytes;
        self.all_queued |= last;
    }

    /// Whether every byte is written.
    pub(super) const fn is_done(&self) -> bool {
        self.done
    }

    /// Body bytes written so far.
    pub(super) fn body_written(&self) -> u64 {
        // Chunked framing is written along with the body; what was handed over bounds what of it
        // was body.
        self.written.min(self.bytes_queued)
    }

    /// Bytes of any kind written so far.
    pub(super) fn all_written(&self) -> u64 {
        self.written + self.head.bytes().len() as u64
    }

    pub(super) fn sent(
        &mut self,
        bytes: &[u8],
        stage: &MessagePhases,
        parts: Option<&mut PartTracker>,
    ) {
        let had_head = self.head.is_complete();
        let in_head = if self.head.is_complete() {
            0
        } else {
            self.head.take(bytes).unwrap_or(bytes.len())
        };
        self.written += (bytes.len() - in_head) as u64;
        if let Some(parts) = parts {
            parts.extend_part(PartKind::Http1Head, in_head);
            if self.head.is_complete() {
                if !had_head {
                    parts.end_part();
                }
                // What this program writes has its framing in order.
                let _ = self
                    .body
                    .pass(bytes.get(in_head..).unwrap_or_default(), Some(parts));
            }
        }
        if self.head.is_complete() && !self.head_emitted {
            self.head_emitted = true;
            self.emit_head(stage);
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

    fn emit_head(&self, stage: &MessagePhases) {
        // What this program wrote is well-formed, or it would not have been accepted for writing.
        let Ok(head) = self.head.request() else {
            return;
        };
        stage.recorder.emit(EventKind::RequestHead {
            exchange: stage.exchange,
            version: if head.minor == 0 {
                HttpVersion::Http10
            } else {
                HttpVersion::Http11
            },
            method: head.method,
            target: Untrusted::from_bytes(&head.target),
            headers: head
                .fields
                .iter()
                .map(|(name, value)| header_from_bytes(name, value))
                .collect(),
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

/// A field line as it came.
pub(super) fn header_from_bytes(name: &[u8], value: &[u8]) -> HttpHeader {
    HttpHeader {
        name: Untrusted::from_bytes(name),
        value: Untrusted::from_bytes(value),
    }
}
