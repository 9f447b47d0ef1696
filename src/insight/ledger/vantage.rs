//! The place of a capture: how far it is from the client and from the server.
//!
//! ```text
//! client ── to_client ── capture ── to_server ── server
//! ```
//!
//! What lies between the place and the server is waited for in a turn, what lies between it and the
//! client in the client's own gaps; both are a round trip's. In a capture on the client's machine
//! the one is the whole round trip and the other nothing, on the server's the other way round.

use super::acknowledgment_times::AcknowledgmentTimes;
use super::incoming::IncomingState;
use super::owner::{Attribution, Cause, Owner};
use super::partition::{Partition, Reason};
use super::walk::Walk;
use crate::trace::{Clock, Direction, Flow, PacketEntry};
use crate::units::{Moment, Nanos};
use crate::wire::TcpFlags;

/// Packets of a flow at whose beginning the handshake is looked for.
const HANDSHAKE_PACKETS: usize = 64;
/// Below this, both ends are at the same place.
const SAME_PLACE: Nanos = Nanos(100_000);

/// Least round trips from the place of a capture to both ends, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vantage {
    /// To the server and back: SYN to SYN-ACK, or payload to its acknowledgment.
    pub to_server: Option<Nanos>,
    /// To the client and back: SYN-ACK to its acknowledgment, or payload to its acknowledgment.
    pub to_client: Option<Nanos>,
}

/// Where a capture was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapturePlace {
    /// At the client, or close to it.
    Client,
    /// Between the two.
    Middle,
    /// At the server, or close to it.
    Server,
}

impl CapturePlace {
    /// The name in machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Middle => "middle",
            Self::Server => "server",
        }
    }
}

impl Vantage {
    /// Estimates the place of the capture from a flow's packets.
    pub fn estimate(flow: &Flow) -> Self {
        let handshake = TcpOpening::find(flow);
        let least = |handshake: Option<Nanos>, direction| {
            let acknowledged = least_acknowledgment_time(flow, direction);
            [handshake, acknowledged].into_iter().flatten().min()
        };
        Self {
            to_server: least(handshake.to_server(flow), Direction::Sent),
            to_client: least(handshake.to_client(flow), Direction::Received),
        }
    }

    /// Returns where the capture was made; `None` if a distance is not known. Close to one end is
    /// a twentieth of the whole way.
    pub fn place(self) -> Option<CapturePlace> {
        let (to_server, to_client) = (self.to_server?, self.to_client?);
        let close = Nanos((to_server + to_client).0 / 20).max(SAME_PLACE);
        Some(if to_client <= close {
            CapturePlace::Client
        } else if to_server <= close {
            CapturePlace::Server
        } else {
            CapturePlace::Middle
        })
    }
}

/// The packets of TCP's handshake, as indexes among a flow's packets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TcpOpening {
    /// First and last SYN before the answer.
    pub(super) syns: Option<(usize, usize)>,
    /// First and last SYN-ACK before the acknowledgment.
    pub(super) answers: Option<(usize, usize)>,
    /// The client's acknowledgment of the SYN-ACK.
    pub(super) acknowledged: Option<usize>,
}

impl TcpOpening {
    /// Finds the handshake; a flow that was captured from its middle on has none.
    pub(super) fn find(flow: &Flow) -> Self {
        let mut found = Self::default();
        let extend = |range: &mut Option<(usize, usize)>, index| {
            *range = Some((range.map_or(index, |(first, _)| first), index));
        };
        for (index, packet) in flow.packets().iter().enumerate().take(HANDSHAKE_PACKETS) {
            let is_syn = packet.flags.has(TcpFlags::SYN);
            match packet.direction {
                Direction::Sent if is_syn && found.answers.is_none() => {
                    extend(&mut found.syns, index);
                }
                Direction::Received if is_syn => extend(&mut found.answers, index),
                Direction::Sent if found.answers.is_some() && packet.flags.has(TcpFlags::ACK) => {
                    found.acknowledged = Some(index);
                    break;
                }
                _ => {}
            }
        }
        found
    }

    /// The time from SYN to SYN-ACK, if each was sent once (Karn's algorithm, RFC 6298 §3).
    fn to_server(self, flow: &Flow) -> Option<Nanos> {
        time_between(flow, only(self.syns?)?, only(self.answers?)?)
    }

    /// The time from SYN-ACK to its acknowledgment, if it was sent once.
    fn to_client(self, flow: &Flow) -> Option<Nanos> {
        time_between(flow, only(self.answers?)?, self.acknowledged?)
    }
}

fn only((first, last): (usize, usize)) -> Option<usize> {
    (first == last).then_some(first)
}

fn time_between(flow: &Flow, from: usize, to: usize) -> Option<Nanos> {
    let at = |index: usize| flow.packets().get(index).map(|packet| packet.wall);
    Some(at(to)?.since(at(from)?))
}

fn least_acknowledgment_time(flow: &Flow, direction: Direction) -> Option<Nanos> {
    let mut times = AcknowledgmentTimes::new(direction);
    for packet in flow.packets() {
        times.observe(flow, packet);
    }
    times.least()
}

impl Walk<'_> {
    /// Gives the time from what arrived until a packet of the client: the way to it and back is a
    /// round trip's, the rest is its own.
    pub(super) fn until_own_packet(
        &self,
        partition: &mut Partition,
        index: usize,
        packet: &PacketEntry,
        own: Attribution,
    ) {
        let at = self.moment(packet.wall);
        let evidence = (index.saturating_sub(1), index);
        let Some(to_client) = self.path.to_client else {
            let reason = Reason::on_wire(
                Attribution::UNEXPLAINED,
                "client_at_unknown_distance",
                evidence,
            );
            partition.until(at, reason);
            return;
        };
        if self.path.has_network_to_client() {
            Self::split_around_client(partition, at, to_client, (own, evidence));
        } else {
            partition.until(at, Reason::on_wire(own, "arrival_to_own_packet", evidence));
        }
    }

    /// Half of the round trip before what the client did, half after.
    fn split_around_client(
        partition: &mut Partition,
        at: Moment,
        to_client: Nanos,
        (own, evidence): (Attribution, (usize, usize)),
    ) {
        let error = Nanos(to_client.0 / 8).max(Nanos::from_millis(1));
        let inferred = |attribution| Reason {
            clock: Clock::Inferred,
            ..Reason::on_wire(attribution, "beyond_round_trip_to_client", evidence)
        };
        let begun = partition.cursor();
        if at.since(begun) > to_client + error {
            let half = Nanos(to_client.0 / 2);
            partition.until(begun + half, inferred(Attribution::ROUND_TRIP));
            let acting = Reason {
                error,
                ..inferred(own)
            };
            partition.until(at - half, acting);
            partition.until(at, inferred(Attribution::ROUND_TRIP));
        } else {
            let rule = "within_round_trip_to_client";
            partition.until(at, Reason::on_wire(Attribution::ROUND_TRIP, rule, evidence));
        }
    }

    /// Bytes that had passed the place of the capture came again, since they were lost behind it:
    /// what the sender waited for until then was the loss. The client's own capture sees such
    /// repeats after what made them necessary; there they are [early timers](Self::silence).
    pub(super) fn sent_again(
        &mut self,
        state: &mut IncomingState<'_>,
        index: usize,
        packet: &PacketEntry,
    ) {
        let Some(burst) = state.burst.filter(|_| self.path.has_network_to_client()) else {
            return;
        };
        if packet.wall.since(burst.last()) < self.path.least_silence() {
            return;
        }
        let by_acknowledgments = self.tcp.duplicates_by(Direction::Sent) >= 3;
        let (cause, rule) = if by_acknowledgments {
            (Cause::Loss, "sent_again_after_acknowledgments")
        } else {
            (Cause::Timeout, "sent_again_after_timer")
        };
        let evidence = (state.burst_packets.1, index);
        self.close_burst(state);
        self.remember_loss(&burst);
        let reason = Reason::on_wire(Attribution::network(cause), rule, evidence);
        state.partition.until(self.moment(packet.wall), reason);
        let is_full = self.path.is_full(packet);
        let again = super::burst::Burst::begin(packet.wall, packet.payload_bytes, is_full);
        state.burst = Some(again);
        state.burst_packets = (index, index);
    }

    /// Delivers the bytes before an offset that were received and not captured.
    pub(super) fn pass_uncaptured(&self, state: &mut IncomingState<'_>, offset: u64) {
        let next = state.delivery.next();
        let from = self.uncaptured.partition_point(|bytes| bytes.end <= next);
        let missing = self.uncaptured.get(from..).unwrap_or_default();
        for bytes in missing.iter().take_while(|bytes| bytes.end <= offset) {
            state.delivery.add(bytes.start, bytes.end);
        }
    }

    /// An own gap of a client of which nothing is known to be outstanding.
    pub(super) const IDLE: Attribution = Attribution::new(Owner::None, Cause::Idle);
}
