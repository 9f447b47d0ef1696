//! How a lab ends: as the program in it did, and without a trace.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::place::{TAPLINE, has, is_possible, lab, path, run, told};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn its_exit_code_is_the_programs() {
    if !is_possible("exit codes") {
        return;
    }
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143)] {
        assert_eq!(
            run(&["--rtt", "0ms"], &["sh", "-c", script]).status.code(),
            Some(code),
            "{script}"
        );
    }
    let missing = run(&["--rtt", "0ms"], &["/nowhere/at/all"]);
    assert_eq!(missing.status.code(), Some(127));
    assert!(
        told(&missing).contains("/nowhere/at/all cannot be run"),
        "{}",
        told(&missing)
    );
}

/// Whichever of its threads cannot be started, the lab says so and ends; none of them is done
/// without in silence.
#[test]
fn a_thread_that_cannot_be_started() {
    if !is_possible("threads") || !has("strace") {
        return;
    }
    let mut refused = 0;
    for number in 1..50 {
        let log = tempfile::NamedTempFile::new().unwrap();
        let inject = format!("inject=clone3:error=EAGAIN:when={number}");
        let mut command = Command::new("strace");
        command
            .args(["-f", "-qq", "-e", "trace=clone3", "-e", &inject, "-o"])
            .arg(log.path());
        let output = command
            .arg(&*TAPLINE)
            .args(["lab", "--rtt", "0ms", "--", "true"])
            .output()
            .unwrap();
        if !fs::read_to_string(log.path()).unwrap().contains("INJECTED") {
            break;
        }
        refused += 1;
        let told = told(&output);
        assert!(
            !output.status.success() && told.contains("no thread could be started"),
            "{number}: {}: {told}",
            output.status
        );
    }
    assert!(refused > 3, "it starts more threads than {refused}");
}

/// A lab in which a program and one more that it left behind wait for a very long time.
struct Waiting {
    outer: Child,
    /// The name of its control socket.
    name: String,
    /// The lab's processes as this machine numbers them: the outer one, the first within, the
    /// program, what the program left.
    processes: Vec<u32>,
}

impl Waiting {
    fn start(mark: &str) -> Self {
        let script = format!("sleep {mark} & echo $TAPLINE_LAB; exec sleep {mark}");
        let mut outer = lab(&["--rtt", "0ms", "--", "sh", "-c", &script])
            .env("PATH", path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut name = String::new();
        BufReader::new(outer.stdout.take().unwrap())
            .read_line(&mut name)
            .unwrap();
        let name = name.trim().to_owned();
        assert!(name.starts_with("tapline-lab-"), "{name:?}");
        let wanted = ["sleep", mark];
        // Beside the first within, the outer one has others for a moment, which prepare the
        // namespaces.
        let all = || {
            let waits = |process: &u32| command_of(*process) == wanted;
            let first = children_of(outer.id()).into_iter().find(|first| {
                descendants_of(*first)
                    .iter()
                    .filter(|one| waits(one))
                    .count()
                    == 2
            })?;
            Some(
                [outer.id(), first]
                    .into_iter()
                    .chain(descendants_of(first))
                    .collect::<Vec<u32>>(),
            )
        };
        wait_until("the program waits", || all().is_some());
        let processes = all().unwrap_or_default();
        Self {
            outer,
            name,
            processes,
        }
    }

    #[track_caller]
    fn leaves_nothing(mut self) {
        self.outer.wait().unwrap();
        let Self {
            name, processes, ..
        } = self;
        wait_until("all its processes are gone", || {
            processes.iter().all(|process| is_gone(*process))
        });
        // A process counts as gone when its first thread is; the others let go of what they share a
        // moment later.
        wait_until("its socket is gone", || {
            !fs::read_to_string("/proc/net/unix")
                .unwrap()
                .contains(&name)
        });
        wait_until("its interfaces are gone", || {
            !interfaces().contains("toward-")
        });
    }
}

#[test]
fn whichever_process_is_killed_nothing_is_left() {
    if !is_possible("kills") {
        return;
    }
    let before = left_in_files();
    for round in 0..20 {
        for victim in 0..3 {
            let waiting = Waiting::start(&format!("97{}{round}{victim}", std::process::id()));
            let victim = waiting.processes[victim];
            kill_process(
                Pid::from_raw(i32::try_from(victim).unwrap()).unwrap(),
                Signal::KILL,
            )
            .unwrap();
            waiting.leaves_nothing();
        }
    }
    assert_eq!(
        left_in_files(),
        before,
        "a file, a mount or a named namespace is left"
    );
}

#[test]
fn a_signal_to_the_lab_ends_the_program() {
    if !is_possible("signals") {
        return;
    }
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let waiting = Waiting::start(&format!("98{}", std::process::id()));
        kill_process(
            Pid::from_raw(i32::try_from(waiting.outer.id()).unwrap()).unwrap(),
            signal,
        )
        .unwrap();
        waiting.leaves_nothing();
    }
}

#[track_caller]
fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "{what}: not in time");
        std::thread::yield_now();
    }
}

fn children_of(process: u32) -> Vec<u32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    let lists = tasks
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|child| child.parse().ok())
                .collect::<Vec<u32>>()
        })
        .collect()
}

fn descendants_of(process: u32) -> Vec<u32> {
    children_of(process)
        .into_iter()
        .flat_map(|child| {
            [child]
                .into_iter()
                .chain(descendants_of(child))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn command_of(process: u32) -> Vec<String> {
    let line = fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
    line.trim_end_matches('\0')
        .split('\0')
        .map(str::to_owned)
        .collect()
}

/// One that has ended and waits for its parent to take note of it is gone too.
fn is_gone(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(')')
        .next()
        .is_none_or(|rest| rest.trim_start().starts_with(['Z', 'X']) || rest.is_empty())
}

/// What a lab could leave in files: temporary ones of its own, mounts, named namespaces (`ip
/// netns`).
fn left_in_files() -> Vec<String> {
    let in_folder = |folder: PathBuf| {
        fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().display().to_string())
    };
    let temporary = in_folder(std::env::temp_dir()).filter(|path| path.contains("tapline-lab"));
    let mounts = fs::read_to_string("/proc/self/mountinfo")
        .unwrap()
        .lines()
        .count();
    let mut left: Vec<String> = temporary
        .chain(in_folder("/run/netns".into()))
        .chain([format!("{mounts} mounts")])
        .collect();
    left.sort();
    left
}

fn interfaces() -> String {
    fs::read_to_string("/proc/net/dev").unwrap()
}
