//! What a run sees.

use tapline::trace::{CaptureState, Direction, EventKind, FlowKey};
use tapline::wire::{TcpFlags, Transport};

use super::exchange::{ASKED, ask, server};
use super::scene::{Heard, on_a_thread_of_its_own, opened};

#[test]
fn every_packet_of_a_connection_is_seen_from_syn_to_the_last_acknowledgment() {
    on_a_thread_of_its_own(|| {
        let Some(capture) = opened("every_packet_of_a_connection_is_seen") else {
            return;
        };
        let remote = server(50_000);
        let heard = Heard::expecting(&capture, remote);
        let (local, received) = ask(remote);
        let (trace, said) = heard.finished();

        assert_eq!(received, 50_000);
        let flow = trace
            .flow(&FlowKey {
                local,
                remote,
                transport: Transport::Tcp,
                reuse: 0,
            })
            .expect("the connection's packets");
        let (sent, came) = (
            flow.counts(Direction::Sent),
            flow.counts(Direction::Received),
        );
        assert_eq!((sent.payload_bytes, came.payload_bytes), (ASKED, 50_000));
        assert_eq!((sent.retransmitted, came.retransmitted), (0, 0));
        let flags: Vec<(Direction, TcpFlags)> = flow
            .packets()
            .iter()
            .map(|packet| (packet.direction, packet.flags))
            .collect();
        assert!(
            flags[0].0 == Direction::Sent && flags[0].1.has(TcpFlags::SYN),
            "{flags:?}"
        );
        assert!(
            flags[1].0 == Direction::Received && flags[1].1.has(TcpFlags::SYN | TcpFlags::ACK),
            "{flags:?}"
        );
        for direction in [Direction::Sent, Direction::Received] {
            assert!(
                flags
                    .iter()
                    .any(|(way, flags)| *way == direction && flags.has(TcpFlags::FIN)),
                "{flags:?}"
            );
        }
        assert!(
            !flags.last().unwrap().1.has(TcpFlags::FIN),
            "the last FIN's acknowledgment is missing: {flags:?}"
        );
        assert_eq!(flow.announced_mss(Direction::Sent), Some(65_495));
        assert_eq!(trace.capture().state, CaptureState::On);
        assert_eq!(
            (
                trace.capture().interface.as_deref(),
                trace.capture().link_type.as_deref()
            ),
            (Some("lo"), Some("EN10MB"))
        );
        let closed: Vec<&EventKind> = said
            .iter()
            .filter(|what| matches!(what, EventKind::CaptureClosed { .. }))
            .collect();
        assert_eq!(
            closed,
            [&EventKind::CaptureClosed {
                received: trace.capture().packets,
                dropped: 0
            }]
        );
    });
}

#[test]
fn packets_lie_within_the_run_on_its_time_axis() {
    on_a_thread_of_its_own(|| {
        let Some(capture) = opened("packets_lie_within_the_run") else {
            return;
        };
        let remote = server(10);
        let heard = Heard::expecting(&capture, remote);
        ask(remote);
        let (trace, _) = heard.finished();
        let flow = trace.flows().first().expect("a flow");
        for packet in flow.packets() {
            let at = trace.clock().moment_of(packet.wall).unwrap();
            assert!(
                at.0 > -1_000_000 && at <= trace.latest(),
                "{at:?} of {:?}",
                trace.latest()
            );
        }
    });
}

#[test]
fn a_second_run_needs_no_right_and_sees_nothing_of_the_first() {
    on_a_thread_of_its_own(|| {
        let Some(capture) = opened("a_second_run_needs_no_right") else {
            return;
        };
        let (first, second) = (server(10), server(20));
        for (remote, bytes) in [(first, 10), (second, 20), (first, 10)] {
            let heard = Heard::expecting(&capture, remote);
            ask(remote);
            let (trace, said) = heard.finished();
            assert_eq!(trace.flows().len(), 1, "{:?}", trace.flows());
            assert_eq!(
                trace.flows()[0].counts(Direction::Received).payload_bytes,
                bytes
            );
            assert!(said.iter().any(|what| *what
                == EventKind::CaptureClosed {
                    received: trace.capture().packets,
                    dropped: 0
                }));
        }
    });
}
