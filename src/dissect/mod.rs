//! What a captured connection's bytes say, by parsing them: records, frames, heads. For our own
//! runs the engine's taps know it without.
//!
//! ```text
//! packets ─► streams ─► wire::stream::StreamParser ─► Findings ─► Layers, messages, notes
//! ```
//!
//! It is worked out for one connection when somebody looks at it, from where its packets' bytes
//! lie. What the capture has lost is said, and what comes after it is read as far as it can be.

mod conversation_view;
mod dissected_flows;
mod dns;
mod findings;
mod masking;
mod messages;
mod parts;
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
use stream::StreamPiece;

/// A connection taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dissection {
    /// The protocols over TCP, from the lowest up: `TLSv1.3`, `HTTP/2`.
    pub protocols: Vec<&'static str>,
    /// What lies where in both streams.
    pub layers: Layers,
    /// Bytes of the nonce that each TLS record states.
    pub explicit_nonce: u64,
    /// The heads of messages, the client's first.
    pub messages: Vec<Message>,
    /// The questions to a DNS server.
    pub asked: Vec<DnsExchange>,
    /// What could not be read, and why.
    pub notes: Vec<String>,
}

impl Dissection {
    /// Memory that its lists take, about, in bytes.
    pub fn weight(&self) -> usize {
        let layers = [Side::Client, Side::Server].map(|side| self.layers.of(side));
        let lists = layers
            .iter()
            .map(|of| size_of_val(of.records()) + size_of_val(of.parts()))
            .sum::<usize>();
        let heads = self.messages.iter().map(Message::weight).sum::<usize>();
        lists + heads + self.asked.iter().map(DnsExchange::weight).sum::<usize>()
    }

    /// What a packet's payload carries.
    pub fn contents(&self, packet: &PacketEntry) -> Contents<'_> {
        let stream = packet.offset
            ..packet
                .offset
                .saturating_add(u64::from(packet.payload_bytes));
        self.layers
            .contents(packet.direction.side(), stream, self.explicit_nonce)
    }
}

/// Takes apart a conversation of a capture.
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
    findings.conclude(&mut dissection);
    dissection
}
