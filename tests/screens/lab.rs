//! The screen in the lab: the catalogue, and the link that can be set.

use crossterm::event::{Event as TerminalEvent, KeyCode, MouseEventKind};
use tapline::trace::{EVENT_SCHEMA, Event, EventKind, LinkConfig, LinkCounts};
use tapline::tui::{ExitReason, ScreenEffect, ScreenMessage, Settings};
use tapline::units::{BitRate, Fraction, Moment, Nanos, WallTime};

use crate::desk::{Desk, exhibits, link};

const SIZE: (u16, u16) = (110, 36);

fn run(url: &str) -> Vec<ScreenEffect> {
    vec![ScreenEffect::Run {
        url: url.to_owned(),
    }]
}

fn started() -> Event {
    let what = EventKind::RunStarted {
        schema: EVENT_SCHEMA.to_owned(),
        tool_version: "0".to_owned(),
        started_at: WallTime(0),
    };
    Event {
        at: Moment(0),
        kind: what,
    }
}

/// Link settings that was asked for, which must be all that was.
#[track_caller]
fn asked(effects: &[ScreenEffect]) -> &LinkConfig {
    let [ScreenEffect::SetLink(link)] = effects else {
        panic!("a link is asked for, not {effects:?}")
    };
    link
}

#[test]
fn what_is_typed_narrows_the_catalogue_and_enter_runs_the_first() {
    let mut desk = Desk::lab(SIZE);
    assert!(desk.shows("70 places"));
    desk.type_text("CERT chain");
    assert!(desk.shows("1 of 70"));
    assert!(desk.shows("Certificates") && !desk.shows("Pages"));
    assert_eq!(
        desk.press(KeyCode::Enter),
        run("https://incomplete-chain.lab.test/")
    );
}

#[test]
fn a_host_that_is_typed_is_run_and_not_looked_for() {
    let mut desk = Desk::lab(SIZE);
    desk.type_text("api.lab.test");
    assert!(desk.shows("of 70"), "it narrows all the same");
    assert_eq!(desk.press(KeyCode::Enter), run("api.lab.test"));
    desk.press(KeyCode::Esc);
    desk.type_text("expired.l");
    assert_eq!(
        desk.press(KeyCode::Enter),
        run("https://expired.lab.test/"),
        "a part of a host in the catalogue is looked for"
    );
    desk.press(KeyCode::Esc);
    desk.type_text("https://api.lab.test/status/599");
    assert!(desk.shows("70 places"));
    assert_eq!(
        desk.press(KeyCode::Enter),
        run("https://api.lab.test/status/599")
    );
}

#[test]
fn what_was_taken_from_the_catalogue_is_replaced_by_typing_and_can_be_edited() {
    let mut desk = Desk::lab(SIZE);
    for _ in 0..5 {
        desk.press(KeyCode::Down);
    }
    assert!(desk.shows("← edit"));
    for key in [
        KeyCode::Left,
        KeyCode::Backspace,
        KeyCode::Backspace,
        KeyCode::Char('1'),
        KeyCode::Char('2'),
    ] {
        desk.press(key);
    }
    assert_eq!(
        desk.press(KeyCode::Enter),
        run("https://api.lab.test/delay/120")
    );
    desk.tell([started()]);
    desk.press(KeyCode::Esc);
    desk.type_text("drip");
    assert_eq!(desk.press(KeyCode::Enter), run("https://api.lab.test/drip"));
    desk.press(KeyCode::Esc);
    desk.send(ScreenMessage::Terminal(TerminalEvent::Paste(
        "https://a.test/".to_owned(),
    )));
    assert_eq!(desk.press(KeyCode::Enter), run("https://a.test/"));
}

#[test]
fn what_is_not_there_is_said() {
    let mut desk = Desk::lab(SIZE);
    desk.type_text("quic");
    assert!(desk.shows("Nothing matches “quic”."));
    desk.press(KeyCode::Esc);
    assert!(desk.shows("70 places"), "Esc shows all again");
    assert_eq!(
        desk.press(KeyCode::Esc),
        [ScreenEffect::Quit(ExitReason::Quit)]
    );
}

#[test]
fn keys_walk_through_the_catalogue() {
    let mut desk = Desk::lab(SIZE);
    let chosen = |desk: &Desk| desk.marked().concat();
    for (key, shows) in [
        (KeyCode::Down, "https://api.lab.test/users"),
        (KeyCode::End, "status/456"),
        (KeyCode::Down, "status/456"),
        (KeyCode::Home, "https://api.lab.test/users"),
        (KeyCode::Up, "https://api.lab.test/users"),
        (KeyCode::Tab, "http://api.lab.test/users"),
        (KeyCode::BackTab, "https://api.lab.test/users"),
    ] {
        desk.press(key);
        assert!(chosen(&desk).contains(shows), "{key:?}: {}", chosen(&desk));
    }
    desk.press(KeyCode::PageDown);
    let further = chosen(&desk);
    assert!(!further.contains("/users"), "{further}");
    desk.press(KeyCode::PageUp);
    assert!(chosen(&desk).contains("https://api.lab.test/users"));
    desk.mouse(MouseEventKind::ScrollDown, (5, 20));
    assert!(chosen(&desk).contains("trailers"), "{}", chosen(&desk));
}

#[test]
fn a_class_walks_from_one_exhibit_to_the_next() {
    let mut desk = Desk::lab(SIZE);
    desk.type_text("firewall");
    desk.press(KeyCode::Esc);
    assert_eq!(
        desk.press(KeyCode::Enter),
        run("https://dropped.lab.test/"),
        "what was found stays chosen"
    );
    desk.tell([started()]);
    assert!(!desk.shows("Worth a look"));
    desk.press(KeyCode::Esc);
    assert!(
        desk.marked().concat().contains("dropped.lab.test"),
        "back where one was"
    );
    desk.press(KeyCode::Esc);
    assert!(!desk.shows("Worth a look"), "and back to the run");

    assert_eq!(
        desk.press(KeyCode::Char('n')),
        run("https://api.lab.test/status/400")
    );
    assert_eq!(
        desk.press(KeyCode::Char('p')),
        run("https://dropped.lab.test/")
    );
    desk.press(KeyCode::Esc);
    desk.press(KeyCode::End);
    desk.press(KeyCode::Enter);
    assert_eq!(desk.press(KeyCode::Char('n')), []);
    assert!(desk.shows("That was the last place in the list."));
}

#[test]
fn escape_leaves_what_is_open_before_it_leaves_the_run() {
    let mut desk = Desk::lab(SIZE);
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Enter);
    desk.tell([started()]);
    desk.tell([Event {
        at: Moment(5),
        kind: EventKind::CaptureOff,
    }]);
    desk.press(KeyCode::Home);
    desk.press(KeyCode::Enter);
    for _ in 0..2 {
        desk.press(KeyCode::Esc);
        assert!(desk.shows("Events ─"));
    }
    desk.press(KeyCode::Esc);
    assert!(!desk.shows("Events ─"));
}

#[test]
fn headings_and_gaps_are_not_for_clicking() {
    let mut desk = Desk::lab((200, 60));
    let heading = desk.find("Certificates");
    assert_eq!(desk.click(heading), []);
    assert_eq!(desk.marked(), Vec::<String>::new());
    let at = desk.find("a certificate for another name");
    desk.click(at);
    assert_eq!(desk.click(at), run("https://wrong-host.lab.test/"));
}

#[test]
fn without_a_link_nothing_of_it_shows() {
    let mut desk = Desk::scenario("https_http2", SIZE);
    for key in [KeyCode::Char('l'), KeyCode::F(2)] {
        assert_eq!(desk.press(key), []);
        assert!(!desk.shows("link"));
    }
    desk.press(KeyCode::Char('?'));
    assert!(!desk.shows("link"));
}

#[test]
fn what_is_not_real_is_said_at_the_start_in_the_help_and_where_one_looks_for_the_link() {
    let notice = "no private network here: delays and segment sizes are this machine's own";
    let mut desk = Desk::with(
        SIZE,
        Settings {
            notice: Some(notice.to_owned()),
            ..Settings::default()
        },
    );
    assert!(desk.shows(notice));
    desk.type_text("a.test");
    desk.press(KeyCode::Enter);
    assert!(!desk.shows("no private network"));
    desk.press(KeyCode::Char('?'));
    assert!(desk.shows("no private network"));
    desk.press(KeyCode::Esc);
    desk.press(KeyCode::Char('l'));
    assert!(desk.shows("no private network"));
}

#[test]
fn each_step_asks_for_the_link_at_once() {
    let mut desk = Desk::lab(SIZE);
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Enter);
    desk.press(KeyCode::Char('l'));
    assert_eq!(
        asked(&desk.press(KeyCode::Right)),
        &LinkConfig {
            round_trip: Nanos::from_millis(40),
            ..link()
        }
    );
    let at_eighty = LinkConfig {
        round_trip: Nanos::from_millis(80),
        ..link()
    };
    assert_eq!(
        asked(&desk.press(KeyCode::Right)),
        &at_eighty,
        "it goes on from there without waiting"
    );
    assert!(desk.shows("80.0 ms"));
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Down);
    let lossy = LinkConfig {
        loss: Fraction::from_millionths(1_000),
        ..at_eighty
    };
    assert_eq!(asked(&desk.press(KeyCode::Right)), &lossy);
    assert_eq!(
        asked(&desk.press(KeyCode::Left)),
        &LinkConfig {
            loss: Fraction::NONE,
            ..lossy
        }
    );
    assert_eq!(
        desk.press(KeyCode::Left),
        [],
        "less than nothing is not lost"
    );
    assert_eq!(desk.press(KeyCode::Enter), []);
    assert!(!desk.shows("Link settings"));
}

#[test]
fn what_was_said_of_the_link_before_a_step_does_not_undo_it() {
    let mut desk = Desk::lab(SIZE);
    desk.press(KeyCode::F(2));
    let first = asked(&desk.press(KeyCode::Right)).clone();
    let second = asked(&desk.press(KeyCode::Right)).clone();
    for late in [link(), first] {
        desk.link(
            late,
            LinkCounts {
                passed: 5,
                ..LinkCounts::default()
            },
        );
        assert!(
            desk.shows("80.0 ms") && desk.shows("5 delivered"),
            "{}",
            desk.text()
        );
    }
    desk.link(second, LinkCounts::default());
    assert!(desk.shows("80.0 ms"));
    desk.link(
        LinkConfig {
            round_trip: Nanos::from_millis(300),
            ..link()
        },
        LinkCounts::default(),
    );
    assert!(desk.shows("300 ms"), "somebody else may set it too");
}

#[test]
fn an_exact_value_can_be_typed_and_what_is_wrong_with_it_is_said() {
    let mut desk = Desk::lab(SIZE);
    desk.press(KeyCode::F(2));
    desk.type_text("85");
    assert_eq!(desk.press(KeyCode::Enter), []);
    assert!(desk.shows("Expected a duration such as 80ms"));
    desk.type_text("ms");
    assert!(!desk.shows("Expected a duration such as 80ms"));
    assert_eq!(
        asked(&desk.press(KeyCode::Enter)).round_trip,
        Nanos::from_millis(85)
    );
    desk.mouse(MouseEventKind::ScrollDown, (60, 12));
    for _ in 0..5 {
        desk.press(KeyCode::Down);
    }
    desk.send(ScreenMessage::Terminal(TerminalEvent::Paste(
        "3mbit\n".to_owned(),
    )));
    assert_eq!(
        asked(&desk.press(KeyCode::Enter)).bandwidth,
        Some(BitRate(3_000_000))
    );
    desk.type_text("x");
    desk.press(KeyCode::Esc);
    assert!(
        desk.shows("Link settings"),
        "Esc drops what was typed first"
    );
    desk.press(KeyCode::Esc);
    assert!(!desk.shows("Link settings"));
    assert!(desk.shows("Where to?"), "below it is what was there");
}

#[test]
fn a_refusal_is_told_and_the_link_shown_as_it_is() {
    let mut desk = Desk::lab(SIZE);
    desk.press(KeyCode::F(2));
    desk.press(KeyCode::Up);
    for _ in 0..7 {
        desk.press(KeyCode::Down);
    }
    assert_eq!(asked(&desk.press(KeyCode::Right)).congestion, "bbr");
    desk.send(ScreenMessage::LinkRefused(
        "bbr is not there: this kernel has reno cubic".to_owned(),
    ));
    assert!(desk.shows("this kernel has reno cubic"));
    assert!(desk.shows("◂ cubic ▸"));
    desk.press(KeyCode::Esc);
    desk.send(ScreenMessage::LinkRefused("the lab is gone".to_owned()));
    assert!(desk.shows("the lab is gone"));
}

#[test]
fn counts_are_live_and_a_setting_can_be_clicked() {
    let mut desk = Desk::lab(SIZE);
    desk.press(KeyCode::F(2));
    desk.link(
        link(),
        LinkCounts {
            passed: 1_203,
            lost: 12,
            firewalled: 3,
            ..LinkCounts::default()
        },
    );
    assert!(
        desk.shows("1,203 delivered")
            && desk.shows("12 lost")
            && desk.shows("3 dropped by a firewall")
    );
    let bandwidth = desk.find("bandwidth");
    desk.click(bandwidth);
    assert_eq!(
        asked(&desk.mouse(MouseEventKind::ScrollUp, bandwidth)).bandwidth,
        Some(BitRate(100_000_000))
    );
    desk.click((0, 0));
    assert!(!desk.shows("Link settings"));
}

#[test]
fn interrupting_works_behind_the_panel_too() {
    let mut desk = Desk::lab(SIZE);
    desk.press(KeyCode::F(2));
    assert_eq!(
        desk.ctrl('c'),
        [ScreenEffect::Quit(ExitReason::Interrupted)]
    );
}

#[test]
fn in_ascii_it_is_ascii_too() {
    let mut desk = Desk::with(
        SIZE,
        Settings {
            ascii: true,
            suggestions: exhibits(),
            ..Settings::default()
        },
    );
    desk.link(
        LinkConfig {
            jitter: Nanos(5_000),
            ..link()
        },
        LinkCounts::default(),
    );
    desk.type_text("cert");
    assert!(desk.text().is_ascii(), "{}", desk.text());
    desk.press(KeyCode::F(2));
    desk.press(KeyCode::Right);
    assert!(desk.shows("< 40.0 ms >"), "{}", desk.text());
    assert!(desk.text().is_ascii());
    assert!(desk.text().matches('?').count() == 1, "{}", desk.text());
}
