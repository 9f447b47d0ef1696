#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::net::SocketAddr;

use super::{IdleCause, idle_causes};
use crate::trace::{Direction, Event, EventKind, Packet, Trace};
use crate::units::{Moment, Nanos, WallTime};
use crate::wire::{TcpFlags, TcpHeader, TransportHeader};

const SYN: u8 = TcpFlags::SYN;
const ACK: u8 = TcpFlags::ACK;
const FULL: u32 = 1_448;

/// A connection built packet by packet: time in milliseconds, direction, flags, offset, payload,
/// acknowledgment.
struct Wire {
    packets: Vec<Packet>,
    windows: [u16; 2],
}

impl Wire {
    /// Starts with a handshake over a round trip of 40 ms, which ends 40 ms after the start.
    fn opened() -> Self {
        let wire = Self {
            packets: Vec::new(),
            windows: [u16::MAX; 2],
        };
        wire.packet(0, Direction::Sent, SYN, 0, 0, 0)
            .packet(40, Direction::Received, SYN | ACK, 0, 0, 0)
            .up(40, 0, 0, 0)
    }

    fn up(self, at: u64, offset: u32, bytes: u32, ack: u32) -> Self {
        self.packet(at, Direction::Sent, ACK, offset, bytes, ack)
    }

    fn down(self, at: u64, offset: u32, bytes: u32, ack: u32) -> Self {
        self.packet(at, Direction::Received, ACK, offset, bytes, ack)
    }

    /// Sets the windows that both sides advertise from here on.
    fn windows(self, client: u16, server: u16) -> Self {
        Self {
            windows: [client, server],
            ..self
        }
    }

    fn packet(
        mut self,
        at: u64,
        direction: Direction,
        flags: u8,
        offset: u32,
        payload_bytes: u32,
        ack: u32,
    ) -> Self {
        let ends: [SocketAddr; 2] = [([10, 0, 0, 1], 50_000).into(), ([10, 0, 0, 2], 443).into()];
        let (from, to, window) = match direction {
            Direction::Sent => (ends[0], ends[1], self.windows[0]),
            Direction::Received => (ends[1], ends[0], self.windows[1]),
        };
        let is_syn = flags & SYN != 0;
        let seq = 1_000 + offset + u32::from(!is_syn);
        let mss = is_syn.then_some(1_460);
        let header = TcpHeader {
            seq,
            ack: 1_001 + ack,
            flags: TcpFlags(flags),
            window,
            mss,
            window_scale: None,
            timestamp: None,
        };
        self.packets.push(Packet {
            wall: WallTime(at * 1_000_000),
            source: from,
            destination: to,
            frame_bytes: payload_bytes + 66,
            payload_bytes,
            transport: TransportHeader::Tcp(header),
            stored: None,
            segment_bytes: None,
        });
        self
    }

    /// The causes of its idle periods, without the handshake's.
    fn causes(self) -> Vec<(usize, IdleCause)> {
        let trace = Trace::from_events([Event {
            at: Moment::START,
            kind: EventKind::Packets {
                packets: self.packets,
            },
        }]);
        let all: Vec<_> = idle_causes(&trace.flows()[0], Nanos::from_millis(5)).collect();
        assert_eq!(all[0], (1, IdleCause::Handshake));
        all[1..].to_vec()
    }
}

fn server_cause(millis: u64) -> IdleCause {
    IdleCause::Server {
        network: Some(Nanos::from_millis(millis)),
    }
}

#[test]
fn after_a_question_the_server_is_waited_for_and_a_round_trip_of_it_is_the_networks() {
    let wire = Wire::opened()
        .up(41, 0, 200, 0)
        .down(81, 0, 0, 200)
        .down(136, 0, 500, 200);
    assert_eq!(wire.causes(), [(4, server_cause(40)), (5, server_cause(0))]);
    let at_once = Wire::opened()
        .up(41, 0, 200, 0)
        .down(82, 0, 500, 200)
        .up(182, 200, 100, 500);
    assert_eq!(
        at_once.causes(),
        [(4, server_cause(40)), (5, IdleCause::Client)]
    );
    // A packet 15 ms after the client sent cannot be the answer to that.
    let earlier = Wire::opened()
        .up(41, 0, 200, 0)
        .down(82, 0, 500, 200)
        .up(85, 200, 31, 500)
        .down(100, 500, 500, 200);
    assert_eq!(
        earlier.causes(),
        [(4, server_cause(40)), (6, server_cause(0))]
    );
}

#[test]
fn a_server_that_is_acknowledged_goes_on_a_round_trip_later() {
    let wire = Wire::opened()
        .up(41, 0, 200, 0)
        .down(82, 0, FULL, 200)
        .down(82, FULL, FULL, 200)
        .up(82, 200, 0, 2 * FULL);
    let wire = wire
        .down(123, 2 * FULL, FULL, 200)
        .up(123, 200, 0, 3 * FULL)
        .down(400, 3 * FULL, FULL, 200);
    let in_turn = IdleCause::Acknowledgment {
        sender: Direction::Received,
    };
    assert_eq!(
        wire.causes()[1..],
        [(7, in_turn), (9, IdleCause::Server { network: None })]
    );
}

#[test]
fn a_full_window_is_distinguished_from_a_sender_that_waits() {
    let small = 2 * u16::try_from(FULL).unwrap_or(0);
    let wire = Wire::opened()
        .windows(small, u16::MAX)
        .up(41, 0, 200, 0)
        .down(82, 0, FULL, 200)
        .down(82, FULL, FULL, 200);
    let wire = wire
        .windows(0, u16::MAX)
        .up(83, 200, 0, 2 * FULL)
        .windows(small, u16::MAX)
        .up(120, 200, 0, 2 * FULL);
    let wire = wire.down(161, 2 * FULL, FULL, 200);
    let full = IdleCause::Window {
        sender: Direction::Received,
    };
    assert_eq!(
        wire.causes()[1..],
        [(7, full), (8, IdleCause::Server { network: None })]
    );
}

#[test]
fn a_retransmission_means_loss() {
    let wire = Wire::opened()
        .up(41, 0, 200, 0)
        .up(281, 0, 200, 0)
        .down(321, 0, 100, 200);
    assert_eq!(
        wire.causes(),
        [
            (
                4,
                IdleCause::Retransmission {
                    sender: Direction::Sent,
                    timeout: true
                }
            ),
            (5, server_cause(40))
        ]
    );
    let wire = Wire::opened()
        .up(41, 0, FULL, 0)
        .up(41, FULL, FULL, 0)
        .up(42, 2 * FULL, FULL, 0)
        .up(42, 3 * FULL, FULL, 0);
    let wire = wire
        .down(81, 0, 0, 0)
        .down(81, 0, 0, 0)
        .down(82, 0, 0, 0)
        .up(90, 0, FULL, 0);
    assert_eq!(
        wire.causes().last(),
        Some(&(
            10,
            IdleCause::Retransmission {
                sender: Direction::Sent,
                timeout: false
            }
        ))
    );
}

#[test]
fn a_sender_that_continues_after_a_response_did_not_wait_for_an_acknowledgment() {
    let wire = Wire::opened()
        .up(41, 0, 200, 0)
        .down(81, 0, 0, 200)
        .down(81, 0, 500, 200)
        .up(82, 200, 100, 500);
    assert_eq!(wire.causes(), [(4, server_cause(40))]);
}

#[test]
fn a_small_segment_may_wait_for_a_delayed_acknowledgment() {
    let wire = Wire::opened()
        .up(41, 0, 200, 0)
        .down(121, 0, 0, 200)
        .up(121, 200, 100, 0)
        .down(161, 0, 50, 300);
    assert_eq!(
        wire.causes()[0],
        (
            4,
            IdleCause::DelayedAck {
                sender: Direction::Sent
            }
        )
    );
    // Nothing had waited for it.
    let wire = Wire::opened()
        .up(41, 0, 200, 0)
        .down(121, 0, 0, 200)
        .down(125, 0, 50, 200);
    assert_eq!(wire.causes(), [(4, server_cause(40))]);
    // The segment was full, so it waits for the congestion window.
    let wire = Wire::opened()
        .up(41, 0, FULL, 0)
        .down(81, 0, 0, FULL)
        .up(81, FULL, 100, 0)
        .down(122, 0, 50, 300);
    assert_eq!(
        wire.causes()[0],
        (
            4,
            IdleCause::Acknowledgment {
                sender: Direction::Sent
            }
        )
    );
}
