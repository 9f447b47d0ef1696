//! A run that is saved: what other programs see in the file, what is there of it again, and what
//! there is when saving fails.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustls::{ServerConfig, SupportedProtocolVersion};
use serde_json::Value;
use tapline::archive::Archive;
use tapline::trace::EventKind;

use crate::fixture::certificate::{Authority, Flaw};
use crate::fixture::message::{read_request, response};
use crate::fixture::peer::{Duplex, Peer};
use crate::fixture::process::signal;
use crate::fixture::program::{installed, skipped};
use crate::probe::{Run, command, finish, neutral, run};

const BODY: &[u8] = b"what nobody else may read";

fn answer(stream: &mut (impl Duplex + ?Sized)) {
    let mut stream: &mut dyn Duplex = &mut Both(stream);
    if read_request(&mut stream).is_some() {
        let _ = stream.write_all(&response(
            "200 OK",
            &[("set-cookie", "session=s3cr3t; Path=/")],
            BODY,
        ));
    }
}

/// A stream that may be of no known size, as one that is.
struct Both<'a, T: ?Sized>(&'a mut T);

impl<T: Duplex + ?Sized> std::io::Read for Both<'_, T> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(into)
    }
}

impl<T: Duplex + ?Sized> std::io::Write for Both<'_, T> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

fn clear() -> Peer {
    Peer::tcp(|mut stream| {
        answer(&mut stream);
        crate::fixture::peer::linger(&stream);
    })
}

fn secured(config: Arc<ServerConfig>) -> Peer {
    Peer::tls(config, |stream| answer(stream))
}

/// Saves a probe's run with these arguments, and packets; `None`, visibly, where none can be
/// captured.
fn saved(file: &Path, arguments: &[&str]) -> Option<Run> {
    let mut command = command(&["probe", "--capture", "on", "--save"]);
    command.arg(file).args(arguments);
    let run = run(command);
    if run.errors().contains("packets cannot be captured") {
        assert!(
            std::env::var_os("TAPLINE_REQUIRE_PEERS").is_none_or(|value| value != "1"),
            "{}",
            run.errors()
        );
        skipped("packets cannot be captured");
        return None;
    }
    assert_eq!(run.status, Some(0), "{}", run.errors());
    Some(run)
}

/// What a program says of a file; `None` where it is not installed.
fn said_by(program: &str, arguments: &[&str], file: &Path) -> Option<String> {
    let mut command = Command::new(installed(program)?);
    command.args(arguments).arg(file);
    let run = run(command);
    assert_eq!(run.status, Some(0), "{program}: {}", run.errors());
    Some(run.text())
}

/// The lines of tshark's packet list: protocol and what it is about.
fn listed(file: &Path) -> Option<Vec<(String, String)>> {
    let text = said_by(
        "tshark",
        &[
            "-n",
            "-T",
            "fields",
            "-e",
            "_ws.col.Protocol",
            "-e",
            "_ws.col.Info",
            "-r",
        ],
        file,
    )?;
    let line = |line: &str| {
        line.split_once('\t')
            .map(|(protocol, info)| (protocol.to_owned(), info.to_owned()))
    };
    Some(text.lines().filter_map(line).collect())
}

fn opened_by_tshark(version: &'static SupportedProtocolVersion) {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let peer = secured(authority.identity(Flaw::None).server(&[version], &[]));
    let (file, url) = (
        folder.path().join("run.pcapng"),
        format!("https://localhost:{}/private?token=s3cr3t", peer.port()),
    );
    let root = authority.root();
    let Some(run) = saved(&file, &["-4", "--cacert", &root, "--with-secrets", &url]) else {
        return;
    };
    assert!(
        run.errors().contains("will contain this run's TLS keys"),
        "{}",
        run.errors()
    );
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let Some(list) = listed(&file) else { return };
    let place = |protocol: &str, about: &str| {
        let found = list
            .iter()
            .position(|(its, info)| its.starts_with(protocol) && info.contains(about));
        found.unwrap_or_else(|| panic!("{protocol}: {about} is missing in\n{list:#?}"))
    };
    // Opened without being told how, and in the order of what happened.
    let order = [
        place("systemd Journal", "connecting to 127.0.0.1"),
        place("TCP", "[SYN]"),
        place("systemd Journal", "connected"),
        place("TLS", "Client Hello"),
        place("systemd Journal", "TLS: ServerHello from the server"),
        place("systemd Journal", "TLS: TLSv1."),
        place("HTTP", "GET /private?token=s3cr3t"),
        place("HTTP", "200 OK"),
        place("systemd Journal", "HTTP: 200 OK"),
        place("systemd Journal", "run ended"),
    ];
    assert!(order.is_sorted(), "{order:?} in\n{list:#?}");
}

#[test]
fn tshark_opens_a_run_over_tls_1_3_and_lists_its_events_between_the_packets() {
    opened_by_tshark(&rustls::version::TLS13);
}

#[test]
fn tshark_opens_a_run_over_tls_1_2_and_lists_its_events_between_the_packets() {
    opened_by_tshark(&rustls::version::TLS12);
}

#[test]
fn what_is_streamed_opens_as_well() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let peer = secured(
        authority
            .identity(Flaw::None)
            .server(rustls::ALL_VERSIONS, &[]),
    );
    let (file, url) = (
        folder.path().join("run.pcapng"),
        format!("https://localhost:{}/streamed", peer.port()),
    );
    let root = authority.root();
    let Some(run) = saved(
        Path::new("-"),
        &["-4", "--cacert", &root, "--with-secrets", &url],
    ) else {
        return;
    };
    assert!(
        run.errors()
            .contains("standard output will contain this run's TLS keys"),
        "{}",
        run.errors()
    );
    fs::write(&file, run.stdout).unwrap();
    let Some(list) = listed(&file) else { return };
    assert!(
        list.iter().any(|(_, info)| info.contains("GET /streamed")),
        "{list:#?}"
    );
}

/// What Wireshark reads a pipe with (`wireshark -k -i -`).
#[test]
fn a_capturing_program_takes_the_stream_from_a_pipe() {
    let Some(dumpcap) = installed("dumpcap") else {
        return;
    };
    let (peer, folder) = (clear(), tempfile::tempdir().unwrap());
    let (stream, file) = (
        folder.path().join("stream"),
        folder.path().join("taken.pcapng"),
    );
    let Some(run) = saved(Path::new("-"), &[&peer.url("/taken")]) else {
        return;
    };
    fs::write(&stream, run.stdout).unwrap();
    let script = r#"cat "$1" | "$2" -q -i - -w "$3""#;
    let mut taking = Command::new("sh");
    taking
        .args(["-c", script, "sh"])
        .arg(&stream)
        .arg(dumpcap)
        .arg(&file);
    let taken = crate::probe::run(taking);
    assert_eq!(taken.status, Some(0), "{}", taken.errors());
    let Some(list) = listed(&file) else { return };
    for (protocol, about) in [
        ("systemd Journal", "run started"),
        ("HTTP", "GET /taken"),
        ("systemd Journal", "run ended"),
    ] {
        assert!(
            list.iter()
                .any(|(its, info)| its.starts_with(protocol) && info.contains(about)),
            "{about} is missing in {list:#?}"
        );
    }
}

fn opened_again(secrets: &[&str]) {
    let (peer, folder) = (clear(), tempfile::tempdir().unwrap());
    let path = |name: &str| folder.path().join(name);
    let (json, events) = (
        format!("json={}", path("run.json").display()),
        format!("events={}", path("events").display()),
    );
    let url = peer.url("/again?key=k-123");
    let arguments = [
        "--format",
        &json,
        "--format",
        &events,
        "-u",
        "ada:hunter2",
        "--repeat",
        "2",
        &url,
    ];
    let Some(_) = saved(&path("run.pcapng"), &[&arguments, secrets].concat()) else {
        return;
    };
    let report = |format: &str| {
        let mut command = command(&[&["report", "--format", format], secrets].concat());
        command.arg(path("run.pcapng"));
        let run = run(command);
        assert_eq!(run.status, Some(0), "{}", run.errors());
        run.text()
    };
    let document = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(
        document(&report("json")),
        document(&fs::read_to_string(path("run.json")).unwrap())
    );
    // But for packets, which stand where they passed and lie somewhere else, each event is there as
    // it was.
    let told = |text: &str| {
        text.lines()
            .filter(|line| !line.contains("\"event\":\"packets\""))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told(&report("events")),
        told(&fs::read_to_string(path("events")).unwrap())
    );
    let file = fs::read(path("run.pcapng")).unwrap();
    assert_eq!(
        file.windows(BODY.len()).any(|bytes| bytes == BODY),
        !secrets.is_empty(),
        "the body, in the packets' bytes"
    );
}

#[test]
fn a_run_that_is_opened_again_is_reported_as_it_was() {
    opened_again(&[]);
}

#[test]
fn a_run_with_its_secrets_that_is_opened_again_is_reported_as_it_was() {
    opened_again(&["--with-secrets"]);
}

#[test]
fn nothing_that_is_secret_is_in_a_file_unless_it_is_asked_for() {
    const SECRETS: [&[u8]; 5] = [
        b"hunter2",
        b"YWRhOmh1bnRlcjI",
        b"s3cr3t",
        b"k-123",
        b"TRAFFIC_SECRET",
    ];
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let peer = secured(
        authority
            .identity(Flaw::None)
            .server(rustls::ALL_VERSIONS, &[]),
    );
    let url = format!("https://localhost:{}/?key=k-123", peer.port());
    let root = authority.root();
    let holds = |file: &Path, secret: &[u8]| {
        fs::read(file)
            .unwrap()
            .windows(secret.len())
            .any(|bytes| bytes == secret)
    };
    for with_secrets in [false, true] {
        let file = folder.path().join(format!("{with_secrets}.pcapng"));
        let mut arguments = vec!["-4", "--cacert", &root, "-u", "ada:hunter2", &url];
        arguments.extend(with_secrets.then_some("--with-secrets"));
        let Some(run) = saved(&file, &arguments) else {
            return;
        };
        assert_eq!(
            run.errors().contains("keys"),
            with_secrets,
            "{}",
            run.errors()
        );
        // The password is in the field as base64 only.
        for secret in &SECRETS[1..] {
            assert_eq!(
                holds(&file, secret),
                with_secrets,
                "{}",
                String::from_utf8_lossy(secret)
            );
        }
        assert!(!holds(&file, SECRETS[0]));
        let Some(list) = listed(&file) else { return };
        assert_eq!(
            list.iter()
                .any(|(protocol, _)| protocol.starts_with("HTTP")),
            with_secrets,
            "{list:#?}"
        );
    }
}

#[test]
fn others_find_nothing_wrong_with_the_file() {
    const READ: &str = "
import sys
from pcapng import FileScanner, blocks, strictness
strictness.set_strictness(strictness.Strictness.FORBID)
kinds = []
with open(sys.argv[1], 'rb') as file:
    for block in FileScanner(file):
        if isinstance(block, blocks.UnknownBlock):
            kinds.append(str(block.block_type))
            continue
        kinds.append(type(block).__name__)
        if isinstance(block, blocks.EnhancedPacket):
            dict(block.options)
            assert block.timestamp > 1e9 and block.packet_data
        if isinstance(block, blocks.NameResolution):
            assert block.records
print(' '.join(kinds))
";
    let (peer, folder) = (clear(), tempfile::tempdir().unwrap());
    let file = folder.path().join("run.pcapng");
    let Some(run) = saved(
        &file,
        &[
            "--format",
            "json",
            "--resolve",
            &format!("h.test:{}:127.0.0.1", peer.port()),
            &format!("http://h.test:{}/", peer.port()),
        ],
    ) else {
        return;
    };
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    if let Some(text) = said_by("capinfos", &["-c", "-M", "-T", "-r"], &file) {
        let packets = text
            .split_whitespace()
            .last()
            .and_then(|count| count.parse::<u64>().ok());
        assert_eq!(packets, report["capture"]["packets"].as_u64(), "{text}");
    }
    let Some(mut python) = python(READ) else {
        return;
    };
    python.arg(&file);
    let read = crate::probe::run(python);
    assert_eq!(read.status, Some(0), "{}", read.errors());
    let kinds: Vec<String> = read.text().split_whitespace().map(str::to_owned).collect();
    for wanted in [
        "SectionHeader",
        "InterfaceDescription",
        "EnhancedPacket",
        "NameResolution",
        "InterfaceStatistics",
        "9",
    ] {
        assert!(
            kinds.iter().any(|kind| kind == wanted),
            "{wanted} is missing in {kinds:?}"
        );
    }
}

/// Python, for a program that uses `PyPI`'s packages; see `tools/report-peers`.
fn python(program: &str) -> Option<Command> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/python/bin/python");
    let is_there = path.is_file()
        && Command::new(&path)
            .args(["-c", "import pcapng"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    if !is_there {
        assert!(
            std::env::var_os("TAPLINE_REQUIRE_PEERS").is_none_or(|value| value != "1"),
            "tools/report-peers installs python-pcapng"
        );
        skipped("python-pcapng is not installed, see tools/report-peers");
        return None;
    }
    let mut command = Command::new(path);
    command.args(["-c", program]);
    Some(command)
}

/// Whether a file is a run to its end.
fn is_whole(file: &Path) -> bool {
    let Ok(archive) = Archive::open(file) else {
        return false;
    };
    let mut ended = false;
    let kept = archive.read_events(|event| ended |= matches!(event.kind, EventKind::RunEnded));
    ended && kept.error.is_none()
}

/// Kills the program at each call of a kind that it makes, while it saves over an old file.
fn killed_at_each(calls: &str) {
    let Some(strace) = installed("strace") else {
        return;
    };
    let (peer, folder) = (clear(), tempfile::tempdir().unwrap());
    let file = folder.path().join("run.pcapng");
    let mut kills = 0;
    for number in 1.. {
        fs::write(&file, "old").unwrap();
        let mut command = Command::new(&strace);
        command.args([
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={calls}"),
        ]);
        command.args(["-e", &format!("inject={calls}:signal=KILL:when={number}")]);
        command
            .arg(env!("CARGO_BIN_EXE_tapline"))
            .args(["probe", "--capture", "off", "--save"])
            .arg(&file)
            .arg(peer.url("/"));
        neutral(&mut command);
        let run = run(command);
        if run.errors().contains("ptrace") {
            return skipped("programs cannot be traced");
        }
        if run.status == Some(0) {
            break;
        }
        kills += 1;
        let text = fs::read(&file).unwrap();
        assert!(
            text == b"old" || is_whole(&file),
            "killed at {calls} {number}: neither the old file nor the new one"
        );
    }
    assert!(is_whole(&file));
    assert!(kills > 0, "{calls} was never called");
}

#[test]
fn a_kill_at_any_write_leaves_the_old_file_or_the_whole_new_one() {
    killed_at_each("write");
}

#[test]
fn a_kill_at_any_sync_or_change_of_name_does_so_too() {
    killed_at_each("fsync");
    killed_at_each("/^rename");
}

/// In a file system in memory that has room for so many pages beside the old file.
#[test]
fn a_disk_that_is_full_at_any_page_leaves_the_old_file_and_says_so() {
    const IN_A_SMALL_PLACE: &str = r#"
        mount -t tmpfs -o size=$((4096 * ($1 + 1))) small "$2" || exit 99
        echo old >"$2/run.pcapng" || exit 99
        "$3" probe --capture off --save "$2/run.pcapng" "$4" >/dev/null
        code=$?
        ls -A "$2" && head -c 4 "$2/run.pcapng"
        exit $code"#;
    let Some(unshare) = installed("unshare") else {
        return;
    };
    let (peer, folder) = (clear(), tempfile::tempdir().unwrap());
    let mut refusals = 0;
    for pages in 0.. {
        let mut command = Command::new(&unshare);
        command
            .args([
                "-rm",
                "sh",
                "-c",
                IN_A_SMALL_PLACE,
                "sh",
                &pages.to_string(),
            ])
            .arg(folder.path());
        command.args([env!("CARGO_BIN_EXE_tapline"), &peer.url("/")]);
        neutral(&mut command);
        let run = run(command);
        match run.status {
            Some(0) => break,
            Some(1) if run.errors().starts_with("tapline: ") => {}
            _ => return skipped(&format!("no file system can be mounted: {}", run.errors())),
        }
        refusals += 1;
        assert_eq!(
            run.text(),
            "run.pcapng\nold\n",
            "with room for {pages} pages"
        );
        assert!(
            run.errors().contains("the run cannot be saved to")
                && run.errors().contains("No space left"),
            "{}",
            run.errors()
        );
    }
    assert!(refusals > 1, "the disk was full {refusals} times");
}

#[test]
fn where_nothing_can_be_written_nothing_is_asked() {
    let peer = Peer::tcp(|_| panic!("nobody should have come"));
    for (place, sentence) in [
        ("/nonexistent/run.pcapng", "No such file or directory"),
        ("/", "Is a directory"),
    ] {
        let run = run(command(&[
            "probe",
            "--capture",
            "off",
            "--save",
            place,
            &peer.url("/"),
        ]));
        assert_eq!(run.status, Some(1), "{}", run.errors());
        assert!(
            run.errors()
                .contains(&format!("the run cannot be saved to {place}: "))
                && run.errors().contains(sentence),
            "{}",
            run.errors()
        );
        assert!(run.stdout.is_empty());
    }
}

#[test]
fn only_one_thing_goes_to_standard_output() {
    for more in [
        &["--format", "json"][..],
        &["-o", "-"],
        &["-w", "%{http_code}"],
    ] {
        let run = run(command(
            &[&["probe", "--save", "-", "http://127.0.0.1:9/"], more].concat(),
        ));
        assert_eq!(run.status, Some(2));
        assert!(
            run.errors().contains("standard output") && run.stdout.is_empty(),
            "{}",
            run.errors()
        );
    }
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let peer = clear();
    let mut probe = command(&["probe", "--capture", "off", "--save", "-", &peer.url("/")]);
    let mut child = probe
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let run = finish(child);
    assert_eq!(run.status, Some(0), "{}", run.errors());
    assert_eq!(run.errors(), "");
}

#[test]
fn a_run_is_read_while_it_goes_on() {
    let (go, gone) = std::sync::mpsc::sync_channel::<()>(1);
    let gone = std::sync::Mutex::new(gone);
    let peer = Peer::tcp(move |mut stream| {
        if read_request(&mut stream).is_some() && gone.lock().unwrap().recv().is_ok() {
            let _ = stream.write_all(&response("200 OK", &[], BODY));
            crate::fixture::peer::linger(&stream);
        }
    });
    let mut probe = command(&["probe", "--capture", "off", "--save", "-", &peer.url("/")]);
    let mut child = probe
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let archive = Archive::from_pipe(child.stdout.take().unwrap()).unwrap();
    let (mut go, mut status) = (Some(go), None);
    archive.read_events(|event| match event.kind {
        // It is told that the request was sent while the response is still held back.
        EventKind::RequestHead { .. } => go.take().unwrap().send(()).unwrap(),
        EventKind::ResponseHead {
            status: of_response,
            ..
        } => status = Some(of_response),
        _ => {}
    });
    assert_eq!((status, finish(child).status), (Some(200), Some(0)));
}

#[test]
fn what_is_no_file_is_written_to_as_it_is() {
    let peer = clear();
    let run = run(command(&[
        "probe",
        "--capture",
        "off",
        "--save",
        "/dev/full",
        &peer.url("/"),
    ]));
    assert_eq!(run.status, Some(1));
    assert!(
        run.errors()
            .contains("the run cannot be saved to /dev/full: No space left"),
        "{}",
        run.errors()
    );
    assert!(
        run.text().contains("200 OK"),
        "the report is written all the same"
    );
}

#[test]
fn a_run_that_is_called_off_is_saved_as_far_as_it_went() {
    let (peer, folder) = (
        Peer::tcp(|mut stream| crate::fixture::peer::drain(&mut stream)),
        tempfile::tempdir().unwrap(),
    );
    let file = folder.path().join("run.pcapng");
    let mut probe = command(&["probe", "--capture", "off", "--format", "events", "--save"]);
    let mut child = probe
        .arg(&file)
        .arg(peer.url("/"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    assert!(lines.any(|line| line.contains("\"request_head\"")));
    signal(child.id(), "INT");
    lines.for_each(drop);
    // The shell's code for an interrupt.
    assert_eq!(finish(child).status, Some(130));
    assert!(is_whole(&file));
}
