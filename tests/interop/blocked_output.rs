//! Standard output that nobody reads: a limit of time and a signal end the run all the same.

use std::io::{self, Read as _, Write as _};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::fixture::message::read_request;
use crate::fixture::peer::Peer;
use crate::fixture::process::{signal, wait_until};
use crate::probe::{Run, command, finish};

/// A server that redirects without end; of the run there is more to tell than a pipe takes.
fn redirecting() -> (Peer, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    let peer = Peer::tcp(move |mut stream| {
        let answer = b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n";
        while read_request(&mut stream).is_some() && stream.write_all(answer).is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (peer, requests)
}

/// What can be written to standard output, with how much: more than a pipe and the program hold.
fn ways() -> Vec<Vec<String>> {
    let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let long = "x".repeat(120_000) + "%{exitcode}\n";
    let mut ways: Vec<Vec<String>> = ["text", "json", "events", "har", "html"]
        .iter()
        .map(|format| text(&["--format", format]))
        .collect();
    ways.push(text(&["--save", "-"]));
    ways.push(text(&["-w", &long]));
    ways.push(text(&["-w", &long, "--format", "json=/dev/null"]));
    ways
}

const LOST: &str = "nobody reads standard output: what was still to be written there is lost";

/// Runs with a pipe that nobody reads, and returns what came of it.
fn run(way: &[String], url: &str, more: &[&str], then: impl FnOnce(u32)) -> Run {
    let (unread, pipe) = io::pipe().expect("a pipe");
    let mut command = command(&["probe", "--capture", "off", "-L", "--max-redirs", "-1"]);
    command.args(more).args(way).arg(url);
    let child = command
        .stdin(Stdio::null())
        .stdout(pipe)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(command);
    then(child.id());
    let run = finish(child);
    drop(unread);
    run
}

/// It ended with this code, and said once that something was lost.
#[track_caller]
fn ended(run: &Run, status: i32, way: &[String]) {
    let (option, said) = (&way[0], String::from_utf8_lossy(&run.stderr));
    assert_eq!(run.status, Some(status), "{option}: {said}");
    assert_eq!(said.matches(LOST).count(), 1, "{option}: {said}");
}

#[test]
fn a_time_limit_ends_what_nobody_reads() {
    let (peer, _) = redirecting();
    for way in ways() {
        let run = run(&way, &peer.url("/"), &["-m", "1"], |_| {});
        ended(&run, 3, &way);
    }
}

#[test]
fn a_signal_ends_what_nobody_reads() {
    for (name, status) in [("INT", 130), ("TERM", 143)] {
        for way in ways() {
            let (peer, requests) = redirecting();
            let run = run(&way, &peer.url("/"), &[], |id| {
                // Until the run tells more than a pipe takes.
                wait_until("some hundred requests", || {
                    requests.load(Ordering::Relaxed) > 250
                });
                signal(id, name);
            });
            ended(&run, status, &way);
        }
    }
}

/// A reader that begins late misses nothing, as long as nothing has to end.
#[test]
fn a_reader_that_waits_gets_all() {
    let peer = Peer::saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let text = "x".repeat(120_000);
    let (mut reader, pipe) = io::pipe().expect("a pipe");
    let mut command = command(&["probe", "--capture", "off", "-m", "1", "-w", &text]);
    let child = command
        .arg(peer.url("/"))
        .stdin(Stdio::null())
        .stdout(pipe)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(command);
    // Past the limit of the transfer, which has long ended.
    let late = std::time::Instant::now() + std::time::Duration::from_millis(1_500);
    wait_until("the limit", || std::time::Instant::now() > late);
    let mut read = String::new();
    reader.read_to_string(&mut read).expect("all of it");
    let run = finish(child);
    let said = String::from_utf8_lossy(&run.stderr);
    assert_eq!(
        (run.status, said.contains(LOST)),
        (Some(0), false),
        "{said}"
    );
    assert!(read == text);
}
