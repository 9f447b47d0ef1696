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
fn a_gap_filled_a_round_trip_later_was_sent_again() {
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
fn a_syn_sent_again_is_a_retransmission() {
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
fn what_is_kept_of_a_packet_stays_small() {
    assert_eq!(size_of::<PacketEntry>(), 48);
}
