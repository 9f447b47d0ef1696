//! Gaps in a stream: whether the bytes that filled one were late or sent again, and what found them
//! missing.

use super::incoming::IncomingState;
use super::owner::{Attribution, Cause};
use super::walk::Walk;
use crate::trace::{Direction, PacketEntry};
use crate::units::Nanos;

/// Packets that are searched for the one that fills a gap.
const MAX_SEARCH: usize = 100_000;
/// A late original comes at most this part of a round trip after the packet that overtook it, if
/// timestamps do not tell it from a retransmission.
const REORDERING_PART: u64 = 4;

impl Walk<'_> {
    /// Returns the packet that brings the byte at an offset, from a packet on.
    pub(super) fn packet_with_byte(&self, from: usize, offset: u64) -> Option<usize> {
        let brings = |packet: &PacketEntry| {
            is_payload_received(packet) && (packet.offset..packet.end_offset()).contains(&offset)
        };
        let later = self.flow.packets().iter().enumerate().skip(from);
        later
            .take(MAX_SEARCH)
            .find(|(_, packet)| brings(packet))
            .map(|(index, _)| index)
    }

    /// Returns true if a packet that filled a gap is the original, which later ones overtook: its
    /// timestamp is older than one that came before it, or, if they are equal or missing, it came
    /// soon and was not counted as a retransmission.
    pub(super) fn was_overtaken(&self, held_up_since: usize, index: usize) -> bool {
        let Some(packet) = self.packet(index) else {
            return false;
        };
        let overtook = self.packet(held_up_since);
        let age = match (
            overtook.and_then(PacketEntry::timestamp_bits),
            packet.timestamp_bits(),
        ) {
            (Some(overtook), Some(late)) => overtook.wrapping_sub(late).cast_signed(),
            _ => 0,
        };
        let round_trip = self.path.whole_round_trip().unwrap_or_default();
        let is_soon = overtook.is_some_and(|overtook| {
            packet.wall.since(overtook.wall) <= Nanos(round_trip.0 / REORDERING_PART)
        });
        age > 0 || (age == 0 && is_soon && !packet.retransmitted)
    }

    /// The cause of a silence while bytes are missing, which the packet at an index ended.
    ///
    /// A late original is no loss. Else the bytes were found missing by acknowledgments if at least
    /// three later segments had come and the gap was filled a round trip after the third (RFC 5681
    /// §3.2, RFC 8985), and by a timer if not.
    pub(super) fn gap_cause(
        &self,
        state: &IncomingState<'_>,
        index: usize,
    ) -> (Attribution, &'static str) {
        let missing = state.delivery.next();
        // The gap is either filled by this packet or by a later one.
        let current = self
            .packet(index)
            .filter(|packet| packet.offset < missing)
            .map(|_| index);
        let filler = current.or_else(|| self.packet_with_byte(index, missing));
        if filler.is_some_and(|filler| self.was_overtaken(state.held_up_since, filler)) {
            let queueing = Attribution::network(Cause::Queueing);
            return (queueing, "gap_filled_by_late_original");
        }
        let filler = filler.and_then(|index| self.packet(index));
        let opened = current
            .and_then(|index| self.packet(index))
            .map_or(missing, |packet| packet.offset);
        let third = self
            .flow
            .packets()
            .get(state.held_up_since..index)
            .unwrap_or_default()
            .iter()
            .filter(|packet| is_payload_received(packet) && packet.offset > opened)
            .nth(2);
        let most = self.round_trip_and_quarter().max(Nanos::from_millis(2));
        let by_acknowledgments = third
            .zip(filler)
            .is_some_and(|(third, filler)| filler.wall.since(third.wall) <= most);
        if by_acknowledgments {
            let loss = Attribution::network(Cause::Loss);
            (loss, "gap_filled_after_acknowledgments")
        } else {
            let timeout = Attribution::network(Cause::Timeout);
            (timeout, "gap_filled_after_timer")
        }
    }
}

fn is_payload_received(packet: &PacketEntry) -> bool {
    packet.direction == Direction::Received && packet.payload_bytes > 0
}
