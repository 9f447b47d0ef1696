//! The critical path while this side waits for bytes of the other: turns, bursts, silences, gaps.
//!
//! ```text
//! client data ──turn──► first byte ──burst──► last packet ──silence──► next burst …
//! ```

use std::ops::Range;

use super::burst::Burst;
use super::delivery::{Arrival, Delivery};
use super::owner::{Attribution, Cause, Detail, Owner};
use super::partition::{Partition, Reason};
use super::path::Path;
use super::tcp_view::{TcpView, before};
use crate::trace::{Clock, ClockMap, Direction, Flow, PacketEntry};
use crate::units::{Moment, Nanos, WallTime};
use crate::wire::TcpFlags;

/// An acknowledgment may come this much after the round trip and still time the network; a
/// delayed one comes later (RFC 9293 §3.8.6.3).
const MAX_ACKNOWLEDGMENT_DELAY: Nanos = Nanos::from_millis(40);
/// Acknowledgments are delayed by at least this: Linux's least is 40 ms.
const MIN_ACKNOWLEDGMENT_DELAY: Nanos = Nanos::from_millis(36);
/// The least retransmission timeout in use (Linux; RFC 6298 says 1 s).
const MIN_TIMEOUT: Nanos = Nanos::from_millis(190);
/// Packets that are searched for the one that fills a gap.
const MAX_SEARCH: usize = 100_000;

/// The rule for a turn that was acknowledged, and not answered by the end.
pub(super) const ACKNOWLEDGED_AND_NOT_ANSWERED: &str = "acknowledged_and_not_answered";

/// A turn: payload that the other side has to answer.
#[derive(Clone, Copy, Debug)]
struct Turn {
    index: usize,
    sent: WallTime,
    /// Offset after its last byte.
    end: u64,
    /// Its latest retransmission.
    retransmitted: Option<(usize, WallTime)>,
    /// Three duplicate acknowledgments came before that.
    by_acknowledgments: bool,
    /// When an acknowledgment of its last byte without payload came.
    acknowledged: Option<(usize, WallTime)>,
    /// Bytes in flight with it, so many that its acknowledgment is not delayed.
    is_upload: bool,
}

/// Walks over a connection's packets.
pub(super) struct Walk<'a> {
    pub(super) flow: &'a Flow,
    pub(super) clock: &'a ClockMap,
    pub(super) path: Path,
    pub(super) tcp: TcpView<'a>,
    /// The next packet to be observed.
    next: usize,
    /// Whether HTTP/2 is spoken, which has windows of its own.
    pub(super) has_inner_windows: bool,
    /// A loss was seen.
    pub(super) loss_seen: bool,
    /// Bytes of a flight before the latest loss, until a flight is as large again.
    pub(super) flight_before_loss: Option<u64>,
}

/// How a walk goes.
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
}

/// State of one walk.
struct State<'p> {
    partition: &'p mut Partition,
    delivery: Delivery,
    turn: Option<Turn>,
    burst: Option<Burst>,
    /// The packets that the burst began and ended with.
    burst_packets: (usize, usize),
}

impl<'a> Walk<'a> {
    pub(super) fn new(flow: &'a Flow, clock: &'a ClockMap, round_trip: Option<Nanos>) -> Self {
        let mut path = Path::estimate(flow);
        path.round_trip = path.round_trip.or(round_trip);
        Self {
            flow,
            clock,
            path,
            tcp: TcpView::new(flow),
            next: 0,
            has_inner_windows: false,
            loss_seen: false,
            flight_before_loss: None,
        }
    }

    pub(super) fn packet(&self, index: usize) -> Option<&'a PacketEntry> {
        self.flow.packets().get(index)
    }

    pub(super) fn moment(&self, wall: WallTime) -> Moment {
        self.clock.moment_of(wall).unwrap_or(Moment::START)
    }

    /// Observes all packets before an index.
    pub(super) fn observe_until(&mut self, index: usize) {
        while self.next < index
            && let Some(packet) = self.packet(self.next)
        {
            self.tcp.observe(packet);
            self.next += 1;
        }
    }

    /// A round trip and an eighth more, at least a millisecond.
    fn round_trip_limit(&self) -> Nanos {
        let round_trip = self.path.round_trip.unwrap_or_default();
        round_trip + Nanos(round_trip.0 / 8).max(Nanos::from_millis(1))
    }

    pub(super) fn reason(
        &self,
        attribution: Attribution,
        rule: &'static str,
        packets: (usize, usize),
    ) -> Reason {
        Reason {
            attribution,
            rule,
            clock: Clock::Wire,
            error: Nanos::ZERO,
            packets: Some(packets),
        }
    }

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
        let mut state = State {
            partition,
            delivery: Delivery::from_offset(delivered),
            turn: None,
            burst: None,
            burst_packets: (range.start, range.start),
        };
        self.observe_until(range.start + 1);
        self.begin_turn(&mut state, range.start);
        for index in range.clone() {
            let packet = self.packet(index)?;
            match packet.direction {
                Direction::Sent => self.client_packet(&mut state, how, index, packet),
                Direction::Received => self.server_packet(&mut state, how, index, packet),
            }
            self.observe_until(index + 1);
            if how
                .last_byte
                .is_some_and(|last| state.delivery.next() >= last)
            {
                self.close_burst(&mut state);
                return Some(index);
            }
        }
        self.close_burst(&mut state);
        self.open_end(&mut state, how, range.end);
        None
    }

    fn begin_turn(&self, state: &mut State<'_>, index: usize) {
        if let Some(packet) = self
            .packet(index)
            .filter(|packet| packet.direction == Direction::Sent)
        {
            state.turn = Some(Turn {
                index,
                sent: packet.wall,
                end: packet
                    .offset
                    .saturating_add(u64::from(packet.payload_bytes)),
                retransmitted: None,
                by_acknowledgments: false,
                acknowledged: None,
                is_upload: self
                    .path
                    .full_payload(Direction::Sent)
                    .is_some_and(|full| self.in_flight() > 2 * u64::from(full)),
            });
        }
    }

    fn client_packet(
        &mut self,
        state: &mut State<'_>,
        how: Incoming,
        index: usize,
        packet: &PacketEntry,
    ) {
        if packet.payload_bytes == 0 {
            return;
        }
        let end = packet
            .offset
            .saturating_add(u64::from(packet.payload_bytes));
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
            let reason = self.reason(Attribution::PROCESSING, "own_packets", (index, index));
            state.partition.until(self.moment(packet.wall), reason);
        } else if how.has_turns {
            self.close_burst(state);
            let reason = self.reason(
                Attribution::PROCESSING,
                "arrival_to_own_packet",
                (index, index),
            );
            state.partition.until(self.moment(packet.wall), reason);
            state.burst = None;
            self.begin_turn(state, index);
        }
    }

    fn server_packet(
        &mut self,
        state: &mut State<'_>,
        how: Incoming,
        index: usize,
        packet: &PacketEntry,
    ) {
        if let Some(turn) = &mut state.turn
            && turn.acknowledged.is_none()
            && packet.payload_bytes == 0
            && self
                .flow
                .acknowledged_offset(packet, turn.end)
                .is_some_and(|to| to >= turn.end)
        {
            turn.acknowledged = Some((index, packet.wall));
        }
        if packet.payload_bytes == 0 {
            return;
        }
        let end = packet
            .offset
            .saturating_add(u64::from(packet.payload_bytes));
        let was_held_up = state.delivery.is_held_up();
        let arrival = state.delivery.add(packet.offset, end);
        if arrival == Arrival::Repeat {
            return;
        }
        let is_answer = how.has_turns || end > how.first_byte;
        if let Some(turn) = state.turn {
            if !is_answer {
                return;
            }
            self.close_turn(state.partition, how, turn, index, packet);
            state.turn = None;
            state.burst = None;
        }
        self.arrival(state, index, packet, was_held_up);
        if arrival == Arrival::FilledGap {
            self.loss_seen = true;
        }
    }

    /// Gives the time of a turn until the first byte of its answer.
    fn close_turn(
        &self,
        partition: &mut Partition,
        how: Incoming,
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
                let reason = self.reason(
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
        self.split_turn(partition, how.excess, &answered);
    }

    fn split_turn(&self, partition: &mut Partition, excess: Attribution, turn: &Answered) {
        let (from, sent) = turn.sent;
        let (index, at) = turn.answer;
        let all = (from, index);
        let answer = self.moment(at);
        if !self.path.has_network() {
            partition.until(answer, self.reason(excess, "turn_without_network", all));
            return;
        }
        let Some(round_trip) = self.path.round_trip else {
            match turn.acknowledged {
                Some((known, when)) => {
                    let reason = self.reason(
                        Attribution::ROUND_TRIP,
                        "bare_acknowledgment",
                        (from, known),
                    );
                    partition.until(self.moment(when), reason);
                    partition.until(
                        answer,
                        self.reason(excess, "bare_acknowledgment", (known, index)),
                    );
                }
                None => partition.until(
                    answer,
                    self.reason(Attribution::UNEXPLAINED, "no_round_trip", all),
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
                    let reason = self.reason(
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
                        self.reason(queueing, "late_acknowledgment", (from, known)),
                    );
                } else {
                    let reason = self.reason(
                        Attribution::ROUND_TRIP,
                        "bare_acknowledgment",
                        (from, known),
                    );
                    partition.until(self.moment(when), reason);
                }
                partition.until(
                    answer,
                    self.reason(excess, "bare_acknowledgment", (known, index)),
                );
                return;
            }
        }
        if at.since(sent) <= self.round_trip_limit() {
            partition.until(
                answer,
                self.reason(Attribution::ROUND_TRIP, "answer_within_round_trip", all),
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

    fn seven_eighths(&self) -> Nanos {
        let round_trip = self.path.round_trip.unwrap_or_default();
        Nanos(round_trip.0 - round_trip.0 / 8)
    }

    /// Adds a packet with new payload to the burst, or begins a new one after a silence.
    fn arrival(
        &mut self,
        state: &mut State<'_>,
        index: usize,
        packet: &PacketEntry,
        was_held_up: bool,
    ) {
        let is_full = self.path.is_full(packet);
        if let Some(burst) = &mut state.burst {
            if packet.wall.since(burst.last()) < self.path.silence(burst.spacing()) {
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

    /// Gives the time from a burst's first packet to its last one.
    fn close_burst(&mut self, state: &mut State<'_>) {
        let Some(burst) = state.burst.take() else {
            return;
        };
        if self
            .flight_before_loss
            .is_some_and(|before| self.flight_of(&burst) >= before)
        {
            self.flight_before_loss = None;
        }
        let attribution = self.burst_owner(&burst);
        let reason = self.reason(attribution.0, attribution.1, state.burst_packets);
        state.partition.until(self.moment(burst.last()), reason);
    }

    fn burst_owner(&self, burst: &Burst) -> (Attribution, &'static str) {
        let full = self.path.full_payload(Direction::Received).unwrap_or(1);
        let bandwidth = Attribution::network(Cause::Bandwidth);
        let pause = Attribution::new(Owner::Server, Cause::Pause);
        if !self.path.has_network() {
            return (pause, "stream_without_network");
        }
        if burst.is_even_train(full) {
            return (bandwidth, "even_train");
        }
        let transmission = self
            .path
            .transmission_time(Direction::Received, burst.bytes());
        if transmission.is_some_and(|time| burst.duration().0 <= time.0 + time.0 / 4) {
            return (bandwidth, "known_link_rate");
        }
        if burst.has_full_segments() {
            return (bandwidth, "full_segments");
        }
        (pause, "short_segments")
    }

    /// Bytes under way at a time during a burst.
    fn flight_of(&self, burst: &Burst) -> u64 {
        let round_trip = self.path.round_trip.unwrap_or_default();
        if burst.duration() <= round_trip {
            return burst.bytes();
        }
        let share = u128::from(burst.bytes()) * u128::from(round_trip.0)
            / u128::from(burst.duration().0.max(1));
        u64::try_from(share).unwrap_or(u64::MAX)
    }

    /// Gives the silence from a burst's last packet until the packet that ended it.
    fn silence(
        &mut self,
        state: &mut State<'_>,
        burst: &Burst,
        index: usize,
        packet: &PacketEntry,
        was_held_up: bool,
    ) {
        let evidence = (state.burst_packets.1, index);
        let (attribution, rule) = if was_held_up {
            self.remember_loss(burst);
            self.gap_cause(state, index)
        } else {
            self.silence_cause(state, burst, packet)
        };
        state.partition.until(
            self.moment(packet.wall),
            self.reason(attribution, rule, evidence),
        );
    }

    fn remember_loss(&mut self, burst: &Burst) {
        self.loss_seen = true;
        if self.flight_before_loss.is_none() {
            self.flight_before_loss = Some(self.flight_of(burst));
        }
    }

    /// The cause of a silence while bytes are missing: found by acknowledgments if at least three
    /// later segments had come and the gap was filled a round trip after the third.
    fn gap_cause(&self, state: &State<'_>, index: usize) -> (Attribution, &'static str) {
        let missing = state.delivery.next();
        let packets = self.flow.packets();
        let received = |packet: &&PacketEntry| {
            packet.direction == Direction::Received && packet.payload_bytes > 0
        };
        let covers = |packet: &PacketEntry| {
            (packet.offset
                ..packet
                    .offset
                    .saturating_add(u64::from(packet.payload_bytes)))
                .contains(&missing)
        };
        let earliest = index.saturating_sub(MAX_SEARCH);
        // The gap is either filled by this packet or by a later one.
        let current = packets.get(index).filter(|packet| packet.offset < missing);
        let filled = current.or_else(|| {
            packets
                .iter()
                .skip(index)
                .take(MAX_SEARCH)
                .filter(received)
                .find(|packet| covers(packet))
        });
        let opened = current.map_or(missing, |current| current.offset);
        let third = packets
            .get(earliest..index)
            .unwrap_or_default()
            .iter()
            .filter(received)
            .filter(|packet| packet.offset > opened)
            .nth(2);
        let by_acknowledgments = match (third, filled) {
            (Some(third), Some(filled)) => {
                let round_trip = self.path.round_trip.unwrap_or_default();
                let most = Nanos(round_trip.0 + round_trip.0 / 4).max(Nanos::from_millis(2));
                filled.wall.since(third.wall) <= most
            }
            _ => false,
        };
        if by_acknowledgments {
            (
                Attribution::network(Cause::Loss),
                "gap_filled_after_acknowledgments",
            )
        } else {
            (
                Attribution::network(Cause::Timeout),
                "gap_filled_after_timer",
            )
        }
    }

    /// The cause of a silence in a stream without missing bytes.
    fn silence_cause(
        &mut self,
        state: &State<'_>,
        burst: &Burst,
        packet: &PacketEntry,
    ) -> (Attribution, &'static str) {
        let pause = Attribution::new(Owner::Server, Cause::Pause);
        let last = self.packet(state.burst_packets.1);
        let ended_full = last.is_some_and(|last| self.path.is_full(last));
        let ended_pushed = last.is_some_and(|last| last.flags.has(TcpFlags::PSH));
        let silence = packet.wall.since(burst.last());
        if !self.path.has_network() {
            return self
                .window_cause(packet)
                .unwrap_or((pause, "stream_without_network"));
        }
        if state.delivery.is_held_up() {
            // The packet that ended the silence came after a gap: the end of the flight was lost,
            // and a probe or a timer followed (RFC 8985 §7).
            self.remember_loss(burst);
            return (Attribution::network(Cause::Timeout), "lost_end_of_flight");
        }
        let round_trip = self.path.round_trip.unwrap_or_default();
        let from = before(packet.wall, self.round_trip_limit());
        let to = before(packet.wall, Nanos(round_trip.0 - round_trip.0 / 6));
        if let Some(window) = self.window_cause(packet) {
            return window;
        }
        if self.has_inner_windows
            && !ended_full
            && self.tcp.sent_payload_within(Direction::Sent, from, to)
        {
            return (
                Attribution::new(Owner::Client, Cause::FlowControl),
                "answers_window_update",
            );
        }
        let released = self.tcp.acknowledged_within(Direction::Sent, from, to);
        if released && ended_full {
            if self.flight_before_loss.is_some() {
                return (Attribution::network(Cause::Loss), "small_flight_after_loss");
            }
            let detail = if self.loss_seen {
                Detail::AfterLoss
            } else {
                Detail::SlowStart
            };
            let cause = Attribution::network(Cause::CongestionWindow).with_detail(detail);
            return (cause, "silence_after_full_flight");
        }
        if ended_full && !ended_pushed {
            if silence >= MIN_TIMEOUT.max(round_trip + round_trip) {
                self.remember_loss(burst);
                return (Attribution::network(Cause::Timeout), "silence_of_timeout");
            }
            return (Attribution::UNEXPLAINED, "silence_after_full_flight");
        }
        if ended_full && silence < round_trip + round_trip {
            return (Attribution::UNEXPLAINED, "silence_after_full_flight");
        }
        (pause, "nothing_under_way")
    }

    /// The client's window, if the sender had filled it by what it knew.
    fn window_cause(&self, packet: &PacketEntry) -> Option<(Attribution, &'static str)> {
        let round_trip = self.path.round_trip.unwrap_or_default();
        let full = u64::from(self.path.full_payload(Direction::Received)?);
        let known = before(packet.wall, self.round_trip_limit());
        let edge = self.tcp.window_edge_before(Direction::Sent, known)?;
        let reached = self.tcp.end(Direction::Received);
        let released = self.tcp.opened_window_within(
            Direction::Sent,
            known,
            before(packet.wall, Nanos(round_trip.0 - round_trip.0 / 6)),
        );
        (reached + full > edge && released).then_some((
            Attribution::new(Owner::Client, Cause::Window),
            "window_full",
        ))
    }

    /// Gives the time from the last packet to the exchange's end, when what was waited for did not
    /// come.
    fn open_end(&self, state: &mut State<'_>, how: Incoming, end: usize) {
        let last = end.saturating_sub(1);
        let Some(turn) = state.turn else {
            let packet = self.packet(state.burst_packets.1);
            let was_sending = packet.is_some_and(|packet| {
                self.path.is_full(packet) && !packet.flags.has(TcpFlags::PSH)
            });
            let (attribution, rule) = if was_sending || state.delivery.is_held_up() {
                (Attribution::network(Cause::Unanswered), "stream_broke_off")
            } else {
                (
                    Attribution::new(Owner::Server, Cause::Pause),
                    "nothing_under_way",
                )
            };
            let reason = self.reason(attribution, rule, (state.burst_packets.1, last));
            state.partition.until(state.partition.end(), reason);
            return;
        };
        let evidence = (turn.index, last);
        if let Some((known, when)) = turn.acknowledged {
            let reason = self.reason(
                Attribution::ROUND_TRIP,
                "bare_acknowledgment",
                (turn.index, known),
            );
            state.partition.until(self.moment(when), reason);
            let reason = self.reason(how.excess, ACKNOWLEDGED_AND_NOT_ANSWERED, (known, last));
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
            self.reason(attribution, rule, evidence),
        );
    }
}

/// A turn with its answer.
struct Answered {
    sent: (usize, WallTime),
    acknowledged: Option<(usize, WallTime)>,
    answer: (usize, WallTime),
    is_upload: bool,
}
