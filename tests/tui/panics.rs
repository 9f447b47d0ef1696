//! A panic gives the terminal back before it is reported. The test runs itself on a terminal, as the program that panics.

use std::sync::mpsc::sync_channel;
use std::thread;

use portable_pty::CommandBuilder;
use tapline::tui::{Effect, Settings, live};

use crate::terminal::{Terminal, environment};

/// Tells a child that it is one, and what to do.
const PART: &str = "TAPLINE_TEST_PART";

fn child(part: &str) -> Terminal {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "panics::the_program_that_panics", "--nocapture"]);
    environment(&mut command);
    command.env(PART, part);
    command.env("RUST_BACKTRACE", "0");
    Terminal::start(command, (100, 30))
}

/// Does nothing unless it is the child of a test below.
#[test]
fn the_program_that_panics() {
    let Ok(part) = std::env::var(PART) else { return };
    let (sender, inbox) = sync_channel(16);
    let mut perform = |effect| {
        if !matches!(effect, Effect::Run { .. }) {
            return;
        }
        match part.as_str() {
            "screen" => panic!("seeded on the screen's thread"),
            _ => drop(thread::spawn(|| panic!("seeded on another thread")).join()),
        }
    };
    let settings = Settings { color: true, url: Some("http://a.test/".to_owned()), ..Settings::default() };
    live(&sender, &inbox, &mut perform, settings).unwrap();
}

#[test]
fn on_the_screens_own_thread() {
    let mut terminal = child("screen");
    terminal.wait_for_text("seeded on the screen's thread");
    assert_ne!(terminal.wait_for_exit(), 0);
    terminal.wait_until_restored();
}

#[test]
fn on_another_thread_the_screen_stays_and_the_report_follows() {
    let mut terminal = child("other");
    terminal.wait_for_text("a fault in this program ended the run");
    assert!(terminal.modes().alternate_screen);
    terminal.type_keys("q");
    terminal.wait_for_text("seeded on another thread");
    assert_eq!(terminal.wait_for_exit(), 0);
    terminal.wait_until_restored();
}
