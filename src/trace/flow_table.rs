//! The flow table: all flows of a trace, and the look-up of a packet's flow.

use super::flow_index::{EndpointPair, FlowIndex};
use super::{DeliveryError, Evicted, Flow, FlowKey, Packet, PacketLimits};
use crate::units::WallTime;
use crate::wire::{TcpFlags, Transport, TransportHeader};

/// The flows, in the order in which they began.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct FlowTable {
    list: Vec<Flow>,
    /// Number of packets listed in all flows.
    listed: usize,
    index: FlowIndex,
    limits: PacketLimits,
    /// Number of packets added, listed or not.
    packets: u64,
    evicted: Evicted,
}

impl FlowTable {
    pub(super) fn with_limits(limits: PacketLimits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    pub(super) const fn limits(&self) -> PacketLimits {
        self.limits
    }

    pub(super) const fn evicted(&self) -> Evicted {
        self.evicted
    }

    pub(super) fn list(&self) -> &[Flow] {
        &self.list
    }

    /// Returns the flow with a key, whichever endpoint the key takes for the local one.
    pub(super) fn get(&self, key: &FlowKey) -> Option<&Flow> {
        self.list.get(self.index_of(key)?)
    }

    /// Returns its position in the list.
    pub(super) fn index_of(&self, key: &FlowKey) -> Option<usize> {
        self.index.index_of(&EndpointPair::from_key(key), key.reuse)
    }

    /// Returns the latest flow between the endpoints of a key for which `is_in_time` holds; the
    /// first one if it holds for none.
    pub(super) fn latest(
        &self,
        key: &FlowKey,
        is_in_time: impl Fn(&Flow) -> bool,
    ) -> Option<&Flow> {
        let ends = EndpointPair::from_key(key);
        let mut flow = self.list.get(self.index.latest(&ends)?)?;
        while !is_in_time(flow)
            && let Some(before) = flow.key.reuse.checked_sub(1)
            && let Some(earlier) = self
                .index
                .index_of(&ends, before)
                .and_then(|index| self.list.get(index))
        {
            flow = earlier;
        }
        Some(flow)
    }

    /// Adds a packet to its flow; `false` if its flow is beyond the limit.
    pub(super) fn add(&mut self, packet: &Packet) -> bool {
        self.packets += 1;
        let transport = packet.transport.transport();
        let ends = EndpointPair::between(packet.source, packet.destination, transport);
        let known = self.index.latest(&ends);
        let reuse = match known.and_then(|index| self.list.get(index)) {
            Some(flow) if flow.starts_new_flow(packet) => Some(flow.key.reuse.saturating_add(1)),
            Some(_) => None,
            None => Some(0),
        };
        let index = match (known, reuse) {
            (Some(index), None) => index,
            _ if self.list.len() >= self.limits.flows && !self.limits.keeps_latest => return false,
            (_, reuse) => {
                if self.list.len() >= self.limits.flows {
                    self.evict_flows(packet.wall);
                }
                let key = infer_flow_key(packet, transport, reuse.unwrap_or_default());
                self.index.insert(ends, key.reuse, self.list.len());
                self.list.push(Flow::new(key));
                self.list.len() - 1
            }
        };
        self.make_room(index);
        if let Some(flow) = self.list.get_mut(index) {
            let has_room = self.listed < self.limits.packets
                && flow.packets().len() < self.limits.packets_per_flow;
            self.listed += usize::from(flow.add(
                packet,
                flow.key.direction_from(packet.source),
                has_room,
                self.packets,
            ));
        }
        true
    }

    /// Keeps only the flows for which `keep` holds.
    pub(super) fn retain(&mut self, keep: impl Fn(&Flow) -> bool) {
        self.list.retain(keep);
        self.listed = self.list.iter().map(|flow| flow.packets().len()).sum();
        self.index = FlowIndex::default();
        for (index, flow) in self.list.iter().enumerate() {
            self.index
                .insert(EndpointPair::from_key(&flow.key), flow.key.reuse, index);
        }
    }

    /// Evicts the oldest packets if there is no room for another packet of a flow and the limits
    /// keep the latest.
    fn make_room(&mut self, index: usize) {
        if !self.limits.keeps_latest {
            return;
        }
        let of_flow = self.limits.packets_per_flow;
        if let Some(flow) = self
            .list
            .get_mut(index)
            .filter(|flow| flow.packets().len() >= of_flow)
        {
            let gone = flow.evict_first(of_flow / PacketLimits::PACKET_EVICTION_DIVISOR);
            self.count_evicted(gone);
        }
        if self.listed >= self.limits.packets {
            self.evict_oldest_packets();
        }
    }

    /// Evicts the oldest packets over all flows; they are the first ones of each flow's list.
    fn evict_oldest_packets(&mut self) {
        let mut blocks: Vec<(u64, usize)> = self.list.iter().flat_map(Flow::blocks).collect();
        // Blocks are ordered by arrival and not by timestamp, since timestamps of a crafted capture
        // may be anything. The oldest blocks that together hold the share to evict determine the
        // packet number up to which every flow evicts.
        blocks.sort_unstable();
        let mut left = (self.limits.packets / PacketLimits::PACKET_EVICTION_DIVISOR).max(1);
        let last = blocks.iter().find(|(_, packets)| {
            left = left.saturating_sub(*packets);
            left == 0
        });
        let Some((number, _)) = last.or(blocks.last()).copied() else {
            return;
        };
        let gone = self
            .list
            .iter_mut()
            .map(|flow| flow.evict_until(number))
            .sum();
        self.count_evicted(gone);
    }

    const fn count_evicted(&mut self, packets: usize) {
        self.listed -= packets;
        self.evicted.packets += packets as u64;
    }

    /// Evicts flows to make room for a new one: first those that are over, then those that were
    /// idle for longest.
    fn evict_flows(&mut self, now: WallTime) {
        let mut order: Vec<(bool, u64)> = self
            .list
            .iter()
            .map(|flow| (!flow.is_over(now), flow.latest_packet_number()))
            .collect();
        order.sort_unstable();
        let count = (self.limits.flows / PacketLimits::FLOW_EVICTION_DIVISOR).max(1);
        let Some(last) = order.get(count.min(order.len()) - 1).copied() else {
            return;
        };
        let goes = |flow: &Flow| (!flow.is_over(now), flow.latest_packet_number()) <= last;
        for flow in self.list.iter().filter(|flow| goes(flow)) {
            self.evicted.flows += 1;
            self.evicted.packets += flow.packets().len() as u64;
        }
        self.retain(|flow| !goes(flow));
    }

    /// Adds an ICMP error to the flow it is about, if that is known.
    pub(super) fn add_delivery_error(&mut self, error: &DeliveryError) {
        let quoted = &error.icmp;
        let ends = EndpointPair::between(quoted.source, quoted.destination, quoted.transport);
        if let Some(flow) = self
            .index
            .latest(&ends)
            .and_then(|index| self.list.get_mut(index))
        {
            flow.add_delivery_error(error);
        }
    }
}

/// Infers which endpoint opened a flow: the sender of a SYN, the receiver of a SYN-ACK, otherwise
/// the side with the higher port.
fn infer_flow_key(packet: &Packet, transport: Transport, reuse: u32) -> FlowKey {
    let outward = FlowKey {
        local: packet.source,
        remote: packet.destination,
        transport,
        reuse,
    };
    let inward = FlowKey {
        local: packet.destination,
        remote: packet.source,
        transport,
        reuse,
    };
    if let TransportHeader::Tcp(tcp) = packet.transport
        && tcp.flags.has(TcpFlags::SYN)
    {
        return if tcp.flags.has(TcpFlags::ACK) {
            inward
        } else {
            outward
        };
    }
    if packet.source.port() >= packet.destination.port() {
        outward
    } else {
        inward
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::trace::{Direction, Event, EventKind, Trace};
    use crate::units::Moment;
    use crate::wire::{IcmpError, TcpHeader};

    const CLIENT: ([u8; 4], u16) = ([10, 0, 0, 1], 5_000);
    const SERVER: ([u8; 4], u16) = ([10, 0, 0, 2], 80);
    const SYN_ACK: u8 = TcpFlags::SYN | TcpFlags::ACK;
    const FIN: u8 = TcpFlags::FIN | TcpFlags::ACK;
    const RST: u8 = TcpFlags::RST | TcpFlags::ACK;

    fn udp(source: SocketAddr, destination: SocketAddr) -> Packet {
        Packet {
            wall: WallTime(0),
            source,
            destination,
            frame_bytes: 60,
            payload_bytes: 18,
            transport: TransportHeader::Udp,
            stored: None,
            segment_bytes: None,
        }
    }

    /// A packet by sender (the client or not), flags, sequence number and payload size.
    fn tcp((by_client, flags, seq, payload_bytes): (bool, u8, u32, u32)) -> Packet {
        let (source, destination) = if by_client {
            (CLIENT, SERVER)
        } else {
            (SERVER, CLIENT)
        };
        let header = TcpHeader {
            seq,
            ack: 0,
            flags: TcpFlags(flags),
            window: 0,
            mss: None,
            window_scale: None,
            timestamp: None,
        };
        Packet {
            payload_bytes,
            transport: TransportHeader::Tcp(header),
            ..udp(source.into(), destination.into())
        }
    }

    /// Number of packets in each flow, and how many of them are retransmissions.
    fn flows(packets: &[(bool, u8, u32, u32)]) -> Vec<(usize, u64)> {
        let mut flows = FlowTable::default();
        for packet in packets {
            assert!(flows.add(&tcp(*packet)));
        }
        let again = |flow: &Flow| {
            flow.counts(Direction::Sent).retransmitted
                + flow.counts(Direction::Received).retransmitted
        };
        for flow in flows.list() {
            assert_eq!(
                flows.get(&flow.key),
                Some(flow),
                "a flow is found by its key"
            );
        }
        flows
            .list()
            .iter()
            .map(|flow| (flow.packets().len(), again(flow)))
            .collect()
    }

    fn opened(client: u32, server: u32) -> [(bool, u8, u32, u32); 3] {
        [
            (true, TcpFlags::SYN, client, 0),
            (false, SYN_ACK, server, 0),
            (true, TcpFlags::ACK, client + 1, 0),
        ]
    }

    #[test]
    fn packets_are_numbered_over_all_flows() {
        let mut flows = FlowTable::default();
        let questions = [5_300, 5_301].map(|port| udp(([10, 0, 0, 1], port).into(), SERVER.into()));
        flows.add(&questions[0]);
        flows.add(&tcp((true, TcpFlags::SYN, 100, 0)));
        flows.add(&questions[1]);
        flows.add(&questions[0]);
        flows.add(&tcp((false, SYN_ACK, 900, 0)));
        let numbers: Vec<Vec<u64>> = flows
            .list()
            .iter()
            .map(|flow| (0..).map_while(|index| flow.packet_number(index)).collect())
            .collect();
        assert_eq!(numbers, [vec![0, 3], vec![1, 4], vec![2]]);
    }

    /// tshark 4 numbers these streams in the same way (`tcp.stream`).
    #[test]
    fn reused_endpoints_are_another_flow() {
        let first = [
            &opened(100, 900)[..],
            &[(true, FIN, 101, 0), (false, FIN, 901, 0)],
        ]
        .concat();
        let and = |more: &[(bool, u8, u32, u32)]| flows(&[&first[..], more].concat());
        assert_eq!(and(&opened(5_000, 7_000)), [(5, 0), (3, 0)]);
        assert_eq!(
            and(&[
                (true, TcpFlags::ACK, 102, 0),
                (true, TcpFlags::SYN, 5_000, 0),
                (true, TcpFlags::SYN, 5_000, 0)
            ]),
            [(6, 0), (2, 1)]
        );
        assert_eq!(
            and(&[
                (false, TcpFlags::SYN, 70_000, 0),
                (true, SYN_ACK, 80_000, 0)
            ]),
            [(5, 0), (2, 0)],
            "the other side opens it"
        );
        assert_eq!(
            flows(&[&opened(100, 900)[..], &[(true, TcpFlags::SYN, 99_999, 0)]].concat()),
            [(3, 0), (1, 0)]
        );
        assert_eq!(
            flows(&[
                (true, TcpFlags::ACK, 500, 10),
                (true, TcpFlags::SYN, 8_000, 0)
            ]),
            [(1, 0), (1, 0)]
        );
    }

    #[test]
    fn retransmitted_and_simultaneous_syns_belong_to_the_same_flow() {
        let refused = [(true, TcpFlags::SYN, 100, 0), (false, RST, 0, 0)];
        assert_eq!(flows(&[refused, refused].concat()), [(4, 1)]);
        assert_eq!(
            flows(&[
                (true, TcpFlags::SYN, 100, 0),
                (false, TcpFlags::SYN, 900, 0)
            ]),
            [(2, 0)]
        );
        assert_eq!(
            flows(&[
                (true, TcpFlags::SYN, 100, 0),
                (false, SYN_ACK, 900, 0),
                (false, SYN_ACK, 1_900, 0)
            ]),
            [(3, 1)]
        );
    }

    #[test]
    fn packets_of_flows_beyond_the_limit_are_counted() {
        const MORE: u32 = 10;
        let most = u32::try_from(PacketLimits::KEEP_FIRST.flows).unwrap();
        let mut trace = Trace::default();
        for number in 0..most + MORE {
            let [_, a, b, c] = number.to_be_bytes();
            let end = SocketAddr::from(([10, 0, b, c], u16::from(a) + 1));
            let packets = vec![udp(end, SocketAddr::from(([192, 0, 2, 1], 53)))];
            trace.apply(Event {
                at: Moment::START,
                kind: EventKind::Packets { packets },
            });
        }
        let capture = trace.capture();
        assert_eq!(
            (trace.flows().len(), capture.packets_beyond_flow_limit),
            (PacketLimits::KEEP_FIRST.flows, u64::from(MORE))
        );
        assert_eq!(capture.packets, u64::from(most + MORE));
    }

    #[test]
    fn an_icmp_error_belongs_to_the_latest_flow_of_the_quoted_packet() {
        let mut flows = FlowTable::default();
        for packet in [(true, TcpFlags::SYN, 100, 0), (true, TcpFlags::SYN, 200, 0)] {
            flows.add(&tcp(packet));
        }
        let error = DeliveryError {
            wall: WallTime(7),
            icmp: IcmpError {
                reporter: [192, 0, 2, 1].into(),
                source: CLIENT.into(),
                destination: SERVER.into(),
                transport: Transport::Tcp,
                kind: 3,
                code: 1,
            },
        };
        for _ in 0..Flow::MAX_DELIVERY_ERRORS + 3 {
            flows.add_delivery_error(&error);
        }
        let transport = Transport::Udp;
        flows.add_delivery_error(&DeliveryError {
            icmp: IcmpError {
                transport,
                ..error.icmp
            },
            ..error
        });
        let [first, second] = flows.list() else {
            panic!("two flows")
        };
        assert_eq!(
            (
                first.delivery_errors().len(),
                first.delivery_errors_unlisted()
            ),
            (0, 0)
        );
        assert_eq!(
            (
                second.delivery_errors().len(),
                second.delivery_errors_unlisted()
            ),
            (Flow::MAX_DELIVERY_ERRORS, 3)
        );
        assert_eq!(second.delivery_errors().first(), Some(&error));
    }
}
