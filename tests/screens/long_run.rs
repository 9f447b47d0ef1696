//! What goes on for so long that not all of it is held: what is still there, what is said, and
//! where the cursor stays.

use crossterm::event::KeyCode;
use tapline::trace::{Event, EventKind, ExchangeCause, ExchangeId, Packet, PacketLimits, Phase};
use tapline::tui::{ScreenEffect, Settings};
use tapline::units::{Moment, Untrusted, WallTime};
use tapline::wire::{TcpFlags, TcpHeader, TransportHeader};

use crate::desk::Desk;

/// Repeats of one request, by their numbers. Each takes 2 ms, of which the wait is one; number
/// 1,500 takes 5 ms.
fn repeats(numbers: std::ops::Range<u32>) -> impl Iterator<Item = Event> {
    numbers.flat_map(|number| {
        let (exchange, began) = (ExchangeId(number), i64::from(number) * 10_000_000);
        let cause = if number == 0 {
            ExchangeCause::Asked
        } else {
            ExchangeCause::Repeat
        };
        let url = Untrusted::new("https://api.lab.test/users");
        let ended = began
            + if number == 1_500 {
                5_000_000
            } else {
                2_000_000
            };
        [
            (
                began,
                EventKind::ExchangeStarted {
                    exchange,
                    cause,
                    method: "GET".to_owned(),
                    url,
                },
            ),
            (
                began,
                EventKind::PhaseBegan {
                    exchange,
                    phase: Phase::Wait,
                    position: None,
                },
            ),
            (
                began + 1_000_000,
                EventKind::PhaseEnded {
                    exchange,
                    phase: Phase::Wait,
                    position: None,
                },
            ),
            (ended, EventKind::ExchangeEnded { exchange }),
        ]
        .map(|(at, what)| Event {
            at: Moment(at),
            kind: what,
        })
    })
}

fn started() -> Event {
    let what = EventKind::RunStarted {
        schema: tapline::trace::EVENT_SCHEMA.to_owned(),
        tool_version: String::new(),
        started_at: WallTime(0),
    };
    Event {
        at: Moment::START,
        kind: what,
    }
}

fn long_run(size: (u16, u16), count: u32) -> Desk {
    let mut desk = Desk::new(size);
    desk.tell([started()]);
    desk.tell(repeats(0..count));
    desk
}

#[test]
fn a_run_of_many_repeats_is_held_in_part_and_says_so() {
    for size in [(80, 24), (120, 36)] {
        let desk = long_run(size, 10_000);
        let held = desk.state.trace().exchanges().len();
        assert!(held <= 4_000, "{held} are held");
        let ids: Vec<u32> = desk
            .state
            .trace()
            .exchanges()
            .iter()
            .map(|exchange| exchange.id.0)
            .collect();
        assert!(
            ids.contains(&0) && ids.contains(&1_500) && ids.contains(&9_999),
            "the first, the slowest and the latest"
        );
        let text = desk.text();
        let said = format!(
            "{} earlier requests are only in the statistics",
            tapline::units::group_digits(10_000 - held as u64)
        );
        assert!(text.contains(&said), "{said}: {text}");
        assert!(text.contains("10,000 exchanges") || size.1 < 30, "{text}");
    }
    let mut desk = long_run((120, 36), 10_000);
    let effects = desk.press(KeyCode::Char('y'));
    let [ScreenEffect::Copy(page)] = &effects[..] else {
        panic!("{effects:?}")
    };
    for (label, figure) in [
        ("requests", "10,000"),
        ("failed", "0"),
        ("fastest", "2.00 ms"),
        ("median", "2.00 ms"),
        ("slowest", "5.00 ms"),
    ] {
        let line = page
            .lines()
            .find(|line| line.trim_start().starts_with(label))
            .unwrap_or_default();
        assert!(line.ends_with(figure), "{label}: {page}");
    }
}

#[test]
fn what_is_looked_at_stays_and_goes_once_it_is_left() {
    let mut desk = long_run((120, 36), 2_000);
    desk.press(KeyCode::Home);
    for _ in 0..1_200 {
        desk.press(KeyCode::Down);
    }
    assert!(
        desk.text().contains("\u{25b8}#400 "),
        "three listed events each: {}",
        desk.text()
    );
    desk.tell(repeats(2_000..9_000));
    assert!(desk.text().contains("\u{25b8}#400 "), "{}", desk.text());
    assert!(desk.text().contains("\u{25b8} 4000.00 "), "{}", desk.text());
    desk.press(KeyCode::Esc);
    desk.tell(repeats(9_000..16_000));
    assert!(
        desk.state
            .trace()
            .exchanges()
            .iter()
            .all(|exchange| exchange.id.0 != 400)
    );
}

#[test]
fn a_picture_that_was_held_goes_on_where_the_run_is() {
    let mut desk = long_run((120, 36), 2_000);
    desk.press(KeyCode::Home);
    desk.press(KeyCode::Char(' '));
    let held = desk.text();
    desk.tell(repeats(2_000..9_000));
    desk.press(KeyCode::PageDown);
    assert!(desk.text().contains("paused"), "{held}");
    desk.press(KeyCode::Char(' '));
    assert!(
        desk.text()
            .contains("earlier requests are only in the statistics"),
        "{}",
        desk.text()
    );
}

#[test]
fn a_run_of_redirects_without_end_is_held_in_part() {
    let mut desk = Desk::new((120, 36));
    desk.tell([started()]);
    let redirected = |event: Event| match event.kind {
        EventKind::ExchangeStarted {
            exchange,
            cause: ExchangeCause::Repeat,
            method,
            url,
        } => Event {
            kind: EventKind::ExchangeStarted {
                exchange,
                cause: ExchangeCause::Redirect,
                method,
                url,
            },
            ..event
        },
        _ => event,
    };
    desk.tell(repeats(0..2_000).map(redirected));
    desk.press(KeyCode::Home);
    for _ in 0..1_200 {
        desk.press(KeyCode::Down);
    }
    desk.tell(repeats(2_000..10_000).map(redirected));
    let held: Vec<u32> = desk
        .state
        .trace()
        .exchanges()
        .iter()
        .map(|exchange| exchange.id.0)
        .collect();
    assert!(held.len() <= 4_000, "{}", held.len());
    assert!(
        [0, 255, 400, 9_999].iter().all(|id| held.contains(id)),
        "the first, the one that is looked at, and the latest"
    );
    assert!(desk.text().contains("\u{25b8}#400 "), "{}", desk.text());
    assert!(
        desk.text().contains(&format!(
            "{} earlier requests",
            tapline::units::group_digits(10_000 - held.len() as u64)
        )),
        "{}",
        desk.text()
    );
}

/// A pipe of which so few packets are listed.
fn pipe(size: (u16, u16)) -> Desk {
    let limits = PacketLimits {
        packets: 4_096,
        packets_per_flow: 2_048,
        flows: 16,
        keeps_latest: true,
    };
    let mut desk = Desk::with(
        size,
        Settings {
            color: true,
            opened: Some("standard input".to_owned()),
            limits,
            ..Settings::default()
        },
    );
    desk.tell([
        started(),
        Event {
            at: Moment::START,
            kind: EventKind::ClockPaired {
                wall: WallTime(0),
                uncertainty: tapline::units::Nanos(0),
            },
        },
    ]);
    desk
}

/// A segment of a connection, by its number in it.
fn segment(client: u8, number: u32) -> Packet {
    let header = TcpHeader {
        seq: 1 + number * 10,
        ack: 1,
        flags: TcpFlags(TcpFlags::ACK),
        window: 9,
        mss: None,
        window_scale: None,
        timestamp: None,
    };
    Packet {
        wall: WallTime(u64::from(number) * 1_000_000),
        source: ([10, 0, 0, client], 50_000).into(),
        destination: ([192, 0, 2, 1], 443).into(),
        frame_bytes: 64,
        payload_bytes: 10,
        transport: TransportHeader::Tcp(header),
        stored: None,
        segment_bytes: None,
    }
}

fn packets(client: u8, numbers: std::ops::Range<u32>) -> Event {
    let at = Moment(i64::from(numbers.start) * 1_000_000);
    Event {
        at,
        kind: EventKind::Packets {
            packets: numbers.map(|number| segment(client, number)).collect(),
        },
    }
}

#[test]
fn a_pipe_without_end_lists_the_latest_packets_and_says_so() {
    for size in [(80, 24), (120, 36)] {
        let mut desk = pipe(size);
        desk.tell((0..100).map(|number| packets(1, number * 500..(number + 1) * 500)));
        let forgotten = desk.state.trace().flows()[0].evicted();
        assert!((47_900..50_000).contains(&forgotten), "{forgotten}");
        let grouped = tapline::units::group_digits(forgotten);
        assert!(
            desk.text().contains("packets are no longer listed") || size.1 < 30,
            "{}",
            desk.text()
        );
        desk.press(KeyCode::Char('2'));
        assert!(
            desk.text()
                .contains(&format!("the first {grouped} no longer listed ")),
            "{}",
            desk.text()
        );
        desk.press(KeyCode::Char('4'));
        assert!(
            desk.text()
                .contains(&format!("the first {grouped} no longer listed ")),
            "{}",
            desk.text()
        );
        desk.press(KeyCode::Char('3'));
        desk.press(KeyCode::End);
        assert!(
            desk.text().contains("packet 50,000 of 50,000"),
            "{}",
            desk.text()
        );
    }
}

#[test]
fn the_cursor_stays_on_its_packet_while_those_before_it_go() {
    let mut desk = pipe((120, 36));
    desk.tell([
        packets(1, 0..500),
        packets(1, 500..1_000),
        packets(1, 1_000..1_500),
        packets(1, 1_500..2_000),
    ]);
    desk.press(KeyCode::Char('3'));
    desk.press(KeyCode::End);
    assert!(
        desk.text().contains("packet 2,000 of 2,000"),
        "{}",
        desk.text()
    );
    desk.tell([packets(1, 2_000..2_500)]);
    assert!(
        desk.text().contains("packet 2,000 of 2,500"),
        "{}",
        desk.text()
    );
    desk.press(KeyCode::Char(' '));
    desk.tell((5..9).map(|number| packets(1, number * 500..(number + 1) * 500)));
    assert!(
        desk.text().contains("packet 2,000 of 2,500"),
        "the picture is held"
    );
    desk.press(KeyCode::Char(' '));
    let first = desk.state.trace().flows()[0].evicted() + 1;
    let gone = format!("packet {} of 4,500", tapline::units::group_digits(first));
    assert!(
        first > 2_000 && desk.text().contains(&gone),
        "{gone}: {}",
        desk.text()
    );
}

#[test]
fn a_conversation_that_goes_while_it_is_looked_at_gives_way_to_the_list() {
    let mut desk = pipe((120, 36));
    desk.tell([packets(1, 0..3)]);
    desk.press(KeyCode::Char('2'));
    desk.press(KeyCode::End);
    desk.tell((2..40).map(|client| packets(client, 10..12)));
    assert!(desk.state.trace().flows().len() <= 16);
    let text = desk.text();
    assert!(
        text.contains("The conversation is no longer listed"),
        "{text}"
    );
    assert!(text.contains("earlier ones no longer listed"), "{text}");
}
