//! `make bench`: reports of HAR files of a thousand to a million entries: processor time and peak
//! of resident memory, which ought to grow with the entries and with nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench that cannot run says so by panicking"
)]
#![allow(missing_docs, reason = "a program")]

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TAPLINE: &str = env!("CARGO_BIN_EXE_tapline");

fn main() {
    let folder = tempfile::tempdir().unwrap();
    println!(
        "{:<30} {:<10} {:>10} {:>10} {:>12}",
        "HAR", "report", "wall", "an entry", "resident"
    );
    for (title, fields) in [
        ("2 fields an entry", 1),
        ("10 fields an entry, a cookie", 5),
    ] {
        for entries in [1_000, 10_000, 100_000, 1_000_000] {
            let file = folder.path().join("many.har");
            write_har(entries, fields, &file).unwrap();
            let formats: &[&str] = if entries > 100_000 {
                &["text", "json", "junit", "csv"]
            } else {
                &["text", "json", "har", "csv", "junit", "markdown", "html"]
            };
            for format in formats {
                let (took, resident) = measure(
                    Command::new(TAPLINE)
                        .args(["report", "--format", format])
                        .arg(&file),
                );
                let each = took.as_secs_f64() * 1e6 / f64::from(entries);
                let title = format!("{entries} × {title}");
                println!(
                    "{title:<30} {format:<10} {:>8.2} s {each:>7.1} µs {:>8.1} MiB",
                    took.as_secs_f64(),
                    resident / 1024.0
                );
            }
        }
    }
}

/// How long it ran, and its peak of resident memory in KiB.
fn measure(command: &mut Command) -> (Duration, f64) {
    let began = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0.0_f64;
    let status = loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let now = status.lines().find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .trim()
                .strip_suffix(" kB")?
                .parse()
                .ok()
        });
        peak = peak.max(now.unwrap_or(0.0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(status.success());
    (began.elapsed(), peak)
}

/// Entries of four hosts, eight a connection, each with as many fields in its request as in its
/// response; a cookie is another one each time.
fn write_har(entries: u32, fields: usize, to: &Path) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(to)?);
    out.write_all(
        br#"{"log":{"version":"1.2","creator":{"name":"bench","version":"1"},"entries":["#,
    )?;
    for number in 0..entries {
        let asked = [
            ("accept", "*/*".to_owned()),
            ("user-agent", "Mozilla/5.0 (X11)".to_owned()),
            ("accept-language", "en".to_owned()),
            ("referer", "https://www.example.test/".to_owned()),
            (
                "cookie",
                format!(
                    "sid=s{number:08}xyz{:08}; theme=dark",
                    u64::from(number) * 7_919 % 100_000_000
                ),
            ),
        ];
        let answered = [
            ("server", "x".to_owned()),
            ("content-type", "text/html; charset=utf-8".to_owned()),
            (
                "date",
                format!(
                    "Thu, 01 Jan 2026 00:{:02}:{:02} GMT",
                    number / 60 % 60,
                    number % 60
                ),
            ),
            ("cache-control", "no-store".to_owned()),
            (
                "etag",
                format!("{:08x}", number.wrapping_mul(2_654_435_761)),
            ),
        ];
        let list = |all: &[(&str, String)]| {
            all.iter()
                .take(fields)
                .map(|(name, value)| format!(r#"{{"name":"{name}","value":"{value}"}}"#))
                .collect::<Vec<_>>()
                .join(",")
        };
        let (comma, millis) = (if number == 0 { "" } else { ",\n" }, u64::from(number) * 37);
        let date = format!(
            "2026-01-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            1 + millis / 86_400_000 % 28,
            millis / 3_600_000 % 24,
            millis / 60_000 % 60,
            millis / 1_000 % 60,
            millis % 1_000
        );
        let (made, waited) = (number % 8 == 0, 10 + number % 90);
        let (dns, connect, ssl) = if made { (3, 12, 7) } else { (-1, -1, -1) };
        let took = f64::from(waited) + if made { 19.25 } else { 4.25 };
        let (host, size) = (
            ["api", "www", "cdn", "img"]
                .get(number as usize % 4)
                .unwrap(),
            100 + number % 5_000,
        );
        let (page, status) = (number % 50, if number % 97 == 0 { 404 } else { 200 });
        let (sent, received) = (list(&asked), list(&answered));
        let (server, connection) = (1 + number % 4, number / 8);
        write!(
            out,
            r#"{comma}{{"startedDateTime":"{date}","time":{took},"request":{{"method":"GET","#
        )?;
        write!(
            out,
            r#""url":"https://{host}.example.test/item/{number}?page={page}","#
        )?;
        write!(
            out,
            r#""httpVersion":"http/2.0","headers":[{sent}],"headersSize":-1,"bodySize":0}},"#
        )?;
        write!(
            out,
            r#""response":{{"status":{status},"statusText":"","httpVersion":"http/2.0","#
        )?;
        write!(
            out,
            r#""headers":[{received}],"content":{{"size":{size},"mimeType":"text/html"}},"#
        )?;
        write!(
            out,
            r#""redirectURL":"","headersSize":-1,"bodySize":{size}}},"cache":{{}},"#
        )?;
        write!(
            out,
            r#""timings":{{"blocked":1.5,"dns":{dns},"connect":{connect},"ssl":{ssl},"#
        )?;
        write!(out, r#""send":0.25,"wait":{waited}.5,"receive":2}},"#)?;
        write!(
            out,
            r#""serverIPAddress":"192.0.2.{server}","connection":"{connection}"}}"#
        )?;
    }
    out.write_all(b"]}}\n")?;
    out.flush()
}
