//! The ladder: one cursor with the other views, and a window of many packets.

use std::net::SocketAddr;

use crossterm::event::{KeyCode, MouseEventKind};
use tapline::trace::{Event, EventKind, Packet};
use tapline::units::{Moment, WallTime};
use tapline::wire::{TcpFlags, TcpHeader, TransportHeader};

use crate::conversations::opened;
use crate::desk::Desk;
use crate::scenario::Scenario;

const WIDE: (u16, u16) = (140, 40);

fn marked(desk: &Desk) -> String {
    desk.marked().concat()
}

#[test]
fn an_event_leads_to_the_packet_that_carried_it_and_back() {
    let mut desk = Desk::scenario("https_http2", WIDE);
    let at = desk.find("200 OK HTTP/2");
    desk.click(at);
    desk.press(KeyCode::Char('2'));
    assert!(
        marked(&desk).contains("180.10"),
        "the packet with the response's HEADERS: {}",
        desk.text()
    );
    desk.press(KeyCode::Home);
    assert!(
        marked(&desk).contains("41.60") && desk.shows("Packet 1 → SYN"),
        "{}",
        desk.text()
    );
    desk.press(KeyCode::Char('j'));
    assert!(marked(&desk).contains("81.80"));
    desk.press(KeyCode::Char('1'));
    let marked = desk.marked();
    assert!(marked[0].contains("TCP "), "the phase: {marked:?}");
    assert!(
        marked[1].contains("connected"),
        "the nearest event: {marked:?}"
    );
    assert!(desk.shows("one round trip"), "the packet stays explained");
}

#[test]
fn a_phase_leads_to_its_first_packet() {
    let mut desk = Desk::scenario("https_http2", WIDE);
    let at = desk.find("TLS  ");
    desk.click(at);
    desk.press(KeyCode::Char('2'));
    assert!(marked(&desk).contains("82.33"), "{}", desk.text());
}

#[test]
fn the_mouse_selects_and_scrolls_packets_and_changes_views() {
    let mut desk = Desk::scenario("https_http2", WIDE);
    let at = desk.find("2 Ladder");
    desk.click(at);
    let at = desk.find("ServerHello");
    desk.click(at);
    assert!(marked(&desk).contains("122.72"));
    desk.mouse(MouseEventKind::ScrollDown, at);
    assert!(marked(&desk).contains("125.01"), "{}", desk.text());
    let at = desk.find("1 Timeline");
    desk.click(at);
    assert!(desk.shows("Events ─"));
}

#[test]
fn what_is_peculiar_has_a_sign_and_words() {
    let mut desk = Desk::scenario("body_short", WIDE);
    desk.press(KeyCode::Char('2'));
    assert!(
        desk.shows("retransmitted +20.5 ms, packet 8")
            && desk.shows("idle for 20.3 ms: a retransmission timeout"),
        "{}",
        desk.text()
    );
    let mut desk = Desk::scenario("connect_refused", WIDE);
    desk.press(KeyCode::Char('2'));
    assert!(
        desk.shows("RST") || desk.shows("No packet"),
        "{}",
        desk.text()
    );
}

/// What the ladder says of each idle period.
fn idle_periods(desk: &Desk) -> Vec<String> {
    let lines = desk.lines().into_iter();
    lines
        .filter_map(|line| {
            let (_, told) = line.split_once("\u{22ee} idle for ")?;
            Some(told.split('\u{250a}').next()?.trim().to_owned())
        })
        .collect()
}

#[test]
fn idle_periods_have_the_causes_of_the_ledger() {
    let told = |name: &str| {
        let mut desk = Desk::scenario(name, WIDE);
        desk.press(KeyCode::Char('2'));
        idle_periods(&desk)
    };
    let round_trips = ["40.2 ms", "40.3 ms", "40.1 ms"].map(|time| format!("{time}: a round trip"));
    assert_eq!(told("https_http2"), round_trips);
    let redirected = told("redirects");
    let mixed = "25.0 ms: 20.1 ms of a round trip, 4.89 ms of the server's thinking";
    assert!(redirected.contains(&mixed.to_owned()), "{redirected:?}");
    let losses = told("losses");
    assert!(
        losses
            .iter()
            .any(|told| told == "220 ms: a retransmission timeout"),
        "{losses:?}"
    );
}

#[test]
fn in_a_capture_of_others_the_client_is_not_this_machine() {
    let mut desk = opened("capture_of_others", WIDE);
    desk.press(KeyCode::Enter);
    let told = idle_periods(&desk);
    assert!(!told.is_empty(), "{}", desk.text());
    assert!(
        told.iter().all(|told| !told.contains("this machine")),
        "{told:?}"
    );
}

#[test]
fn of_very_many_packets_the_window_is_drawn() {
    let mut desk = Desk::scenario("body_short", (80, 24));
    let (server, client): (SocketAddr, SocketAddr) = (
        "10.7.0.10:80".parse().unwrap(),
        "10.7.0.2:51700".parse().unwrap(),
    );
    let packet = |n: u32| Packet {
        wall: WallTime(1_795_176_000_063_000_000 + u64::from(n) * 1_000),
        source: server,
        destination: client,
        frame_bytes: 1_514,
        payload_bytes: 1_448,
        transport: TransportHeader::Tcp(TcpHeader {
            seq: 3_050 + n * 1_448,
            ack: 0,
            flags: TcpFlags(TcpFlags::ACK),
            window: 502,
            mss: None,
            window_scale: None,
            timestamp: None,
        }),
        stored: None,
        segment_bytes: None,
    };
    for from in (0..300_000).step_by(10_000) {
        desk.tell([Event {
            at: Moment(80_000_000),
            kind: EventKind::Packets {
                packets: (from..from + 10_000).map(packet).collect(),
            },
        }]);
    }
    desk.press(KeyCode::Char('2'));
    desk.press(KeyCode::End);
    assert!(marked(&desk).contains("363."), "{}", desk.text());
    for _ in 0..500 {
        desk.press(KeyCode::PageUp);
        _ = desk.text();
    }
    desk.press(KeyCode::Home);
    assert!(marked(&desk).contains("0.31"), "{}", desk.text());
}

#[test]
fn every_scenario_at_every_size_can_be_walked_through() {
    for scenario in Scenario::all() {
        for size in [(20, 3), (33, 9), (60, 20), (80, 24), (116, 30)] {
            let mut desk = Desk::scenario(&scenario.name, size);
            desk.press(KeyCode::Char('2'));
            for key in [
                KeyCode::Down,
                KeyCode::End,
                KeyCode::Enter,
                KeyCode::PageDown,
                KeyCode::Esc,
                KeyCode::Up,
                KeyCode::Char('1'),
                KeyCode::Tab,
            ] {
                desk.press(key);
                _ = desk.text();
            }
        }
    }
}

#[test]
fn a_click_into_a_plot_selects_the_packet_that_passed_there() {
    let mut desk = Desk::scenario("https_http2", WIDE);
    desk.press(KeyCode::Char('4'));
    assert!(
        desk.shows("6 segments of 1,448 B (MSS 1,460 − 12 for timestamps)"),
        "{}",
        desk.text()
    );
    let (_, y) = desk.find("payload");
    desk.click((90, y + 2));
    assert!(desk.shows("Packet "), "{}", desk.text());
    desk.press(KeyCode::Char('2'));
    assert_eq!(desk.marked().len(), 1, "{}", desk.text());
}
