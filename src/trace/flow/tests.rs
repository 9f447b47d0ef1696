use std::net::SocketAddr;

use super::*;
use crate::wire::{TcpHeader, Transport};

fn tcp_segment(seq: u32, flags: u8, payload_bytes: u32) -> Packet {
    Packet {
        wall: WallTime(0),
        source: SocketAddr::from(([127, 0, 0, 1], 1)),
        destination: SocketAddr::from(([127, 0, 0, 1], 2)),
        frame_bytes: payload_bytes + 66,
        payload_bytes,
        transport: TransportHeader::Tcp(TcpHeader {
            seq,
            ack: 0,
            flags: TcpFlags(flags),
            window: 0,
            mss: None,
            window_scale: None,
            timestamp: None,
        }),
        stored: None,
        segment_bytes: None,
    }
}

fn flow_from(packets: &[Packet]) -> Flow {
    let key = FlowKey {
        local: packets[0].source,
        remote: packets[0].destination,
        transport: Transport::Tcp,
        reuse: 0,
    };
    let mut flow = Flow::new(key);
    for packet in packets {
        flow.add(packet, Direction::Sent, true, 0);
    }
    flow
}

#[test]
fn offsets_count_from_the_byte_after_the_syn_and_survive_wrapping() {
    let flow = flow_from(&[
        tcp_segment(u32::MAX - 1, TcpFlags::SYN, 0),
        tcp_segment(u32::MAX, TcpFlags::ACK, 10),
        tcp_segment(9, TcpFlags::ACK, 5),
    ]);
    let offsets: Vec<u64> = flow.packets().iter().map(|entry| entry.offset).collect();
    assert_eq!(offsets, [0, 0, 10]);
    assert_eq!(flow.counts(Direction::Sent).payload_bytes, 15);
    assert_eq!(flow.counts(Direction::Sent).retransmitted, 0);
}

#[test]
fn bytes_carried_twice_are_a_retransmission_and_a_filled_gap_is_not() {
    let flow = flow_from(&[
        tcp_segment(0, TcpFlags::SYN, 0),
        tcp_segment(1, TcpFlags::ACK, 100),
        tcp_segment(201, TcpFlags::ACK, 100),
        tcp_segment(101, TcpFlags::ACK, 100),
        tcp_segment(101, TcpFlags::ACK, 100),
    ]);
    let counts = flow.counts(Direction::Sent);
    assert_eq!((counts.out_of_order, counts.retransmitted), (1, 1));
    assert!(flow.packets()[4].retransmitted);
}

#[test]
fn a_gap_filled_a_round_trip_later_is_a_retransmission() {
    let at = |millis: u64, packet: Packet| Packet {
        wall: WallTime(millis * 1_000_000),
        ..packet
    };
    let key = FlowKey {
        local: tcp_segment(0, 0, 0).source,
        remote: tcp_segment(0, 0, 0).destination,
        transport: Transport::Tcp,
        reuse: 0,
    };
    let mut flow = Flow::new(key);
    flow.add(
        &at(0, tcp_segment(0, TcpFlags::SYN, 0)),
        Direction::Sent,
        true,
        0,
    );
    flow.add(
        &at(1_000, tcp_segment(0, TcpFlags::SYN, 0)),
        Direction::Sent,
        true,
        0,
    );
    flow.add(
        &at(1_040, tcp_segment(0, TcpFlags::SYN | TcpFlags::ACK, 0)),
        Direction::Received,
        true,
        0,
    );
    for (millis, seq) in [
        (1_100, 1),
        (1_101, 201),
        (1_102, 301),
        (1_110, 101),
        (1_200, 501),
        (1_240, 401),
    ] {
        flow.add(
            &at(millis, tcp_segment(seq, TcpFlags::ACK, 100)),
            Direction::Received,
            true,
            0,
        );
    }
    let counts = flow.counts(Direction::Received);
    assert_eq!((counts.out_of_order, counts.retransmitted), (1, 1));
    assert!(flow.packets()[8].retransmitted && !flow.packets()[6].retransmitted);
}

#[test]
fn a_repeated_syn_is_a_retransmission() {
    let flow = flow_from(&[
        tcp_segment(7, TcpFlags::SYN, 0),
        tcp_segment(7, TcpFlags::SYN, 0),
    ]);
    assert_eq!(flow.counts(Direction::Sent).retransmitted, 1);
}

#[test]
fn a_keep_alive_probe_before_offset_zero_does_not_wrap() {
    let flow = flow_from(&[
        tcp_segment(10, TcpFlags::SYN, 0),
        tcp_segment(10, TcpFlags::ACK, 0),
    ]);
    assert_eq!(flow.packets()[1].offset, 0);
}

#[test]
fn the_index_entry_of_a_packet_is_small() {
    assert_eq!(size_of::<PacketEntry>(), 48);
}

/// Packets of both sides, by sender: sequence and acknowledgment numbers, flags, payload bytes.
type Segment = (Direction, u32, u32, u8, u32);

/// Returns a flow of such packets, and the offsets of the server's.
fn server_offsets(segments: &[Segment]) -> (Flow, Vec<u64>) {
    let (client, server) = (
        tcp_segment(0, 0, 0).source,
        tcp_segment(0, 0, 0).destination,
    );
    let mut flow = Flow::new(FlowKey {
        local: client,
        remote: server,
        transport: Transport::Tcp,
        reuse: 0,
    });
    for (direction, seq, ack, flags, payload_bytes) in segments.iter().copied() {
        let mut packet = tcp_segment(seq, flags, payload_bytes);
        if let TransportHeader::Tcp(tcp) = &mut packet.transport {
            tcp.ack = ack;
        }
        if direction == Direction::Received {
            (packet.source, packet.destination) = (server, client);
        }
        flow.add(&packet, direction, true, 0);
    }
    let of_server =
        |entry: &&PacketEntry| entry.direction == Direction::Received && entry.payload_bytes > 0;
    let offsets = flow.packets().iter().filter(of_server);
    let offsets = offsets.map(|entry| entry.offset).collect();
    (flow, offsets)
}

#[test]
fn the_syn_that_led_to_the_connection_sets_the_base() {
    use Direction::{Received, Sent};
    const SYN: u8 = TcpFlags::SYN;
    const ACK: u8 = TcpFlags::ACK;
    const RST: u8 = TcpFlags::RST;
    let syn = (Sent, 1_000, 0, SYN, 0);
    let answer = |seq| (Received, seq, 1_001, SYN | ACK, 0);
    let ack = |number| (Sent, 1_001, number, ACK, 0);
    let data = (Received, 5_001, 1_001, ACK, 40);
    let cases: [(&str, Vec<Segment>); 9] = [
        ("one answer", vec![syn, answer(5_000), ack(5_001), data]),
        (
            "an acknowledgment of an old connection first (RFC 5961 §4)",
            vec![
                syn,
                (Received, 900_000_000, 777, ACK, 0),
                (Sent, 777, 0, RST, 0),
                syn,
                answer(5_000),
                ack(5_001),
                data,
            ],
        ),
        (
            "refused first",
            vec![
                syn,
                (Received, 0, 1_001, RST | ACK, 0),
                syn,
                answer(5_000),
                ack(5_001),
                data,
            ],
        ),
        (
            "two answers, and the second counts",
            vec![
                syn,
                answer(3_000_000_000),
                syn,
                answer(5_000),
                ack(5_001),
                data,
            ],
        ),
        (
            "two answers, and the first counts",
            vec![
                syn,
                answer(5_000),
                syn,
                answer(3_000_000_000),
                ack(5_001),
                data,
            ],
        ),
        (
            "an answer after the handshake",
            vec![syn, answer(5_000), ack(5_001), answer(3_000_000_000), data],
        ),
        (
            "three answers, and the first counts",
            vec![
                syn,
                answer(5_000),
                answer(7),
                answer(8),
                answer(7),
                ack(5_001),
                data,
            ],
        ),
        (
            "two answers, and no acknowledgment was captured",
            vec![syn, answer(3_000_000_000), answer(5_000), data],
        ),
        (
            "the answer was captured behind an acknowledgment",
            vec![
                syn,
                (Received, 5_001, 1_001, ACK, 0),
                answer(5_000),
                ack(5_001),
                data,
            ],
        ),
    ];
    for (name, segments) in cases {
        let (flow, offsets) = server_offsets(&segments);
        assert_eq!(offsets, [0], "{name}");
        assert!(flow.has_captured_syn(Received), "{name}");
        assert_eq!(flow.packets_carrying(Received, &(0..40)).len(), 1, "{name}");
    }
    // A SYN after the first data changes nothing.
    let (_, offsets) = server_offsets(&[syn, answer(5_000), ack(5_001), data, answer(9), data]);
    assert_eq!(offsets, [0, 0]);
}

#[test]
fn the_handshake_time_is_from_the_syn_to_its_answer() {
    use Direction::{Received, Sent};
    const ACK: u8 = TcpFlags::ACK;
    let syn = (Sent, 1_000, 0, TcpFlags::SYN, 0);
    let old = (Received, 900_000_000, 777, ACK, 0);
    let (flow, _) = server_offsets(&[syn, old, syn]);
    assert_eq!(flow.handshake_rtt(), None);
    let answer = (Received, 5_000, 1_001, TcpFlags::SYN | ACK, 0);
    let (flow, _) = server_offsets(&[syn, old, syn, answer]);
    assert_eq!(flow.handshake_rtt(), Some(Nanos::ZERO));
}
