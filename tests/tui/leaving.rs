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
    assert!(taken.alternate_screen && taken.mouse && taken.bracketed_paste, "{taken:?}");
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
    terminal.wait_for("the cancelled run", |screen| !screen.contents().contains(HELD));
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

/// A shell with job control: Ctrl-Z stops the program and the shell goes on, on a terminal as it was; `fg` brings it back.
#[test]
fn for_a_while_by_ctrl_z() {
    let server = Server::start();
    let mut command = CommandBuilder::new("/bin/sh");
    let program = env!("CARGO_BIN_EXE_tapline");
    command.args(["-c", &format!("set -m; '{program}' '{}'; echo it stopped; read line; fg; echo it ended", server.url)]);
    environment(&mut command);
    let mut terminal = Terminal::start(command, SIZE);
    terminal.wait_for_text(HELD);
    terminal.type_keys("\x1a");
    terminal.wait_for_text("it stopped");
    terminal.wait_until_restored();
    terminal.type_keys("\n");
    terminal.wait_for("the screen again", |screen| screen.alternate_screen() && screen.contents().contains(HELD));
    terminal.type_keys("q");
    terminal.wait_for_text("it ended");
    terminal.wait_until_restored();
}
