//! What packets carried, read from where their bytes lie.

use crate::trace::{ByteStore, Direction, Flow, PacketEntry};
use crate::wire::assembler::{Assembler, PiecePosition};
use crate::wire::{LinkType, parse_segment};

/// Headers before a payload take no more than this.
const MOST_HEADERS: usize = 512;

/// The first `most` bytes of a packet's payload, as far as they were captured; `None` where none of
/// it is at hand.
pub fn payload_of(packet: &PacketEntry, store: &dyn ByteStore, most: usize) -> Option<Vec<u8>> {
    let stored = packet.stored?;
    let link = LinkType::from_number(i32::from(store.link_type(stored.interface)?))?;
    let mut frame = Vec::new();
    store
        .read(stored, most.saturating_add(MOST_HEADERS), &mut frame)
        .ok()?;
    // Padding may follow, so the header's word counts.
    let segment = parse_segment(link, &frame, u32::MAX)?;
    let begin = usize::try_from(segment.payload_at?).ok()?;
    let stated = usize::try_from(packet.payload_bytes).ok()?;
    frame.truncate(begin.saturating_add(stated.min(most)));
    frame.drain(..begin.min(frame.len()));
    (!frame.is_empty()).then_some(frame)
}

/// The first bytes of a direction's stream: up to `most`, and up to the first gap in what was
/// captured.
pub fn opening(flow: &Flow, direction: Direction, store: &dyn ByteStore, most: usize) -> Vec<u8> {
    put_together(first_of(flow, direction, most), store, most)
}

/// The first packets that carry something of the first `most` bytes of a direction's stream; none
/// where the first are no longer listed.
pub(super) fn first_of(
    flow: &Flow,
    direction: Direction,
    most: usize,
) -> impl Iterator<Item = &PacketEntry> {
    /// Packets looked at; what opens a connection is among the first.
    const LOOKED_AT: usize = 256;
    let carrying = move |packet: &&PacketEntry| {
        packet.direction == direction && packet.payload_bytes > 0 && packet.offset < most as u64
    };
    let looked_at = if flow.evicted() == 0 { LOOKED_AT } else { 0 };
    flow.packets().iter().take(looked_at).filter(carrying)
}

/// What packets of one direction carry, from the stream's beginning up to the first gap.
pub(super) fn put_together<'a>(
    packets: impl Iterator<Item = &'a PacketEntry>,
    store: &dyn ByteStore,
    most: usize,
) -> Vec<u8> {
    let mut packets: Vec<&PacketEntry> = packets.collect();
    packets.sort_by_key(|packet| packet.offset);
    let (mut ordered, mut bytes) = (OrderedPayloads::default(), Vec::new());
    for packet in packets {
        if bytes.len() >= most {
            break;
        }
        match ordered.read(packet, store, most) {
            None => {}
            Some(new) if new.missing == 0 && !new.bytes.is_empty() => {
                bytes.extend_from_slice(&new.bytes);
            }
            Some(_) => break,
        }
    }
    bytes.truncate(most);
    bytes
}

/// Reads a direction's packets in the order of their offsets, each byte once.
#[derive(Debug, Default)]
pub struct OrderedPayloads(Assembler);

/// What a packet has that those before it had not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPayload {
    /// How many bytes are missing before it.
    pub missing: u64,
    /// Its new bytes, as far as they were captured.
    pub bytes: Vec<u8>,
}

impl OrderedPayloads {
    /// Reads up to the first `most` bytes of the next packet; `None` if none of them is new.
    pub fn read(
        &mut self,
        packet: &PacketEntry,
        store: &dyn ByteStore,
        most: usize,
    ) -> Option<NewPayload> {
        let length = u64::from(packet.payload_bytes);
        let (missing, known) = match self.0.place(packet.offset, length) {
            PiecePosition::Repeat => return None,
            PiecePosition::Next { known } => (0, known),
            PiecePosition::Ahead { missing } => (missing, 0),
        };
        let mut bytes = payload_of(packet, store, most).unwrap_or_default();
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        bytes.drain(..known.min(bytes.len()));
        self.0.advance(missing);
        self.0.advance(bytes.len() as u64);
        Some(NewPayload { missing, bytes })
    }
}
