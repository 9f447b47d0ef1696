//! The README's table of ceilings: each row is run at a size that would break its ceiling if memory
//! grew with it.
//!
//! Memory is the process' own high-water mark (`VmHWM`), looked at until it ends.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "endless/mod.rs"]
mod endless;
#[path = "lab/load.rs"]
mod load;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::num::NonZero;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use endless::Kind;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const MIB: u64 = 1 << 20;

/// A row of the README's table.
struct Row {
    mode: String,
    /// Bytes of memory, and bytes more for each of what comes.
    memory: (u64, u64),
    /// Bytes on disk.
    disk: u64,
}

fn rows() -> Vec<Row> {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let table = readme
        .split("| mode | tested with | memory limit |")
        .nth(1)
        .expect("the table of ceilings");
    let lines = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(" | ").collect();
            let (fixed, each) = cells[2]
                .split_once(" and ")
                .unwrap_or((cells[2], "0 bytes"));
            let disk = if cells[3] == "none" {
                0
            } else {
                bytes(cells[3])
            };
            Row {
                mode: cells[0].trim_start_matches("| ").to_owned(),
                memory: (bytes(fixed), bytes(each)),
                disk,
            }
        })
        .collect()
}

/// `64 MiB`, `8 KiB an entry`.
fn bytes(text: &str) -> u64 {
    let mut words = text.split(' ');
    let number: u64 = words.next().unwrap().parse().unwrap();
    match words.next() {
        Some("GiB") => number << 30,
        Some("MiB") => number * MIB,
        Some("KiB") => number << 10,
        Some("bytes") => number,
        unit => panic!("{text}: {unit:?}"),
    }
}

/// What a process took at most, in bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    memory: u64,
    /// Files that it has open and that have no name.
    disk: u64,
}

impl Taken {
    /// By now; nothing of a process that has ended.
    fn by(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let kilobytes = status.lines().find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .trim()
                .strip_suffix(" kB")?
                .parse::<u64>()
                .ok()
        });
        let open = fs::read_dir(format!("/proc/{process}/fd"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|file| file.path());
        let nameless = open.filter(|file| {
            fs::read_link(file).is_ok_and(|to| to.to_string_lossy().ends_with("(deleted)"))
        });
        let disk = nameless
            .filter_map(|file| fs::metadata(file).ok())
            .filter(fs::Metadata::is_file)
            .map(|file| file.blocks() * 512)
            .sum();
        Self {
            memory: kilobytes.unwrap_or(0) << 10,
            disk,
        }
    }
}

/// Holds a process to the one row that begins so, with so many packets or entries.
fn holds(mode: &str, count: u64, taken: Taken) {
    let rows: Vec<Row> = rows()
        .into_iter()
        .filter(|row| row.mode.starts_with(mode))
        .collect();
    let [
        Row {
            memory: (fixed, each),
            disk,
            ..
        },
    ] = &rows[..]
    else {
        panic!("one row for {mode}")
    };
    let memory = fixed + each * count;
    assert!(
        taken.memory <= memory,
        "{mode}: {} KiB, and the README says {} KiB",
        taken.memory >> 10,
        memory >> 10
    );
    assert!(
        taken.disk <= *disk,
        "{mode}: {} KiB on disk, and the README says {} KiB",
        taken.disk >> 10,
        disk >> 10
    );
}

fn tapline(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tapline"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Ends a process when the test does, also when it fails.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a process printed, and what it took. `feed` gets its standard input, where that is a pipe.
fn run(mut command: Command, feed: impl FnOnce(&mut dyn Write) + Send) -> (String, Taken) {
    let mut child = Ended(command.spawn().unwrap());
    let (input, mut output) = (child.0.stdin.take(), child.0.stdout.take().unwrap());
    let process = child.0.id();
    let (ended, waiting) = channel();
    let mut most = Taken::default();
    let printed = thread::scope(|scope| {
        if let Some(mut input) = input {
            scope.spawn(move || feed(&mut input));
        }
        let printed = scope.spawn(move || {
            let mut text = String::new();
            output.read_to_string(&mut text).unwrap();
            ended.send(()).unwrap();
            text
        });
        loop {
            let now = Taken::by(process);
            most = Taken {
                memory: most.memory.max(now.memory),
                disk: most.disk.max(now.disk),
            };
            if waiting.recv_timeout(Duration::from_millis(5)) != Err(RecvTimeoutError::Timeout) {
                break;
            }
        }
        printed.join().unwrap()
    });
    assert!(most.memory > 0, "the process' memory was seen");
    (printed, most)
}

/// A server that answers each connection once, for as long as the test runs.
fn server(body: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {body}\r\nConnection: close\r\n\r\n"
            );
            let block = vec![b'x'; body.min(1 << 20)];
            let mut left = body;
            while left > 0 && stream.write_all(&block[..left.min(block.len())]).is_ok() {
                left -= left.min(block.len());
            }
        }
    });
    format!("http://{address}/")
}

#[test]
fn a_large_body() {
    let url = server(200 << 20);
    let (text, most) = run(
        tapline(&["probe", "--capture", "off", "--format", "csv", &url]),
        |_| {},
    );
    assert!(text.contains("209715200"), "{text}");
    holds("`probe URL`, one request", 0, most);
}

/// A run held whole takes some 9 KiB, so these would take 70 MiB more than the program does.
#[test]
fn many_repeats_and_the_run_that_was_saved() {
    const RUNS: &str = "8000";
    let url = server(5);
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("run.pcapng");
    let arguments = [
        "probe",
        "--capture",
        "off",
        "--repeat",
        RUNS,
        "--format",
        "csv",
        "--save",
        saved.to_str().unwrap(),
        &url,
    ];
    let (text, most) = run(tapline(&arguments), |_| {});
    assert_eq!(text.lines().count(), 8_001, "a row for each run");
    holds("`probe --repeat 100000`", 0, most);
    assert!(most.disk > MIB, "the spool is on disk: {most:?}");
    let (again, most) = run(
        tapline(&["report", "--format", "csv", saved.to_str().unwrap()]),
        |_| {},
    );
    assert_eq!(again.lines().count(), 8_001);
    holds("`report FILE`, a saved run", 0, most);
}

#[test]
fn a_suite_of_a_thousand_endpoints() {
    use std::fmt::Write as _;

    let url = server(5);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("suite.toml");
    let mut suite = String::new();
    for number in 0..1_000 {
        writeln!(suite, "[[endpoint]]\nname = \"{number}\"\nurl = \"{url}\"").unwrap();
    }
    fs::write(&file, suite).unwrap();
    let (text, most) = run(
        tapline(&[
            "probe",
            "--format",
            "csv",
            "--suite",
            file.to_str().unwrap(),
        ]),
        |_| {},
    );
    assert_eq!(text.lines().count(), 1_001, "{text}");
    holds("`probe --suite`", 0, most);
}

/// UDP packets of 50 conversations, with a kilobyte each.
fn write_capture(packets: u32, to: &mut dyn Write) {
    let mut out = std::io::BufWriter::new(to);
    out.write_all(b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x65\0\0\0")
        .unwrap();
    for number in 0..packets {
        let length = 20 + 8 + 1_000_u16;
        let mut packet = vec![0x45, 0];
        packet.extend(length.to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        packet.extend((5_000 + u16::try_from(number % 50).unwrap()).to_be_bytes());
        packet.extend(53_000_u16.to_be_bytes());
        packet.extend((8 + 1_000_u16).to_be_bytes());
        packet.extend([0; 2 + 1_000]);
        let captured = u32::from(length).to_le_bytes();
        let stamp = [
            (1_700_000_000 + number / 1_000).to_le_bytes(),
            (number % 1_000).to_le_bytes(),
        ];
        let header = [stamp[0], stamp[1], captured, captured].concat();
        out.write_all(&[header, packet].concat()).unwrap();
    }
    out.flush().unwrap();
}

#[test]
fn a_capture_and_a_pipe() {
    const PACKETS: u32 = 150_000;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("many.pcap");
    write_capture(PACKETS, &mut fs::File::create(&file).unwrap());
    let (text, most) = run(tapline(&["report", file.to_str().unwrap()]), |_| {});
    assert!(text.contains("150000 packets"), "{text}");
    holds(
        "`report FILE`, `open FILE`, a capture",
        PACKETS.into(),
        most,
    );

    let mut command = tapline(&["report", "-", "--spool-limit", "8M"]);
    command.stdin(Stdio::piped());
    let (text, most) = run(command, |input| write_capture(PACKETS, input));
    assert!(
        text.contains("150000 packets")
            && text.contains("more than 8.00 MiB came through the pipe"),
        "{text}"
    );
    assert!(
        text.contains("note        the first ") && text.contains(" packets "),
        "{text}"
    );
    holds("`report -`, `open -`", LISTED, most);
    assert!((MIB..=9 * MIB).contains(&most.disk), "{most:?}");
}

/// Packets that are listed of a pipe with `--spool-limit 8M`, one for each 512 bytes.
const LISTED: u64 = (8 << 20) / 512;

/// With all of them listed, the last would take 100 MiB more.
#[test]
fn a_pipe_without_end() {
    for (kind, packets) in [
        (Kind::OneFlow, 300_000),
        (Kind::Http, 300_000),
        (Kind::ManyFlows, 300_000),
        (Kind::NewFlows, 500_000),
    ] {
        let mut command = tapline(&["report", "-", "--spool-limit", "8M"]);
        command.stdin(Stdio::piped());
        let (text, most) = run(command, |input| {
            endless::write(kind, packets, input).unwrap();
        });
        assert!(
            text.contains(&format!("{packets} packets")),
            "{kind:?}: {text}"
        );
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words.contains("are no longer listed, to make room for later ones"),
            "{kind:?}: {text}"
        );
        holds("`report -`, `open -`", LISTED, most);
        assert!((MIB..=9 * MIB).contains(&most.disk), "{kind:?}: {most:?}");
    }
}

/// A program on a terminal of its own, which ends when the test does.
struct OnTerminal {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    /// What it shows.
    shown: Arc<Mutex<vt100::Parser>>,
}

impl OnTerminal {
    fn start(program: &str, arguments: &[&str]) -> Self {
        let pair = native_pty_system()
            .openpty(PtySize {
                rows: 36,
                cols: 120,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        let child = pair.slave.spawn_command(command).unwrap();
        let (mut output, keyboard) = (
            pair.master.try_clone_reader().unwrap(),
            pair.master.take_writer().unwrap(),
        );
        let (rows, columns) = (NonZero::new(36).unwrap(), NonZero::new(120).unwrap());
        let shown = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0)));
        let seen = Arc::clone(&shown);
        thread::spawn(move || {
            // The terminal lives as long as this thread.
            let _master = pair.master;
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut bytes) {
                seen.lock().unwrap().process(&bytes[..length]);
            }
        });
        Self {
            child,
            keyboard,
            shown,
        }
    }

    fn text(&self) -> String {
        self.shown.lock().unwrap().screen().contents()
    }

    /// What it takes until it shows a text, of which process.
    fn taken_until(&mut self, wanted: &str, process: impl Fn(u32) -> Option<u32>) -> Taken {
        let deadline = Instant::now() + Duration::from_secs(120);
        let mut most = Taken::default();
        while !self.text().contains(wanted) {
            assert!(
                self.child.try_wait().unwrap().is_none() && Instant::now() < deadline,
                "{wanted}: {}",
                self.text()
            );
            let now = self
                .child
                .process_id()
                .and_then(&process)
                .map(Taken::by)
                .unwrap_or_default();
            most = Taken {
                memory: most.memory.max(now.memory),
                disk: most.disk.max(now.disk),
            };
            thread::park_timeout(Duration::from_millis(5));
        }
        let now = self
            .child
            .process_id()
            .and_then(&process)
            .map(Taken::by)
            .unwrap_or_default();
        assert!(now.memory > 0, "the process' memory was seen");
        Taken {
            memory: most.memory.max(now.memory),
            disk: most.disk.max(now.disk),
        }
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        let _ = self.keyboard.write_all(b"q");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_long_run_on_the_screen() {
    let url = server(5);
    let mut screen = OnTerminal::start(
        env!("CARGO_BIN_EXE_tapline"),
        &["--capture", "off", "--repeat", "8000", &url],
    );
    let most = screen.taken_until("connection 7999 closed", Some);
    assert!(
        screen
            .text()
            .contains("earlier requests are only in the statistics"),
        "{}",
        screen.text()
    );
    holds("`tapline URL`, the screen", 0, most);
    assert!(most.disk > MIB, "the spool is on disk: {most:?}");
}

#[test]
fn a_pipe_without_end_on_the_screen() {
    const PACKETS: u64 = 400_000;
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    let script = format!(
        "exec '{}' open - --spool-limit 8M < '{}'",
        env!("CARGO_BIN_EXE_tapline"),
        pipe.display()
    );
    let mut screen = OnTerminal::start("sh", &["-c", &script]);
    let feed = thread::spawn(move || {
        endless::write(
            Kind::NewFlows,
            PACKETS,
            fs::OpenOptions::new().write(true).open(pipe).unwrap(),
        )
    });
    let most = screen.taken_until("400,000 packets", Some);
    assert!(
        screen.text().contains("no longer listed"),
        "{}",
        screen.text()
    );
    holds("`report -`, `open -`", LISTED, most);
    drop(screen);
    let _ = feed.join().unwrap();
}

/// Entries with ten fields each, of 1 KiB.
fn write_har(entries: u64, took: u64, to: &Path) {
    let mut out = std::io::BufWriter::new(fs::File::create(to).unwrap());
    out.write_all(br#"{"log":{"version":"1.2","entries":["#)
        .unwrap();
    for number in 0..entries {
        let fields = |name: &str| {
            (0..5)
                .map(|field| {
                    format!(
                        r#"{{"name":"x-{name}-{field}","value":"{:048}"}}"#,
                        number % 100
                    )
                })
                .collect::<Vec<_>>()
                .join(",")
        };
        let comma = if number == 0 { "" } else { "," };
        let date = format!(
            "2026-01-01T{:02}:{:02}:{:02}.{:03}Z",
            number / 36_000 % 24,
            number / 600 % 60,
            number / 10 % 60,
            number % 10 * 100,
        );
        let (sent, received) = (fields("request"), fields("response"));
        let entry = [
            format!(r#"{comma}{{"startedDateTime":"{date}","time":{took},"#),
            format!(r#""request":{{"method":"GET","url":"https://example.test/{number}","#),
            format!(r#""httpVersion":"HTTP/1.1","headers":[{sent}]}},"#),
            r#""response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","#.to_owned(),
            format!(r#""headers":[{received}],"content":{{"size":5}}}},"#),
            format!(r#""timings":{{"send":1,"wait":{took},"receive":1}},"#),
            format!(r#""serverIPAddress":"192.0.2.1","connection":"{number}"}}"#),
        ];
        out.write_all(entry.concat().as_bytes()).unwrap();
    }
    out.write_all(b"]}}").unwrap();
    out.flush().unwrap();
}

/// Held whole, entries took 8 KiB each: these would take 96 MiB more than the program does.
#[test]
fn a_har_and_two_that_are_compared() {
    const ENTRIES: u64 = 12_000;
    let folder = tempfile::tempdir().unwrap();
    let (file, other) = (
        folder.path().join("many.har"),
        folder.path().join("other.har"),
    );
    write_har(ENTRIES, 3, &file);
    for (format, told) in [
        ("text", "more requests are not shown individually"),
        ("csv", "https://example.test/11999"),
    ] {
        let (text, most) = run(
            tapline(&["report", "--format", format, file.to_str().unwrap()]),
            |_| {},
        );
        assert!(text.contains(told), "{format}");
        holds("`report FILE`, a HAR", ENTRIES, most);
    }
    write_har(ENTRIES, 300, &other);
    let (text, most) = run(
        tapline(&["diff", file.to_str().unwrap(), other.to_str().unwrap()]),
        |_| {},
    );
    assert!(text.contains("https://example.test/1"), "{text}");
    holds("`diff`", 2 * ENTRIES, most);
}

/// A server that says the same to each connection, and then a piece so many times.
fn flooding(
    first: &'static [u8],
    piece: &'static [u8],
    times: usize,
    last: &'static [u8],
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(first);
            let block = piece.repeat(1_000);
            let flooded = (0..times / 1_000).try_for_each(|_| stream.write_all(&block));
            let _ = flooded.and_then(|()| stream.write_all(last));
        }
    });
    format!("http://{address}/")
}

#[test]
fn floods() {
    const TIMES: usize = 20_000_000;
    let head = flooding(b"HTTP/1.1 200 OK\r\n", b"Name: value\r\n", TIMES, b"");
    let chunks = flooding(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\nx\r\n",
        1_000_000,
        b"0\r\n\r\n",
    );
    let pings = flooding(
        b"\0\0\0\x04\0\0\0\0\0",
        b"\0\0\x08\x06\0\0\0\0\0pingpong",
        TIMES,
        b"",
    );
    for (url, option, told) in [
        (head, "--http1.1", "http_head_too_large"),
        (chunks, "--http1.1", "1000000"),
        (pings, "--http2-prior-knowledge", "http2_protocol"),
    ] {
        let (text, most) = run(
            tapline(&[
                "probe",
                "--capture",
                "off",
                "--format",
                "json",
                option,
                &url,
            ]),
            |_| {},
        );
        assert!(text.contains(told), "{told}: {text}");
        holds("`probe URL`, a flood", 0, most);
    }
}

#[test]
fn a_chain_of_redirects() {
    const REDIRECTS: u64 = 8_000;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let location = format!(
                "HTTP/1.1 302 Found\r\nLocation: /{number}\r\nContent-Length: 0\r\nConnection: \
                    close\r\n\r\n"
            );
            let over = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = stream.write_all(
                if number as u64 == REDIRECTS {
                    over
                } else {
                    &location
                }
                .as_bytes(),
            );
        }
    });
    let url = format!("http://{address}/");
    let (text, most) = run(
        tapline(&[
            "probe",
            "--capture",
            "off",
            "--location",
            "--max-redirs",
            "-1",
            "-w",
            "%{num_redirects} redirects\\n",
            "--format",
            "json=/dev/stderr",
            &url,
        ]),
        |_| {},
    );
    assert_eq!(text, format!("{REDIRECTS} redirects\n"));
    holds("`probe --max-redirs -1`", 0, most);
}

/// Servers of the lab on loopback, in a process of their own: this test, run once more.
#[test]
fn the_lab_under_load() {
    const SERVES: &str = "TAPLINE_TEST_SERVES_LAB";
    if std::env::var_os(SERVES).is_some() {
        return load::serve();
    }
    let mut lab = Ended(
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_lab_under_load", "--nocapture"])
            .env(SERVES, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let servers = load::servers(lab.0.stdout.take().unwrap());
    let answered = load::put_on(&servers);
    let taken = Taken::by(lab.0.id());
    assert!(taken.memory > 0, "the process' memory was seen");
    assert_eq!(answered, load::Answered::AS_IT_SHOULD);
    holds("`tapline lab`", 0, taken);
    drop(lab.0.stdin.take());
}

#[test]
fn every_row_of_the_table_is_held_to() {
    let tested = [
        "`tapline URL`, the screen",
        "`probe URL`, one request",
        "`probe URL`, a flood",
        "`probe --max-redirs -1`",
        "`probe --repeat 100000`",
        "`probe --suite`",
        "`report FILE`, a saved run",
        "`report FILE`, `open FILE`, a capture",
        "`report -`, `open -`",
        "`report FILE`, a HAR",
        "`diff`",
        "`tapline lab`",
    ];
    let rows = rows();
    assert!(
        rows.iter()
            .all(|row| tested.iter().any(|mode| row.mode.starts_with(mode))),
        "a row that no test runs"
    );
    assert_eq!(rows.len(), tested.len());
}
