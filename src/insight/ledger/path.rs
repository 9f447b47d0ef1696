//! Properties of the path between the two ends of a connection, estimated from its packets.

use std::collections::VecDeque;

use super::burst::Burst;
use crate::trace::{Direction, Flow, PacketEntry};
use crate::units::{Nanos, WallTime};
use crate::wire::TcpFlags;

/// Segments in flight that are timed; more are not needed for a minimum.
const MAX_TIMED: usize = 64;

/// Below this round trip no share of the network is claimed: it is a loopback interface, or two
/// ends in one rack.
const MIN_NETWORK_ROUND_TRIP: Nanos = Nanos(100_000);

/// Estimated properties of a path.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Path {
    /// The least round trip: of SYN to SYN-ACK, if the SYN was sent once (Karn's algorithm, RFC
    /// 6298 §3), and of payload to the acknowledgment without payload.
    pub(super) round_trip: Option<Nanos>,
    /// The largest payload of a segment, sent and received; aggregates count as their MSS.
    mss: [Option<u32>; 2],
    /// Time that the narrowest link takes for a byte, in nanoseconds, sent and received; from the
    /// longest even train of segments.
    nanos_per_byte: [Option<f64>; 2],
}

impl Path {
    /// Estimates the path of a flow.
    pub(super) fn estimate(flow: &Flow) -> Self {
        let mut path = Self {
            mss: [Direction::Sent, Direction::Received]
                .map(|direction| full_payload(flow, direction)),
            ..Self::default()
        };
        path.round_trip = least_round_trip(flow);
        for direction in [Direction::Sent, Direction::Received] {
            path.nanos_per_byte[direction as usize] = path.link_rate(flow, direction);
        }
        path
    }

    /// Returns true if the round trip is long enough for the network to have a share.
    pub(super) fn has_network(&self) -> bool {
        self.round_trip
            .is_none_or(|round_trip| round_trip >= MIN_NETWORK_ROUND_TRIP)
    }

    /// The payload of a full segment in a direction.
    pub(super) fn full_payload(&self, direction: Direction) -> Option<u32> {
        self.mss[direction as usize]
    }

    /// Returns true if a packet of a direction consists of full segments, possibly of several that
    /// were aggregated.
    pub(super) fn is_full(&self, packet: &PacketEntry) -> bool {
        self.full_payload(packet.direction)
            .is_some_and(|full| full > 0 && packet.payload_bytes >= full)
            && !self.ends_short(packet)
    }

    /// Returns true if an aggregate ends with a segment that is not full.
    fn ends_short(&self, packet: &PacketEntry) -> bool {
        self.full_payload(packet.direction)
            .filter(|full| *full > 0)
            .is_some_and(|full| {
                packet.payload_bytes > full && !packet.payload_bytes.is_multiple_of(full)
            })
    }

    /// Time that the narrowest link takes for so many bytes, if it is known.
    pub(super) fn transmission_time(&self, direction: Direction, bytes: u64) -> Option<Nanos> {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an estimate; float casts saturate"
        )]
        self.nanos_per_byte[direction as usize].map(|rate| Nanos((bytes as f64 * rate) as u64))
    }

    /// The silence that ends a burst: a quarter of the round trip or 8 times the spacing of its
    /// segments.
    pub(super) fn silence(&self, spacing: Nanos) -> Nanos {
        const LEAST: Nanos = Nanos(500_000);
        let quarter = self
            .round_trip
            .map_or(Nanos::from_millis(5), |round_trip| Nanos(round_trip.0 / 4));
        quarter.max(Nanos(spacing.0.saturating_mul(8))).max(LEAST)
    }

    /// Finds the longest even train of full segments and returns its time per byte.
    fn link_rate(&self, flow: &Flow, direction: Direction) -> Option<f64> {
        let mut best = None::<Burst>;
        let mut burst = None::<Burst>;
        for packet in flow.packets() {
            if packet.direction != direction || packet.payload_bytes == 0 || packet.retransmitted {
                continue;
            }
            let full = self.is_full(packet);
            match &mut burst {
                Some(open) if packet.wall.since(open.last()) < self.silence(open.spacing()) => {
                    open.add(packet.wall, packet.payload_bytes, full);
                }
                _ => {
                    let next = Burst::begin(packet.wall, packet.payload_bytes, full);
                    best = better_train(best, burst.replace(next), self.full_payload(direction));
                }
            }
        }
        better_train(best, burst, self.full_payload(direction))?.nanos_per_byte()
    }
}

fn better_train(best: Option<Burst>, next: Option<Burst>, full: Option<u32>) -> Option<Burst> {
    let next = next.filter(|next| full.is_some_and(|full| next.is_even_train(full)));
    match (best, next) {
        (Some(best), Some(next)) => Some(if next.bytes() > best.bytes() {
            next
        } else {
            best
        }),
        (best, next) => best.or(next),
    }
}

/// The payload of a full segment: the largest one seen, unless the receiver accepts less.
fn full_payload(flow: &Flow, direction: Direction) -> Option<u32> {
    let counts = flow.counts(direction);
    let seen = counts.max_segment.max(1);
    let announced = flow.announced_mss(direction.opposite()).map(u32::from);
    // Aggregates are multiples of the MSS less its options, which take 12 bytes where there are
    // timestamps (RFC 7323 §3.2).
    match announced {
        Some(mss) if seen > mss => Some(mss.saturating_sub(12)),
        Some(mss) if seen + 40 >= mss => Some(seen),
        Some(mss) => Some(mss.saturating_sub(12)),
        None => (seen > 1).then_some(seen),
    }
}

/// The least time from payload to its acknowledgment, and from SYN to SYN-ACK.
fn least_round_trip(flow: &Flow) -> Option<Nanos> {
    let mut least = handshake_round_trip(flow);
    for direction in [Direction::Sent, Direction::Received] {
        // At the receiver of data the time from payload to acknowledgment is its own.
        let sample =
            least_acknowledgment_time(flow, direction).filter(|_| direction == Direction::Sent);
        least = match (least, sample) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
    least
}

/// The time from SYN to SYN-ACK, if each was sent once.
fn handshake_round_trip(flow: &Flow) -> Option<Nanos> {
    let syns = flow
        .packets()
        .iter()
        .take(64)
        .filter(|packet| packet.flags.has(TcpFlags::SYN));
    let mut sent = None::<WallTime>;
    let mut answered = None::<WallTime>;
    for syn in syns {
        let slot = if syn.flags.has(TcpFlags::ACK) {
            &mut answered
        } else {
            &mut sent
        };
        if slot.replace(syn.wall).is_some() {
            return None;
        }
    }
    Some(answered?.since(sent?))
}

fn least_acknowledgment_time(flow: &Flow, direction: Direction) -> Option<Nanos> {
    let mut timed = VecDeque::<(u64, WallTime)>::new();
    let mut end = 0_u64;
    let mut least = None::<Nanos>;
    for packet in flow.packets() {
        if packet.direction == direction {
            let to = packet
                .offset
                .saturating_add(u64::from(packet.payload_bytes));
            if packet.retransmitted {
                // Which of the two is acknowledged cannot be told.
                timed.clear();
            } else if packet.payload_bytes > 0 && timed.len() < MAX_TIMED {
                timed.push_back((to, packet.wall));
            }
            end = end.max(to);
            continue;
        }
        let Some(acknowledged) = flow.acknowledged_offset(packet, end) else {
            continue;
        };
        let mut latest = None;
        while let Some((to, at)) = timed.front().copied().filter(|(to, _)| *to <= acknowledged) {
            latest = Some((to, at));
            timed.pop_front();
        }
        // Only what is acknowledged up to its last byte, by a packet without payload.
        if let Some((_, at)) =
            latest.filter(|(to, _)| *to == acknowledged && packet.payload_bytes == 0)
        {
            let took = packet.wall.since(at);
            least = Some(least.map_or(took, |least| least.min(took)));
        }
    }
    least
}
