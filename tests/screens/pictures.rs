//! Every scenario as a picture, at the sizes people have.

use crossterm::event::KeyCode;
use tapline::trace::{LinkConfig, LinkCounts};
use tapline::tui::{ScreenMessage, Settings};
use tapline::units::{BitRate, Fraction, Moment, Nanos, Untrusted};

use crate::conversations::opened;
use crate::desk::{Desk, exhibits, link};
use crate::layers::Reading;
use crate::scenario::Scenario;

const SMALL: (u16, u16) = (80, 24);
const MIDDLE: (u16, u16) = (120, 36);
const LARGE: (u16, u16) = (200, 60);

#[track_caller]
fn picture(name: &str, size: (u16, u16), desk: &Desk) {
    insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), desk.text());
}

#[test]
fn every_scenario() {
    for scenario in Scenario::all() {
        for size in [SMALL, MIDDLE] {
            picture(&scenario.name, size, &Desk::scenario(&scenario.name, size));
        }
    }
}

#[test]
fn with_much_room() {
    for name in ["https_http2", "certificate_expired", "redirects"] {
        picture(name, LARGE, &Desk::scenario(name, LARGE));
    }
}

#[test]
fn a_capture_that_was_opened() {
    for size in [SMALL, MIDDLE, LARGE] {
        let mut desk = opened("ports_used_again", size);
        let name = desk.state.trace().flows()[1].key;
        desk.send(ScreenMessage::ServerNames(vec![(
            name,
            Untrusted::new("portal.\u{1b}[2Jlab.test"),
        )]));
        desk.press(KeyCode::Down);
        picture("conversation", size, &desk);
        desk.press(KeyCode::Enter);
        picture("conversation_ladder", size, &desk);
        desk.press(KeyCode::Esc);
        desk.type_text("/udp");
        picture("conversation_filter", size, &desk);
        desk.press(KeyCode::Enter);
        desk.press(KeyCode::Char('?'));
        picture("conversation_help", size, &desk);
    }
}

#[test]
fn under_way() {
    for (name, until) in [("waiting", 150_000_000), ("shaking_hands", 100_000_000)] {
        picture(
            name,
            MIDDLE,
            &Desk::scenario_until("https_http2", Moment(until), MIDDLE),
        );
    }
}

#[test]
fn something_selected() {
    let mut desk = Desk::scenario("https_http2", LARGE);
    let at = desk.find("ServerHello");
    desk.click(at);
    picture("selected", LARGE, &desk);
    desk.resize(SMALL);
    desk.press(KeyCode::Enter);
    picture("selected", SMALL, &desk);
}

#[test]
fn start_help_and_address() {
    for size in [SMALL, MIDDLE] {
        let mut desk = Desk::start(size);
        desk.press(KeyCode::Down);
        picture("start", size, &desk);
        let mut desk = Desk::scenario("https_http2", size);
        desk.press(KeyCode::Char('?'));
        picture("help", size, &desk);
        desk.press(KeyCode::Esc);
        desk.press(KeyCode::Char('e'));
        desk.ctrl('u');
        desk.type_text("ftp://a");
        picture("address", size, &desk);
    }
}

#[test]
fn hardly_any_room() {
    for size in [(60, 20), (50, 12), (40, 6), (20, 3), (19, 2), (1, 1)] {
        picture("little", size, &Desk::scenario("https_http2", size));
    }
}

/// A link that does all that a link can do.
fn bad() -> LinkConfig {
    LinkConfig {
        round_trip: Nanos::from_millis(80),
        jitter: Nanos::from_millis(5),
        loss: Fraction::from_millionths(10_000),
        duplicate: Fraction::from_millionths(2_500),
        bandwidth: Some(BitRate(10_000_000)),
        ..link()
    }
}

const COUNTS: LinkCounts = LinkCounts {
    passed: 1_203,
    lost: 12,
    duplicated: 3,
    reordered: 0,
    overflowed: 1,
    firewalled: 40,
};

#[test]
fn the_catalogue() {
    for size in [SMALL, MIDDLE, LARGE] {
        let mut desk = Desk::lab(size);
        picture("lab", size, &desk);
        for _ in 0..13 {
            desk.press(KeyCode::Down);
        }
        picture("lab_chosen", size, &desk);
    }
    let mut desk = Desk::lab(SMALL);
    desk.type_text("certif");
    picture("lab_narrowed", SMALL, &desk);
    desk.type_text("xyz");
    picture("lab_nothing", SMALL, &desk);
}

#[test]
fn the_link() {
    for size in [SMALL, MIDDLE, LARGE] {
        let mut desk = Desk::scenario("https_http2", size);
        desk.link(
            link(),
            LinkCounts {
                passed: 40,
                ..LinkCounts::default()
            },
        );
        picture("link_header", size, &desk);
        desk.link(bad(), COUNTS);
        picture("link_header_bad", size, &desk);
        desk.press(KeyCode::Char('l'));
        picture("link_panel", size, &desk);
    }
    let mut desk = Desk::lab(SMALL);
    desk.press(KeyCode::F(2));
    desk.type_text("80");
    desk.press(KeyCode::Enter);
    picture("link_typed", SMALL, &desk);
    desk.resize((50, 12));
    picture("link_typed", (50, 12), &desk);
    let mut desk = Desk::scenario("https_http2", MIDDLE);
    desk.link(bad(), COUNTS);
    desk.press(KeyCode::Char('?'));
    picture("link_help", MIDDLE, &desk);
}

#[test]
fn what_is_not_real() {
    let notice =
        Some("no private network here: delays and segment sizes are this machine's own".to_owned());
    let in_the_lab = Settings {
        suggestions: exhibits(),
        notice: notice.clone(),
        ..Settings::default()
    };
    picture("notice_lab", SMALL, &Desk::with(SMALL, in_the_lab));
    let mut desk = Desk::with(
        SMALL,
        Settings {
            notice,
            ..Settings::default()
        },
    );
    picture("notice", SMALL, &desk);
    desk.resize((60, 20));
    picture("notice", (60, 20), &desk);
}

#[test]
fn the_ladder() {
    for size in [SMALL, MIDDLE, LARGE] {
        for name in ["https_http2", "body_short"] {
            let mut desk = Desk::scenario(name, size);
            desk.press(KeyCode::Char('2'));
            picture(&format!("ladder_{name}"), size, &desk);
            for _ in 0..8 {
                desk.press(KeyCode::Down);
            }
            picture(&format!("ladder_{name}_selected"), size, &desk);
        }
    }
    let mut desk = Desk::scenario("http1_kernel_figures", SMALL);
    desk.press(KeyCode::Char('2'));
    picture("ladder_without_capture", SMALL, &desk);
    let ascii = Settings {
        ascii: true,
        url: Some("https://api.lab.test/users".to_owned()),
        ..Settings::default()
    };
    let mut desk = Desk::with(SMALL, ascii);
    desk.tell(Scenario::named("https_http2").events);
    desk.press(KeyCode::Char('2'));
    picture("ladder_ascii", SMALL, &desk);
}

#[test]
fn the_layers() {
    for size in [SMALL, MIDDLE, LARGE] {
        let mut reading = Reading::of("https_http2", size);
        reading.press(KeyCode::Char('3'));
        picture("layers_https_http2", size, &reading.desk);
        for _ in 0..10 {
            reading.press(KeyCode::Down);
        }
        picture("layers_https_http2_frames", size, &reading.desk);
        let mut reading = Reading::of("chunked", size);
        reading.press(KeyCode::Char('3'));
        picture("layers_chunked", size, &reading.desk);
    }
}

#[test]
fn the_segments() {
    for size in [SMALL, MIDDLE, LARGE] {
        for name in ["https_http2", "body_short"] {
            let mut desk = Desk::scenario(name, size);
            desk.press(KeyCode::Char('4'));
            picture(&format!("segments_{name}"), size, &desk);
        }
    }
    for name in ["dns_failover_and_offload", "nxdomain"] {
        let mut desk = Desk::scenario(name, MIDDLE);
        desk.press(KeyCode::Char('4'));
        picture(&format!("segments_{name}"), MIDDLE, &desk);
    }
    let ascii = Settings {
        ascii: true,
        url: Some("https://api.lab.test/users".to_owned()),
        ..Settings::default()
    };
    let mut desk = Desk::with(SMALL, ascii);
    desk.tell(Scenario::named("https_http2").events);
    desk.press(KeyCode::Char('4'));
    picture("segments_ascii", SMALL, &desk);
}
