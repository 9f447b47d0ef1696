//! The response's head as it is read.

use super::body_parts::BodyParts;
use super::outbound::header_from_bytes;
use crate::probe::PhaseFailure;
use crate::probe::layering::PartTracker;
use crate::probe::message_phases::MessagePhases;
use crate::trace::{
    EventKind, FailureCode, HttpHeader, HttpVersion, PartKind, Phase, StreamPosition,
};
use crate::units::{Moment, Untrusted};
use crate::wire::http1::{self, HeadBuffer, HeadError, LengthConflict, ResponseHead};

/// Informational responses taken before the final one.
const MAX_INFORMATIONAL: usize = 100;

/// Follows the heads of one answer: any number of informational ones, then the final one.
#[derive(Debug)]
pub(super) struct Inbound {
    buffer: HeadBuffer,
    /// When the first byte of the head under way was read, and how far the streams were before it.
    began: Option<(Moment, StreamPosition)>,
    informational: usize,
    to_head_request: bool,
    head: Option<ResponseHead>,
    /// What follows that head.
    body: Option<BodyParts>,
}

impl Inbound {
    pub(super) fn new(to_head_request: bool) -> Self {
        Self {
            buffer: HeadBuffer::default(),
            began: None,
            informational: 0,
            to_head_request,
            head: None,
            body: None,
        }
    }

    /// The final head, once it is there.
    pub(super) const fn head(&self) -> Option<&ResponseHead> {
        self.head.as_ref()
    }

    /// Whether nothing of any head has come.
    pub(super) fn has_no_response(&self) -> bool {
        self.informational == 0 && self.began.is_none() && self.head.is_none()
    }

    /// What has come of the head that is not complete.
    pub(super) fn partial(&self) -> &[u8] {
        if self.head.is_some() {
            &[]
        } else {
            self.buffer.bytes()
        }
    }

    /// Takes what was read and tells its parts; a fault in the final head ends the exchange.
    pub(super) fn received(
        &mut self,
        mut bytes: &[u8],
        stage: &mut MessagePhases,
        mut parts: Option<&mut PartTracker>,
    ) -> Result<(), PhaseFailure> {
        let now = stage.recorder.now();
        while !bytes.is_empty() && self.head.is_none() {
            self.began
                .get_or_insert_with(|| (now, stage.position_before_latest()));
            let taken = self.buffer.take(bytes).map_err(|fault| self.fault(fault))?;
            bytes = bytes.get(taken..).unwrap_or_default();
            if let Some(parts) = &mut parts {
                parts.extend_part(PartKind::Http1Head, taken);
            }
            if self.buffer.is_complete() {
                let head = self.buffer.response().map_err(|fault| self.fault(fault))?;
                if !is_informational(head.status) {
                    self.body = Some(BodyParts::new(http1::response_framing(
                        &head,
                        self.to_head_request,
                    )));
                }
                if let Some(parts) = &mut parts {
                    record_head_part(&head, parts);
                }
                self.complete(head, now, stage)?;
            }
        }
        self.body
            .as_mut()
            .map_or(Ok(()), |body| body.pass(bytes, parts))
    }

    fn complete(
        &mut self,
        head: ResponseHead,
        now: Moment,
        stage: &mut MessagePhases,
    ) -> Result<(), PhaseFailure> {
        let (began, position) = self
            .began
            .take()
            .unwrap_or_else(|| (now, stage.position_before_latest()));
        let exchange = stage.exchange;
        let headers: Vec<HttpHeader> = head
            .fields
            .iter()
            .map(|(name, value)| header_from_bytes(name, value))
            .collect();
        if is_informational(head.status) {
            self.buffer = HeadBuffer::default();
            self.informational += 1;
            stage.recorder.emit_at(
                now,
                EventKind::Informational {
                    exchange,
                    status: head.status,
                    headers,
                },
            );
            return if self.informational > MAX_INFORMATIONAL {
                Err(endless_informational_failure())
            } else {
                Ok(())
            };
        }
        stage.response_began(began, position);
        stage.recorder.emit_at(
            now,
            EventKind::ResponseHead {
                exchange,
                version: if head.minor == 0 {
                    HttpVersion::Http10
                } else {
                    HttpVersion::Http11
                },
                status: head.status,
                reason: Untrusted::from_bytes(&head.reason),
                headers,
                header_bytes: head.bytes as u64,
            },
        );
        let conflict = http1::length_conflict(&head).filter(|_| !self.to_head_request);
        self.head = Some(head);
        conflict.map_or(Ok(()), |conflict| {
            Err(conflicting_lengths_failure(&conflict))
        })
    }

    fn fault(&self, fault: HeadError) -> PhaseFailure {
        match fault {
            HeadError::Malformed(trouble) => malformed_head_failure(trouble, self.buffer.bytes()),
            HeadError::TooLarge => head_too_large_failure(),
        }
    }
}

fn record_head_part(head: &ResponseHead, parts: &mut PartTracker) {
    if is_informational(head.status) {
        parts.reclassify(PartKind::Http1InformationalHead);
    }
    parts.end_part();
}

/// It comes before another one. 101 does not: it ends HTTP on the connection (RFC 9110 §15.2.2).
const fn is_informational(status: u16) -> bool {
    matches!(status, 100 | 102..=199)
}

/// A head that breaks the grammar, with its first line.
pub(super) fn malformed_head_failure(trouble: &str, bytes: &[u8]) -> PhaseFailure {
    let line: Vec<u8> = bytes
        .iter()
        .copied()
        .take_while(|byte| *byte != b'\n')
        .take(120)
        .collect();
    let line = Untrusted::from_bytes(line.trim_ascii_end());
    let message = format!(
        "the response's head is not HTTP: {trouble}; it begins with \"{}\"",
        line.raw()
    );
    let hint = "check that the port speaks HTTP/1.1; a server behind TLS, or another protocol, \
        answers like this";
    PhaseFailure::new(Phase::Wait, FailureCode::HttpMalformed, message, hint)
}

pub(super) fn head_too_large_failure() -> PhaseFailure {
    let message = format!(
        "the response's head is larger than {} KiB or has more than {} fields, the limits here",
        http1::MAX_HEAD_BYTES / 1024,
        http1::MAX_FIELD_LINES
    );
    PhaseFailure::new(
        Phase::Wait,
        FailureCode::HttpHeadTooLarge,
        message,
        "look for a field that grows with every request, often Set-Cookie",
    )
}

fn endless_informational_failure() -> PhaseFailure {
    let message =
        format!("more than {MAX_INFORMATIONAL} informational responses came, and no final one");
    PhaseFailure::new(
        Phase::Wait,
        FailureCode::HttpMalformed,
        message,
        "the server repeats 1xx responses without end; its log will say why",
    )
}

fn conflicting_lengths_failure(conflict: &LengthConflict) -> PhaseFailure {
    let text = |bytes: &[u8]| Untrusted::from_bytes(bytes).raw().to_owned();
    let message = match conflict {
        LengthConflict::TwoLengths(one, other) => {
            format!(
                "the response states two lengths, Content-Length {} and {}",
                text(one),
                text(other)
            )
        }
        LengthConflict::NotANumber(value) => {
            format!(
                "the response's Content-Length is no number: \"{}\"",
                text(value)
            )
        }
        LengthConflict::LengthAndCoding(length, coding) => {
            format!(
                "the response has both Content-Length {} and Transfer-Encoding {}",
                text(length),
                text(coding)
            )
        }
    };
    let hint = "where its body ends cannot be known (RFC 9112, section 6.3); look for a proxy or \
        handler that sets the field a second time";
    PhaseFailure::new(
        Phase::Receive,
        FailureCode::HttpConflictingLengths,
        message,
        hint,
    )
}
