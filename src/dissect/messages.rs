//! Heads of HTTP messages, as they were transferred.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::trace::HttpHeader;
use crate::units::Untrusted;
use crate::wire::Side;

/// Head of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Sender of the message.
    pub from: Side,
    /// Plaintext offset of its first byte.
    pub at: u64,
    /// Bytes of the transport's stream that its head came in: with TLS, those of the records.
    pub head: Range<u64>,
    /// Offset in the transport's stream after the message's last byte; `None` if it has no end.
    pub end: Option<u64>,
    /// HTTP/2's stream, also for a request of HTTP/1 that was upgraded to HTTP/2 (RFC 7540 §3.2).
    pub stream: Option<u32>,
    /// Over HTTP/1 the number of the request, or of the request that this responds to, from 0;
    /// `None` if unknown.
    pub request: Option<u64>,
    /// Start line, or its equivalent in HTTP/2.
    pub start: StartLine,
    /// Field lines in order; in HTTP/2 without pseudo-header fields.
    pub headers: Vec<HttpHeader>,
}

/// Start of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartLine {
    /// A request.
    Request {
        /// The method, as sent.
        method: Untrusted,
        /// The request target.
        target: Untrusted,
    },
    /// A response.
    Response {
        /// The status code.
        status: u16,
    },
    /// Trailer fields.
    Trailers,
}

/// Pairs requests with their responses where both are known: over HTTP/2 by stream, over HTTP/1 by
/// number (RFC 9112 §9.3.2). Informational responses are left out.
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

/// Heads of one side so far. The limit is in bytes too, since compressed heads can expand; further
/// ones are not listed.
#[derive(Debug, Default)]
pub(super) struct Heads {
    list: Vec<Message>,
    bytes: usize,
    /// Places of the heads whose messages have not ended, by stream or request.
    open: BTreeMap<Option<u64>, usize>,
}

impl Heads {
    const MOST: usize = 10_000;
    const MOST_BYTES: usize = 8 << 20;

    pub(super) fn push(&mut self, message: Message) {
        let bytes = message.weight();
        if self.list.len() < Self::MOST && self.bytes + bytes <= Self::MOST_BYTES {
            self.bytes += bytes;
            if message.start != StartLine::Trailers {
                let number = message.stream.map(u64::from).or(message.request);
                self.open.insert(number, self.list.len());
            }
            self.list.push(message);
        }
    }

    /// Ends the message of a stream or request.
    pub(super) fn end_message(&mut self, number: Option<u64>, at: Option<u64>) {
        let place = self.open.remove(&number);
        if let Some(message) = place.and_then(|place| self.list.get_mut(place)) {
            message.end = at;
        }
    }

    /// Sets the HTTP/2 stream of a request that was upgraded.
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
    /// Returns the memory it takes, in bytes.
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
