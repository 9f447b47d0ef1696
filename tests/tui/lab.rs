//! The lab on a terminal: from a run back to its catalogue, and on to another exhibit.

use rustix::process::{Pid, Signal, kill_process};

use crate::terminal::Terminal;

#[test]
fn one_exhibit_after_the_other() {
    let mut terminal = Terminal::tapline(&["lab"], (120, 36));
    terminal.wait_for_text("Where to?");
    terminal.type_keys("trailers\r");
    terminal.wait_for_text("200 OK");
    terminal.type_keys("\x1b");
    terminal.wait_for_text("Where to?");
    terminal.wait_for("what was run is chosen", |screen| {
        screen
            .contents()
            .lines()
            .any(|line| line.contains('\u{25b8}') && line.contains("/trailers"))
    });
    terminal.type_keys("expired.lab");
    terminal.wait_for("the catalogue, narrowed", |screen| {
        let text = screen.contents();
        text.contains("expired 12 days ago") && !text.contains("gzip")
    });
    terminal.type_keys("\r");
    terminal.wait_for_text("failed: TLS");
    terminal.type_keys("\x1b");
    terminal.wait_for_text("Where to?");
    // All of it again, then the run again.
    terminal.type_keys("\x1b");
    terminal.wait_for_text(" places");
    terminal.type_keys("\x1b");
    terminal.wait_for("the run", |screen| !screen.contents().contains("Where to?"));
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_exit(), 0);
    terminal.wait_until_restored();
}

#[test]
fn the_link_is_set_while_the_lab_runs() {
    let mut terminal = Terminal::tapline(&["lab", "--rtt", "20ms"], (120, 36));
    terminal.wait_for("the link, or why there is none", |screen| {
        let text = screen.contents();
        text.contains("link RTT 20.0 ms") || text.contains(" ! ")
    });
    if !terminal.text().contains("link RTT") {
        eprintln!("SKIPPED: there is no private network here");
        return;
    }
    terminal.type_keys("\x1bOQ");
    terminal.wait_for_text("Link settings");
    terminal.type_keys("\x1b[C");
    terminal.wait_for_text("link RTT 40.0 ms");
    terminal.type_keys("85ms\r");
    terminal.wait_for_text("link RTT 85.0 ms");
    terminal.type_keys("\x1b");
    terminal.wait_for("the start screen", |screen| {
        !screen.contents().contains("Link settings")
    });
    terminal.type_keys("trailers\r");
    terminal.wait_for_text("200 OK");
    // At the top of the list of events.
    terminal.type_keys("g");
    terminal.wait_for_text("link: RTT 85.0 ms");
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_exit(), 0);
    terminal.wait_until_restored();
}

/// A lab with its screen after a first run; `None`, and said so, where there can be no private
/// network.
fn after_a_run() -> Option<Terminal> {
    let mut terminal = Terminal::tapline(&["lab", "--rtt", "0ms"], (120, 36));
    terminal.wait_for("the link, or why there is none", |screen| {
        let text = screen.contents();
        text.contains("link RTT") || text.contains(" ! ")
    });
    if !terminal.text().contains("link RTT") {
        eprintln!("SKIPPED: there is no private network here");
        return None;
    }
    terminal.type_keys("trailers\r");
    terminal.wait_for_text("200 OK");
    Some(terminal)
}

/// The screen's process is the last that was started.
#[test]
fn its_screen_has_no_rights_once_the_capture_is_open() {
    let Some(terminal) = after_a_run() else {
        return;
    };
    let screen = *terminal.processes().last().unwrap();
    let threads: Vec<_> = std::fs::read_dir(format!("/proc/{screen}/task"))
        .unwrap()
        .flatten()
        .collect();
    assert!(threads.len() > 2, "the capture's thread is among them");
    for thread in threads {
        let status = std::fs::read_to_string(thread.path().join("status")).unwrap();
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            let line = format!("{set}:\t0000000000000000");
            assert!(
                status.lines().any(|found| found == line),
                "{line} is not in {status}"
            );
        }
    }
}

#[test]
fn whoever_ends_it_the_terminal_is_given_back() {
    for (process, signal, code) in [
        (0, Signal::USR1, 138),
        (0, Signal::TERM, 143),
        (1, Signal::KILL, 137),
        (2, Signal::KILL, 137),
    ] {
        let Some(mut terminal) = after_a_run() else {
            return;
        };
        let processes = terminal.processes();
        assert_eq!(processes.len(), 3, "the outer process, the lab, its screen");
        kill_process(
            Pid::from_raw(i32::try_from(processes[process]).unwrap()).unwrap(),
            signal,
        )
        .unwrap();
        assert_eq!(
            terminal.wait_for_exit(),
            code,
            "{signal:?} to process {process}"
        );
        terminal.wait_until_restored();
    }
}
