//! `make bench`: capture files. How long `tapline report` takes over a file of 300,000 packets and
//! how much memory, beside tcpdump, which only copies it, and tshark, which counts the same
//! conversations. Then the screen: how long until a file of a million packets is seen, how
//! much memory a packet takes, and what a picture costs while scrolling, in files of different
//! sizes.
//!
//! `cargo bench --bench captures -- --keep FILE` writes the file and leaves it there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench that cannot run says so by panicking"
)]
#![allow(missing_docs, reason = "a program")]

#[allow(
    clippy::cast_possible_truncation,
    reason = "the numbers are small, and wrapping would do as well"
)]
mod traffic;

mod screen;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use traffic::Traffic;

const TAPLINE: &str = env!("CARGO_BIN_EXE_tapline");
const ROUNDS: usize = 7;

fn main() {
    if let Some(file) = std::env::args()
        .skip_while(|argument| argument != "--look")
        .nth(1)
    {
        return screen::look(Path::new(&file));
    }
    let kept = std::env::args()
        .skip_while(|argument| argument != "--keep")
        .nth(1)
        .map(PathBuf::from);
    let folder = tempfile::tempdir().unwrap();
    let path = kept
        .clone()
        .unwrap_or_else(|| folder.path().join("traffic.pcap"));
    let packets = traffic::write(
        &path,
        Traffic {
            connections: 2_000,
            segments: 100,
            captured: usize::MAX,
        },
    );
    println!(
        "{packets} packets, {} MB",
        fs::metadata(&path).unwrap().len() / 1_000_000
    );
    if kept.is_some() {
        return;
    }
    let path = path.as_path();
    let own = told(
        "tapline report --format json",
        ROUNDS,
        || Command::new(TAPLINE),
        &["report"],
        path,
        &["--format", "json"],
    );
    let tcpdump = told(
        "tcpdump -w /dev/null",
        ROUNDS,
        || Command::new("tcpdump"),
        &["-r"],
        path,
        &["-w", "/dev/null"],
    );
    let tshark = told(
        "tshark -q -z conv,tcp",
        2,
        || Command::new("tshark"),
        &["-n", "-q", "-z", "conv,tcp", "-r"],
        path,
        &[],
    );
    screen::told(folder.path());
    let Some(own) = own else {
        panic!("tapline could not be run")
    };
    if let Some(tcpdump) = tcpdump {
        println!(
            "{:<44} {:>7.2}",
            "tapline's time over tcpdump's",
            own.seconds / tcpdump.seconds
        );
    }
    if let Some(tshark) = tshark {
        println!(
            "{:<44} {:>7.1}",
            "tshark's time over tapline's",
            tshark.seconds / own.seconds
        );
        println!(
            "{:<44} {:>7.1}",
            "tshark's memory over tapline's",
            tshark.megabytes / own.megabytes
        );
    }
}

/// What a program took.
struct Cost {
    seconds: f64,
    megabytes: f64,
}

/// Runs a program over the file and says what it took: the median of the times, the most memory.
/// `None`, visibly, where there is no such program.
fn told(
    name: &str,
    rounds: usize,
    program: impl Fn() -> Command,
    before: &[&str],
    file: &Path,
    after: &[&str],
) -> Option<Cost> {
    let mut costs = Vec::new();
    for _ in 0..rounds {
        let mut command = program();
        command
            .args(before)
            .arg(file)
            .args(after)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let Some(cost) = cost_of(&mut command) else {
            println!("SKIPPED: {name}: it is not installed");
            return None;
        };
        costs.push(cost);
    }
    costs.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    let seconds = costs[costs.len() / 2].seconds;
    let megabytes = costs.iter().map(|cost| cost.megabytes).fold(0.0, f64::max);
    println!("{name:<44} {seconds:>7.3} s {megabytes:>7.1} MB");
    Some(Cost { seconds, megabytes })
}

fn cost_of(command: &mut Command) -> Option<Cost> {
    let began = Instant::now();
    let mut child = command.spawn().ok()?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut kilobytes = 0.0_f64;
    loop {
        // The most so far never shrinks, so the last look before the end counts.
        let peak = fs::read_to_string(&status).ok().and_then(|text| {
            text.lines().find_map(|line| {
                line.strip_prefix("VmHWM:")?
                    .trim()
                    .strip_suffix(" kB")?
                    .parse::<f64>()
                    .ok()
            })
        });
        kilobytes = kilobytes.max(peak.unwrap_or(0.0));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return Some(Cost {
                seconds: began.elapsed().as_secs_f64(),
                megabytes: kilobytes / 1_000.0,
            });
        }
        thread::sleep(Duration::from_millis(1));
    }
}
