//! Turns: payload of this side that the other side answers, and how its time is divided between
//! the network and whoever answers.

use super::owner::{Attribution, Cause};
use super::partition::{Partition, Reason};
use super::walk::Walk;
use crate::trace::{Clock, Direction, PacketEntry};
use crate::units::{Nanos, WallTime};

/// An acknowledgment may come this much after the round trip and still time the network; a
/// delayed one comes later (RFC 9293 §3.8.6.3).
const MAX_ACKNOWLEDGMENT_DELAY: Nanos = Nanos::from_millis(40);
/// Acknowledgments are delayed by at least this: Linux's least is 40 ms.
const MIN_ACKNOWLEDGMENT_DELAY: Nanos = Nanos::from_millis(36);

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
struct Answered {
    sent: (usize, WallTime),
    acknowledged: Option<(usize, WallTime)>,
    answer: (usize, WallTime),
    is_upload: bool,
}

impl Walk<'_> {
    /// Returns the turn that a packet of this side begins.
    pub(super) fn turn_at(&self, index: usize) -> Option<Turn> {
        let packet = self
            .packet(index)
            .filter(|packet| packet.direction == Direction::Sent)?;
        let full = self.path.full_payload(Direction::Sent);
        let end = packet
            .offset
            .saturating_add(u64::from(packet.payload_bytes));
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
        let mut sent = turn.sent;
        let mut from = turn.index;
        if let Some((again, resent)) = turn.retransmitted
            && at.since(resent) >= self.seven_eighths()
        {
            let is_spurious = turn.acknowledged.is_some_and(|(_, known)| known < resent);
            if !is_spurious {
                let cause = if turn.by_acknowledgments {
                    Cause::Loss
                } else {
                    Cause::Timeout
                };
                let reason = Reason::on_wire(
                    Attribution::network(cause),
                    "own_retransmission",
                    (from, again),
                );
                partition.until(self.moment(resent), reason);
                (sent, from) = (resent, again);
            }
        }
        let answered = Answered {
            sent: (from, sent),
            acknowledged: turn
                .acknowledged
                .filter(|(_, known)| *known >= sent && *known < at),
            answer: (index, at),
            is_upload: turn.is_upload,
        };
        self.split_turn(partition, excess, &answered);
    }

    fn split_turn(&self, partition: &mut Partition, excess: Attribution, turn: &Answered) {
        let (from, sent) = turn.sent;
        let (index, at) = turn.answer;
        let all = (from, index);
        let answer = self.moment(at);
        if !self.path.has_network() {
            partition.until(answer, Reason::on_wire(excess, "turn_without_network", all));
            return;
        }
        let Some(round_trip) = self.path.round_trip else {
            match turn.acknowledged {
                Some((known, when)) => {
                    let reason = Reason::on_wire(
                        Attribution::ROUND_TRIP,
                        "bare_acknowledgment",
                        (from, known),
                    );
                    partition.until(self.moment(when), reason);
                    partition.until(
                        answer,
                        Reason::on_wire(excess, "bare_acknowledgment", (known, index)),
                    );
                }
                None => partition.until(
                    answer,
                    Reason::on_wire(Attribution::UNEXPLAINED, "no_round_trip", all),
                ),
            }
            return;
        };
        if let Some((known, when)) = turn.acknowledged {
            let took = when.since(sent);
            let beyond = took.saturating_sub(round_trip);
            let is_delayed = (MIN_ACKNOWLEDGMENT_DELAY
                ..=MAX_ACKNOWLEDGMENT_DELAY + Nanos::from_millis(5))
                .contains(&beyond);
            if turn.is_upload || (beyond <= MAX_ACKNOWLEDGMENT_DELAY && !is_delayed) {
                if took > self.round_trip_limit() {
                    let reason = Reason::on_wire(
                        Attribution::ROUND_TRIP,
                        "bare_acknowledgment",
                        (from, known),
                    );
                    partition.until(self.moment(sent) + round_trip, reason);
                    let cause = if turn.is_upload {
                        Cause::Bandwidth
                    } else {
                        Cause::Queueing
                    };
                    let queueing = Attribution::network(cause);
                    partition.until(
                        self.moment(when),
                        Reason::on_wire(queueing, "late_acknowledgment", (from, known)),
                    );
                } else {
                    let reason = Reason::on_wire(
                        Attribution::ROUND_TRIP,
                        "bare_acknowledgment",
                        (from, known),
                    );
                    partition.until(self.moment(when), reason);
                }
                partition.until(
                    answer,
                    Reason::on_wire(excess, "bare_acknowledgment", (known, index)),
                );
                return;
            }
        }
        if at.since(sent) <= self.round_trip_limit() {
            partition.until(
                answer,
                Reason::on_wire(Attribution::ROUND_TRIP, "answer_within_round_trip", all),
            );
            return;
        }
        // Where the round trip lies within the wait cannot be seen: half of it before the answer
        // was begun, half after.
        let half = Nanos(round_trip.0 / 2);
        let error = Nanos(round_trip.0 / 8).max(Nanos::from_millis(1));
        let inferred = |attribution| Reason {
            attribution,
            rule: "answer_beyond_round_trip",
            clock: Clock::Inferred,
            error: Nanos::ZERO,
            packets: Some(all),
        };
        partition.until(self.moment(sent) + half, inferred(Attribution::ROUND_TRIP));
        partition.until(
            answer - half,
            Reason {
                error,
                ..inferred(excess)
            },
        );
        partition.until(answer, inferred(Attribution::ROUND_TRIP));
    }
}
