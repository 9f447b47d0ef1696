//! Every scenario as a picture, at the sizes people have.

use crossterm::event::KeyCode;
use tapline::units::Moment;

use crate::desk::Desk;
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
fn under_way() {
    for (name, until) in [("waiting", 150_000_000), ("shaking_hands", 100_000_000)] {
        picture(name, MIDDLE, &Desk::scenario_until("https_http2", Moment(until), MIDDLE));
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
