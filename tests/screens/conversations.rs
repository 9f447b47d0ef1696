//! A capture of others on the screen: the list, what narrows and orders it, and the way to the
//! ladder and back.

use crossterm::event::KeyCode;
use tapline::dissect::{Dissection, Message as HttpMessage, StartLine};
use tapline::trace::{Event, EventKind, Packet, Part, PartKind};
use tapline::tui::{ScreenEffect, ScreenMessage, Settings};
use tapline::units::{Moment, Untrusted, WallTime};
use tapline::wire::{Side, TcpFlags, TcpHeader, TransportHeader};

use crate::desk::Desk;
use crate::scenario::Scenario;

/// A capture that was opened, with what a scenario tells in it.
pub(crate) fn opened(name: &str, size: (u16, u16)) -> Desk {
    let mut desk = closed(size);
    desk.tell(Scenario::named(name).events);
    desk
}

fn closed(size: (u16, u16)) -> Desk {
    Desk::with(
        size,
        Settings {
            color: true,
            opened: Some("office.pcapng".to_owned()),
            ..Settings::default()
        },
    )
}

/// A packet of a connection of its own, or one more of it.
fn packet(connection: u8, millis: u64, payload_bytes: u32) -> Packet {
    let header = TcpHeader {
        seq: 1,
        ack: 1,
        flags: TcpFlags(TcpFlags::ACK),
        window: 0,
        mss: None,
        window_scale: None,
        timestamp: None,
    };
    Packet {
        wall: WallTime(millis * 1_000_000),
        source: ([10, 0, 0, connection], 50_000).into(),
        destination: ([192, 0, 2, 1], 443).into(),
        frame_bytes: payload_bytes + 54,
        payload_bytes,
        transport: TransportHeader::Tcp(header),
        stored: None,
        segment_bytes: None,
    }
}

fn packets(at: i64, packets: Vec<Packet>) -> Event {
    Event {
        at: Moment(at),
        kind: EventKind::Packets { packets },
    }
}

/// The first connection is the earliest, the second the largest, the third the longest.
fn three() -> Desk {
    let mut desk = closed((120, 36));
    desk.tell([
        packets(
            0,
            vec![packet(1, 0, 10), packet(2, 1, 900), packet(3, 2, 30)],
        ),
        packets(90_000_000, vec![packet(3, 90, 0), packet(1, 3, 10)]),
        Event {
            at: Moment(90_000_000),
            kind: EventKind::RunEnded,
        },
    ]);
    desk
}

/// The clients in the order in which they are listed.
fn clients(desk: &Desk) -> Vec<String> {
    let lines = desk
        .lines()
        .into_iter()
        .filter(|line| line.contains('\u{2192}'));
    lines
        .filter_map(|line| {
            line.split(" tcp ")
                .nth(1)?
                .split(':')
                .next()
                .map(str::to_owned)
        })
        .collect()
}

#[test]
fn the_keys_order_the_list() {
    let mut desk = three();
    assert_eq!(clients(&desk), ["10.0.0.2", "10.0.0.3", "10.0.0.1"]);
    desk.press(KeyCode::Char('s'));
    assert_eq!(
        clients(&desk),
        ["10.0.0.1", "10.0.0.2", "10.0.0.3"],
        "by time"
    );
    desk.press(KeyCode::Char('s'));
    assert_eq!(
        clients(&desk),
        ["10.0.0.1", "10.0.0.2", "10.0.0.3"],
        "what was sent again"
    );
    desk.press(KeyCode::Char('s'));
    assert_eq!(
        clients(&desk),
        ["10.0.0.3", "10.0.0.1", "10.0.0.2"],
        "by duration"
    );
    desk.press(KeyCode::Char('s'));
    assert_eq!(clients(&desk), ["10.0.0.2", "10.0.0.3", "10.0.0.1"]);
}

#[test]
fn words_narrow_the_list_while_they_are_typed() {
    let mut desk = three();
    let third = desk.state.trace().flows()[2].key;
    desk.send(ScreenMessage::ServerNames(vec![(
        third,
        Untrusted::new("API.lab.test"),
    )]));
    desk.type_text("/tcp api");
    assert_eq!(clients(&desk), ["10.0.0.3"]);
    assert!(desk.shows("1 of 3 with"), "{}", desk.text());
    desk.type_text("x");
    assert!(
        desk.shows("No conversation contains these words"),
        "{}",
        desk.text()
    );
    desk.press(KeyCode::Backspace);
    desk.press(KeyCode::Enter);
    assert_eq!(clients(&desk), ["10.0.0.3"]);
    desk.press(KeyCode::Esc);
    assert_eq!(clients(&desk).len(), 3);
}

#[test]
fn a_name_that_comes_later_is_found_too() {
    let mut desk = three();
    desk.type_text("/lab.test");
    assert!(clients(&desk).is_empty());
    let first = desk.state.trace().flows()[0].key;
    desk.send(ScreenMessage::ServerNames(vec![(
        first,
        Untrusted::new("api.lab.test"),
    )]));
    assert_eq!(clients(&desk), ["10.0.0.1"]);
}

#[test]
fn enter_shows_the_ladder_and_escape_the_list_again() {
    let mut desk = three();
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Down);
    assert!(
        desk.marked().concat().contains("10.0.0.3"),
        "{:?}",
        desk.marked()
    );
    desk.press(KeyCode::Enter);
    assert!(desk.shows("client 10.0.0.3:50000"), "{}", desk.text());
    desk.press(KeyCode::Down);
    assert!(desk.shows("Packet 1 "), "{}", desk.text());
    desk.press(KeyCode::Char('4'));
    assert!(desk.shows("1 segment of 30 B at most"), "{}", desk.text());
    desk.press(KeyCode::Esc);
    assert!(
        desk.marked().concat().contains("10.0.0.3"),
        "{}",
        desk.text()
    );
    desk.press(KeyCode::Esc);
    assert!(
        desk.marked().is_empty() && desk.shows("This capture"),
        "{}",
        desk.text()
    );
}

#[test]
fn the_ladder_without_a_choice_is_that_of_the_first() {
    let mut desk = three();
    desk.press(KeyCode::Char('2'));
    assert!(desk.shows("client 10.0.0.2:50000"), "{}", desk.text());
}

#[test]
fn a_click_chooses_and_a_second_one_shows_the_ladder() {
    let mut desk = three();
    let at = desk.find("10.0.0.1");
    desk.click(at);
    assert!(desk.marked().concat().contains("10.0.0.1"));
    desk.click(at);
    assert!(desk.shows("client 10.0.0.1:50000"), "{}", desk.text());
}

#[test]
fn names_are_asked_for_once_there_is_something_to_find_them_in() {
    let mut desk = closed((120, 36));
    let asked = |effects: Vec<ScreenEffect>| {
        effects
            .iter()
            .map(|effect| {
                if let ScreenEffect::FindServerNames(flows) = effect {
                    flows.len()
                } else {
                    0
                }
            })
            .sum::<usize>()
    };
    let tell =
        |desk: &mut Desk, list: Vec<Packet>| desk.send(ScreenMessage::Trace(packets(0, list)));
    assert_eq!(
        asked(tell(&mut desk, vec![packet(1, 0, 0)])),
        0,
        "nothing was sent"
    );
    assert_eq!(
        asked(tell(&mut desk, vec![packet(1, 0, 10), packet(2, 0, 10)])),
        2
    );
    assert_eq!(
        asked(tell(&mut desk, vec![packet(3, 0, 10)])),
        0,
        "one question at a time"
    );
    let first = desk.state.trace().flows()[0].key;
    assert_eq!(
        asked(desk.send(ScreenMessage::ServerNames(vec![(
            first,
            Untrusted::new("a.test")
        )]))),
        1
    );
    desk.send(ScreenMessage::ServerNames(Vec::new()));
    let more = (0..9)
        .map(|_| packet(3, 0, 10))
        .chain([packet(1, 0, 10)])
        .collect();
    assert_eq!(
        asked(tell(&mut desk, more)),
        1,
        "the third may be complete by now; the first has its name"
    );
}

#[test]
fn nothing_runs_from_a_capture() {
    let mut desk = three();
    for key in ['r', 'e', 'n', 'p'] {
        assert_eq!(desk.press(KeyCode::Char(key)), [], "{key}");
    }
    desk.send(ScreenMessage::Terminal(crossterm::event::Event::Paste(
        "https://a.test/".to_owned(),
    )));
    assert_eq!(clients(&desk).len(), 3);
}

#[test]
fn what_cannot_be_read_is_said() {
    let mut desk = closed((80, 24));
    desk.send(ScreenMessage::RunFailed(
        "not a capture file: it is empty".to_owned(),
    ));
    assert!(desk.shows("it is empty"), "{}", desk.text());
}

#[test]
fn what_a_conversation_says_is_asked_for_once_and_shown_beside_its_packets() {
    let mut desk = opened("ports_used_again", (140, 40));
    let mut asked = Vec::new();
    for _ in 0..3 {
        let effects = desk.press(KeyCode::Down);
        let flows = effects.into_iter().filter_map(|effect| {
            if let ScreenEffect::Dissect(flow) = effect {
                Some(flow)
            } else {
                None
            }
        });
        for flow in flows {
            assert!(desk.press(KeyCode::Tab).is_empty(), "one at a time");
            desk.press(KeyCode::Tab);
            desk.send(ScreenMessage::Dissected(flow.0.key, Box::default()));
            asked.push(flow);
        }
    }
    let flow = asked
        .iter()
        .find(|flow| flow.0.packets().len() == 3)
        .expect("the connection that carries something");
    let mut dissection = Dissection {
        protocols: vec!["HTTP/1"],
        ..Dissection::default()
    };
    dissection.layers.tell(
        Side::Client,
        &[],
        &[Part {
            at: 0,
            bytes: 100,
            what: PartKind::Http1Head,
        }],
    );
    let start = StartLine::Request {
        method: Untrusted::new("GET"),
        target: Untrusted::new("/a?token=secret"),
    };
    dissection.messages.push(HttpMessage {
        from: Side::Client,
        at: 0,
        head: 0..100,
        end: Some(100),
        stream: None,
        request: None,
        start,
        headers: Vec::new(),
    });
    desk.send(ScreenMessage::Dissected(flow.0.key, Box::new(dissection)));
    let keys: Vec<_> = asked.iter().map(|flow| flow.0.key).collect();
    assert!(
        keys.iter()
            .enumerate()
            .all(|(place, key)| !keys[..place].contains(key)),
        "each once: {keys:?}"
    );
    let found = (0..3).any(|_| {
        desk.press(KeyCode::Enter);
        let found = desk.shows("request head");
        if !found {
            desk.press(KeyCode::Esc);
            desk.press(KeyCode::Up);
        }
        found
    });
    assert!(
        found && desk.shows("HTTP/1") && desk.shows("GET /a") && !desk.shows("secret"),
        "{}",
        desk.text()
    );
}
