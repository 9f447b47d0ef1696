//! Calls that the system refuses: the run ends with a right result or with a sentence, and leaves
//! nothing in part.
//!
//! `tools/faults` tries many thousands of them; these are some of each kind.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::fixture::program::{installed, is_root, skipped, tapline};
use crate::fixture::recorder::Recorder;
use crate::probe::{Run, neutral, run};

/// How a run has to end.
enum End {
    /// As if nothing had been refused.
    Right,
    /// With a code and a sentence on standard error.
    Said(i32, &'static str),
    /// With 3, and this code of a failure in the report.
    Reported(&'static str),
}

use End::{Reported, Right, Said};

/// A call of which the one with this number fails, in whichever thread makes so many. The dynamic
/// loader makes none of these.
const REFUSED: [(&str, &str, u32, End); 26] = [
    (
        "eventfd2",
        "ENOSPC",
        1,
        Said(1, "the engine cannot start: No space left on device"),
    ),
    (
        "epoll_create1",
        "EMFILE",
        1,
        Said(1, "the engine cannot start: Too many open files"),
    ),
    ("epoll_ctl", "ENOMEM", 1, Said(1, "the engine cannot start")),
    ("epoll_ctl", "ENOSPC", 2, Right),
    // The thread that waits for signals: without it a signal ends the run at once.
    ("clone3", "EAGAIN", 1, Right),
    (
        "clone3",
        "EAGAIN",
        2,
        Said(
            1,
            "no thread could be started: Resource temporarily unavailable",
        ),
    ),
    (
        "fsync",
        "EIO",
        1,
        Said(
            1,
            "the run cannot be saved to run.pcapng: Input/output error",
        ),
    ),
    (
        "fsync",
        "ENOSPC",
        3,
        Said(
            1,
            "the json report cannot be written to report.json: No space left on device",
        ),
    ),
    ("fsync", "EINTR", 1, Right),
    (
        "rename",
        "EIO",
        1,
        Said(1, "the run cannot be saved to run.pcapng"),
    ),
    (
        "rename",
        "ENOSPC",
        2,
        Said(1, "the json report cannot be written to report.json"),
    ),
    ("socket", "EMFILE", 1, Reported("connect_forbidden")),
    ("socket", "ENOMEM", 1, Reported("connect_failed")),
    ("connect", "EINTR", 1, Right),
    ("connect", "EAGAIN", 1, Reported("connect_failed")),
    ("connect", "ENOMEM", 1, Reported("connect_failed")),
    ("sendto", "EINTR", 1, Right),
    ("sendto", "ENOMEM", 1, Reported("send_closed")),
    ("recvfrom", "EINTR", 1, Right),
    ("recvfrom", "ENOMEM", 1, Reported("wait_closed")),
    ("epoll_wait", "EINTR", 1, Right),
    // A library that has no other answer than a panic, which ends the run and does not leave it
    // waiting.
    (
        "epoll_wait",
        "EIO",
        1,
        Said(1, "because the system refused a required resource"),
    ),
    ("getrandom", "EINTR", 1, Right),
    ("socketpair", "EMFILE", 1, Right),
    ("setsockopt", "ENOMEM", 1, Reported("connect_failed")),
    ("getsockopt", "ENOMEM", 1, Reported("connect_failed")),
];

/// A folder for what a run writes.
struct Place {
    folder: TempDir,
    server: Recorder,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            server: Recorder::ok(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a probe that writes two files, by a program that runs what follows it.
    fn probe_by(&self, by: &[&str]) -> Run {
        for file in fs::read_dir(self.path()).unwrap().flatten() {
            fs::remove_file(file.path()).unwrap();
        }
        let mut command = Command::new(by[0]);
        command.args(&by[1..]).arg(tapline()).args([
            "probe",
            "--capture",
            "off",
            "--format",
            "json=report.json",
            "--save",
            "run.pcapng",
        ]);
        command
            .arg(self.server.url("/"))
            .current_dir(self.path())
            .env_remove("RUST_BACKTRACE");
        neutral(&mut command);
        run(command)
    }

    fn report(&self) -> Option<Value> {
        serde_json::from_slice(&fs::read(self.path().join("report.json")).ok()?).ok()
    }

    /// The files that there are, each complete.
    fn files(&self, why: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path())
            .unwrap()
            .flatten()
            .map(|file| file.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        for name in &names {
            match name.as_str() {
                "report.json" => {
                    assert!(
                        self.report().is_some(),
                        "{why}: the report is there in part"
                    );
                }
                "run.pcapng" => {
                    let saved = fs::read(self.path().join(name)).unwrap();
                    assert!(
                        saved.windows(11).any(|part| part == b"\"run_ended\""),
                        "{why}: the run is there in part"
                    );
                }
                other => panic!("{why}: {other} is left"),
            }
        }
        names
    }

    /// Fails unless the run ended in one of the ways in which it may: complete, or with a message.
    #[track_caller]
    fn check_ended_well(&self, run: &Run, why: &str) {
        let files = self.files(why);
        match run.status {
            Some(0) => {
                assert_eq!(files, ["report.json", "run.pcapng"], "{why}");
                assert_eq!(self.report().unwrap()["outcome"]["status"], "ok", "{why}");
            }
            Some(3) => {
                assert!(
                    self.report().unwrap()["outcome"]["error"]["message"].is_string(),
                    "{why}"
                );
            }
            Some(1) => assert!(
                run.errors().starts_with("tapline: "),
                "{why}: {}",
                run.errors()
            ),
            other => panic!("{why}: it ends with {other:?}: {}", run.errors()),
        }
    }
}

#[test]
fn a_call_that_is_refused() {
    let Some(strace) = installed("strace") else {
        return;
    };
    let (strace, place) = (strace.to_str().unwrap(), Place::new());
    for (call, error, number, end) in REFUSED {
        let why = format!("{call}:error={error}:when={number}");
        let log = tempfile::NamedTempFile::new().unwrap();
        let (trace, inject) = (format!("trace={call}"), format!("inject={why}"));
        let run = place.probe_by(&[
            strace,
            "-f",
            "-qq",
            "-o",
            log.path().to_str().unwrap(),
            "-e",
            &trace,
            "-e",
            &inject,
        ]);
        if run.errors().contains("ptrace") {
            return skipped("programs cannot be traced");
        }
        assert!(
            fs::read_to_string(log.path()).unwrap().contains("INJECTED"),
            "{why}: it was not called"
        );
        place.check_ended_well(&run, &why);
        match end {
            Right => assert_eq!(run.status, Some(0), "{why}: {}", run.errors()),
            Said(code, sentence) => {
                assert_eq!(run.status, Some(code), "{why}: {}", run.errors());
                assert!(run.errors().contains(sentence), "{why}: {}", run.errors());
            }
            Reported(code) => {
                assert_eq!(run.status, Some(3), "{why}: {}", run.errors());
                let failure = &place.report().unwrap()["outcome"]["error"];
                assert_eq!(failure["code"], code, "{why}: {failure}");
                let message = failure["message"].as_str().unwrap();
                assert!(
                    !message.contains("the server"),
                    "{why}: the server is blamed: {message}"
                );
            }
        }
    }
}

#[test]
fn however_few_files_may_be_open() {
    let place = Place::new();
    let mut enough = false;
    // With fewer the program cannot be loaded.
    for most in 5..=40 {
        let run = place.probe_by(&["sh", "-c", &format!("ulimit -n {most}; exec \"$@\""), "sh"]);
        place.check_ended_well(&run, &format!("with {most} files"));
        enough = run.status == Some(0);
    }
    assert!(enough, "40 are enough");
}

#[test]
fn however_small_files_may_be() {
    let place = Place::new();
    let run = place.probe_by(&["sh", "-c", "ulimit -f 1; exec \"$@\"", "sh"]);
    assert_eq!(run.status, Some(1), "{}", run.errors());
    assert!(
        run.errors().contains("run.pcapng: File too large"),
        "{}",
        run.errors()
    );
    assert!(place.files("with files of one block").is_empty());
}

/// A user of this test's alone, since all of a user's processes count.
#[test]
fn however_few_threads_may_be_started() {
    let (Some(setpriv), Some(prlimit)) = (installed("setpriv"), installed("prlimit")) else {
        return;
    };
    if !is_root() {
        return skipped("only root can become another user");
    }
    let place = Place::new();
    fs::set_permissions(
        place.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o777),
    )
    .unwrap();
    let copy = tempfile::tempdir().unwrap();
    fs::set_permissions(
        copy.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let binary = copy.path().join("tapline");
    fs::copy(tapline(), &binary).unwrap();
    let user = (60_000 + std::process::id() % 5_000).to_string();
    let (mut few, mut enough) = (false, false);
    for most in 1..=12 {
        // The last of these runs what follows it, of which the copy takes the place.
        let most_processes = format!("--nproc={most}");
        let script = format!("shift; exec '{}' \"$@\"", binary.display());
        let run = place.probe_by(&[
            setpriv.to_str().unwrap(),
            "--reuid",
            &user,
            "--regid",
            &user,
            "--clear-groups",
            prlimit.to_str().unwrap(),
            &most_processes,
            "sh",
            "-c",
            &script,
            "sh",
        ]);
        place.check_ended_well(&run, &format!("with {most} threads: {}", run.errors()));
        few |= run.errors().contains("no thread could be started");
        enough = run.status == Some(0);
    }
    assert!(few && enough);
}

/// What cannot be said is lost, and nothing else.
#[test]
fn standard_error_that_takes_nothing() {
    let place = Place::new();
    let run = place.probe_by(&[
        "sh",
        "-c",
        "exec 2>/dev/full; exec \"$@\" --budget 'total<=0ms'",
        "sh",
    ]);
    assert_eq!(run.status, Some(4));
    assert_eq!(
        place.files("with a full standard error"),
        ["report.json", "run.pcapng"]
    );
}
