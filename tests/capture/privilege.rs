//! The right to capture is gone before a byte is read.

use std::fs;
use std::time::{Duration, Instant};

use super::exchange::{ask, server};
use super::scene::{Heard, on_a_thread_of_its_own, opened};

/// `CAP_NET_ADMIN` and `CAP_NET_RAW`, from linux/capability.h.
const RIGHTS: u64 = (1 << 12) | (1 << 13);

/// The rights a thread's status shows in a set.
fn rights(status: &str, set: &str) -> u64 {
    let line = status
        .lines()
        .find(|line| line.starts_with(set))
        .expect("the set's line");
    u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap() & RIGHTS
}

fn assert_gone(status: &str) {
    for set in ["CapEff", "CapPrm", "CapInh", "CapAmb"] {
        assert_eq!(rights(status, set), 0, "{set} in\n{status}");
    }
}

/// The status of each thread that reads packets. A thread takes its name itself once it runs, so
/// the first of them is waited for.
fn reading_threads() -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let readers: Vec<String> = fs::read_dir("/proc/self/task")
            .unwrap()
            .map(|task| task.unwrap().path())
            .filter(|task| {
                fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == "capture")
            })
            .filter_map(|task| fs::read_to_string(task.join("status")).ok())
            .collect();
        if !readers.is_empty() {
            return readers;
        }
        assert!(Instant::now() < deadline, "no reading thread");
        std::thread::yield_now();
    }
}

#[test]
fn neither_the_opening_thread_nor_the_reading_one_has_the_right() {
    on_a_thread_of_its_own(|| {
        let Some(capture) = opened("neither_the_opening_thread_nor_the_reading_one") else {
            return;
        };
        assert_gone(&fs::read_to_string("/proc/thread-self/status").unwrap());
        let readers = reading_threads();
        for status in &readers {
            assert_gone(status);
        }

        // And without it, it reads.
        let remote = server(10);
        let heard = Heard::expecting(&capture, remote);
        ask(remote);
        assert!(heard.finished().0.capture().packets > 0);
    });
}

#[test]
fn a_refused_opening_gives_up_the_right_too() {
    on_a_thread_of_its_own(|| {
        let nowhere = tapline::capture::InterfaceSelection::Named("no-such-if0".into());
        assert!(
            tapline::capture::CaptureOpening::begin(
                &nowhere,
                tapline::capture::CaptureDepth::Headers
            )
            .wait()
            .is_err()
        );
        assert_gone(&fs::read_to_string("/proc/thread-self/status").unwrap());
    });
}
