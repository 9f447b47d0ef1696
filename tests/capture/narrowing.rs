//! What a run does not see.

use std::net::{SocketAddr, UdpSocket};

use tapline::capture::CaptureOpening;
use tapline::capture::{CaptureDepth, InterfaceSelection};
use tapline::trace::EventKind;
use tapline::wire::Transport;

use super::exchange::{ask, server};
use super::scene::{Heard, on_a_thread_of_its_own, opened};

#[test]
fn what_was_not_expected_is_not_seen() {
    on_a_thread_of_its_own(|| {
        let Some(capture) = opened("what_was_not_expected_is_not_seen") else {
            return;
        };
        let (expected, other) = (server(10), server(10));
        let heard = Heard::by(&capture);
        ask(expected);
        heard.listening.watch_addresses(&[expected]);
        ask(other);
        let (local, _) = ask(expected);
        let (trace, _) = heard.finished();
        let seen: Vec<SocketAddr> = trace.flows().iter().map(|flow| flow.key.local).collect();
        assert_eq!(seen, [local]);
    });
}

#[test]
fn a_datagram_that_leaves_right_after_it_was_expected_is_seen() {
    on_a_thread_of_its_own(|| {
        let Some(capture) = opened("a_datagram_that_leaves_right_after") else {
            return;
        };
        // Each to a port not expected before, so each depends on the filter just set.
        let heard = Heard::by(&capture);
        let receivers: Vec<UdpSocket> = (0..20)
            .map(|_| UdpSocket::bind("127.0.0.1:0").unwrap())
            .collect();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        for receiver in &receivers {
            let remote = receiver.local_addr().unwrap();
            heard.listening.watch_addresses(&[remote]);
            sender.send_to(b"question", remote).unwrap();
        }
        let (trace, _) = heard.finished();
        assert_eq!(trace.capture().packets, 20);
        assert!(
            trace
                .flows()
                .iter()
                .all(|flow| flow.key.transport == Transport::Udp)
        );
    });
}

#[test]
fn an_interface_that_is_not_there_is_named() {
    on_a_thread_of_its_own(|| {
        let refusal = CaptureOpening::begin(
            &InterfaceSelection::Named("no-such-if0".into()),
            CaptureDepth::Headers,
        )
        .wait()
        .err()
        .expect("a refusal");
        if !refusal.remedy.contains("setcap") {
            assert!(refusal.reason.contains("no-such-if0"), "{refusal}");
        }
        assert_eq!(
            refusal.event(),
            EventKind::CaptureUnavailable {
                reason: refusal.reason.clone(),
                remedy: refusal.remedy.clone()
            }
        );
    });
}
