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

/// A packet's index among those of its flow, and its time.
type PacketAt = (usize, WallTime);

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
    /// The datagrams of query and response: index among the flow's packets, and time.
    pub query_packet: Option<(usize, WallTime)>,
    /// See [`query_packet`](Self::query_packet).
    pub answer_packet: Option<(usize, WallTime)>,
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
    let mut open: Vec<(u16, DnsExchange)> = Vec::new();
    let mut kept = 0;
    for (packet, message) in messages(flow, store) {
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
                DnsExchange {
                    name,
                    kind,
                    answer: None,
                    took: None,
                    query_packet: packet,
                    answer_packet: None,
                },
            ));
            continue;
        }
        let fits = |(id, asked): &&mut (u16, DnsExchange)| {
            *id == message.id && asked.answer.is_none() && asked.name == name && asked.kind == kind
        };
        // A response usually follows soon, so the latest questions are compared first.
        if let Some((_, asked)) = open.iter_mut().rev().take(MOST_OPEN).find(fits) {
            let both = asked.query_packet.zip(packet);
            asked.took = both.map(|((_, asked), (_, answered))| answered.since(asked));
            asked.answer_packet = packet;
            asked.answer = Some(DnsAnswer::from(&message));
            kept += asked.weight();
        } else {
            let asked = DnsExchange {
                name,
                kind,
                answer: Some(DnsAnswer::from(&message)),
                took: None,
                query_packet: None,
                answer_packet: packet,
            };
            kept += asked.weight();
            open.push((message.id, asked));
        }
    }
    open.into_iter().map(|(_, asked)| asked).collect()
}

/// Returns the messages; of those that are datagrams with their packets' indexes and times.
fn messages<'a>(
    flow: &'a Flow,
    store: &'a dyn ByteStore,
) -> Box<dyn Iterator<Item = (Option<PacketAt>, DnsMessage)> + 'a> {
    if flow.key.transport == Transport::Tcp {
        let directions = [Direction::Sent, Direction::Received].into_iter();
        let both = directions
            .flat_map(move |direction| in_stream(opening(flow, direction, store, MOST_BYTES)));
        return Box::new(both.map(|message| (None, message)));
    }
    let datagrams = flow.packets().iter().enumerate().take(2 * MOST);
    let message = move |packet: &PacketEntry| {
        DnsMessage::parse(&payload_of(packet, store, usize::from(u16::MAX))?)
    };
    Box::new(
        datagrams.filter_map(move |(index, packet)| {
            Some((Some((index, packet.wall)), message(packet)?))
        }),
    )
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
