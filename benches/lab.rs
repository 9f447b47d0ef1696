//! `make bench`: the lab. How soon it answers, how true its round trips are, how many packets its
//! relay carries.
//!
//! Needs Linux with namespaces for ordinary users, ping and curl.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench that cannot run says so by panicking"
)]
#![allow(missing_docs, reason = "a program")]

use std::fs;
use std::net::UdpSocket;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const TAPLINE: &str = env!("CARGO_BIN_EXE_tapline");
/// Set in the process that runs in the lab and sends.
const SENDER: &str = "TAPLINE_BENCH_SENDER";
const SENDING: Duration = Duration::from_secs(3);

fn main() {
    if std::env::var_os(SENDER).is_some() {
        return send();
    }
    if !within(&["--rtt", "0ms"], &["true"]).status.success() {
        println!("SKIPPED: there can be no private network here");
        return;
    }
    starts();
    for asked in [0, 40, 150] {
        round_trips(asked);
    }
    packets();
}

/// From starting the process to the end of the first request, that of the process included.
fn starts() {
    let once = |_| {
        let began = Instant::now();
        let output = within(
            &["--rtt", "0ms"],
            &[
                "curl",
                "-sS",
                "-o",
                "/dev/null",
                "https://api.lab.test/users",
            ],
        );
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        began.elapsed().as_secs_f64() * 1e3
    };
    println!(
        "{:<52} {:>7.1} ms",
        "a lab from its start to its first answer and its end",
        median((0..20).map(once).collect())
    );
}

fn round_trips(asked: u32) {
    let output = within(
        &["--rtt", &format!("{asked}ms")],
        &["ping", "-n", "-i", "0.02", "-c", "101", "api.lab.test"],
    );
    let told = String::from_utf8_lossy(&output.stdout);
    let times = told
        .split("time=")
        .skip(1)
        .filter_map(|rest| rest.split(' ').next()?.parse::<f64>().ok())
        .collect();
    println!(
        "{:<52} {:>7.2} ms",
        format!("median round trip of 101 pings where {asked} ms were asked for"),
        median(times)
    );
}

/// What reaches the servers' interface while one sender sends small datagrams as fast as it can,
/// beside what the relay says it passed.
fn packets() {
    let own = std::env::current_exe().unwrap();
    let script = format!("{SENDER}=1 {} && {TAPLINE} lab set", own.display());
    let told = String::from_utf8(within(&["--rtt", "0ms"], &["sh", "-c", &script]).stdout).unwrap();
    let arrived: f64 = told.lines().next().unwrap().parse().unwrap();
    let passed: f64 = told
        .lines()
        .nth(2)
        .and_then(|line| line.split(' ').next()?.parse().ok())
        .unwrap();
    println!(
        "{:<52} {:>7.0} a second",
        "packets that reach the servers through the relay",
        arrived / SENDING.as_secs_f64()
    );
    println!(
        "{:<52} {:>7.0} a second",
        "packets the relay passes, both ways",
        passed / SENDING.as_secs_f64()
    );
}

fn send() {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect("10.77.0.7:7").unwrap();
    let (before, began) = (arrived_at_the_servers(), Instant::now());
    while began.elapsed() < SENDING {
        // What does not get through is what is measured.
        let _ = socket.send(&[0; 64]);
    }
    println!("{}", arrived_at_the_servers() - before);
}

/// Packets that the servers' interface has received, by the kernel's count: it is in the network of
/// the lab's thread `servers`.
fn arrived_at_the_servers() -> u64 {
    let threads = fs::read_dir("/proc/1/task")
        .unwrap()
        .map(|thread| thread.unwrap().path());
    let servers = threads
        .into_iter()
        .find(|thread| fs::read_to_string(thread.join("comm")).unwrap().trim() == "servers")
        .unwrap();
    let interfaces = fs::read_to_string(servers.join("net/dev")).unwrap();
    let counts = interfaces
        .lines()
        .find_map(|line| line.trim().strip_prefix("eth0:"))
        .unwrap();
    counts.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn within(options: &[&str], program: &[&str]) -> Output {
    Command::new(TAPLINE)
        .arg("lab")
        .args(options)
        .arg("--")
        .args(program)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
