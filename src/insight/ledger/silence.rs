//! Bursts of the other side's payload and the silences between them: whose they are.

use super::burst::Burst;
use super::incoming::IncomingState;
use super::owner::{Attribution, Cause, Detail, Owner};
use super::partition::Reason;
use super::tcp_view::before;
use super::walk::{MIN_TIMEOUT, Walk};
use crate::trace::{Direction, PacketEntry};
use crate::units::{Moment, Nanos, WallTime};
use crate::wire::TcpFlags;

impl Walk<'_> {
    /// Gives the time from a burst's first packet to its last one.
    pub(super) fn close_burst(&mut self, state: &mut IncomingState<'_>) {
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
        let reason = Reason::on_wire(attribution.0, attribution.1, state.burst_packets);
        state.partition.until(self.moment(burst.last()), reason);
    }

    fn burst_owner(&self, burst: &Burst) -> (Attribution, &'static str) {
        let full = self.path.full_payload(Direction::Received).unwrap_or(1);
        let bandwidth = Attribution::network(Cause::Bandwidth);
        let pause = Attribution::new(Owner::Server, Cause::Pause);
        if !self.path.has_network() {
            // Two programs on one machine: which of them the bytes waited for is not on the wire.
            return (Attribution::UNEXPLAINED, "stream_without_network");
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
        if burst.is_of_late_segments() {
            return (Attribution::network(Cause::Queueing), "late_originals");
        }
        if burst.is_of_short_segments() {
            return (pause, "short_segments");
        }
        (bandwidth, "full_segments")
    }

    /// Bytes under way at a time during a burst.
    fn flight_of(&self, burst: &Burst) -> u64 {
        let round_trip = self.path.whole_round_trip().unwrap_or_default();
        if burst.duration() <= round_trip {
            return burst.bytes();
        }
        let share = u128::from(burst.bytes()) * u128::from(round_trip.0)
            / u128::from(burst.duration().0.max(1));
        u64::try_from(share).unwrap_or(u64::MAX)
    }

    /// Gives the silence from a burst's last packet until the packet that ended it.
    pub(super) fn silence(
        &mut self,
        state: &mut IncomingState<'_>,
        burst: &Burst,
        index: usize,
        packet: &PacketEntry,
        was_held_up: bool,
    ) {
        let evidence = (state.burst_packets.1, index);
        let is_held_up = was_held_up || state.delivery.is_held_up();
        let (attribution, rule) = if is_held_up && self.goes_on_in_pieces(state, packet) {
            let pause = Attribution::new(Owner::Server, Cause::Pause);
            (pause, "pieces_beside_gap")
        } else if was_held_up {
            let (attribution, rule) = self.gap_cause(state, index);
            if attribution.cause != Cause::Queueing {
                self.remember_loss(burst);
            }
            (attribution, rule)
        } else {
            self.silence_cause(state, burst, index, packet)
        };
        let at = self.moment(packet.wall);
        let silence = packet.wall.since(burst.last());
        let queued = self.queue_growth(state.burst_packets.1, index).min(silence);
        let is_queue = match attribution.cause {
            Cause::Pause | Cause::CongestionWindow | Cause::Unexplained => queued > Nanos::ZERO,
            _ => false,
        };
        if is_queue {
            // What is left without it is no silence.
            if silence.saturating_sub(queued) >= self.path.least_silence() {
                partition_until(state, at - queued, attribution, rule, evidence);
            }
            let queueing = Attribution::network(Cause::Queueing);
            partition_until(state, at, queueing, "later_than_its_timestamp", evidence);
        } else {
            partition_until(state, at, attribution, rule, evidence);
        }
    }

    /// Returns true if a packet is a new piece of a response that comes in pieces, though bytes
    /// before it are missing: the sender goes on at its own pace, and nothing waits for the gap.
    fn goes_on_in_pieces(&self, state: &IncomingState<'_>, packet: &PacketEntry) -> bool {
        let last = self.packet(state.burst_packets.1);
        packet.offset >= state.delivery.next()
            && !self.path.is_full(packet)
            && last.is_some_and(|last| !self.path.is_full(last))
    }

    pub(super) fn remember_loss(&mut self, burst: &Burst) {
        self.loss_seen = true;
        if self.flight_before_loss.is_none() {
            self.flight_before_loss = Some(self.flight_of(burst));
        }
    }

    /// The cause of a silence in a stream without missing bytes.
    fn silence_cause(
        &mut self,
        state: &IncomingState<'_>,
        burst: &Burst,
        index: usize,
        packet: &PacketEntry,
    ) -> (Attribution, &'static str) {
        let pause = Attribution::new(Owner::Server, Cause::Pause);
        let last = self.packet(state.burst_packets.1);
        let ended_full = last.is_some_and(|last| self.path.is_full(last));
        if !self.path.has_network() {
            return self.window_cause(packet).unwrap_or(if ended_full {
                (Attribution::UNEXPLAINED, "stream_without_network")
            } else {
                (pause, "nothing_under_way")
            });
        }
        let (from, to) = self.period_answered_by(packet);
        let is_released = self.tcp.acknowledged_within(Direction::Sent, from, to);
        if state.delivery.is_held_up() && !self.gap_is_of_overtaken_bytes(state, index) {
            // The packet that ended the silence came after a gap. If an acknowledgment released it,
            // the silence was the congestion window's; else the end of the flight had been lost,
            // and a probe or a timer followed (RFC 8985 §7).
            let attribution = self.congestion_window();
            self.remember_loss(burst);
            return if is_released {
                (attribution, "first_of_flight_lost")
            } else {
                (Attribution::network(Cause::Timeout), "lost_end_of_flight")
            };
        }
        if !ended_full && self.was_stream_window_full(burst, packet) {
            return (
                Attribution::new(Owner::Client, Cause::FlowControl),
                "answers_window_update",
            );
        }
        if let Some(window) = self.window_cause(packet) {
            return window;
        }
        if self.answers_repeat(state, burst, packet) {
            let timeout = Attribution::network(Cause::Timeout).with_detail(Detail::Spurious);
            return (timeout, "repeated_bytes_ended_silence");
        }
        if !ended_full {
            return self
                .nagle(last, packet)
                .unwrap_or((pause, "nothing_under_way"));
        }
        if is_released {
            if self.flight_before_loss.is_some() {
                return (Attribution::network(Cause::Loss), "small_flight_after_loss");
            }
            return (self.congestion_window(), "silence_after_full_flight");
        }
        // Without PSH the sender had more to send.
        let had_more = last.is_some_and(|last| !last.flags.has(TcpFlags::PSH));
        let silence = packet.wall.since(burst.last());
        if silence < self.least_timeout() && !(had_more && silence >= self.round_trip_and_quarter())
        {
            return (Attribution::UNEXPLAINED, "silence_after_full_flight");
        }
        if had_more || self.is_probe(index, packet) {
            self.remember_loss(burst);
            return (Attribution::network(Cause::Timeout), "silence_of_timeout");
        }
        (pause, "nothing_under_way")
    }

    /// The server's small segment that waited for the acknowledgment of the one before it (Nagle's
    /// algorithm, RFC 9293 §3.7.4), if that one was delayed and the segment came a round trip after
    /// it.
    fn nagle(
        &self,
        last: Option<&PacketEntry>,
        packet: &PacketEntry,
    ) -> Option<(Attribution, &'static str)> {
        /// Acknowledgments are delayed by at least this: Linux's least is 40 ms.
        const MIN_DELAY: Nanos = Nanos::from_millis(36);
        let last = last.filter(|_| !self.path.is_full(packet))?;
        let acknowledged = self
            .tcp
            .first_acknowledgment(Direction::Sent, last.end_offset())?;
        let round_trip = self.path.round_trip?;
        let since = packet.wall.since(acknowledged);
        let slack = Nanos(round_trip.0 / 16).max(Nanos::from_millis(1));
        let is_prompt = (round_trip.saturating_sub(slack)..=round_trip + slack).contains(&since);
        let to_client = self.path.to_client.unwrap_or_default();
        let was_delayed = acknowledged.since(last.wall) >= MIN_DELAY + to_client;
        (is_prompt && was_delayed).then_some((
            Attribution::new(Owner::Server, Cause::Nagle),
            "small_segment_unacknowledged",
        ))
    }

    /// Returns true if the other side's window of HTTP/2 was full before a packet: this side had
    /// all that had come, and opened the window a round trip before the packet.
    fn was_stream_window_full(&self, burst: &Burst, packet: &PacketEntry) -> bool {
        /// The update may be sent while the last bytes are read.
        const SLACK: Nanos = Nanos::from_millis(1);
        let (from, to) = self.period_answered_by(packet);
        let earliest = from.max(before(burst.last(), SLACK));
        self.tcp
            .payload_within(Direction::Sent, earliest, to)
            .any(|index| self.updates_stream_window(index))
    }

    /// The shortest silence of a timer: a tail loss probe comes two round trips after what it
    /// follows (RFC 8985 §7.2), a retransmission timeout later.
    fn least_timeout(&self) -> Nanos {
        let round_trip = self.path.whole_round_trip().unwrap_or_default();
        Nanos(round_trip.0.saturating_mul(7) / 4).min(MIN_TIMEOUT)
    }

    /// Returns true if a full segment came alone, as after a timer: the next one waited for its
    /// acknowledgment. A server that goes on after a pause sends all that its window allows.
    fn is_probe(&self, index: usize, packet: &PacketEntry) -> bool {
        if !self.path.is_full(packet) {
            return false;
        }
        let next = self.flow.packets().iter().skip(index + 1);
        let mut next =
            next.filter(|next| next.direction == Direction::Received && next.payload_bytes > 0);
        let round_trip = self.path.whole_round_trip().unwrap_or_default();
        next.next()
            .is_some_and(|next| next.wall.since(packet.wall).0 >= round_trip.0 / 8 * 5)
    }

    /// The period in which this side sent what a packet may answer: a round trip before, or more if
    /// its timestamp shows it to have been in queues, or less where times under way vary, since the
    /// least round trip seen may not be the least there is.
    fn period_answered_by(&self, packet: &PacketEntry) -> (WallTime, WallTime) {
        let round_trip = self.path.round_trip.unwrap_or_default();
        let queued = self.path.sender_clock().time_in_queues(packet);
        // On the way there it may have been as long.
        let queued = Nanos(queued.unwrap_or_default().0.saturating_mul(2)).min(round_trip);
        let spread = self.path.sender_clock().spread();
        let tolerance = spread.min(Nanos(round_trip.0 / 2));
        let least = Nanos(round_trip.0 - round_trip.0 / 6).saturating_sub(tolerance);
        (
            before(packet.wall, self.round_trip_limit() + queued),
            before(packet.wall, least),
        )
    }

    /// Returns true if the gap that a packet left was filled by a late original.
    fn gap_is_of_overtaken_bytes(&self, state: &IncomingState<'_>, index: usize) -> bool {
        self.packet_with_byte(index, state.delivery.next())
            .is_some_and(|filler| self.was_overtaken(index, filler))
    }

    /// Returns true if a silence of a timeout ended with bytes that had come before, and what was
    /// new came a round trip later: the timer was early, or the acknowledgments were lost.
    fn answers_repeat(
        &self,
        state: &IncomingState<'_>,
        burst: &Burst,
        packet: &PacketEntry,
    ) -> bool {
        state.repeat.is_some_and(|(_, repeated)| {
            repeated.since(burst.last()) >= self.least_timeout()
                && packet.wall.since(repeated) <= self.round_trip_and_quarter()
        })
    }

    /// The sender's congestion window, and why it was small.
    pub(super) fn congestion_window(&self) -> Attribution {
        let detail = if self.loss_seen {
            Detail::AfterLoss
        } else if self.was_idle {
            Detail::AfterIdle
        } else {
            Detail::SlowStart
        };
        Attribution::network(Cause::CongestionWindow).with_detail(detail)
    }

    /// The client's window, if the sender had filled it by what it knew.
    fn window_cause(&self, packet: &PacketEntry) -> Option<(Attribution, &'static str)> {
        let full = u64::from(self.path.full_payload(Direction::Received)?);
        let (from, to) = self.period_answered_by(packet);
        let edge = self.tcp.window_edge_before(Direction::Sent, from)?;
        let reached = self.tcp.end(Direction::Received);
        let released = self.tcp.opened_window_within(Direction::Sent, from, to);
        (reached + full > edge && released).then_some((
            Attribution::new(Owner::Client, Cause::Window),
            "window_full",
        ))
    }
}

fn partition_until(
    state: &mut IncomingState<'_>,
    at: Moment,
    attribution: Attribution,
    rule: &'static str,
    evidence: (usize, usize),
) {
    let reason = Reason::on_wire(attribution, rule, evidence);
    state.partition.until(at, reason);
}
