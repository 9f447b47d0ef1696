//! Properties of the path between the two ends of a connection, estimated from its packets.

use std::ops::Range;

use super::acknowledgment_times::AcknowledgmentTimes;
use super::burst::{Burst, Gaps};
use super::sender_clock::SenderClock;
use crate::trace::{Direction, Flow, PacketEntry};
use crate::units::{Nanos, WallTime};
use crate::wire::TcpFlags;

/// Packets at the start of a flow among which the handshake is.
const HANDSHAKE_PACKETS: usize = 64;

/// Below this round trip no share of the network is claimed: it is a loopback interface, or two
/// ends in one rack.
pub(in crate::insight) const MIN_NETWORK_ROUND_TRIP: Nanos = Nanos(100_000);

/// Estimated properties of a path, by the packets observed so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    /// The least round trip from the place of the capture to the server: of SYN to SYN-ACK, if the
    /// SYN was sent once (Karn's algorithm, RFC 6298 §3), and of payload to the acknowledgment
    /// without payload.
    pub(super) round_trip: Option<Nanos>,
    /// The least round trip from the place of the capture to the client and back: 0 where the
    /// capture is the client's own. `None` if it is not known.
    pub(super) to_client: Option<Nanos>,
    /// The largest payload of a segment, sent and received; aggregates count as their MSS.
    mss: [Option<u32>; 2],
    /// The longest even train of segments, sent and received.
    trains: [Trains; 2],
    /// The other side's clock.
    sender_clock: SenderClock,
    handshake: HandshakeTimes,
    acknowledgments: AcknowledgmentTimes,
    /// The kernel's figure, until packets have shown one.
    kernel_round_trip: Option<Nanos>,
    /// Index after the latest packet observed.
    observed: usize,
}

impl Path {
    /// A path of which the kernel's round trip is known at most.
    pub(super) fn new(kernel_round_trip: Option<Nanos>) -> Self {
        Self {
            kernel_round_trip,
            to_client: Some(Nanos::ZERO),
            ..Self::default()
        }
    }

    /// Observes the packets in a range that have not been observed, and those of the handshake.
    pub(super) fn observe(&mut self, flow: &Flow, range: Range<usize>) {
        let packets = flow.packets();
        if self.observed == 0 {
            for packet in packets.iter().take(range.start.min(HANDSHAKE_PACKETS)) {
                self.handshake.observe(packet);
            }
            self.acknowledgments = AcknowledgmentTimes::before(Direction::Sent, flow, range.start);
        }
        let start = self.observed.max(range.start);
        self.observed = range.end;
        let new = packets.get(start..range.end).unwrap_or_default();
        self.mss =
            [Direction::Sent, Direction::Received].map(|direction| full_payload(flow, direction));
        for packet in new {
            self.handshake.observe(packet);
            self.acknowledgments.observe(flow, packet);
            if packet.direction == Direction::Received {
                self.sender_clock.read(packet);
            }
        }
        let seen = [self.handshake.round_trip(), self.acknowledgments.least()];
        self.round_trip = seen.into_iter().flatten().min().or(self.kernel_round_trip);
        for packet in new {
            self.add_to_train(packet);
        }
    }

    /// Returns true if the round trip is long enough for the network to have a share.
    pub(super) fn has_network(&self) -> bool {
        self.whole_round_trip()
            .is_none_or(|round_trip| round_trip >= MIN_NETWORK_ROUND_TRIP)
    }

    /// Returns true if the round trip from the place of the capture to the server is long enough
    /// for the network to have a share of what is waited for there.
    pub(super) fn has_network_to_server(&self) -> bool {
        self.round_trip
            .is_none_or(|round_trip| round_trip >= MIN_NETWORK_ROUND_TRIP)
    }

    /// Returns true if the client is so far from the place of the capture that the network has a
    /// share of the time until it acts.
    pub(super) fn has_network_to_client(&self) -> bool {
        self.to_client
            .is_some_and(|round_trip| round_trip >= MIN_NETWORK_ROUND_TRIP)
    }

    /// The least round trip between client and server. Loss, timers and windows go by it, wherever
    /// the capture is.
    pub(super) fn whole_round_trip(&self) -> Option<Nanos> {
        Some(self.round_trip? + self.to_client.unwrap_or_default())
    }

    /// The other side's clock.
    pub(super) const fn sender_clock(&self) -> &SenderClock {
        &self.sender_clock
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
        self.nanos_per_byte(direction)
            .map(|rate| Nanos((bytes as f64 * rate) as u64))
    }

    /// The silence that ends a burst of a direction: a quarter of the round trip or 8 times the
    /// spacing of its segments, or of those of the connection.
    pub(super) fn silence(&self, direction: Direction, burst: &Burst) -> Nanos {
        let spacing = burst.spacing().max(self.usual_spacing(direction));
        self.least_silence().max(Nanos(spacing.0.saturating_mul(8)))
    }

    /// A quarter of the round trip.
    pub(super) fn least_silence(&self) -> Nanos {
        const LEAST: Nanos = Nanos(500_000);
        let quarter = self
            .whole_round_trip()
            .map_or(Nanos::from_millis(5), |round_trip| Nanos(round_trip.0 / 4));
        quarter.max(LEAST)
    }

    /// Time that the narrowest link takes for a byte, in nanoseconds; from the longest even train.
    fn nanos_per_byte(&self, direction: Direction) -> Option<f64> {
        let trains = &self.trains[direction as usize];
        let full = self.full_payload(direction);
        longer_train(trains.longest, trains.open, full)?.nanos_per_byte()
    }

    fn add_to_train(&mut self, packet: &PacketEntry) {
        if packet.payload_bytes == 0 || packet.retransmitted {
            return;
        }
        let full = self.full_payload(packet.direction);
        let is_full = self.is_full(packet);
        let silence = |burst: &Burst| self.silence(packet.direction, burst);
        let mut trains = self.trains[packet.direction as usize];
        self.add_spacing(&mut trains, packet, is_full);
        (trains.longest, trains.open) = match trains.open {
            Some(mut burst) if packet.wall.since(burst.last()) < silence(&burst) => {
                burst.add(packet.wall, packet.payload_bytes, is_full);
                (trains.longest, Some(burst))
            }
            open => (
                longer_train(trains.longest, open, full),
                Some(Burst::begin(packet.wall, packet.payload_bytes, is_full)),
            ),
        };
        self.trains[packet.direction as usize] = trains;
    }

    /// Counts the gap between two full segments, and whether the second one had to queue in it.
    fn add_spacing(&self, trains: &mut Trains, packet: &PacketEntry, is_full: bool) {
        let before = trains.latest_full.take();
        trains.latest_full = is_full.then_some(packet.wall);
        let Some(before) = before.filter(|_| is_full) else {
            return;
        };
        let gap = packet.wall.since(before);
        trains.spacings.add(gap);
        let queued = self.sender_clock.time_in_queues(packet);
        let had_to_queue = packet.direction == Direction::Received
            && queued.is_some_and(|queued| queued.0 >= gap.0 / 2);
        trains.queued += u32::from(had_to_queue);
    }

    /// The usual time between two full segments, or between the acknowledgments of those sent, on a
    /// link so slow that each takes a good part of a round trip; 0 on others. Segments that come a
    /// round trip apart may also be those of a small congestion window, unless they had to queue.
    fn usual_spacing(&self, direction: Direction) -> Nanos {
        const LEAST_SPACINGS: u32 = 10;
        if direction == Direction::Sent {
            let spacings = self.acknowledgments.spacings();
            return spacings
                .filter(|spacings| spacings.total() >= LEAST_SPACINGS)
                .map_or(Nanos::ZERO, Gaps::median);
        }
        let trains = &self.trains[direction as usize];
        let spacing = trains.spacings.median();
        let round_trip = self.whole_round_trip().unwrap_or_default();
        let is_link = spacing.0 < round_trip.0 / 2
            || trains.queued.saturating_mul(2) >= trains.spacings.total();
        if is_link && trains.spacings.total() >= LEAST_SPACINGS {
            spacing
        } else {
            Nanos::ZERO
        }
    }
}

/// Trains of segments in one direction.
#[derive(Clone, Copy, Debug)]
struct Trains {
    /// The longest even one.
    longest: Option<Burst>,
    /// The one that goes on.
    open: Option<Burst>,
    /// When the latest packet came, if it was full.
    latest_full: Option<WallTime>,
    /// Gaps between full segments, and how many of them the later segment spent in a queue.
    spacings: Gaps,
    queued: u32,
}

impl Default for Trains {
    fn default() -> Self {
        Self {
            longest: None,
            open: None,
            latest_full: None,
            spacings: Gaps::NONE,
            queued: 0,
        }
    }
}

fn longer_train(longest: Option<Burst>, next: Option<Burst>, full: Option<u32>) -> Option<Burst> {
    let next = next.filter(|next| full.is_some_and(|full| next.is_even_train(full)));
    match (longest, next) {
        (Some(longest), Some(next)) if next.bytes() > longest.bytes() => Some(next),
        (longest, next) => longest.or(next),
    }
}

/// When SYN and SYN-ACK were sent.
#[derive(Clone, Copy, Debug, Default)]
struct HandshakeTimes {
    syn: Option<WallTime>,
    answer: Option<WallTime>,
    /// One of them was sent again.
    is_ambiguous: bool,
}

impl HandshakeTimes {
    fn observe(&mut self, packet: &PacketEntry) {
        if !packet.flags.has(TcpFlags::SYN) {
            return;
        }
        let slot = if packet.flags.has(TcpFlags::ACK) {
            &mut self.answer
        } else {
            &mut self.syn
        };
        self.is_ambiguous |= slot.replace(packet.wall).is_some();
    }

    /// The time from SYN to SYN-ACK, if each was sent once.
    fn round_trip(&self) -> Option<Nanos> {
        let round_trip = self.answer?.since(self.syn?);
        (!self.is_ambiguous).then_some(round_trip)
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
