//! What a captured connection's bytes say, by parsing them: records, frames, heads. For our own
//! runs the engine's taps know it without.
//!
//! ```text
//! packets ─► stream ─► records ─► (opened with a key log) ─► http1 or http2 ─► Layers, messages
//!               └──────────── without TLS ────────────────────┘
//! ```
//!
//! It is worked out for one connection when somebody looks at it, from where its packets' bytes
//! lie. What the capture has lost is said, and what comes after it is read as far as it can be.

mod conversation_view;
mod dissected_flows;
mod dns;
mod http1;
mod http2;
mod masking;
mod messages;
mod parts;
mod records;
mod stream;
mod stream_parser;

use crate::insight::opening;
use crate::trace::{ByteStore, Contents, Direction, Flow, Layers, PacketEntry, Side};
use crate::wire::tls::{
    ClientHello, Decipherer, HandshakeReader, KeyLog, Sender, ServerHello, What, explicit_nonce,
};

pub use conversation_view::{
    ConversationView, LadderRow, PacketContents, PacketMark, PacketNote, Reach, flag_words,
    part_name, relative_seq,
};
pub use dissected_flows::DissectedFlows;
pub use dns::DnsExchange;
pub use messages::{Message, StartLine, pair_messages};
use stream_parser::StreamParser;

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

/// Bytes of a connection's beginning in which its hellos are looked for.
const OPENING: usize = 1 << 16;

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
    if !flow.key.tcp {
        return dissection;
    }
    let [client, server] = [Direction::Sent, Direction::Received]
        .map(|direction| opening(flow, direction, store, OPENING));
    let is_tls = records::begins_with_record(&client) || records::begins_with_record(&server);
    let mut decipherer = is_tls
        .then(|| agreed(&client, &server, keys, &mut dissection))
        .flatten();
    let mut hear = |direction, speech: &mut StreamParser| {
        if is_tls {
            records::follow(
                flow,
                direction,
                store,
                decipherer.as_mut(),
                speech,
                &mut dissection,
            );
        } else {
            stream::follow(flow, direction, store, |piece| speech.take(piece));
        }
        speech.end();
    };
    let (mut asks, mut answers) = (StreamParser::of_client(), StreamParser::of_server());
    hear(Direction::Sent, &mut asks);
    answers.answers(&asks);
    hear(Direction::Received, &mut answers);
    stream_parser::conclude([asks, answers], &mut dissection);
    dissection
}

/// What both sides agreed upon, and the keys to it.
fn agreed(
    client: &[u8],
    server: &[u8],
    keys: &KeyLog,
    dissection: &mut Dissection,
) -> Option<Decipherer> {
    let (hello, answer) = hellos(client, server);
    let version = answer.as_ref().map(|answer| answer.version);
    dissection.protocols.push(match version {
        Some(0x0304) => "TLSv1.3",
        Some(0x0303) => "TLSv1.2",
        Some(0x0302) => "TLSv1.1",
        Some(0x0301) => "TLSv1.0",
        _ => "TLS",
    });
    let (Some(hello), Some(answer)) = (hello, answer) else {
        dissection.notes.push(
            "the hellos of TLS are not in the capture, so its records cannot be opened".to_owned(),
        );
        return None;
    };
    dissection.explicit_nonce = explicit_nonce(answer.version, answer.cipher_suite);
    match Decipherer::new(&hello, &answer, keys) {
        Ok(decipherer) => Some(decipherer),
        Err(reason) => {
            dissection
                .notes
                .push(format!("what is inside TLS is not shown: {reason}"));
            None
        }
    }
}

fn hellos(client: &[u8], server: &[u8]) -> (Option<ClientHello>, Option<ServerHello>) {
    let (mut reader, mut hello, mut answer) = (HandshakeReader::default(), None, None);
    for (from, bytes) in [(Sender::Client, client), (Sender::Server, server)] {
        reader.read(from, bytes, |seen| match seen.what {
            What::ClientHello(read) => hello = read.or(hello.take()),
            What::ServerHello(read) => answer = read.or(answer.take()),
            _ => {}
        });
    }
    (hello, answer)
}

/// Adds to one side's notes. A crafted capture may have a gap between any two packets.
fn note(notes: &mut Vec<String>, text: String) {
    const MOST: usize = 20;
    if notes.len() < MOST {
        notes.push(text);
    }
}

/// A side in a sentence.
const fn name(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}
