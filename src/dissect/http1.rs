//! One direction of HTTP/1 (RFC 9112): head, body, head, body.

use std::collections::VecDeque;

use super::messages::{Heads, Message, StartLine, headers};
use super::parts::Parts;
use crate::trace::{PartKind, Side};
use crate::units::Untrusted;
use crate::wire::http1::{
    BodyFraming, BodyReader, BodySection, HeadBuffer, request_framing, response_framing,
};

/// Follows one side.
pub(super) struct Http1Dissector {
    from: Side,
    state: State,
    /// The methods of requests that wait for their responses.
    asked: VecDeque<Method>,
}

/// Methods whose responses end in another way (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Head,
    Connect,
    Other,
}

impl Method {
    pub(super) fn of(method: &str) -> Self {
        match method {
            "HEAD" => Self::Head,
            "CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }
}

enum State {
    Head(HeadBuffer),
    Body(BodyReader),
    /// Another protocol follows (RFC 9110 §7.8, §9.3.6).
    Switched,
}

impl Http1Dissector {
    pub(super) fn of_client() -> Self {
        Self {
            from: Side::Client,
            state: State::Head(HeadBuffer::default()),
            asked: VecDeque::new(),
        }
    }

    /// `asked` are the methods of the client's requests, in their order.
    pub(super) fn of_server(asked: VecDeque<Method>) -> Self {
        Self {
            from: Side::Server,
            state: State::Head(HeadBuffer::default()),
            asked,
        }
    }

    pub(super) fn take(
        &mut self,
        mut bytes: &[u8],
        parts: &mut Parts,
        heads: &mut Heads,
    ) -> Result<(), String> {
        while !bytes.is_empty() {
            let taken = match &mut self.state {
                State::Head(head) => {
                    let taken = head
                        .take(bytes)
                        .map_err(|_| "a head of HTTP/1 has no end".to_owned())?;
                    parts.pass(PartKind::Http1Head, taken);
                    if head.is_complete() {
                        self.head_is_over(parts, heads)?;
                    }
                    taken
                }
                State::Body(body) => {
                    let taken = pass_body(body, bytes, parts);
                    if body.is_done() {
                        self.state = State::Head(HeadBuffer::default());
                    }
                    taken
                }
                State::Switched => {
                    parts.skip(bytes.len() as u64);
                    bytes.len()
                }
            };
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// A gap. Within a body of known length it does not matter.
    pub(super) fn miss(&mut self, bytes: u64, parts: &mut Parts) -> bool {
        let State::Body(body) = &mut self.state else {
            return false;
        };
        let goes_on = body.skip(bytes);
        if goes_on {
            parts.skip(bytes);
        }
        goes_on
    }

    fn head_is_over(&mut self, parts: &mut Parts, heads: &mut Heads) -> Result<(), String> {
        let State::Head(head) = &self.state else {
            return Ok(());
        };
        let malformed = |_| "a head of HTTP/1 is malformed".to_owned();
        let at = parts.at().saturating_sub(head.bytes().len() as u64);
        let (start, fields, framing, switches) = match self.from {
            Side::Client => {
                let request = head.request().map_err(malformed)?;
                let (framing, switches) = (request_framing(&request), request.method == "CONNECT");
                (
                    StartLine::Request {
                        method: request.method.into(),
                        target: Untrusted::from_bytes(&request.target),
                    },
                    request.fields,
                    framing,
                    switches,
                )
            }
            Side::Server => {
                let response = head.response().map_err(malformed)?;
                let informs = (100..200).contains(&response.status);
                if informs {
                    parts.turns_out(PartKind::Http1InformationalHead);
                }
                let method = if informs {
                    None
                } else {
                    self.asked.pop_front()
                };
                let tunnels =
                    method == Some(Method::Connect) && (200..300).contains(&response.status);
                let framing = response_framing(&response, method == Some(Method::Head));
                let switches = tunnels || response.status == 101;
                (
                    StartLine::Response {
                        status: response.status,
                    },
                    response.fields,
                    framing,
                    switches,
                )
            }
        };
        parts.end();
        heads.push(Message {
            from: self.from,
            at,
            stream: None,
            start,
            headers: headers(&fields),
        });
        self.state = match framing {
            _ if switches => State::Switched,
            BodyFraming::Length(0) => State::Head(HeadBuffer::default()),
            framing => State::Body(BodyReader::new(framing)),
        };
        Ok(())
    }
}

fn pass_body(body: &mut BodyReader, bytes: &[u8], parts: &mut Parts) -> usize {
    let mut told = 0;
    body.read(bytes, |stretch, count, ends| {
        told += count;
        parts.pass(
            match stretch {
                BodySection::Data => PartKind::Http1Body,
                BodySection::ChunkHeader => PartKind::Http1ChunkHeader,
                BodySection::Trailers => PartKind::Http1Trailers,
            },
            count,
        );
        if ends {
            parts.end();
        }
    });
    told
}
