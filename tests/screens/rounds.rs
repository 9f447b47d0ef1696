//! The loop itself, with an inbox, a terminal and hands for its effects.

use std::sync::mpsc::sync_channel;

use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tapline::trace::EventKind;
use tapline::tui::{
    ExitReason, ProcessSignal, ScreenEffect, ScreenMessage, Settings, run_event_loop,
};

use crate::scenario::Scenario;

fn settings() -> Settings {
    Settings {
        color: true,
        url: Some("https://api.lab.test/users".to_owned()),
        ..Settings::default()
    }
}

fn key(code: KeyCode) -> ScreenMessage {
    ScreenMessage::Terminal(TerminalEvent::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

fn screen_of(terminal: &Terminal<TestBackend>) -> String {
    terminal
        .backend()
        .buffer()
        .content()
        .iter()
        .map(ratatui::buffer::Cell::symbol)
        .collect()
}

#[test]
fn a_run_is_asked_for_shown_and_left() {
    let (sender, inbox) = sync_channel(1_000);
    let mut terminal = Terminal::new(TestBackend::new(120, 36)).unwrap();
    let mut asked = Vec::new();
    // The engine: it answers being asked to run with a whole run, and the user then quits.
    let mut perform = |effect: ScreenEffect| {
        if let ScreenEffect::Run { .. } = &effect {
            for event in Scenario::named("https_http2").events {
                sender.send(ScreenMessage::Trace(event)).unwrap();
            }
            sender.send(key(KeyCode::Char('t'))).unwrap();
            sender.send(key(KeyCode::Char('q'))).unwrap();
        }
        asked.push(effect);
    };
    let outcome = run_event_loop(&mut terminal, &inbox, &mut perform, settings()).unwrap();
    assert_eq!(outcome, ExitReason::Quit);
    assert_eq!(
        asked,
        [ScreenEffect::Run {
            url: "https://api.lab.test/users".to_owned()
        }]
    );
}

#[test]
fn the_picture_is_there_before_the_run_is_asked_for() {
    struct FirstEffect;
    let (_sender, inbox) = sync_channel(1);
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        run_event_loop(
            &mut terminal,
            &inbox,
            &mut |_| std::panic::panic_any(FirstEffect),
            settings(),
        )
    }));
    assert!(
        caught.is_err_and(|thrown| thrown.is::<FirstEffect>()),
        "the run was asked for"
    );
    assert!(screen_of(&terminal).contains("https://api.lab.test/users"));
}

#[test]
fn signals_end_the_loop_and_the_run() {
    for (signal, outcome, code) in [
        (ProcessSignal::Terminate, ExitReason::Terminated, 143),
        (ProcessSignal::HangUp, ExitReason::HungUp, 129),
        (ProcessSignal::Abort, ExitReason::Aborted, 131),
    ] {
        let (sender, inbox) = sync_channel(10);
        sender.send(ScreenMessage::Signal(signal)).unwrap();
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        let mut asked = Vec::new();
        let left = run_event_loop(
            &mut terminal,
            &inbox,
            &mut |effect| asked.push(effect),
            settings(),
        )
        .unwrap();
        assert_eq!((left, left.exit_code()), (outcome, code));
        assert_eq!(asked.last(), Some(&ScreenEffect::Cancel));
    }
}

#[test]
fn when_nobody_can_say_anything_any_more_the_screen_is_left() {
    let (sender, inbox) = sync_channel::<ScreenMessage>(1);
    drop(sender);
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    assert_eq!(
        run_event_loop(&mut terminal, &inbox, &mut |_| {}, settings()).unwrap(),
        ExitReason::Quit
    );
}

#[test]
fn a_flood_of_messages_does_not_keep_the_picture_from_being_drawn() {
    let (sender, inbox) = sync_channel(200_000);
    let events = Scenario::named("under_way").events;
    let progress = events
        .iter()
        .rev()
        .find(|event| matches!(event.kind, EventKind::ResponseBody { .. }))
        .unwrap()
        .clone();
    for event in events
        .into_iter()
        .chain(std::iter::repeat_n(progress, 190_000))
    {
        sender.send(ScreenMessage::Trace(event)).unwrap();
    }
    sender.send(key(KeyCode::Char('q'))).unwrap();
    let mut terminal = Terminal::new(TestBackend::new(120, 36)).unwrap();
    assert_eq!(
        run_event_loop(&mut terminal, &inbox, &mut |_| {}, settings()).unwrap(),
        ExitReason::Quit
    );
    assert!(
        screen_of(&terminal).contains("files.lab.test"),
        "drawn while messages were waiting"
    );
}
