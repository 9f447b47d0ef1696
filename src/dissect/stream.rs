//! One direction's byte stream, put together from its packets (RFC 9293 §3.4): each byte once, in
//! order, and what is missing said.

use crate::insight::payload_of;
use crate::trace::{ByteStore, Direction, Flow, PacketEntry};

/// A piece of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamPiece<'a> {
    /// Bytes that follow on the piece before.
    Bytes(&'a [u8]),
    /// So many bytes were not captured.
    Missing(u64),
}

/// Bytes of a connection that are looked at; the rest is not taken apart.
const MOST_BYTES: u64 = 1 << 30;

/// Tells a direction's stream piece by piece. Where packets overlap, the one whose bytes begin
/// first counts. Returns whether all was told.
pub(super) fn follow(
    flow: &Flow,
    direction: Direction,
    store: &dyn ByteStore,
    mut tell: impl FnMut(StreamPiece<'_>),
) -> bool {
    let carries = |packet: &&PacketEntry| packet.direction == direction && packet.payload_bytes > 0;
    let mut packets: Vec<&PacketEntry> = flow.packets().iter().filter(carries).collect();
    if !packets.is_sorted_by_key(|packet| packet.offset) {
        packets.sort_by_key(|packet| packet.offset);
    }
    let mut at = 0;
    for packet in packets {
        let end = packet
            .offset
            .saturating_add(u64::from(packet.payload_bytes));
        if end > MOST_BYTES {
            return false;
        }
        if end <= at {
            continue;
        }
        if packet.offset > at {
            tell(StreamPiece::Missing(packet.offset - at));
            at = packet.offset;
        }
        let payload = payload_of(packet, store, packet.payload_bytes as usize).unwrap_or_default();
        let known = usize::try_from(at - packet.offset).unwrap_or(usize::MAX);
        let new = payload.get(known..).unwrap_or_default();
        if !new.is_empty() {
            tell(StreamPiece::Bytes(new));
            at += new.len() as u64;
        }
    }
    true
}
