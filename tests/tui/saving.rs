//! A run on the screen that is saved, by a key or when it is over, and looked at again.

use std::fs;
use std::path::{Path, PathBuf};

use portable_pty::CommandBuilder;
use tapline::archive::Archive;
use tapline::trace::EventKind;

use crate::server::Server;
use crate::terminal::{Terminal, environment};

const SIZE: (u16, u16) = (120, 36);

fn tapline(folder: &Path, arguments: &[&str]) -> Terminal {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tapline"));
    command.args(arguments);
    command.cwd(folder);
    environment(&mut command);
    Terminal::start(command, SIZE)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// The statuses in a saved run, and whether it is there to its end.
fn saved(file: &Path) -> (Vec<u16>, bool) {
    let (mut statuses, mut ended) = (Vec::new(), false);
    let kept = Archive::open(file)
        .unwrap()
        .read_events(|event| match event.kind {
            EventKind::ResponseHead { status, .. } => statuses.push(status),
            EventKind::RunEnded => ended = true,
            _ => {}
        });
    (statuses, ended && kept.error.is_none())
}

#[test]
fn a_key_saves_the_run_under_a_fresh_name_and_it_opens_again() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let mut terminal = tapline(folder.path(), &[&server.url]);
    server.wait_for_request();
    terminal.wait_for_text("\u{25cf} Wait");
    terminal.type_keys("S");
    terminal.wait_for_text("The run was saved to 127.0.0.1-");
    server.respond();
    terminal.wait_for_text("200 OK");
    terminal.type_keys("j");
    terminal.wait_for("the notice gone", |screen| {
        !screen.contents().contains("is saved")
    });
    terminal.type_keys("S");
    terminal.wait_for_text("-2.pcapng");
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_exit(), 0);
    let files = files(folder.path());
    let [second, first] = files.as_slice() else {
        panic!("{files:?}")
    };
    assert_eq!(saved(first), (vec![], false), "it was under way");
    assert_eq!(saved(second).0, [200]);

    let mut terminal = tapline(folder.path(), &["open", second.to_str().unwrap()]);
    terminal.wait_for("the timeline of the run", |screen| {
        let text = screen.contents();
        text.contains("200 OK") && text.contains("Wait") && text.contains("Receive")
    });
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_exit(), 0);
}

#[test]
fn a_run_that_is_over_or_left_is_saved_where_that_was_asked_for() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let mut terminal = tapline(folder.path(), &["--save", "run.pcapng", &server.url]);
    server.wait_for_request();
    server.respond();
    terminal.wait_for_text("The run was saved to run.pcapng.");
    let file = folder.path().join("run.pcapng");
    assert_eq!(saved(&file), (vec![200], true));
    terminal.type_keys("r");
    server.wait_for_request();
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_exit(), 0);
    assert_eq!(saved(&file), (vec![], true), "the run that was called off");
    assert_eq!(files(folder.path()), [file]);
}

#[test]
fn a_run_somewhere_else_is_watched_through_a_pipe() {
    let server = Server::start();
    let program = env!("CARGO_BIN_EXE_tapline");
    let mut command = CommandBuilder::new("sh");
    command.args([
        "-c",
        &format!("{program} probe --save - {} | {program} open -", server.url),
    ]);
    environment(&mut command);
    let mut terminal = Terminal::start(command, SIZE);
    server.wait_for_request();
    terminal.wait_for_text("\u{25cf} Wait");
    assert!(!terminal.text().contains("200 OK"));
    server.respond();
    terminal.wait_for_text("200 OK");
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_exit(), 0);
}

#[test]
fn a_run_that_cannot_be_saved_is_told_and_is_a_fault() {
    let server = Server::start();
    let mut terminal = tapline(
        Path::new("/"),
        &["--save", "/nonexistent/run.pcapng", &server.url],
    );
    server.wait_for_request();
    server.respond();
    terminal.wait_for_text("cannot be saved to /nonexistent/run.pcapng");
    terminal.type_keys("q");
    assert_eq!(terminal.wait_for_exit(), 1);
}
