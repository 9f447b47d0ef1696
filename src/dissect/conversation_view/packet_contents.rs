//! Contents of a packet in the layers above TCP: names of records and parts, and whether they
//! extend beyond it.

use super::ConversationView;
use crate::trace::{Part, PartKind, Phase, Record, UnitFragment};
use crate::units::Bytes;
use crate::wire::Side;

/// Maximum number of names listed for a packet.
const MOST_NAMES: usize = 5;

/// Whether the contents of a packet extend beyond it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// They begin in an earlier packet.
    pub from_before: bool,
    /// They continue in a later packet.
    pub goes_on: bool,
}

/// Contents of a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PacketContents {
    /// `ClientHello 1,552 B`, `HEADERS 1, DATA 1`; empty if unknown.
    pub names: String,
    /// The phase whose colour they have.
    pub phase: Option<Phase>,
    /// Extent of its TLS records.
    pub records: Reach,
    /// Extent of its parts.
    pub parts: Reach,
}

impl ConversationView<'_> {
    /// Returns the contents of the packet at an index.
    pub fn packet_contents(&self, place: usize) -> PacketContents {
        let Some(packet) = self.packet(place) else {
            return PacketContents::default();
        };
        let Some(contents) = self.contents(packet) else {
            return PacketContents::default();
        };
        let from = packet.direction.side();
        let mut names = Vec::new();
        let silent = contents.records().filter(|piece| piece.of.plain_bytes == 0);
        for piece in silent.take(MOST_NAMES + 1) {
            names.extend(self.record_contents(from, &piece));
        }
        let is_tls = !names.is_empty();
        let mut parts = contents.parts();
        let more = parts.len().saturating_sub(MOST_NAMES);
        parts
            .by_ref()
            .take(MOST_NAMES)
            .for_each(|piece| names.push(part_words(from, &piece)));
        names.dedup();
        if more > 0 {
            names.push(format!("and {more} more"));
        }
        let talks = contents.parts().len() > 0;
        let phase = match (talks, from) {
            (true, Side::Client) => Some(Phase::Send),
            (true, Side::Server) => Some(Phase::Receive),
            (false, _) => is_tls.then_some(Phase::Tls),
        };
        let records = reach(contents.records().map(|piece| {
            (
                piece.bytes.start > 0,
                piece.bytes.end < u64::from(piece.of.bytes),
            )
        }));
        let parts = reach(
            contents
                .parts()
                .map(|piece| (piece.bytes.start > 0, piece.bytes.end < piece.of.bytes)),
        );
        PacketContents {
            names: names.join(", "),
            phase,
            records,
            parts,
        }
    }

    /// Returns the handshake messages in a record without application data; else a description of
    /// the record from its header.
    pub fn record_contents(&self, from: Side, piece: &UnitFragment<Record>) -> Vec<String> {
        let record = &piece.of;
        let messages = self
            .connection
            .and_then(|connection| connection.tls.as_ref())
            .map(|tls| tls.messages.as_slice())
            .unwrap_or_default();
        let within = |at: u64| record.range().contains(&at);
        let (begins, ends) = (
            record.at.saturating_add(piece.bytes.start),
            record.at.saturating_add(piece.bytes.end),
        );
        let here =
            |at: u64, bytes: u64| within(at) && at < ends && at.saturating_add(bytes) > begins;
        let found = messages
            .iter()
            .filter(|(_, message)| message.from == from && here(message.offset, message.bytes))
            .take(MOST_NAMES);
        let words = |name: &str, at: u64, bytes| {
            if at < begins {
                format!("\u{2026}{}", message_name(name))
            } else {
                message_words(name, bytes)
            }
        };
        let names: Vec<String> = found
            .map(|(_, message)| words(&message.name, message.offset, message.bytes))
            .collect();
        if !names.is_empty() {
            return names;
        }
        let goes_on = messages.iter().any(|(_, message)| {
            message.from == from
                && message.offset < record.at
                && message.offset.saturating_add(message.bytes) > record.at
        });
        vec![match record.kind {
            _ if goes_on => "handshake, continued".to_owned(),
            20 => "ChangeCipherSpec".to_owned(),
            21 => "alert".to_owned(),
            22 => "handshake".to_owned(),
            _ => format!("record without text, {}", Bytes(record.bytes.into())),
        }]
    }
}

fn message_words(name: &str, bytes: u64) -> String {
    match name {
        "ChangeCipherSpec" | "Alert" => name.to_owned(),
        _ => format!("{} {}", message_name(name), Bytes(bytes)),
    }
}

fn message_name(name: &str) -> &str {
    if name == "encrypted" {
        "encrypted handshake"
    } else {
        name
    }
}

fn reach(mut pieces: impl DoubleEndedIterator<Item = (bool, bool)>) -> Reach {
    let Some(first) = pieces.next() else {
        return Reach::default();
    };
    let last = pieces.next_back().unwrap_or(first);
    Reach {
        from_before: first.0,
        goes_on: last.1,
    }
}

/// Describes a part, with its size if it begins here.
fn part_words(from: Side, piece: &UnitFragment<Part>) -> String {
    let name = part_name(from, piece.of.what);
    match piece.bytes.start {
        0 if piece.of.bytes > 64 => format!("{name} {}", Bytes(piece.of.bytes)),
        0 => name,
        _ => format!("\u{2026}{name}"),
    }
}

/// Returns the name of a kind of part.
pub fn part_name(from: Side, what: PartKind) -> String {
    match (what, from) {
        (PartKind::Http1Head, Side::Client) => "request head".to_owned(),
        (PartKind::Http1Head, Side::Server) => "response head".to_owned(),
        (PartKind::Http1InformationalHead, _) => "informational head".to_owned(),
        (PartKind::Http1Body, _) => "body".to_owned(),
        (PartKind::Http1ChunkHeader, _) => "chunk header".to_owned(),
        (PartKind::Http1Trailers, _) => "trailers".to_owned(),
        (PartKind::Http2Preface, _) => "preface".to_owned(),
        (
            PartKind::Http2Frame {
                kind,
                flags,
                stream,
            },
            _,
        ) => {
            let name = crate::wire::http2::frame_name(kind)
                .map_or_else(|| format!("frame {kind}"), str::to_owned);
            let ack = if matches!(kind, 4 | 6) && flags & 1 != 0 {
                " ack"
            } else {
                ""
            };
            let stream = if stream == 0 {
                String::new()
            } else {
                format!(" {stream}")
            };
            format!("{name}{ack}{stream}")
        }
    }
}
