//! A panic gives the terminal back and ends the program. The test runs itself on a terminal, as the
//! program that panics.

use std::sync::mpsc::sync_channel;
use std::thread;

use portable_pty::CommandBuilder;
use tapline::cli::{exit_on_panic, show_screen};
use tapline::tui::{ScreenEffect, Settings};

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
    let Ok(part) = std::env::var(PART) else {
        return;
    };
    exit_on_panic();
    // The other end of the inbox stays open: a screen that waited for an event would wait for ever.
    let (sender, inbox) = sync_channel(16);
    let mut perform = |effect| {
        if !matches!(effect, ScreenEffect::Run { .. }) {
            return;
        }
        match part.as_str() {
            "screen" => panic!("seeded on the screen's thread"),
            "thread" => drop(
                thread::Builder::new()
                    .name("seeded".to_owned())
                    .spawn(|| panic!("seeded on another \x1b[31mthread")),
            ),
            "task" => drop(thread::spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                // A task's panic goes no further than its handle, which nobody looks at.
                runtime.block_on(async {
                    tokio::spawn(async { panic!("seeded in a task") })
                        .await
                        .is_ok()
                })
            })),
            "lock" => {
                // What holds a lock when it panics, as while a line is written.
                let _held = std::io::stdout().lock();
                panic!("seeded under a lock")
            }
            "abort" => std::process::abort(),
            "overflow" => drop(thread::spawn(|| overflow(1))),
            other => panic!("there is no part {other}"),
        }
    };
    let settings = Settings {
        color: true,
        url: Some("http://a.test/".to_owned()),
        ..Settings::default()
    };
    show_screen(&sender, &inbox, &mut perform, settings).unwrap();
}

/// Needs more stack than there is.
#[expect(unconditional_recursion, reason = "that is what it is for")]
fn overflow(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 1_000]);
    room[0] + overflow(depth + 1)
}

#[test]
fn of_any_kind_it_ends_the_program_and_says_so() {
    let kinds = [
        ("screen", "seeded on the screen's thread"),
        (
            "thread",
            "seeded on another \\x1b[31mthread (seeded thread at tests",
        ),
        ("task", "seeded in a task"),
        ("lock", "seeded under a lock"),
    ];
    for (part, message) in kinds {
        let mut terminal = child(part);
        assert_eq!(terminal.wait_for_exit(), 1, "{part}");
        terminal.wait_until_restored();
        for said in [
            "terminated by an internal error",
            message,
            "please report it",
        ] {
            terminal.wait_for(said, |screen| {
                screen.contents().replace('\n', "").contains(said)
            });
        }
    }
}

#[test]
fn an_abort_gives_the_terminal_back_too() {
    for (part, said) in [
        ("abort", "aborted: out of memory"),
        ("overflow", "has overflowed its stack"),
    ] {
        let mut terminal = child(part);
        assert_ne!(terminal.wait_for_exit(), 0, "{part}");
        terminal.wait_until_restored();
        terminal.wait_for_text(said);
    }
}
