//! Parser for one direction of HTTP/1 (RFC 9112): heads and bodies in turn. The start lines decide
//! whether heads are requests or responses.

use super::exchanges::{PendingRequests, RequestMethod};
use super::lane::{LaneContext, NextState};
use super::sink::{FaultReason, HeadContent, MessageHead};
use super::unit::UnitKind;
use crate::wire::http1::{
    BodyFraming, BodyReader, BodySection, HeadBuffer, HeadError, IrregularLine, RequestHead,
    ResponseHead, request_framing, response_framing,
};

/// State of a direction.
#[derive(Debug, Default)]
pub(super) struct Http1Lane {
    state: Http1State,
    /// Number of the current message.
    message: Option<u64>,
    /// Whether the current request asked for another protocol, which may begin after it.
    asks_upgrade: bool,
    /// Kind of its heads; determined by the first one if not known in advance.
    role: Option<HeadRole>,
}

/// Kind of the heads that a direction sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadRole {
    Request,
    Response,
}

#[derive(Debug)]
enum Http1State {
    Head(HeadBuffer),
    Body(BodyReader),
}

impl Default for Http1State {
    fn default() -> Self {
        Self::Head(HeadBuffer::default())
    }
}

impl Http1Lane {
    /// Creates the state of a direction that sends heads of a known kind.
    pub(super) fn sending(role: HeadRole) -> Self {
        Self {
            role: Some(role),
            ..Self::default()
        }
    }

    /// Consumes at least one byte, unless it finds a fault.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        pending: &mut PendingRequests,
        cx: &mut LaneContext<'_>,
    ) -> (usize, NextState) {
        match &mut self.state {
            Http1State::Head(head) => {
                let before = head.bytes().len();
                let empty = if before == 0 { empty_lines(bytes) } else { 0 };
                match head.take(bytes) {
                    Ok(taken) => {
                        let piece = bytes.get(..taken).unwrap_or_default();
                        if head.is_complete() {
                            (taken, self.end_head(piece, pending, cx))
                        } else {
                            cx.emit(UnitKind::Http1Head { status: None }, piece, false);
                            (taken, NextState::Stay)
                        }
                    }
                    Err(fault) => {
                        // Everything up to the limit was consumed; the rest is opaque.
                        let taken = bytes
                            .len()
                            .min(head.bytes().len().saturating_sub(before) + empty);
                        let piece = bytes.get(..taken).unwrap_or_default();
                        cx.emit_nonempty(UnitKind::Http1Head { status: None }, piece);
                        cx.fault_at(cx.at(), FaultReason::Head(fault), head.bytes());
                        (taken, NextState::Opaque)
                    }
                }
            }
            Http1State::Body(body) => {
                let taken = pass_body(body, bytes, cx);
                let next = if body.is_done() {
                    self.end_message(cx)
                } else {
                    NextState::Stay
                };
                (taken, next)
            }
        }
    }

    /// Skips a gap: harmless within a body of known length, a chunk, or a body that ends with the
    /// connection. Returns the unit that continues after it.
    pub(super) fn skip(&mut self, bytes: u64) -> Option<UnitKind> {
        let Http1State::Body(body) = &mut self.state else {
            return None;
        };
        body.skip(bytes).then_some(UnitKind::Http1Body)
    }

    /// Ends the message if a gap ended it.
    pub(super) fn after_gap(&mut self, cx: &mut LaneContext<'_>) -> NextState {
        match &self.state {
            Http1State::Body(body) if body.is_done() => self.end_message(cx),
            _ => NextState::Stay,
        }
    }

    fn end_head(
        &mut self,
        piece: &[u8],
        pending: &mut PendingRequests,
        cx: &mut LaneContext<'_>,
    ) -> NextState {
        let state = std::mem::take(&mut self.state);
        let Http1State::Head(head) = state else {
            return NextState::Stay;
        };
        let end = cx.at() + piece.len() as u64;
        let start = end.saturating_sub(head.bytes().len() as u64);
        let role = *self
            .role
            .get_or_insert_with(|| HeadRole::from_first_bytes(head.bytes()));
        let read = match role {
            HeadRole::Response => head.response().map(ReadHead::Response),
            HeadRole::Request => head.request().map(ReadHead::Request),
        };
        let (read, irregular) = match read {
            Err(HeadError::Malformed(reason)) => read_leniently(&head, role)
                .map_or((Err(HeadError::Malformed(reason)), None), |(read, line)| {
                    (Ok(read), Some(line))
                }),
            read => (read, None),
        };
        match read {
            Ok(ReadHead::Request(request)) => {
                cx.emit(UnitKind::Http1Head { status: None }, piece, true);
                if let Some(line) = irregular {
                    cx.irregular_head(start, &head, line);
                }
                self.begin_request(&request, start, pending, cx)
            }
            Ok(ReadHead::Response(response)) => {
                let status = Some(response.status);
                cx.emit(UnitKind::Http1Head { status }, piece, true);
                if let Some(line) = irregular {
                    cx.irregular_head(start, &head, line);
                }
                self.begin_response(&response, start, pending, cx)
            }
            Err(fault) => {
                cx.emit(UnitKind::Http1Head { status: None }, piece, true);
                cx.fault_at(end, FaultReason::Head(fault), head.bytes());
                NextState::Opaque
            }
        }
    }

    fn begin_request(
        &mut self,
        request: &RequestHead,
        start: u64,
        pending: &mut PendingRequests,
        cx: &mut LaneContext<'_>,
    ) -> NextState {
        let method = RequestMethod::from(request);
        let number = pending.push(method, cx.other_at());
        cx.head(MessageHead {
            from: cx.from(),
            axis: cx.axis(),
            start,
            request: Some(number),
            content: HeadContent::Request(request),
        });
        self.message = Some(number);
        self.asks_upgrade = method == RequestMethod::Connect || has_field(request, "upgrade");
        let framing = if method == RequestMethod::Connect {
            BodyFraming::Length(0)
        } else {
            request_framing(request)
        };
        self.begin_body(framing, cx)
    }

    fn begin_response(
        &mut self,
        response: &ResponseHead,
        start: u64,
        pending: &mut PendingRequests,
        cx: &mut LaneContext<'_>,
    ) -> NextState {
        let informs = (100..200).contains(&response.status);
        // 101 is the last response of HTTP/1, so it answers its request (RFC 9110 §15.2.2).
        let is_preliminary = informs && response.status != 101;
        let request = if is_preliminary {
            pending.request_for_informational(start)
        } else {
            pending.take_request_for_final(start)
        };
        let method = request.map(|request| request.method);
        self.message = request.map(|request| request.number);
        cx.head(MessageHead {
            from: cx.from(),
            axis: cx.axis(),
            start,
            request: self.message,
            content: HeadContent::Response(response),
        });
        let tunnels =
            method == Some(RequestMethod::Connect) && (200..300).contains(&response.status);
        if response.status == 101 {
            cx.message_end(self.message);
            return NextState::Switched(upgraded_to(response), self.message);
        }
        if tunnels {
            cx.message_end(self.message);
            return NextState::Detect(self.message);
        }
        if is_preliminary {
            return NextState::Stay;
        }
        let to_head = method == Some(RequestMethod::Head);
        self.begin_body(response_framing(response, to_head), cx)
    }

    fn begin_body(&mut self, framing: BodyFraming, cx: &mut LaneContext<'_>) -> NextState {
        if framing == BodyFraming::Length(0) {
            return self.end_message(cx);
        }
        self.state = Http1State::Body(BodyReader::new(framing));
        NextState::Stay
    }

    fn end_message(&mut self, cx: &mut LaneContext<'_>) -> NextState {
        let message = self.message.take();
        cx.message_end(message);
        self.state = Http1State::default();
        if std::mem::take(&mut self.asks_upgrade) {
            NextState::Detect(message)
        } else {
            NextState::Stay
        }
    }
}

impl HeadRole {
    /// Determines the kind from the first bytes of a head.
    fn from_first_bytes(head: &[u8]) -> Self {
        if head.starts_with(b"HTTP/") {
            Self::Response
        } else {
            Self::Request
        }
    }
}

/// Returns the length of the empty lines before a start line, which are ignored (RFC 9112 §2.2).
fn empty_lines(bytes: &[u8]) -> usize {
    let is_line_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
    bytes.iter().take_while(is_line_end).count()
}

enum ReadHead {
    Request(RequestHead),
    Response(ResponseHead),
}

/// Parses a head that violates the grammar. Returns the head and the first invalid line.
fn read_leniently(head: &HeadBuffer, role: HeadRole) -> Option<(ReadHead, IrregularLine)> {
    match role {
        HeadRole::Response => {
            let (head, line) = head.lenient_response()?;
            Some((ReadHead::Response(head), line))
        }
        HeadRole::Request => {
            let (head, line) = head.lenient_request()?;
            Some((ReadHead::Request(head), line))
        }
    }
}

/// Protocol that a 101 response switches to (RFC 9110 §7.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UpgradeToken {
    /// `h2c` (RFC 7540 §3.2).
    Http2,
    /// `TLS/1.x` (RFC 2817), or no token: the protocol is detected from its first bytes.
    Seen,
    /// Another protocol.
    Other,
}

fn upgraded_to(response: &ResponseHead) -> UpgradeToken {
    let Some(upgrade) = response.fields.iter().find(|field| field.is("upgrade")) else {
        return UpgradeToken::Seen;
    };
    let token = upgrade.value.trim_ascii();
    if token.eq_ignore_ascii_case(b"h2c") {
        UpgradeToken::Http2
    } else if token
        .get(..4)
        .is_some_and(|begin| begin.eq_ignore_ascii_case(b"TLS/"))
    {
        UpgradeToken::Seen
    } else {
        UpgradeToken::Other
    }
}

fn has_field(request: &RequestHead, wanted: &str) -> bool {
    request.fields.iter().any(|field| field.is(wanted))
}

fn pass_body(body: &mut BodyReader, bytes: &[u8], cx: &mut LaneContext<'_>) -> usize {
    let mut told = 0;
    body.read(bytes, |section, count, ends| {
        let kind = match section {
            BodySection::Data => UnitKind::Http1Body,
            BodySection::ChunkHeader => UnitKind::Http1ChunkHeader,
            BodySection::Trailers => UnitKind::Http1Trailers,
        };
        cx.emit(
            kind,
            bytes.get(told..told + count).unwrap_or_default(),
            ends,
        );
        told += count;
    });
    told
}
