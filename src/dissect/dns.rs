//! Questions and answers of DNS in a conversation (RFC 1035 §4.2; over TCP with a length before each message, RFC 7766 §8).

use crate::insight::{opening, payload_of};
use crate::trace::{ByteStore, Direction, DnsAnswer, DnsRecord, Flow};
use crate::units::{Nanos, Untrusted, WallTime};
use crate::wire::dns::{Message, Resource, kind_name, rcode_name};

/// Questions kept of a conversation.
const MOST: usize = 10_000;
/// Bytes of a conversation over TCP that are looked at.
const MOST_BYTES: usize = 1 << 20;

/// A question and what answered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The name asked for.
    pub name: Untrusted,
    /// The type's mnemonic.
    pub kind: String,
    /// The answer, if one is in the capture.
    pub answer: Option<DnsAnswer>,
    /// From the question to its answer, where both are datagrams.
    pub took: Option<Nanos>,
}

/// Whether a conversation is DNS, by its ports: names (53) and names without a server (5353).
pub(super) const fn is_dns(flow: &Flow) -> bool {
    matches!(flow.key.remote.port(), 53 | 5353) || matches!(flow.key.local.port(), 53 | 5353)
}

/// The questions of a conversation, in their order.
pub(super) fn asked(flow: &Flow, store: &dyn ByteStore) -> Vec<Asked> {
    let mut open: Vec<(u16, Option<WallTime>, Asked)> = Vec::new();
    for (wall, message) in messages(flow, store) {
        let Some(question) = message.questions.first().filter(|_| open.len() < MOST) else { continue };
        let (name, kind) = (Untrusted::new(question.name.as_str()), kind_name(question.kind));
        if !message.is_response {
            open.push((message.id, wall, Asked { name, kind, answer: None, took: None }));
            continue;
        }
        let fits = |(id, _, asked): &&mut (u16, Option<WallTime>, Asked)| {
            *id == message.id && asked.answer.is_none() && asked.name == name && asked.kind == kind
        };
        match open.iter_mut().find(fits) {
            Some((_, since, asked)) => {
                asked.took = since.zip(wall).map(|(since, wall)| wall.since(since));
                asked.answer = Some(answer(&message));
            }
            None => open.push((message.id, None, Asked { name, kind, answer: Some(answer(&message)), took: None })),
        }
    }
    open.into_iter().map(|(_, _, asked)| asked).collect()
}

fn answer(message: &Message) -> DnsAnswer {
    let record = |resource: &Resource| DnsRecord {
        name: Untrusted::new(resource.name.as_str()),
        kind: kind_name(resource.kind),
        ttl: resource.ttl,
        data: Untrusted::new(resource.data.as_str()),
    };
    DnsAnswer { rcode: rcode_name(message.rcode), truncated: message.is_truncated, records: message.answers.iter().map(record).collect() }
}

/// The messages, with the time of those that are datagrams.
fn messages(flow: &Flow, store: &dyn ByteStore) -> Vec<(Option<WallTime>, Message)> {
    if flow.key.tcp {
        let both = [Direction::Sent, Direction::Received].map(|direction| opening(flow, direction, store, MOST_BYTES));
        return both.iter().flat_map(|bytes| in_stream(bytes)).map(|message| (None, message)).collect();
    }
    let datagrams = flow.packets().iter().take(2 * MOST);
    datagrams.filter_map(|packet| Some((Some(packet.wall), Message::parse(&payload_of(packet, store, usize::from(u16::MAX))?)?))).collect()
}

fn in_stream(mut bytes: &[u8]) -> impl Iterator<Item = Message> {
    std::iter::from_fn(move || {
        let (length, rest) = bytes.split_first_chunk()?;
        let (message, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        bytes = rest;
        Message::parse(message)
    })
}
