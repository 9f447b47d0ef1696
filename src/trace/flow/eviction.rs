//! Eviction of a flow's oldest packets, so that a capture can run indefinitely. The flow's counters
//! and sequence numbers are kept.

use super::chunk::ChunkSummary;
use super::summary::time_span;
use super::{Direction, Flow};
use crate::units::{Nanos, WallTime};
use crate::wire::{TcpFlags, Transport};

impl Flow {
    /// Number of packets at the start of the flow that were listed and have been evicted.
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Returns true if no more packets are expected: both sides sent FIN, one side sent RST, or for
    /// UDP nothing passed for as long as Linux keeps such a flow at most
    /// (`nf_conntrack_udp_timeout_stream`, 120 s).
    pub(in crate::trace) fn is_over(&self, now: WallTime) -> bool {
        const SILENCE: Nanos = Nanos::from_millis(120_000);
        if self.key.transport == Transport::Udp {
            return self
                .span()
                .is_none_or(|(_, last)| now.since(last) >= SILENCE);
        }
        let has =
            |flag| [Direction::Sent, Direction::Received].map(|side| self.flags(side).has(flag));
        has(TcpFlags::FIN) == [true; 2] || has(TcpFlags::RST) != [false; 2]
    }

    /// Number of its latest packet, counted over all packets of the trace.
    pub(in crate::trace) const fn latest_packet_number(&self) -> u64 {
        self.latest_packet_number
    }

    /// Returns the listed packets in blocks: the number of a block's last packet, counted over all
    /// packets of the trace, and the size of the block.
    pub(in crate::trace) fn blocks(&self) -> impl Iterator<Item = (u64, usize)> + '_ {
        let rest = self.entries.len() % ChunkSummary::PACKETS;
        self.chunk_ends()
            .map(|number| (number, ChunkSummary::PACKETS))
            .chain((rest > 0).then_some((self.latest_packet_number, rest)))
    }

    /// Evicts the blocks whose last packet has at most this number. Returns how many packets those
    /// are.
    pub(in crate::trace) fn evict_until(&mut self, number: u64) -> usize {
        let packets = self
            .blocks()
            .take_while(|(last, _)| *last <= number)
            .map(|(_, packets)| packets)
            .sum();
        self.evict(packets);
        packets
    }

    /// Evicts at least this many of the first packets, in whole blocks. Returns how many.
    pub(in crate::trace) fn evict_first(&mut self, least: usize) -> usize {
        let packets = least
            .next_multiple_of(ChunkSummary::PACKETS)
            .min(self.entries.len());
        self.evict(packets);
        packets
    }

    /// Evicts the first packets, which must be whole blocks.
    fn evict(&mut self, packets: usize) {
        let gone = self.entries.get(..packets).unwrap_or_default();
        let Some((first, last)) = time_span(gone) else {
            return;
        };
        self.evict_chunks(packets);
        self.sent.forget(packets, last);
        self.received.forget(packets, last);
        self.entries.drain(..packets);
        self.entries.shrink_to_fit();
        self.packet_numbers.drop_first(packets as u64);
        self.evicted += packets as u64;
        let before = self.evicted_span.unwrap_or((first, last));
        self.evicted_span = Some((before.0.min(first), before.1.max(last)));
        if self.entries.is_empty() {
            self.delivery_errors_unlisted += self.delivery_errors.len() as u64;
            self.delivery_errors = Vec::new();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::collections::BTreeMap;
    use std::net::SocketAddr;

    use proptest::prelude::*;

    use super::*;
    use crate::trace::{Event, EventKind, Packet, PacketEntry, PacketLimits, Trace};
    use crate::units::Moment;
    use crate::wire::{TcpHeader, TransportHeader};

    const LIMITS: PacketLimits = PacketLimits {
        packets: 4_096,
        packets_per_flow: 2_048,
        flows: 16,
        keeps_latest: true,
    };

    fn client(number: u16) -> SocketAddr {
        ([10, 0, 0, 1], 1_000 + number).into()
    }

    /// A packet between a client and the server.
    fn packet(
        wall: u64,
        number: u16,
        by_client: bool,
        header: TcpHeader,
        payload_bytes: u32,
    ) -> Packet {
        let ends = (client(number), ([10, 0, 0, 2], 80).into());
        let (source, destination) = if by_client { ends } else { (ends.1, ends.0) };
        Packet {
            wall: WallTime(wall),
            source,
            destination,
            frame_bytes: payload_bytes + 54,
            payload_bytes,
            transport: TransportHeader::Tcp(header),
            stored: None,
            segment_bytes: None,
        }
    }

    const fn header(seq: u32, ack: u32, flags: u8) -> TcpHeader {
        TcpHeader {
            seq,
            ack,
            flags: TcpFlags(flags),
            window: 500,
            mss: Some(1_460),
            window_scale: Some(7),
            timestamp: None,
        }
    }

    /// Interleaved conversations with some retransmissions. Each move is the number of a
    /// conversation, a payload size, and whether the packet is sent twice.
    fn packets(moves: &[(u16, u32, bool)]) -> Vec<Packet> {
        let mut sent: BTreeMap<u16, u32> = BTreeMap::new();
        let mut packets = Vec::new();
        for (wall, (number, payload, again)) in (0..).step_by(1_000).zip(moves) {
            let next = sent.entry(*number).or_insert_with(|| {
                packets.push(packet(wall, *number, true, header(99, 0, TcpFlags::SYN), 0));
                packets.push(packet(
                    wall,
                    *number,
                    false,
                    header(499, 100, TcpFlags::SYN | TcpFlags::ACK),
                    0,
                ));
                0
            });
            let data = packet(
                wall,
                *number,
                true,
                header(100_u32.wrapping_add(*next), 500, TcpFlags::ACK),
                *payload,
            );
            *next = next.wrapping_add(*payload);
            packets.extend(std::iter::repeat_n(data, 1 + usize::from(*again)));
            packets.push(packet(
                wall,
                *number,
                false,
                header(500, 100_u32.wrapping_add(*next), TcpFlags::ACK),
                0,
            ));
        }
        packets
    }

    fn trace(limits: PacketLimits, packets: &[Packet]) -> Trace {
        let mut trace = Trace::with_limits(limits);
        for batch in packets.chunks(512) {
            trace.apply(Event {
                at: Moment::START,
                kind: EventKind::Packets {
                    packets: batch.to_vec(),
                },
            });
        }
        trace
    }

    fn moves() -> impl Strategy<Value = Vec<(u16, u32, bool)>> {
        prop::collection::vec(
            (0..9_u16, 1..3_000_u32, prop::bool::weighted(0.05)),
            1_000..6_000,
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

        /// The packets that are still listed have the same properties as in a trace without
        /// eviction.
        #[test]
        fn evicting_the_oldest_changes_nothing_of_the_rest(moves in moves()) {
            compare_with_unlimited(&packets(&moves))?;
        }
    }

    fn compare_with_unlimited(packets: &[Packet]) -> Result<(), TestCaseError> {
        let whole = trace(PacketLimits::KEEP_FIRST, packets);
        let limited = trace(LIMITS, packets);
        let listed: usize = limited
            .flows()
            .iter()
            .map(|flow| flow.packets().len())
            .sum();
        prop_assert!(listed <= LIMITS.packets);
        prop_assert!(listed >= packets.len().min(LIMITS.packets / 2), "{listed}");
        prop_assert_eq!(
            listed as u64 + limited.evicted().packets,
            packets.len() as u64
        );
        prop_assert_eq!(whole.flows().len(), limited.flows().len());
        for (all, flow) in whole.flows().iter().zip(limited.flows()) {
            let evicted = usize::try_from(flow.evicted()).unwrap();
            prop_assert_eq!(all.packets().get(evicted..).unwrap(), flow.packets());
            prop_assert_eq!(all.span(), flow.span());
            prop_assert!(
                all.retransmitted_packets()
                    .skip_while(|packet| !flow.packets().contains(packet))
                    .eq(flow.retransmitted_packets())
            );
            for side in [Direction::Sent, Direction::Received] {
                compare_direction(all, flow, side)?;
            }
            for packet in flow.packets().iter().step_by(97) {
                compare_at_packet(all, flow, packet)?;
            }
        }
        Ok(())
    }

    fn compare_direction(all: &Flow, flow: &Flow, side: Direction) -> Result<(), TestCaseError> {
        prop_assert_eq!(all.counts(side), flow.counts(side));
        let mut sizes = BTreeMap::new();
        for packet in flow.packets() {
            if packet.direction == side && packet.payload_bytes > 0 {
                *sizes.entry(packet.payload_bytes).or_insert(0_u64) += 1;
            }
        }
        prop_assert_eq!(sizes, flow.payload_sizes(side));
        let updates = |flow: &Flow| {
            flow.packet_runs()
                .flat_map(|packet_run| packet_run.stream_updates(flow, side).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        };
        prop_assert!(updates(all).ends_with(&updates(flow)));
        Ok(())
    }

    fn compare_at_packet(
        all: &Flow,
        flow: &Flow,
        packet: &PacketEntry,
    ) -> Result<(), TestCaseError> {
        let until = WallTime(packet.wall.0 + 1_000_000);
        if flow
            .packets()
            .first()
            .is_some_and(|first| first.wall < packet.wall)
        {
            prop_assert_eq!(
                all.traffic_between(packet.wall, until),
                flow.traffic_between(packet.wall, until)
            );
        }
        let evicted = usize::try_from(flow.evicted()).unwrap();
        let range = packet.offset..packet.offset + 5_000;
        let carriers: Vec<usize> = flow
            .packets_carrying(Direction::Sent, &range)
            .iter()
            .map(|carrier| carrier.packet + evicted)
            .collect();
        let expected: Vec<usize> = all
            .packets_carrying(Direction::Sent, &range)
            .iter()
            .map(|carrier| carrier.packet)
            .filter(|index| *index >= evicted)
            .collect();
        prop_assert_eq!(carriers, expected);
        Ok(())
    }

    #[test]
    fn flows_beyond_the_limit_are_evicted_finished_ones_first_and_then_the_idlest() {
        let opened = |number: u16| {
            packet(
                u64::from(number),
                number,
                true,
                header(99, 0, TcpFlags::SYN),
                0,
            )
        };
        let reset = |number: u16| {
            packet(
                u64::from(number),
                number,
                false,
                header(0, 0, TcpFlags::RST),
                0,
            )
        };
        let ports = |trace: &Trace| {
            trace
                .flows()
                .iter()
                .map(|flow| flow.key.local.port() - 1_000)
                .collect::<Vec<_>>()
        };
        let mut packets: Vec<Packet> = (0..16).map(opened).collect();
        packets.extend([7, 9, 11].map(reset));
        packets.extend((16..18).map(opened));
        let limited = trace(LIMITS, &packets);
        assert_eq!(
            ports(&limited),
            [0, 1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 14, 15, 16, 17],
            "7 and 9 were over first"
        );
        packets.extend((18..22).map(opened));
        let limited = trace(LIMITS, &packets);
        assert_eq!(
            ports(&limited),
            [3, 4, 5, 6, 8, 10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21],
            "11, and then those that are silent"
        );
        assert_eq!((limited.evicted().flows, limited.evicted().packets), (6, 9));
        for flow in limited.flows() {
            assert_eq!(
                limited.flow(&flow.key),
                Some(flow),
                "a flow is found where it stands"
            );
        }
        assert_eq!(limited.capture().packets, packets.len() as u64);
    }

    /// Wrong timestamps in a capture must not keep old packets listed.
    #[test]
    fn the_oldest_packets_are_those_that_arrived_first_despite_wrong_timestamps() {
        let mut packets = packets(
            &(0..20_000)
                .map(|number| (number % 9, 10, false))
                .collect::<Vec<_>>(),
        );
        for (number, packet) in packets.iter_mut().enumerate() {
            packet.wall = WallTime(u64::MAX - number as u64 * 7_919 % 1_000_003);
        }
        let limited = trace(LIMITS, &packets);
        let listed: usize = limited
            .flows()
            .iter()
            .map(|flow| flow.packets().len())
            .sum();
        assert!(
            (LIMITS.packets / 2..=LIMITS.packets).contains(&listed),
            "{listed}"
        );
    }

    /// Gaps that are never filled are dropped with the packets that revealed them.
    #[test]
    fn gaps_are_dropped_with_their_packets() {
        let every_second = |number: u32| {
            packet(
                number.into(),
                1,
                true,
                header(100 + number * 20, 500, TcpFlags::ACK),
                10,
            )
        };
        let limited = trace(LIMITS, &(0..20_000).map(every_second).collect::<Vec<_>>());
        let flow = limited.flows().first().unwrap();
        let again = packet(
            20_000,
            1,
            true,
            header(100 + 20_000 * 20 - 30, 500, TcpFlags::ACK),
            10,
        );
        let mut with_one_more = limited.clone();
        with_one_more.apply(Event {
            at: Moment::START,
            kind: EventKind::Packets {
                packets: vec![again],
            },
        });
        assert_eq!(flow.counts(Direction::Sent).out_of_order, 0);
        assert_eq!(
            with_one_more
                .flows()
                .first()
                .unwrap()
                .counts(Direction::Sent)
                .out_of_order,
            1,
            "a late one that fills a gap of now"
        );
    }
}
