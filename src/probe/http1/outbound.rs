//! The request as it is written.

use super::body_parts::BodyParts;
use crate::probe::layering::Parts;
use crate::probe::pace::Pace;
use crate::probe::request::Framing;
use crate::probe::stage::Stage;
use crate::trace::{Header, HttpVersion, PartKind, What};
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
    told: bool,
    /// Body bytes handed to the connection.
    handed: u64,
    /// Bytes after the head that were written.
    written: u64,
    /// The body's length, where there is a body of known length.
    expected: Option<u64>,
    has_body: bool,
    all_handed: bool,
    done: bool,
    pace: Pace,
    body: BodyParts,
}

impl Outbound {
    pub(super) fn new(has_body: bool, expected: Option<u64>, framing: Framing) -> Self {
        Self {
            head: HeadBuffer::default(),
            told: false,
            handed: 0,
            written: 0,
            expected,
            has_body,
            all_handed: !has_body || expected == Some(0),
            done: false,
            pace: Pace::default(),
            body: BodyParts::new(match framing {
                Framing::None => http1::Framing::Length(0),
                Framing::Length(length) => http1::Framing::Length(length),
                Framing::Chunked => http1::Framing::Chunked,
            }),
        }
    }

    /// A piece of the body was handed to the connection, perhaps the last.
    pub(super) const fn handed(&mut self, bytes: u64, last: bool) {
        self.handed += bytes;
        self.all_handed |= last;
    }

    /// Whether every byte is written.
    pub(super) const fn is_done(&self) -> bool {
        self.done
    }

    /// Body bytes written so far.
    pub(super) fn body_written(&self) -> u64 {
        // Chunked framing is written along with the body; what was handed over bounds what of it
        // was body.
        self.written.min(self.handed)
    }

    /// Bytes of any kind written so far.
    pub(super) fn all_written(&self) -> u64 {
        self.written + self.head.bytes().len() as u64
    }

    pub(super) fn sent(&mut self, bytes: &[u8], stage: &Stage, parts: Option<&mut Parts>) {
        let had_head = self.head.is_complete();
        let in_head = if self.head.is_complete() {
            0
        } else {
            self.head.take(bytes).unwrap_or(bytes.len())
        };
        self.written += (bytes.len() - in_head) as u64;
        if let Some(parts) = parts {
            parts.pass(PartKind::Http1Head, in_head);
            if self.head.is_complete() {
                if !had_head {
                    parts.end();
                }
                // What this program writes has its framing in order.
                let _ = self
                    .body
                    .pass(bytes.get(in_head..).unwrap_or_default(), Some(parts));
            }
        }
        if self.head.is_complete() && !self.told {
            self.told = true;
            self.tell_head(stage);
        }
        if self.has_body && self.pace.is_due(stage.recorder.now()) {
            self.tell_body(stage);
        }
    }

    pub(super) fn flushed(&mut self, stage: &mut Stage) {
        if self.told && self.all_handed && !self.done {
            self.done = true;
            stage.sent(stage.recorder.now());
            if self.has_body {
                self.tell_body(stage);
            }
        }
    }

    fn tell_head(&self, stage: &Stage) {
        // What this program wrote is well-formed, or it would not have been accepted for writing.
        let Ok(head) = self.head.request() else {
            return;
        };
        stage.recorder.emit(What::RequestHead {
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
                .map(|(name, value)| header(name, value))
                .collect(),
            header_bytes: head.bytes as u64,
        });
    }

    fn tell_body(&self, stage: &Stage) {
        let (sent, expected) = (self.body_written(), self.expected);
        stage.recorder.emit(What::RequestBody {
            exchange: stage.exchange,
            sent,
            expected,
        });
    }
}

/// A field line as it came.
pub(super) fn header(name: &[u8], value: &[u8]) -> Header {
    Header {
        name: Untrusted::from_bytes(name),
        value: Untrusted::from_bytes(value),
    }
}
