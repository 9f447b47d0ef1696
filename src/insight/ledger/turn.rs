//! Turns: payload of this side that the other side answers, and how its time is divided between
//! the network and whoever answers.

use super::owner::{Attribution, Cause};
use super::partition::{Partition, Reason};
use super::tunnel::TunnelPath;
use super::walk::Walk;
use crate::trace::{Clock, Direction, PacketEntry};
use crate::units::{Nanos, WallTime};

/// An acknowledgment may come this much after the round trip and still time the network; a
/// delayed one comes later (RFC 9293 §3.8.6.3).
const MAX_ACKNOWLEDGMENT_DELAY: Nanos = Nanos::from_millis(40);
/// Acknowledgments are delayed by at least this: Linux's least is 40 ms.
const MIN_ACKNOWLEDGMENT_DELAY: Nanos = Nanos::from_millis(36);
/// Time in queues that timestamps of a millisecond's resolution bear out.
const MIN_TIME_IN_QUEUES: Nanos = Nanos::from_millis(2);

/// The rule for a turn of which the share of the network is not known.
pub(super) const NO_ROUND_TRIP: &str = "no_round_trip";

#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) index: usize,
    pub(super) sent: WallTime,
    /// Offset after its last byte.
    pub(super) end: u64,
    /// Its latest retransmission.
    pub(super) retransmitted: Option<(usize, WallTime)>,
    /// Three duplicate acknowledgments came before that.
    pub(super) by_acknowledgments: bool,
    /// When an acknowledgment of its last byte without payload came.
    pub(super) acknowledged: Option<(usize, WallTime)>,
    /// Bytes in flight with it, so many that its acknowledgment is not delayed.
    pub(super) is_upload: bool,
}

/// A turn with its answer.
#[derive(Clone, Copy)]
struct Answered {
    sent: (usize, WallTime),
    acknowledged: Option<(usize, WallTime)>,
    answer: (usize, WallTime),
    is_upload: bool,
    /// Whom the time beyond the round trip belongs to.
    excess: Attribution,
}

impl Answered {
    /// An interval that all packets of the turn bear out, and whose edges are inferred.
    const fn inferred(&self, attribution: Attribution, rule: &'static str) -> Reason {
        Reason {
            attribution,
            rule,
            clock: Clock::Inferred,
            error: Nanos::ZERO,
            packets: Some((self.sent.0, self.answer.0)),
        }
    }

    /// An interval that all packets of the turn bear out.
    const fn on_wire(&self, attribution: Attribution, rule: &'static str) -> Reason {
        Reason::on_wire(attribution, rule, (self.sent.0, self.answer.0))
    }
}

impl Walk<'_> {
    /// Returns the turn that a packet of this side begins.
    pub(super) fn turn_at(&self, index: usize) -> Option<Turn> {
        let packet = self
            .packet(index)
            .filter(|packet| packet.direction == Direction::Sent)?;
        let full = self.path.full_payload(Direction::Sent);
        let end = packet.end_offset();
        Some(Turn {
            index,
            sent: packet.wall,
            end,
            retransmitted: None,
            by_acknowledgments: false,
            acknowledged: None,
            is_upload: full.is_some_and(|full| self.in_flight() > 2 * u64::from(full)),
        })
    }

    /// Gives the time of a turn until the first byte of its answer.
    pub(super) fn close_turn(
        &self,
        partition: &mut Partition,
        excess: Attribution,
        turn: Turn,
        index: usize,
        packet: &PacketEntry,
    ) {
        let at = packet.wall;
        let sent = self.sent_last(partition, &turn, at);
        let turn = Answered {
            sent,
            acknowledged: turn
                .acknowledged
                .filter(|(_, known)| *known >= sent.1 && *known < at),
            answer: (index, at),
            is_upload: turn.is_upload,
            excess,
        };
        if !self.path.has_network_to_server() {
            let reason = turn.on_wire(excess, "turn_without_network");
            partition.until(self.moment(at), reason);
        } else if let Some(tunnel) = self.tunnel {
            self.split_in_tunnel(partition, &turn, tunnel);
        } else if let Some(round_trip) = self.path.round_trip {
            self.split(partition, &turn, round_trip);
        } else {
            self.split_at_acknowledgment(partition, &turn);
        }
    }

    /// Gives the time until a turn's retransmission that was answered, and returns the packet that
    /// was.
    fn sent_last(
        &self,
        partition: &mut Partition,
        turn: &Turn,
        answered: WallTime,
    ) -> (usize, WallTime) {
        let first = (turn.index, turn.sent);
        let Some((again, resent)) = turn.retransmitted else {
            return first;
        };
        let was_known = turn.acknowledged.is_some_and(|(_, known)| known < resent);
        if was_known || answered.since(resent) < self.seven_eighths() {
            return first;
        }
        let cause = if turn.by_acknowledgments {
            Cause::Loss
        } else {
            Cause::Timeout
        };
        let evidence = (turn.index, again);
        let reason = Reason::on_wire(Attribution::network(cause), "own_retransmission", evidence);
        partition.until(self.moment(resent), reason);
        (again, resent)
    }

    /// By the turn's own acknowledgment where it times the network, else by the least round trip.
    fn split(&self, partition: &mut Partition, turn: &Answered, round_trip: Nanos) {
        let answer = self.moment(turn.answer.1);
        let known = turn
            .acknowledged
            .filter(|(_, when)| is_prompt(turn, *when, round_trip));
        if let Some((known, when)) = known {
            self.until_acknowledged(partition, turn, (known, when), round_trip);
            let back = self.queue_growth(known, turn.answer.0);
            let evidence = (known, turn.answer.0);
            let thinking = Reason::on_wire(turn.excess, "bare_acknowledgment", evidence);
            partition.until(answer - back, thinking);
            let queueing = Attribution::network(Cause::Queueing);
            let reason = turn.inferred(queueing, "answer_later_than_its_timestamp");
            partition.until(answer, reason);
            return;
        }
        let waited = turn.answer.1.since(turn.sent.1);
        if waited <= self.round_trip_limit() {
            let reason = turn.on_wire(Attribution::ROUND_TRIP, "answer_within_round_trip");
            partition.until(answer, reason);
            return;
        }
        let beyond = waited.saturating_sub(round_trip);
        let back = self.time_in_queues(turn.answer.0).min(beyond);
        self.split_by_halves(partition, turn, round_trip, back);
    }

    /// Where the round trip lies within a wait cannot be seen: half of it before the answer was
    /// begun, half after, and at last the answer's time in queues.
    fn split_by_halves(
        &self,
        partition: &mut Partition,
        turn: &Answered,
        round_trip: Nanos,
        back: Nanos,
    ) {
        let (sent, answer) = (self.moment(turn.sent.1), self.moment(turn.answer.1));
        let arrived = answer - back;
        let error = Nanos(round_trip.0 / 8).max(Nanos::from_millis(1));
        let half = Nanos(round_trip.0 / 2);
        let inferred = |attribution| turn.inferred(attribution, "answer_beyond_round_trip");
        if arrived.since(sent) > round_trip + error {
            partition.until(sent + half, inferred(Attribution::ROUND_TRIP));
            let thinking = Reason {
                error,
                ..inferred(turn.excess)
            };
            partition.until(arrived - half, thinking);
        }
        partition.until(arrived, inferred(Attribution::ROUND_TRIP));
        let queueing = Attribution::network(Cause::Queueing);
        let reason = turn.inferred(queueing, "answer_later_than_its_timestamp");
        partition.until(answer, reason);
    }

    fn until_acknowledged(
        &self,
        partition: &mut Partition,
        turn: &Answered,
        (known, when): (usize, WallTime),
        round_trip: Nanos,
    ) {
        let evidence = (turn.sent.0, known);
        let sent = turn.sent.1;
        if when.since(sent) > self.round_trip_limit() {
            let reason = Reason::on_wire(Attribution::ROUND_TRIP, "bare_acknowledgment", evidence);
            partition.until(self.moment(sent) + round_trip, reason);
            let cause = if turn.is_upload {
                Cause::Bandwidth
            } else {
                Cause::Queueing
            };
            let reason =
                Reason::on_wire(Attribution::network(cause), "late_acknowledgment", evidence);
            partition.until(self.moment(when), reason);
        } else {
            let reason = Reason::on_wire(Attribution::ROUND_TRIP, "bare_acknowledgment", evidence);
            partition.until(self.moment(when), reason);
        }
    }

    /// The least round trip is not known.
    fn split_at_acknowledgment(&self, partition: &mut Partition, turn: &Answered) {
        let answer = self.moment(turn.answer.1);
        let Some((known, when)) = turn.acknowledged else {
            let reason = turn.on_wire(Attribution::UNEXPLAINED, NO_ROUND_TRIP);
            partition.until(answer, reason);
            return;
        };
        let rule = "bare_acknowledgment";
        let reason = Reason::on_wire(Attribution::ROUND_TRIP, rule, (turn.sent.0, known));
        partition.until(self.moment(when), reason);
        let reason = Reason::on_wire(turn.excess, rule, (known, turn.answer.0));
        partition.until(answer, reason);
    }

    /// Within a proxy's tunnel: acknowledgments come from the proxy and time only the way to it.
    fn split_in_tunnel(&self, partition: &mut Partition, turn: &Answered, tunnel: TunnelPath) {
        let Some(round_trip) = tunnel.round_trip else {
            let to_proxy = self.path.round_trip.unwrap_or_default();
            let reason = turn.inferred(Attribution::ROUND_TRIP, "round_trip_to_proxy");
            partition.until(self.moment(turn.sent.1) + to_proxy, reason);
            let reason = turn.inferred(Attribution::UNEXPLAINED, "one_turn_in_tunnel");
            partition.until(self.moment(turn.answer.1), reason);
            return;
        };
        self.split_by_halves(partition, turn, round_trip, Nanos::ZERO);
    }

    /// Returns how much longer a packet of the other side was under way than the fastest one, where
    /// its timestamp bears it out.
    fn time_in_queues(&self, index: usize) -> Nanos {
        self.packet(index)
            .and_then(|packet| self.path.sender_clock().time_in_queues(packet))
            .filter(|time| *time >= self.least_time_in_queues())
            .unwrap_or_default()
    }

    /// Returns how much longer a packet was under way than one before it.
    pub(super) fn queue_growth(&self, before: usize, index: usize) -> Nanos {
        let time = |index| {
            let packet = self.packet(index)?;
            self.path.sender_clock().time_in_queues(packet)
        };
        match (time(before), time(index)) {
            (Some(before), Some(now)) => Some(now.saturating_sub(before)),
            _ => None,
        }
        .filter(|growth| *growth >= self.least_time_in_queues())
        .unwrap_or_default()
    }

    fn least_time_in_queues(&self) -> Nanos {
        let eighth = Nanos(self.path.round_trip.unwrap_or_default().0 / 8);
        eighth.max(MIN_TIME_IN_QUEUES)
    }
}

/// Returns true if an acknowledgment came promptly, and so times the network. Linux delays by 40 ms
/// at least, so what comes just that much later was delayed.
fn is_prompt(turn: &Answered, acknowledged: WallTime, round_trip: Nanos) -> bool {
    let beyond = acknowledged.since(turn.sent.1).saturating_sub(round_trip);
    let delayed = MIN_ACKNOWLEDGMENT_DELAY..=MAX_ACKNOWLEDGMENT_DELAY + Nanos::from_millis(5);
    turn.is_upload || (beyond <= MAX_ACKNOWLEDGMENT_DELAY && !delayed.contains(&beyond))
}
