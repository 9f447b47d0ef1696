//! State of an HTTP/1 response while it is being read: heads, chunk headers and the body.

use super::parts::{is_informational, record_part};
use crate::probe::PhaseFailure;
use crate::probe::layering::PartTracker;
use crate::probe::message_phases::MessagePhases;
use crate::trace::{EventKind, FailureCode, HttpHeader, HttpVersion, Phase, StreamPosition};
use crate::units::{Bytes, Moment, Untrusted};
use crate::wire::Side;
use crate::wire::http1::{self, BodyFraming, ChunkMerger, HeadError, LengthConflict, ResponseHead};
use crate::wire::stream::{
    FaultReason, HeadContent, MessageEnd, MessageHead, StreamFault, StreamParser, UnitKind,
    UnitPiece, UnitSink,
};

/// Maximum number of informational responses before the final one.
const MAX_INFORMATIONAL: usize = 100;
/// Maximum length in bytes of a chunk header: 16 KiB. The grammar has no limit for leading zeros of
/// a size, nor for extensions (RFC 9112 §7.1).
const MAX_CHUNK_HEADER: usize = 16 * 1024;

/// Tracks one response: any number of informational heads, then the final head, then its body.
#[derive(Debug)]
pub(super) struct Inbound {
    /// Bytes received of an incomplete head.
    partial: Vec<u8>,
    /// Time of the first byte of the current head, and the stream positions before it.
    began: Option<(Moment, StreamPosition)>,
    informational: usize,
    to_head_request: bool,
    head: Option<ResponseHead>,
    /// Number of bytes of the current chunk header.
    chunk_header: usize,
    /// Whether the final message is complete; bytes after it are skipped.
    is_over: bool,
    /// Number of the bytes read last that precede the body.
    before_body: usize,
    /// Merger of small chunks; present if the body is chunked.
    merger: Option<ChunkMerger>,
}

impl Inbound {
    pub(super) fn new(to_head_request: bool) -> Self {
        Self {
            partial: Vec::new(),
            began: None,
            informational: 0,
            to_head_request,
            head: None,
            chunk_header: 0,
            is_over: false,
            before_body: 0,
            merger: None,
        }
    }

    /// Returns the final head, once it is complete.
    pub(super) const fn head(&self) -> Option<&ResponseHead> {
        self.head.as_ref()
    }

    /// Returns true if no byte of any head was received.
    pub(super) fn has_no_response(&self) -> bool {
        self.informational == 0 && self.began.is_none() && self.head.is_none()
    }

    /// Returns the bytes received of an incomplete head.
    pub(super) fn partial(&self) -> &[u8] {
        if self.head.is_some() {
            &[]
        } else {
            &self.partial
        }
    }

    /// Parses bytes that were read and records their parts. A fault in the final head ends the
    /// exchange.
    pub(super) fn received(
        &mut self,
        bytes: &[u8],
        parser: &mut StreamParser<'_>,
        stage: &mut MessagePhases,
        parts: Option<&mut PartTracker>,
    ) -> Result<(), PhaseFailure> {
        self.before_body = if self.head.is_some() { 0 } else { bytes.len() };
        let mut sink = ResponseSink {
            now: stage.recorder.now(),
            inbound: self,
            stage,
            parts,
            passed: 0,
            result: Ok(()),
        };
        parser.push(Side::Server, bytes, &mut sink);
        if let Some(parts) = sink.parts {
            parts.flush_unlisted();
        }
        sink.result
    }

    /// Merges small chunks in the bytes that were received last. Returns how many of the bytes stay
    /// unchanged, and the replacement of the others; `None` if nothing is merged.
    pub(super) fn merge_chunks(&mut self, latest: &[u8]) -> Option<(usize, &[u8])> {
        let merged = self
            .merger
            .as_mut()?
            .merge(latest.get(self.before_body..)?)?;
        Some((self.before_body, merged))
    }

    /// Adds a piece of a head.
    fn take_head(&mut self, piece: &UnitPiece<'_>, now: Moment, stage: &MessagePhases) {
        self.began
            .get_or_insert_with(|| (now, stage.position_before_latest()));
        self.partial.extend_from_slice(piece.bytes);
        if self.partial.len() == piece.bytes.len() {
            // Empty lines before a start line are ignored (RFC 9112 §2.2).
            let is_line_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
            let empty = piece.bytes.iter().take_while(is_line_end).count();
            self.partial.drain(..empty);
        }
    }

    /// Adds a piece of a chunk header.
    fn take_chunk_header(&mut self, piece: &UnitPiece<'_>) -> Result<(), PhaseFailure> {
        self.chunk_header += piece.bytes.len();
        let is_too_long = self.chunk_header > MAX_CHUNK_HEADER;
        if piece.is_last {
            self.chunk_header = 0;
        }
        if is_too_long {
            Err(chunk_header_failure())
        } else {
            Ok(())
        }
    }

    /// Starts the body if the final head is complete; it begins at `offset` in the bytes received
    /// last.
    fn begin_body(&mut self, offset: usize) {
        if let Some(head) = &self.head {
            let framing = http1::response_framing(head, self.to_head_request);
            self.merger = (framing == BodyFraming::Chunked).then(ChunkMerger::default);
            self.before_body = offset;
        }
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
        let headers: Vec<HttpHeader> = head.fields.iter().map(HttpHeader::from).collect();
        if is_informational(head.status) {
            self.partial.clear();
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
}

/// Sink for the units that the parser finds in the response.
struct ResponseSink<'a> {
    inbound: &'a mut Inbound,
    stage: &'a mut MessagePhases,
    parts: Option<&'a mut PartTracker>,
    now: Moment,
    /// Number of the received bytes that the parser has reported so far.
    passed: usize,
    /// The first fault; everything after it is ignored.
    result: Result<(), PhaseFailure>,
}

impl UnitSink for ResponseSink<'_> {
    fn unit(&mut self, piece: &UnitPiece<'_>) {
        self.passed += piece.bytes.len();
        if self.result.is_err() {
            return;
        }
        let Self {
            inbound,
            stage,
            parts,
            now,
            ..
        } = self;
        if inbound.is_over {
            if let Some(parts) = parts {
                parts.skip_bytes(piece.bytes.len());
            }
            return;
        }
        record_part(piece, parts.as_deref_mut());
        match piece.kind {
            UnitKind::Http1Head { .. } => inbound.take_head(piece, *now, stage),
            UnitKind::Http1ChunkHeader => self.result = inbound.take_chunk_header(piece),
            _ => {}
        }
    }

    fn head(&mut self, head: MessageHead<'_>) {
        if let HeadContent::Response(response) = head.content
            && self.inbound.head.is_none()
            && self.result.is_ok()
        {
            self.result = self
                .inbound
                .complete(response.clone(), self.now, self.stage);
            self.inbound.begin_body(self.passed);
        }
    }

    fn message(&mut self, _: MessageEnd) {
        self.inbound.is_over |= self.inbound.head.is_some();
    }

    fn fault(&mut self, fault: StreamFault<'_>) {
        if let FaultReason::Head(error) = fault.reason
            && self.inbound.head.is_none()
            && self.result.is_ok()
        {
            self.result = Err(match error {
                HeadError::Malformed(trouble) => malformed_head_failure(trouble, fault.head),
                HeadError::TooLarge => head_too_large_failure(),
            });
        }
    }
}

fn chunk_header_failure() -> PhaseFailure {
    let most = Bytes(MAX_CHUNK_HEADER as u64);
    let message = format!(
        "the body's chunked framing is broken: a chunk's size and its extensions are longer than \
            {most}, the limit here"
    );
    let hint = "look at what the server writes before a chunk (RFC 9112, section 7.1)";
    PhaseFailure::new(Phase::Receive, FailureCode::BodyMalformed, message, hint)
}

/// Returns the failure for a head that violates the grammar; the message quotes its first line.
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
