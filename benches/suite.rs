//! `make bench`: suites of 1,000 endpoints that take 100 ms to answer, beside the shortest time in
//! which so many at a time can be done.
//!
//! The servers are in this process: an own one for plain HTTP, the lab's for HTTPS and names. They
//! take part of the machine, too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench that cannot run says so by panicking"
)]
#![allow(missing_docs, reason = "a program")]

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tapline::lab::EmbeddedLab;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const TAPLINE: &str = env!("CARGO_BIN_EXE_tapline");
const ENDPOINTS: u32 = 1_000;
const ANSWER: Duration = Duration::from_millis(100);

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let (lab, plain) = (EmbeddedLab::start().expect("the lab starts"), plain());
    fs::write(folder.path().join("ca.pem"), lab.ca_pem()).unwrap();
    let secure = lab
        .start_url()
        .replace("/users", &format!("/delay/{}", ANSWER.as_millis()));
    println!(
        "{:<52} {:>9} {:>10} {:>7} {:>10}",
        format!("{ENDPOINTS} endpoints that answer after {ANSWER:?}"),
        "wall",
        "at least",
        "ratio",
        "resident"
    );
    for parallel in [8, 16, 32, 64] {
        measure(
            folder.path(),
            "HTTP",
            &format!("http://{plain}/"),
            "",
            parallel,
        );
    }
    let defaults = format!("cacert = 'ca.pem'\ndns-servers = '{}'", lab.dns_server());
    for parallel in [8, 16, 32] {
        measure(
            folder.path(),
            "HTTPS, names asked for",
            &secure,
            &defaults,
            parallel,
        );
    }
}

fn measure(folder: &Path, title: &str, url: &str, defaults: &str, parallel: u32) {
    let endpoint = |i| {
        format!(
            "[[endpoint]]\nname = 'endpoint {i}'\nurl = '{url}?{i}'\nbudget = {{ status = 200, \
                'p95(total)' = '<=5s' }}\n"
        )
    };
    let text: String = std::iter::once(format!("[defaults]\nmax-time = 30\n{defaults}\n"))
        .chain((0..ENDPOINTS).map(endpoint))
        .collect();
    let file = folder.join("suite.toml");
    fs::write(&file, text).unwrap();
    let mut command = Command::new(TAPLINE);
    command
        .args([
            "probe",
            "--format",
            "json",
            "--parallel",
            &parallel.to_string(),
            "--suite",
        ])
        .arg(&file);
    let (wall, peak) = run(&mut command);
    let least = ANSWER * ENDPOINTS.div_ceil(parallel);
    println!(
        "{:<52} {:>7.2} s {:>8.2} s {:>7.2} {:>6.1} MiB",
        format!("{title}, {parallel} at a time"),
        wall.as_secs_f64(),
        least.as_secs_f64(),
        wall.as_secs_f64() / least.as_secs_f64(),
        f64::from(peak) / 1024.0
    );
}

/// The time of the whole process, and the peak of its resident memory in KiB.
fn run(command: &mut Command) -> (Duration, u32) {
    let began = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{command:?} ended with {status}");
            return (began.elapsed(), peak);
        }
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = peak.max(
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
                .unwrap_or(0),
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A server that answers each connection's one request after a while.
fn plain() -> SocketAddr {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime
        .block_on(TcpListener::bind(("127.0.0.1", 0)))
        .unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        runtime.block_on(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream));
            }
        });
    });
    address
}

async fn answer(mut stream: TcpStream) {
    let mut head = [0; 4_096];
    let _ = stream.read(&mut head).await;
    tokio::time::sleep(ANSWER).await;
    let _ = stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        .await;
}
