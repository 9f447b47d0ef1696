//! One cursor for all panels, the axis, and holding the picture.

use crossterm::event::{KeyCode, MouseEventKind};
use ratatui::style::Color;
use tapline::tui::{ScreenEffect, Settings, Theme};
use tapline::units::Moment;

use crate::desk::Desk;
use crate::scenario::Scenario;

const WIDE: (u16, u16) = (140, 40);

#[test]
fn an_event_and_its_phase_are_lit_up_together() {
    let mut desk = Desk::scenario("https_http2", (140, 46));
    assert_eq!(desk.marked(), Vec::<String>::new());
    let at = desk.find("ClientHello");
    desk.click(at);
    let marked = desk.marked();
    assert_eq!(marked.len(), 2, "{marked:?}");
    assert!(marked[0].contains("TLS  "), "{marked:?}");
    assert!(marked[1].contains("ClientHello"), "{marked:?}");
    assert!(desk.shows("Part of: TLS handshake"));
    assert!(desk.shows("▾"), "the axis shows when");
}

#[test]
fn a_phase_and_its_first_event_are_lit_up_together() {
    let mut desk = Desk::scenario("https_http2", WIDE);
    let at = desk.find("Wait");
    desk.click(at);
    let marked = desk.marked();
    assert!(marked[0].contains("Wait"), "{marked:?}");
    assert!(
        marked[1].contains("waiting for the first byte"),
        "{marked:?}"
    );
    assert!(desk.shows("Waiting for the server"));
    desk.press(KeyCode::Down);
    assert!(
        desk.marked()[0].contains("wire"),
        "the timeline has the keyboard now: {:?}",
        desk.marked()
    );
}

#[test]
fn the_cursor_walks_through_the_events() {
    let mut desk = Desk::scenario("https_http2", WIDE);
    desk.press(KeyCode::Home);
    assert!(desk.marked().concat().contains("capturing packets"));
    desk.press(KeyCode::Char('j'));
    desk.press(KeyCode::Char('j'));
    assert!(desk.marked().concat().contains("A? api.lab.test"));
    desk.press(KeyCode::End);
    assert!(desk.marked().concat().contains("capture closed"));
    desk.press(KeyCode::Up);
    desk.press(KeyCode::Esc);
    assert_eq!(desk.marked(), Vec::<String>::new());
}

#[test]
fn where_there_is_one_panel_tab_changes_it() {
    let mut desk = Desk::scenario("https_http2", (80, 24));
    assert!(desk.shows("Events ─"));
    desk.press(KeyCode::Tab);
    assert!(!desk.shows("Events ─"));
    assert!(desk.shows("Where did the time go?"));
    desk.press(KeyCode::PageDown);
    assert!(
        !desk.shows("8,192 B in 187 ms"),
        "the explanation is scrolled"
    );
    desk.press(KeyCode::BackTab);
    assert!(desk.shows("Events ─"));
}

#[test]
fn enter_reads_about_an_event_and_escape_goes_back() {
    let mut desk = Desk::scenario("certificate_expired", (80, 24));
    desk.press(KeyCode::Home);
    desk.press(KeyCode::Enter);
    assert!(!desk.shows("Events ─"));
    desk.press(KeyCode::Esc);
    assert!(desk.shows("Events ─"));
}

/// The line above the first phase.
fn axis_line(desk: &Desk) -> String {
    let (_, row) = desk.find("DNS ");
    desk.lines()[usize::from(row) - 1].clone()
}

#[test]
fn the_axis_zooms_and_moves() {
    let mut desk = Desk::scenario("https_http2", WIDE);
    let axis = axis_line(&desk);
    desk.press(KeyCode::Right);
    assert!(
        desk.shows("The whole run is visible"),
        "there is nowhere to move to"
    );
    desk.press(KeyCode::Char('+'));
    assert!(desk.shows("zoomed"));
    let zoomed = axis_line(&desk);
    assert_ne!(zoomed, axis);
    desk.press(KeyCode::Right);
    assert_ne!(axis_line(&desk), zoomed);
    desk.press(KeyCode::Char('0'));
    assert_eq!(axis_line(&desk), axis);
}

#[test]
fn zooming_follows_the_cursor() {
    let mut desk = Desk::scenario("https_http2", WIDE);
    for _ in 0..4 {
        desk.press(KeyCode::Char('+'));
    }
    desk.press(KeyCode::Home);
    assert!(axis_line(&desk).contains('▾'), "{}", desk.text());
    desk.press(KeyCode::End);
    desk.press(KeyCode::Up);
    assert!(axis_line(&desk).contains('▾'), "{}", desk.text());
}

#[test]
fn the_wheel_zooms_over_the_timeline_and_scrolls_elsewhere() {
    let mut desk = Desk::scenario("https_http2", WIDE);
    let at = desk.find("TLS  ");
    desk.mouse(MouseEventKind::ScrollUp, (at.0 + 60, at.1));
    assert!(desk.shows("zoomed"));
    desk.mouse(MouseEventKind::ScrollDown, (at.0 + 60, at.1));
    assert!(!desk.shows("zoomed"));
    let list = desk.find("Events ─");
    desk.mouse(MouseEventKind::ScrollUp, (list.0, list.1 + 2));
    assert!(!desk.marked().is_empty());
}

#[test]
fn a_held_picture_stays_while_the_run_goes_on() {
    let scenario = Scenario::named("https_http2");
    let (before, after): (Vec<_>, Vec<_>) = scenario
        .events
        .into_iter()
        .partition(|event| event.at < Moment(100_000_000));
    let mut desk = Desk::new(WIDE);
    desk.tell(before);
    desk.press(KeyCode::Char(' '));
    let held = desk.text();
    assert!(held.contains("paused"));
    desk.tell(after);
    assert_eq!(desk.text(), held);
    assert!(!desk.state.is_animating());
    desk.press(KeyCode::Char(' '));
    assert!(desk.shows("200 OK"));
    assert!(!desk.shows("paused"));
}

#[test]
fn phases_grow_and_those_to_come_are_named() {
    let bar = |until: i64| {
        let desk = Desk::scenario_until("https_http2", Moment(until), WIDE);
        assert!(desk.state.is_animating());
        let lines = desk.lines();
        assert!(
            lines.iter().any(|line| line.contains("Receive")),
            "{}",
            desk.text()
        );
        lines
            .iter()
            .find(|line| line.starts_with("│ TLS"))
            .unwrap()
            .matches('█')
            .count()
    };
    assert!(bar(115_000_000) > bar(100_000_000));
}

#[test]
fn a_new_run_begins_with_nothing_selected() {
    let mut desk = Desk::scenario("https_http2", WIDE);
    desk.press(KeyCode::Home);
    desk.press(KeyCode::Char('+'));
    desk.tell(Scenario::named("nxdomain").events);
    assert!(desk.marked().is_empty());
    assert!(!desk.shows("zoomed"));
    assert!(desk.shows("does not exist"));
}

#[test]
fn redirects_fold_into_a_row_each_and_one_is_open() {
    let mut desk = Desk::scenario("redirects", WIDE);
    let at = desk.find("#0");
    desk.click(at);
    let lines = desk.lines();
    let place = |text: &str| {
        lines
            .iter()
            .position(|line| line.contains(text))
            .unwrap_or_else(|| panic!("{text}\n{}", desk.text()))
    };
    assert!(place("#0") < place("DNS  ") && place("DNS  ") < place("#1"));
}

#[test]
fn secrets_do_not_reach_the_screen() {
    let mut desk = Desk::scenario("redirects", (200, 60));
    for _ in 0..40 {
        assert!(!desk.text().contains("tok-789"), "{}", desk.text());
        desk.press(KeyCode::Up);
    }
}

#[test]
fn themes_change_the_colours_and_no_color_has_none() {
    let mut desk = Desk::scenario("https_http2", WIDE);
    let dark = desk.buffer();
    desk.press(KeyCode::Char('t'));
    assert_eq!(desk.state.theme(), Theme::Light);
    assert_ne!(desk.buffer(), dark);

    let mut plain = Desk::with(
        WIDE,
        Settings {
            color: false,
            url: Some("https://a.test/".to_owned()),
            ..Settings::default()
        },
    );
    plain.tell(Scenario::named("redirects").events);
    plain.press(KeyCode::Home);
    let buffer = plain.buffer();
    assert!(
        buffer
            .content()
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
    assert_eq!(plain.press(KeyCode::Char('t')), Vec::<ScreenEffect>::new());
}

#[test]
fn ascii_is_ascii() {
    let settings = Settings {
        ascii: true,
        color: true,
        url: Some("https://a.test/".to_owned()),
        ..Settings::default()
    };
    for scenario in Scenario::all() {
        let mut desk = Desk::with((120, 36), settings.clone());
        desk.tell(scenario.events);
        desk.press(KeyCode::Home);
        assert!(desk.text().is_ascii(), "{}", desk.text());
        desk.press(KeyCode::Char('?'));
        assert!(desk.text().is_ascii(), "{}", desk.text());
    }
}
