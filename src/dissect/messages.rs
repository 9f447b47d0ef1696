//! The heads of messages, as the connection carried them.

use std::collections::BTreeMap;

use crate::trace::HttpHeader;
use crate::units::Untrusted;
use crate::wire::Side;

/// A message's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sent it.
    pub from: Side,
    /// Plaintext offset of its first byte.
    pub at: u64,
    /// HTTP/2's stream; also of a request of HTTP/1 that led to HTTP/2 (RFC 7540 §3.2).
    pub stream: Option<u32>,
    /// Over HTTP/1 the number of the request that it is or answers, from 0; `None` where that is
    /// not known.
    pub request: Option<u64>,
    /// How it begins.
    pub start: StartLine,
    /// Field lines in their order; in HTTP/2 without those whose name begins with a colon.
    pub headers: Vec<HttpHeader>,
}

/// How a message begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartLine {
    /// A request.
    Request {
        /// Its method, as sent.
        method: Untrusted,
        /// Its target.
        target: Untrusted,
    },
    /// A response.
    Response {
        /// Its status code.
        status: u16,
    },
    /// Trailer fields.
    Trailers,
}

/// Requests with what answered them, as far as both are known: over HTTP/2 by their stream, over
/// HTTP/1 by their number (RFC 9112 §9.3.2). Informational responses are left out.
pub fn pair_messages(messages: &[Message]) -> impl Iterator<Item = (&Message, Option<&Message>)> {
    let requests = messages
        .iter()
        .filter(|message| matches!(message.start, StartLine::Request { .. }));
    let answers = messages
        .iter()
        .filter(|message| matches!(message.start, StartLine::Response { status } if status >= 200));
    let (mut by_stream, mut by_number) = (BTreeMap::new(), BTreeMap::new());
    for answer in answers {
        match (answer.stream, answer.request) {
            (Some(stream), _) => _ = by_stream.entry(stream).or_insert(answer),
            (None, Some(number)) => _ = by_number.entry(number).or_insert(answer),
            (None, None) => {}
        }
    }
    requests.map(move |request| {
        let answer = match (request.stream, request.request) {
            (Some(stream), _) => by_stream.get(&stream).copied(),
            (None, Some(number)) => by_number.get(&number).copied(),
            (None, None) => None,
        };
        (request, answer)
    })
}

/// One side's heads so far. What is packed can grow when it is unpacked, so it is bytes that are
/// bounded, too; further heads are not listed.
#[derive(Debug, Default)]
pub(super) struct Heads {
    list: Vec<Message>,
    bytes: usize,
}

impl Heads {
    const MOST: usize = 10_000;
    const MOST_BYTES: usize = 8 << 20;

    pub(super) fn push(&mut self, message: Message) {
        let bytes = message.weight();
        if self.list.len() < Self::MOST && self.bytes + bytes <= Self::MOST_BYTES {
            self.bytes += bytes;
            self.list.push(message);
        }
    }

    /// The request with a number turns out to be a stream of HTTP/2, too.
    pub(super) fn set_stream(&mut self, request: u64, stream: u32) {
        let asked = |message: &&mut Message| {
            message.request == Some(request) && matches!(message.start, StartLine::Request { .. })
        };
        if let Some(message) = self.list.iter_mut().rev().find(asked) {
            message.stream = Some(stream);
        }
    }

    pub(super) fn into_list(self) -> Vec<Message> {
        self.list
    }
}

impl Message {
    /// Memory it takes, in bytes.
    pub(super) fn weight(&self) -> usize {
        let fields: usize = self
            .headers
            .iter()
            .map(|header| {
                size_of::<HttpHeader>() + header.name.raw().len() + header.value.raw().len()
            })
            .sum();
        let start = if let StartLine::Request { method, target } = &self.start {
            method.raw().len() + target.raw().len()
        } else {
            0
        };
        size_of::<Self>() + fields + start
    }
}
