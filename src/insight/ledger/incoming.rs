//! The critical path while this side waits for bytes of the other: turns, bursts, silences, gaps.
//!
//! ```text
//! client data ──turn──► first byte ──burst──► last packet ──silence──► next burst …
//! ```

use std::ops::{Deref, DerefMut, Range};

use super::burst::Burst;
use super::delivery::{Arrival, Delivery};
use super::owner::{Attribution, Cause, Owner};
use super::partition::{Partition, Reason};
use super::turn::Turn;
use super::walk::Walk;
use crate::trace::{Direction, PacketEntry};
use crate::units::WallTime;
use crate::wire::TcpFlags;

/// The rule for a turn that was acknowledged, and not answered by the end.
pub(super) const ACKNOWLEDGED_AND_NOT_ANSWERED: &str = "acknowledged_and_not_answered";

#[derive(Clone, Copy, Debug)]
pub(super) struct Incoming {
    /// Whom a turn's time beyond the round trip belongs to.
    pub(super) excess: Attribution,
    /// Payload that this side sends begins a new turn.
    pub(super) has_turns: bool,
    /// Offset of the first byte that ends the wait; bytes before it do not.
    pub(super) first_byte: u64,
    /// Offset after the last byte that is waited for; `None` while it is not known.
    pub(super) last_byte: Option<u64>,
    /// Offset of this side's stream from which on nothing is known to be outstanding between an
    /// answer and its next payload.
    pub(super) idle_from: u64,
}

/// How far a walk has come.
#[derive(Clone, Debug)]
pub(super) struct IncomingProgress {
    pub(super) delivery: Delivery,
    pub(super) turn: Option<Turn>,
    pub(super) burst: Option<Burst>,
    /// The packets that the burst began and ended with.
    pub(super) burst_packets: (usize, usize),
    /// The burst before the turn, and its packets.
    before_turn: Option<(Burst, (usize, usize))>,
    /// The first packet that came while bytes before it were missing, since when some have been.
    pub(super) held_up_since: usize,
    /// Offset of the other side's FIN: bytes before it that have not come are missing.
    pub(super) fin: Option<u64>,
    /// The latest packet since the burst that brought bytes again which had come.
    pub(super) repeat: Option<(usize, WallTime)>,
    /// The next packet.
    next: usize,
}

/// State of one walk.
pub(super) struct IncomingState<'p> {
    pub(super) partition: &'p mut Partition,
    pub(super) progress: &'p mut IncomingProgress,
}

impl IncomingProgress {
    /// Returns true if bytes are missing before some that have come, or before the FIN.
    pub(super) fn is_held_up(&self) -> bool {
        self.delivery.is_held_up() || self.fin.is_some_and(|fin| fin > self.delivery.next())
    }
}

impl Deref for IncomingState<'_> {
    type Target = IncomingProgress;

    fn deref(&self) -> &IncomingProgress {
        self.progress
    }
}

impl DerefMut for IncomingState<'_> {
    fn deref_mut(&mut self) -> &mut IncomingProgress {
        self.progress
    }
}

impl Walk<'_> {
    /// Walks over the packets in `range`, from the payload at `range.start` that this side sent,
    /// until the last awaited byte has come. Returns the index of the packet that brought it;
    /// `None` if it did not come, in which case the rest of the time is still open.
    pub(super) fn incoming(
        &mut self,
        partition: &mut Partition,
        range: Range<usize>,
        delivered: u64,
        how: Incoming,
    ) -> Option<usize> {
        let mut progress = self.begin_incoming(range.start, delivered);
        let complete = self.advance_incoming(partition, &mut progress, range.end, how);
        if complete.is_none() {
            self.end_incoming(partition, &mut progress, range.end, how);
        }
        complete
    }

    /// Begins at the payload of this side, up to which so many bytes of the other were delivered.
    pub(super) fn begin_incoming(&mut self, first: usize, delivered: u64) -> IncomingProgress {
        self.observe_until(first + 1);
        IncomingProgress {
            delivery: Delivery::from_offset(delivered),
            turn: self.turn_at(first),
            burst: None,
            burst_packets: (first, first),
            before_turn: None,
            held_up_since: first,
            fin: None,
            repeat: None,
            next: first,
        }
    }

    /// Goes on to the packets before `end`. Returns the index of the one that brought the last
    /// awaited byte.
    pub(super) fn advance_incoming(
        &mut self,
        partition: &mut Partition,
        progress: &mut IncomingProgress,
        end: usize,
        how: Incoming,
    ) -> Option<usize> {
        let mut state = IncomingState {
            partition,
            progress,
        };
        for index in state.next..end {
            let packet = self.packet(index)?;
            match packet.direction {
                Direction::Sent => self.client_packet(&mut state, how, index, packet),
                Direction::Received => self.server_packet(&mut state, how, index, packet),
            }
            self.observe_until(index + 1);
            state.next = index + 1;
            if how
                .last_byte
                .is_some_and(|last| state.delivery.next() >= last)
            {
                self.close_burst(&mut state);
                return Some(index);
            }
        }
        None
    }

    /// Gives the time until the last packet of a burst.
    pub(super) fn end_burst(&mut self, partition: &mut Partition, progress: &mut IncomingProgress) {
        self.close_burst(&mut IncomingState {
            partition,
            progress,
        });
    }

    /// Gives the time after the last packet, when what was waited for did not come.
    pub(super) fn end_incoming(
        &mut self,
        partition: &mut Partition,
        progress: &mut IncomingProgress,
        end: usize,
        how: Incoming,
    ) {
        let mut state = IncomingState {
            partition,
            progress,
        };
        self.close_burst(&mut state);
        self.open_end(&mut state, how, end);
    }

    fn client_packet(
        &mut self,
        state: &mut IncomingState<'_>,
        how: Incoming,
        index: usize,
        packet: &PacketEntry,
    ) {
        if packet.payload_bytes == 0 {
            return;
        }
        let end = packet.end_offset();
        if packet.retransmitted {
            let by_acknowledgments = self.tcp.duplicates_by(Direction::Received) >= 3;
            if let Some(turn) = state.turn.as_mut().filter(|turn| packet.offset < turn.end) {
                turn.retransmitted = Some((index, packet.wall));
                turn.by_acknowledgments = by_acknowledgments;
            }
            return;
        }
        if let Some(turn) = &mut state.turn
            && (how.has_turns || turn.index == index)
        {
            (turn.index, turn.sent, turn.end) = (index, packet.wall, end);
            let reason = Reason::on_wire(Attribution::PROCESSING, "own_packets", (index, index));
            state.partition.until(self.moment(packet.wall), reason);
        } else if how.has_turns {
            state.before_turn = state.burst.zip(Some(state.burst_packets));
            self.close_burst(state);
            let own = if packet.offset >= how.idle_from {
                Self::IDLE
            } else {
                Attribution::PROCESSING
            };
            self.until_own_packet(state.partition, index, packet, own);
            state.burst = None;
            state.turn = self.turn_at(index);
        }
    }

    fn server_packet(
        &mut self,
        state: &mut IncomingState<'_>,
        how: Incoming,
        index: usize,
        packet: &PacketEntry,
    ) {
        let end = packet.end_offset();
        let is_answer = packet.payload_bytes > 0 && (how.has_turns || end > how.first_byte);
        if !is_answer {
            self.note_acknowledgment(state, index, packet);
        }
        if packet.flags.has(TcpFlags::FIN) {
            if !state.is_held_up() {
                state.held_up_since = index;
            }
            state.fin = Some(end);
        }
        if packet.payload_bytes == 0 {
            return;
        }
        self.pass_uncaptured(state, packet.offset);
        let was_held_up = state.is_held_up();
        let arrival = state.delivery.add(packet.offset, end);
        if arrival == Arrival::Repeat {
            self.sent_again(state, index, packet);
            state.repeat = Some((index, packet.wall));
            return;
        }
        if !was_held_up {
            state.held_up_since = index;
        }
        if let Some(turn) = state.turn {
            if !is_answer {
                return;
            }
            if how.has_turns && self.was_under_way(&turn, packet) {
                self.rest_of_answer(state, index, packet, was_held_up);
                return;
            }
            self.close_turn(state.partition, how.excess, turn, index, packet);
            state.turn = None;
            state.burst = None;
        }
        let before = state.burst.map(|burst| burst.last());
        self.arrival(state, index, packet, was_held_up);
        state.repeat = None;
        if arrival == Arrival::FilledGap {
            if !self.was_overtaken(state.held_up_since, index) {
                self.loss_seen = true;
            } else if let (Some(before), Some(burst)) = (before, &mut state.burst) {
                burst.wait_for_late(before);
            }
        }
    }

    /// Returns true if a packet was sent before the other side had a turn's payload: it does not
    /// acknowledge it, and is still part of the answer before, such as of a flight of handshake
    /// messages that was larger than the congestion window.
    fn was_under_way(&self, turn: &Turn, packet: &PacketEntry) -> bool {
        self.flow
            .acknowledged_offset(packet, turn.end)
            .is_some_and(|to| to < turn.end)
    }

    /// Gives the time until a packet that belongs to the answer before a turn.
    fn rest_of_answer(
        &mut self,
        state: &mut IncomingState<'_>,
        index: usize,
        packet: &PacketEntry,
        was_held_up: bool,
    ) {
        if let Some((burst, packets)) = state.before_turn {
            if packet.wall.since(burst.last()) >= self.path.silence(Direction::Received, &burst) {
                state.burst_packets = packets;
                self.silence(state, &burst, index, packet, was_held_up);
            } else {
                let bandwidth = Attribution::network(Cause::Bandwidth);
                let reason = Reason::on_wire(bandwidth, "rest_of_answer", (packets.1, index));
                state.partition.until(self.moment(packet.wall), reason);
            }
        }
        let is_full = self.path.is_full(packet);
        let burst = Burst::begin(packet.wall, packet.payload_bytes, is_full);
        state.before_turn = Some((burst, (index, index)));
    }

    /// Remembers the first packet that acknowledges a turn without answering it.
    fn note_acknowledgment(
        &self,
        state: &mut IncomingState<'_>,
        index: usize,
        packet: &PacketEntry,
    ) {
        if let Some(turn) = &mut state.turn
            && turn.acknowledged.is_none()
            && self
                .flow
                .acknowledged_offset(packet, turn.end)
                .is_some_and(|to| to >= turn.end)
        {
            turn.acknowledged = Some((index, packet.wall));
        }
    }

    /// Adds a packet with new payload to the burst, or begins a new one after a silence.
    fn arrival(
        &mut self,
        state: &mut IncomingState<'_>,
        index: usize,
        packet: &PacketEntry,
        was_held_up: bool,
    ) {
        let is_full = self.path.is_full(packet);
        if let Some(burst) = &mut state.burst {
            if packet.wall.since(burst.last()) < self.path.silence(Direction::Received, burst) {
                burst.add(packet.wall, packet.payload_bytes, is_full);
                state.burst_packets.1 = index;
                return;
            }
            let burst = *burst;
            self.close_burst(state);
            self.silence(state, &burst, index, packet, was_held_up);
        }
        state.burst = Some(Burst::begin(packet.wall, packet.payload_bytes, is_full));
        state.burst_packets = (index, index);
    }

    /// Gives the time from the last packet to the exchange's end, when what was waited for did not
    /// come.
    fn open_end(&self, state: &mut IncomingState<'_>, how: Incoming, end: usize) {
        let last = end.saturating_sub(1);
        if self.is_cut_short(end) {
            let evidence = (state.burst_packets.1, last);
            let reason = Reason::on_wire(Attribution::UNEXPLAINED, "packets_not_listed", evidence);
            state.partition.until(state.partition.end(), reason);
            return;
        }
        let Some(turn) = state.turn else {
            let packet = self.packet(state.burst_packets.1);
            // A full segment was not the last one of a write, or by chance.
            let was_sending = packet.is_some_and(|packet| self.path.is_full(packet));
            let (attribution, rule) = if was_sending || state.is_held_up() {
                (Attribution::network(Cause::Unanswered), "stream_broke_off")
            } else {
                (
                    Attribution::new(Owner::Server, Cause::Pause),
                    "nothing_under_way",
                )
            };
            let reason = Reason::on_wire(attribution, rule, (state.burst_packets.1, last));
            state.partition.until(state.partition.end(), reason);
            return;
        };
        let evidence = (turn.index, last);
        if let Some((known, when)) = turn.acknowledged {
            let reason = Reason::on_wire(
                Attribution::ROUND_TRIP,
                "bare_acknowledgment",
                (turn.index, known),
            );
            state.partition.until(self.moment(when), reason);
            let reason = Reason::on_wire(how.excess, ACKNOWLEDGED_AND_NOT_ANSWERED, (known, last));
            state.partition.until(state.partition.end(), reason);
            return;
        }
        let waited = state.partition.end().since(self.moment(turn.sent));
        let is_within_turn = self
            .path
            .round_trip
            .is_some_and(|_| waited <= self.round_trip_limit());
        let (attribution, rule) = if is_within_turn {
            (Attribution::ROUND_TRIP, "ended_within_round_trip")
        } else {
            (Attribution::network(Cause::Unanswered), "not_acknowledged")
        };
        state.partition.until(
            state.partition.end(),
            Reason::on_wire(attribution, rule, evidence),
        );
    }
}
