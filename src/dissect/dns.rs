//! DNS queries and responses in a conversation (RFC 1035 §4.2; over TCP with a length before each
//! message, RFC 7766 §8).

use crate::insight::{opening, payload_of};
use crate::trace::{ByteStore, Direction, DnsAnswer, DnsRecord, Flow, PacketEntry};
use crate::units::{Nanos, Untrusted, WallTime};
use crate::wire::Transport;
use crate::wire::dns::{DnsMessage, record_type_name};

/// Maximum number of questions kept per conversation.
const MOST: usize = 10_000;
/// Maximum number of unanswered questions that a response is matched with.
const MOST_OPEN: usize = 256;
/// Maximum memory in bytes for the records kept: with compression pointers, a short message can
/// expand to long names.
const MOST_KEPT: usize = 8 << 20;
/// Maximum number of bytes parsed of a conversation over TCP.
const MOST_BYTES: usize = 1 << 20;

/// A question and its response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsExchange {
    /// The queried name.
    pub name: Untrusted,
    /// Mnemonic of the record type.
    pub kind: String,
    /// The response, if it was captured.
    pub answer: Option<DnsAnswer>,
    /// Time from the query to the response, if both are datagrams.
    pub took: Option<Nanos>,
}

impl DnsExchange {
    /// Returns the approximate memory it takes, in bytes.
    pub(super) fn weight(&self) -> usize {
        let records = self.answer.iter().flat_map(|answer| &answer.records);
        let said: usize = records
            .map(|record| {
                size_of::<DnsRecord>() + record.name.raw().len() + record.data.raw().len()
            })
            .sum();
        size_of::<Self>() + self.name.raw().len() + said
    }
}

/// Returns true if a conversation is DNS by its ports: DNS (53) or multicast DNS (5353).
pub(super) const fn is_dns(flow: &Flow) -> bool {
    matches!(flow.key.remote.port(), 53 | 5353) || matches!(flow.key.local.port(), 53 | 5353)
}

/// Returns the questions of a conversation in order, each with its response.
pub(super) fn dns_exchanges(flow: &Flow, store: &dyn ByteStore) -> Vec<DnsExchange> {
    let mut open: Vec<(u16, Option<WallTime>, DnsExchange)> = Vec::new();
    let mut kept = 0;
    for (wall, message) in messages(flow, store) {
        let Some(question) = message.questions.first() else {
            continue;
        };
        if open.len() == MOST || kept > MOST_KEPT {
            break;
        }
        let (name, kind) = (
            Untrusted::new(question.name.as_str()),
            record_type_name(question.kind),
        );
        if !message.is_response {
            open.push((
                message.id,
                wall,
                DnsExchange {
                    name,
                    kind,
                    answer: None,
                    took: None,
                },
            ));
            continue;
        }
        let fits = |(id, _, asked): &&mut (u16, Option<WallTime>, DnsExchange)| {
            *id == message.id && asked.answer.is_none() && asked.name == name && asked.kind == kind
        };
        // A response usually follows soon, so the latest questions are compared first.
        if let Some((_, since, asked)) = open.iter_mut().rev().take(MOST_OPEN).find(fits) {
            asked.took = since.zip(wall).map(|(since, wall)| wall.since(since));
            asked.answer = Some(DnsAnswer::from(&message));
            kept += asked.weight();
        } else {
            let asked = DnsExchange {
                name,
                kind,
                answer: Some(DnsAnswer::from(&message)),
                took: None,
            };
            kept += asked.weight();
            open.push((message.id, None, asked));
        }
    }
    open.into_iter().map(|(_, _, asked)| asked).collect()
}

/// Returns the messages, with the time of those that are datagrams.
fn messages<'a>(
    flow: &'a Flow,
    store: &'a dyn ByteStore,
) -> Box<dyn Iterator<Item = (Option<WallTime>, DnsMessage)> + 'a> {
    if flow.key.transport == Transport::Tcp {
        let directions = [Direction::Sent, Direction::Received].into_iter();
        let both = directions
            .flat_map(move |direction| in_stream(opening(flow, direction, store, MOST_BYTES)));
        return Box::new(both.map(|message| (None, message)));
    }
    let datagrams = flow.packets().iter().take(2 * MOST);
    let message = move |packet: &PacketEntry| {
        DnsMessage::parse(&payload_of(packet, store, usize::from(u16::MAX))?)
    };
    Box::new(datagrams.filter_map(move |packet| Some((Some(packet.wall), message(packet)?))))
}

fn in_stream(bytes: Vec<u8>) -> impl Iterator<Item = DnsMessage> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (length, rest) = bytes.get(at..)?.split_first_chunk()?;
        let message = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
        at += length.len() + message.len();
        DnsMessage::parse(message)
    })
}
