//! Payload of captured packets, read from where their bytes are stored.

use crate::trace::{ByteStore, Direction, Flow, PacketEntry};
use crate::wire::assembler::{Assembler, PiecePosition};
use crate::wire::{LinkType, parse_segment};

/// Maximum length in bytes of the headers before a payload.
const MOST_HEADERS: usize = 512;

/// Returns the first `most` bytes of a packet's payload, as far as they were captured; `None` if
/// none of it is available.
pub fn payload_of(packet: &PacketEntry, store: &dyn ByteStore, most: usize) -> Option<Vec<u8>> {
    let stored = packet.stored?;
    let link = LinkType::from_number(i32::from(store.link_type(stored.interface)?))?;
    let mut frame = Vec::new();
    store
        .read(stored, most.saturating_add(MOST_HEADERS), &mut frame)
        .ok()?;
    // Padding may follow, so the length in the IP header counts.
    let segment = parse_segment(link, &frame, u32::MAX)?;
    let begin = usize::try_from(segment.payload_at?).ok()?;
    let stated = usize::try_from(packet.payload_bytes).ok()?;
    frame.truncate(begin.saturating_add(stated.min(most)));
    frame.drain(..begin.min(frame.len()));
    (!frame.is_empty()).then_some(frame)
}

/// Returns the first bytes of a direction's stream: up to `most`, and up to the first gap in the
/// capture.
pub fn opening(flow: &Flow, direction: Direction, store: &dyn ByteStore, most: usize) -> Vec<u8> {
    put_together(first_of(flow, direction, most), store, most)
}

/// Returns the first packets that carry any of the first `most` bytes of a direction's stream; none
/// if the first packets are no longer listed.
pub(super) fn first_of(
    flow: &Flow,
    direction: Direction,
    most: usize,
) -> impl Iterator<Item = &PacketEntry> {
    /// Maximum number of packets examined; those that open a connection are among the first.
    const LOOKED_AT: usize = 256;
    let carrying = move |packet: &&PacketEntry| {
        packet.direction == direction && packet.payload_bytes > 0 && packet.offset < most as u64
    };
    let looked_at = if flow.evicted() == 0 { LOOKED_AT } else { 0 };
    flow.packets().iter().take(looked_at).filter(carrying)
}

/// Reassembles the payload of packets of one direction, from the beginning of the stream up to the
/// first gap.
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

/// Reads a direction's packets in order of their offsets, each byte once.
#[derive(Debug, Default)]
pub struct OrderedPayloads(Assembler);

/// The part of a packet's payload that no earlier packet carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPayload {
    /// Number of bytes missing before it.
    pub missing: u64,
    /// Its bytes, as far as they were captured.
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
