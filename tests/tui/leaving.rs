//! Every way out leaves the terminal as it was.

use portable_pty::CommandBuilder;
use rustix::process::Signal;

use crate::server::Server;
use crate::terminal::{Terminal, environment};

const SIZE: (u16, u16) = (100, 30);
const HELD: &str = "\u{25cf} Wait";

fn under_way(server: &Server) -> Terminal {
    let terminal = Terminal::tapline(&[&server.url], SIZE);
    terminal.wait_for_text(HELD);
    let taken = terminal.modes();
    assert!(
        taken.alternate_screen && taken.mouse && taken.bracketed_paste,
        "{taken:?}"
    );
    terminal
}

#[test]
fn by_q() {
    let server = Server::start();
    let mut terminal = under_way(&server);
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_exit(), 0);
    terminal.wait_until_restored();
}

#[test]
fn by_ctrl_c_which_cancels_first() {
    let server = Server::start();
    let mut terminal = under_way(&server);
    terminal.type_keys("\x03");
    terminal.wait_for("the cancelled run", |screen| {
        !screen.contents().contains(HELD)
    });
    terminal.type_keys("\x03");
    assert_eq!(terminal.wait_for_exit(), 130);
    terminal.wait_until_restored();
}

#[test]
fn by_signals() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::QUIT, 131)] {
        let server = Server::start();
        let mut terminal = under_way(&server);
        terminal.signal(signal);
        assert_eq!(terminal.wait_for_exit(), code);
        terminal.wait_until_restored();
    }
}

/// Those that nothing in the program answers: their default action ends it, as the kernel has it.
#[test]
fn by_signals_that_nobody_asks_for() {
    let signals = [
        (Signal::ABORT, "Aborted"),
        (Signal::USR1, "User defined signal 1"),
        (Signal::USR2, "User defined signal 2"),
        (Signal::ALARM, "Alarm clock"),
        (Signal::VTALARM, "Virtual timer expired"),
        (Signal::PROF, "Profiling timer expired"),
        (Signal::XCPU, "CPU time limit exceeded"),
        (Signal::SEGV, "Segmentation fault"),
        (Signal::BUS, "Bus error"),
        (Signal::FPE, "Floating point exception"),
        (Signal::ILL, "Illegal instruction"),
        (Signal::TRAP, "Trace/breakpoint trap"),
        (Signal::SYS, "Bad system call"),
        (Signal::IO, "I/O possible"),
    ];
    for (signal, name) in signals {
        let server = Server::start();
        let mut terminal = under_way(&server);
        terminal.signal(signal);
        assert_eq!(terminal.wait_for_signal().as_deref(), Some(name));
        terminal.wait_until_restored();
    }
}

/// Rust ignores it, so that a reader that goes away is an error of the write.
#[test]
fn a_broken_pipe_means_nothing_by_itself() {
    let server = Server::start();
    let mut terminal = under_way(&server);
    terminal.signal(Signal::PIPE);
    server.respond();
    terminal.wait_for_text("200 OK");
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_exit(), 0);
}

/// The first waits for the run to be saved, into a pipe that nobody reads.
#[test]
fn by_the_second_signal_at_once() {
    for signals in [
        [Signal::TERM, Signal::TERM],
        [Signal::HUP, Signal::TERM],
        [Signal::TERM, Signal::INT],
    ] {
        let server = Server::start();
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        let mut terminal =
            Terminal::tapline(&["--save", pipe.to_str().unwrap(), &server.url], SIZE);
        terminal.wait_for_text(HELD);
        terminal.signal(signals[0]);
        terminal.wait_until_restored();
        assert!(terminal.is_running());
        terminal.signal(signals[1]);
        let name = if signals[1] == Signal::INT {
            "Interrupt"
        } else {
            "Terminated"
        };
        assert_eq!(terminal.wait_for_signal().as_deref(), Some(name));
        terminal.wait_until_restored();
    }
}

/// An interrupt that only called the run off was answered, and the next is the first again.
#[test]
fn by_the_second_interrupt_in_order() {
    let server = Server::start();
    let mut terminal = under_way(&server);
    terminal.signal(Signal::INT);
    terminal.wait_for("the cancelled run", |screen| {
        !screen.contents().contains(HELD)
    });
    terminal.signal(Signal::INT);
    assert_eq!(terminal.wait_for_exit(), 130);
    terminal.wait_until_restored();
}

/// A shell with job control: Ctrl-Z stops the program and the shell goes on, on a terminal as it
/// was; `fg` brings it back.
#[test]
fn for_a_while_by_ctrl_z() {
    let server = Server::start();
    let mut command = CommandBuilder::new("/bin/sh");
    let program = env!("CARGO_BIN_EXE_tapline");
    command.args([
        "-c",
        &format!(
            "set -m; '{program}' '{}'; echo it stopped; read line; fg; echo it ended",
            server.url
        ),
    ]);
    environment(&mut command);
    let mut terminal = Terminal::start(command, SIZE);
    terminal.wait_for_text(HELD);
    terminal.type_keys("\x1a");
    terminal.wait_for_text("it stopped");
    terminal.wait_until_restored();
    terminal.type_keys("\n");
    terminal.wait_for("the screen again", |screen| {
        screen.alternate_screen() && screen.contents().contains(HELD)
    });
    terminal.type_keys("q");
    terminal.wait_for_text("it ended");
    terminal.wait_until_restored();
}
