//! Keys, clicks and signals, and the effects they have.

use crossterm::event::{Event as TerminalEvent, KeyCode};
use tapline::trace::{EVENT_SCHEMA, Event, EventKind};
use tapline::tui::{ExitReason, ProcessSignal, ScreenEffect, ScreenMessage};
use tapline::units::{Moment, WallTime};

use crate::desk::Desk;

const SIZE: (u16, u16) = (100, 30);

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

fn ended() -> Event {
    Event {
        at: Moment(1),
        kind: EventKind::RunEnded,
    }
}

#[test]
fn a_url_is_run_at_once_and_again() {
    let mut desk = Desk::new(SIZE);
    assert_eq!(
        desk.state.initial_effects(),
        run("https://api.lab.test/users")
    );
    assert!(desk.shows("starting"));
    desk.tell([started(), ended()]);
    assert_eq!(
        desk.press(KeyCode::Char('r')),
        run("https://api.lab.test/users")
    );
}

#[test]
fn without_a_url_nothing_runs_until_one_is_chosen() {
    let mut desk = Desk::start(SIZE);
    assert_eq!(desk.state.initial_effects(), []);
    assert_eq!(desk.press(KeyCode::Enter), []);
    assert!(desk.shows("Type a URL"));
    desk.press(KeyCode::Down);
    desk.press(KeyCode::Down);
    assert_eq!(
        desk.press(KeyCode::Enter),
        run("https://expired.tapline.test:8443/")
    );
    assert!(!desk.shows("Where to?"));
}

#[test]
fn a_suggestion_can_be_clicked() {
    let mut desk = Desk::start(SIZE);
    let at = desk.find("a certificate past");
    assert_eq!(desk.click(at), []);
    assert_eq!(desk.click(at), run("https://expired.tapline.test:8443/"));
}

#[test]
fn a_url_can_be_typed_and_what_is_wrong_with_it_is_said() {
    let mut desk = Desk::start(SIZE);
    desk.type_text("gopher://a.test/");
    assert!(desk.shows("gopher:// is not supported"));
    assert_eq!(desk.press(KeyCode::Enter), []);
    desk.ctrl('u');
    desk.type_text("localhost:8080/q");
    assert_eq!(desk.press(KeyCode::Enter), run("localhost:8080/q"));
}

#[test]
fn the_url_is_edited_over_the_run() {
    let mut desk = Desk::scenario("https_http2", SIZE);
    desk.press(KeyCode::Char('e'));
    desk.type_text("?q");
    assert!(desk.shows("https://api.lab.test/users?q"));
    assert_eq!(
        desk.press(KeyCode::Enter),
        run("https://api.lab.test/users?q")
    );
    desk.press(KeyCode::Char('e'));
    assert_eq!(desk.press(KeyCode::Esc), []);
    assert!(!desk.shows("Where to?"));
}

#[test]
fn a_pasted_url_opens_the_field_and_other_text_does_not() {
    let mut desk = Desk::scenario("https_http2", SIZE);
    desk.send(ScreenMessage::Terminal(TerminalEvent::Paste(
        "some words".to_owned(),
    )));
    assert!(!desk.shows("Where to?"));
    desk.send(ScreenMessage::Terminal(TerminalEvent::Paste(
        "https://b.test/\n".to_owned(),
    )));
    assert!(desk.shows("https://b.test/"));
    assert_eq!(desk.press(KeyCode::Enter), run("https://b.test/"));
}

#[test]
fn ctrl_c_cancels_first_and_quits_when_there_is_nothing_to_cancel() {
    let mut desk = Desk::new(SIZE);
    desk.state.initial_effects();
    desk.tell([started()]);
    assert_eq!(desk.ctrl('c'), [ScreenEffect::Cancel]);
    assert!(desk.shows("Press Ctrl-C again to quit"));
    desk.tell([ended()]);
    assert_eq!(
        desk.ctrl('c'),
        [ScreenEffect::Quit(ExitReason::Interrupted)]
    );
}

#[test]
fn a_second_ctrl_c_always_quits() {
    let mut desk = Desk::new(SIZE);
    desk.state.initial_effects();
    assert_eq!(
        desk.send(ScreenMessage::Signal(ProcessSignal::Interrupt)),
        [ScreenEffect::Cancel]
    );
    assert_eq!(
        desk.ctrl('c'),
        [ScreenEffect::Quit(ExitReason::Interrupted)]
    );
}

#[test]
fn leaving_ends_the_run_under_way() {
    let mut desk = Desk::new(SIZE);
    desk.tell([started()]);
    assert_eq!(
        desk.press(KeyCode::Char('q')),
        [ScreenEffect::Cancel, ScreenEffect::Quit(ExitReason::Quit)]
    );
    for (signal, outcome) in [
        (ProcessSignal::Terminate, ExitReason::Terminated),
        (ProcessSignal::HangUp, ExitReason::HungUp),
    ] {
        assert_eq!(
            desk.send(ScreenMessage::Signal(signal)),
            [ScreenEffect::Cancel, ScreenEffect::Quit(outcome)]
        );
    }
    desk.tell([ended()]);
    assert_eq!(
        desk.press(KeyCode::Char('q')),
        [ScreenEffect::Quit(ExitReason::Quit)]
    );
}

#[test]
fn ctrl_z_and_its_signal_suspend() {
    let mut desk = Desk::new(SIZE);
    assert_eq!(desk.ctrl('z'), [ScreenEffect::Suspend]);
    assert_eq!(
        desk.send(ScreenMessage::Signal(ProcessSignal::Stop)),
        [ScreenEffect::Suspend]
    );
    assert_eq!(
        desk.send(ScreenMessage::Signal(ProcessSignal::Continue)),
        [ScreenEffect::Redraw]
    );
    assert_eq!(desk.ctrl('l'), [ScreenEffect::Redraw]);
}

#[test]
fn a_run_that_cannot_start_says_why() {
    let mut desk = Desk::new(SIZE);
    desk.state.initial_effects();
    desk.send(ScreenMessage::RunFailed(
        "the file body.json cannot be read".to_owned(),
    ));
    assert!(desk.shows("body.json cannot be read"));
    assert!(!desk.state.is_animating());
    desk.press(KeyCode::Char('t'));
    assert!(
        desk.shows("body.json cannot be read"),
        "the page that explains keeps it"
    );
    desk.tell([started()]);
    assert!(!desk.shows("body.json"));
}

#[test]
fn what_is_explained_can_be_copied() {
    let mut desk = Desk::scenario("certificate_expired", SIZE);
    let [ScreenEffect::Copy(text)] = &desk.press(KeyCode::Char('y'))[..] else {
        panic!("it is copied")
    };
    assert!(text.contains("the certificate expired"), "{text}");
    assert!(text.contains("CN=api.lab.test"), "{text}");
}

#[test]
fn help_tells_every_key_and_keys_do_not_act_behind_it() {
    let mut desk = Desk::new((100, 60));
    desk.press(KeyCode::Char('?'));
    for word in [
        "Ctrl-C",
        "PgDn",
        "Shift-Tab",
        "zoom out",
        "this machine",
        "mouse",
    ] {
        assert!(desk.shows(word), "{word}");
    }
    assert_eq!(desk.press(KeyCode::Char('r')), []);
    desk.press(KeyCode::Esc);
    assert!(!desk.shows("Shift-Tab"));
}
