//! Both directions' byte streams, put together from their packets (RFC 9293 §3.4): each byte once, in
//! order, and what is missing said.

use crate::insight::OrderedPayloads;
use crate::trace::{ByteStore, Direction, Flow, PacketEntry};

/// A piece of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamPiece<'a> {
    /// Bytes that follow on the piece before.
    Bytes(&'a [u8]),
    /// So many bytes were not captured.
    Missing(u64),
}

/// Bytes of a direction that are looked at; the rest is not taken apart.
const MOST_BYTES: u64 = 1 << 30;

/// Tells both streams piece by piece. Where packets overlap, the one whose bytes begin first counts.
/// The directions take turns as their bytes arrived, so that no answer comes before what it
/// answers. Returns whether all was told.
pub(super) fn follow(
    flow: &Flow,
    store: &dyn ByteStore,
    mut tell: impl FnMut(Direction, StreamPiece<'_>),
) -> bool {
    let mut sent = OrderedPackets::of(flow, Direction::Sent);
    let mut received = OrderedPackets::of(flow, Direction::Received);
    loop {
        let direction = match (sent.next(), received.next()) {
            (None, None) => break,
            (Some(_), None) => Direction::Sent,
            (None, Some(_)) => Direction::Received,
            (Some(ours), Some(theirs)) => earlier(flow, ours, theirs),
        };
        let packets = match direction {
            Direction::Sent => &mut sent,
            Direction::Received => &mut received,
        };
        packets.tell_next(store, |piece| tell(direction, piece));
    }
    !(sent.is_cut || received.is_cut)
}

/// The direction whose next bytes arrived first: those that the other's packet acknowledges, or
/// else those that were complete first in the capture.
fn earlier(flow: &Flow, sent: &Arrival<'_>, received: &Arrival<'_>) -> Direction {
    let knows = |one: &Arrival<'_>, other: &Arrival<'_>| {
        let start = other.packet.offset;
        flow.acknowledged_offset(one.packet, start)
            .is_some_and(|end| end > start)
    };
    match (knows(sent, received), knows(received, sent)) {
        (true, false) => Direction::Received,
        (false, true) => Direction::Sent,
        _ if sent.complete <= received.complete => Direction::Sent,
        _ => Direction::Received,
    }
}

/// A packet, and when all bytes of its direction up to its own were there.
struct Arrival<'a> {
    packet: &'a PacketEntry,
    /// The latest place among the flow's packets of it and those before it.
    complete: usize,
}

/// A direction's packets with payload by their offsets.
struct OrderedPackets<'a> {
    arrivals: Vec<Arrival<'a>>,
    next: usize,
    payloads: OrderedPayloads,
    is_cut: bool,
}

impl<'a> OrderedPackets<'a> {
    fn of(flow: &'a Flow, direction: Direction) -> Self {
        let packets = flow.packets().iter().enumerate();
        let mut arrivals: Vec<Arrival<'a>> = packets
            .filter(|(_, packet)| packet.direction == direction && packet.payload_bytes > 0)
            .map(|(complete, packet)| Arrival { packet, complete })
            .collect();
        if !arrivals.is_sorted_by_key(|arrival| arrival.packet.offset) {
            arrivals.sort_by_key(|arrival| arrival.packet.offset);
        }
        let mut latest = 0;
        for arrival in &mut arrivals {
            latest = latest.max(arrival.complete);
            arrival.complete = latest;
        }
        Self {
            arrivals,
            next: 0,
            payloads: OrderedPayloads::default(),
            is_cut: false,
        }
    }

    fn next(&self) -> Option<&Arrival<'a>> {
        self.arrivals.get(self.next).filter(|_| !self.is_cut)
    }

    fn tell_next(&mut self, store: &dyn ByteStore, mut tell: impl FnMut(StreamPiece<'_>)) {
        let Some(packet) = self.next().map(|arrival| arrival.packet) else {
            return;
        };
        self.next += 1;
        let end = packet
            .offset
            .saturating_add(u64::from(packet.payload_bytes));
        if end > MOST_BYTES {
            self.is_cut = true;
            return;
        }
        let Some(new) = self
            .payloads
            .read(packet, store, packet.payload_bytes as usize)
        else {
            return;
        };
        if new.missing > 0 {
            tell(StreamPiece::Missing(new.missing));
        }
        if !new.bytes.is_empty() {
            tell(StreamPiece::Bytes(&new.bytes));
        }
    }
}
