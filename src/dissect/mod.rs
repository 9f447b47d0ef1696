//! Dissection of captured connections: records, frames and heads, from the payload of their
//! packets. For this program's own runs the probe's taps record these directly.
//!
//! ```text
//! packets ─► streams ─► wire::stream::StreamParser ─► Findings ─► Layers, messages, notes
//! ```
//!
//! A connection is dissected when somebody looks at it; its bytes are read through the positions of
//! its packets. Gaps in the capture are noted, and parsing continues after them where possible.

mod conversation_view;
mod dissected_flows;
mod dns;
mod findings;
mod masking;
mod message_head;
mod messages;
mod parts;
mod requests;
mod stream;

use crate::trace::{ByteStore, Contents, Flow, Layers, PacketEntry};
use crate::wire::stream::StreamParser;
use crate::wire::tls::KeyLog;
use crate::wire::{Side, Transport};

pub use conversation_view::{
    ConversationView, LadderRow, PacketContents, PacketMark, PacketNote, Reach, flag_words,
    part_name, relative_seq,
};
pub use dissected_flows::DissectedFlows;
pub use dns::DnsExchange;
use findings::Findings;
pub use messages::{Message, StartLine, pair_messages};
pub use requests::ConversationTime;
use stream::StreamPiece;

/// Dissection of a connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dissection {
    /// The protocols over TCP, from the lowest up: `TLSv1.3`, `HTTP/2`.
    pub protocols: Vec<&'static str>,
    /// Positions of records and parts in both streams.
    pub layers: Layers,
    /// Number of bytes of the explicit nonce in each TLS record.
    pub explicit_nonce: u64,
    /// Bytes from the client before TLS's application data: all where none was seen, none where
    /// TLS is not spoken.
    pub handshake_bytes: u64,
    /// Heads of messages, the client's first.
    pub messages: Vec<Message>,
    /// Questions to a DNS server.
    pub asked: Vec<DnsExchange>,
    /// Notes on what could not be parsed, and why.
    pub notes: Vec<String>,
    /// Whose time the first requests were, where that was [worked out](Self::time_spent).
    pub time: ConversationTime,
}

impl Dissection {
    /// Returns the approximate memory of its lists, in bytes.
    pub fn weight(&self) -> usize {
        let layers = [Side::Client, Side::Server].map(|side| self.layers.of(side));
        let lists = layers
            .iter()
            .map(|of| size_of_val(of.records()) + size_of_val(of.parts()))
            .sum::<usize>();
        let heads = self.messages.iter().map(Message::weight).sum::<usize>();
        lists + heads + self.asked.iter().map(DnsExchange::weight).sum::<usize>()
    }

    /// Returns the records and parts in a packet's payload.
    pub fn contents(&self, packet: &PacketEntry) -> Contents<'_> {
        let stream = packet.offset
            ..packet
                .offset
                .saturating_add(u64::from(packet.payload_bytes));
        self.layers
            .contents(packet.direction.side(), stream, self.explicit_nonce)
    }
}

/// Dissects a conversation of a capture.
pub fn dissect(flow: &Flow, store: &dyn ByteStore, keys: &KeyLog) -> Dissection {
    let mut dissection = Dissection::default();
    if dns::is_dns(flow) {
        dissection.asked = dns::dns_exchanges(flow, store);
        dissection
            .protocols
            .extend((!dissection.asked.is_empty()).then_some("DNS"));
        return dissection;
    }
    if flow.key.transport == Transport::Udp {
        return dissection;
    }
    let (mut parser, mut findings) = (StreamParser::with_keys(keys), Findings::default());
    let is_whole = stream::follow(flow, store, |direction, piece| {
        let from = direction.side();
        match piece {
            StreamPiece::Bytes(bytes) => parser.push(from, bytes, &mut findings),
            StreamPiece::Missing(bytes) => parser.push_gap(from, bytes, &mut findings),
        }
    });
    for from in [Side::Client, Side::Server] {
        parser.finish(from, &mut findings);
    }
    if !is_whole {
        let note = "the connection is longer than 1 GiB; what comes after that is not taken apart";
        findings.note(note.to_owned());
    }
    findings.add_to(&mut dissection);
    dissection
}
