//! Files that are written and read: full disks, pipes without another end, what others put in the
//! way, kills.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use crate::fixture::certificate::{Authority, Flaw};
use crate::fixture::message::{read_request, response};
use crate::fixture::peer::{Peer, linger};
use crate::fixture::process::{signal, wait_until};
use crate::fixture::program::{installed, is_root, skipped, tapline};
use crate::fixture::recorder::Recorder;
use crate::probe::{Run, command, finish, neutral, probe, run};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .collect();
    names.sort();
    names
}

fn pipe(folder: &Path) -> PathBuf {
    let pipe = folder.join("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::from(0o600), 0).expect("a pipe");
    pipe
}

/// An HTTPS server.
fn secured(authority: &Authority) -> Peer {
    Peer::tls(
        authority
            .identity(Flaw::None)
            .server(rustls::ALL_VERSIONS, &[]),
        |mut stream| {
            if read_request(&mut stream).is_some() {
                let _ = stream.write_all(&response("200 OK", &[], b"hello"));
            }
        },
    )
}

/// Five lines for each of ten runs do not fit on a disk of one page.
#[test]
fn a_key_log_on_a_full_disk_is_told_and_has_no_half_lines() {
    let Some(unshare) = installed("unshare") else {
        return;
    };
    if !is_root() {
        return skipped("only root can mount a file system");
    }
    let (folder, authority) = (folder(), Authority::new());
    let server = secured(&authority);
    let url = format!("https://localhost:{}/", server.port());
    let script = "mount -t tmpfs -o size=4k none \"$1\" || exit 77; shift; \"$@\"; code=$?; cat \
        keys >copy; exit $code";
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).expect("a folder");
    let mut command = std::process::Command::new(unshare);
    command.args([
        "-m",
        "sh",
        "-c",
        &script
            .replace("keys", "\"$DISK/keys\"")
            .replace("copy", "\"$COPY\""),
        "sh",
        text(&disk),
    ]);
    command.arg(tapline()).args([
        "probe",
        "--capture",
        "off",
        "-4",
        "--repeat",
        "10",
        "--cacert",
        &authority.root(),
    ]);
    command.arg("--keylog").arg(disk.join("keys")).arg(&url);
    command
        .env("DISK", &disk)
        .env("COPY", folder.path().join("copy"));
    neutral(&mut command);
    let done = run(command);
    if done.status == Some(77) {
        return skipped("file systems cannot be mounted here");
    }
    assert_eq!(done.status, Some(1), "{}", done.errors());
    assert!(
        done.errors()
            .contains("/keys is incomplete: No space left on device"),
        "{}",
        done.errors()
    );
    let log = fs::read_to_string(folder.path().join("copy")).expect("the key log");
    assert!(log.len() > 3_000 && log.ends_with('\n'), "{log}");
    for line in log.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        assert!(
            words.len() == 3 && words[1].len() == 64 && matches!(words[2].len(), 64 | 96),
            "{line}"
        );
    }
}

#[test]
fn a_key_log_that_others_may_read_is_closed_to_them_and_that_is_said() {
    let (folder, authority) = (folder(), Authority::new());
    let (server, keys) = (secured(&authority), folder.path().join("keys"));
    fs::write(&keys, "").expect("writing");
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o644)).expect("permissions");
    let url = format!("https://localhost:{}/", server.port());
    let report = probe(&[
        "-4",
        "--cacert",
        &authority.root(),
        "--keylog",
        text(&keys),
        &url,
    ])
    .ok();
    assert!(
        report
            .run
            .errors()
            .contains("was readable by others; its permissions were changed to 0600"),
        "{}",
        report.run.errors()
    );
    assert_eq!(
        fs::metadata(&keys).expect("a file").permissions().mode() & 0o777,
        0o600
    );
    assert!(
        fs::read_to_string(&keys)
            .expect("keys")
            .contains("CLIENT_TRAFFIC_SECRET_0")
    );
}

/// Whether a process has the thread that watches for signals.
fn watches_signals(process: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
        .flatten();
    threads
        .map(|thread| thread.path().join("comm"))
        .any(|name| fs::read_to_string(name).is_ok_and(|name| name.trim() == "signals"))
}

/// Ends a program by one SIGTERM, once `is_ready`.
fn ended_by_one_signal(arguments: &[&str], is_ready: impl Fn(u32) -> bool) -> Run {
    let mut child = command(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    wait_until("the program has come so far", || {
        assert!(
            child.try_wait().expect("a status").is_none(),
            "{arguments:?} ended by itself"
        );
        is_ready(child.id())
    });
    signal(child.id(), "TERM");
    finish(child)
}

/// What is to be written to a pipe waits for a reader; one signal ends that. The report says how
/// far the run came.
#[test]
fn a_pipe_that_nobody_reads_does_not_outlast_a_signal() {
    let authority = Authority::new();
    let (server, secure) = (Recorder::ok(), secured(&authority));
    let root = authority.root();
    let (plain, secured) = (
        server.url("/"),
        format!("https://localhost:{}/", secure.port()),
    );
    for option in [
        "--save",
        "-o",
        "-c",
        "--format=json",
        "--format=events",
        "--keylog",
    ] {
        let folder = folder();
        let pipe = pipe(folder.path());
        let (option, value) = match option.strip_prefix("--format=") {
            Some(format) => ("--format", format!("{format}={}", text(&pipe))),
            None => (option, text(&pipe).to_owned()),
        };
        let url = if option == "--keylog" {
            &secured
        } else {
            &plain
        };
        let arguments = [
            "probe",
            "--capture",
            "off",
            "-4",
            "--cacert",
            &root,
            option,
            &value,
            url,
        ];
        let done = ended_by_one_signal(&arguments, watches_signals);
        // By the signal itself where it came before it was watched for.
        assert!(
            matches!(done.status, Some(143) | None),
            "{option}: {:?} {}",
            done.status,
            done.errors()
        );
        assert_eq!(names(folder.path()), ["pipe"], "{option}");
    }
}

/// What is read from a pipe waits for somebody to write; one signal ends that, too.
#[test]
fn a_pipe_that_nobody_writes_does_not_outlast_a_signal() {
    let authority = Authority::new();
    let secure = secured(&authority);
    let (url, root) = (
        format!("https://localhost:{}/", secure.port()),
        authority.root(),
    );
    let folder = folder();
    let pipe = pipe(folder.path());
    let at = format!("@{}", text(&pipe));
    let form = format!("file={at}");
    let cases: [&[&str]; 8] = [
        &["probe", "-d", &at],
        &["probe", "-H", &at],
        &["probe", "-b", text(&pipe)],
        &["probe", "--capture", "off", "-4", "--cacert", text(&pipe)],
        &[
            "probe",
            "--capture",
            "off",
            "-4",
            "--cacert",
            &root,
            "-E",
            text(&pipe),
        ],
        &[
            "probe",
            "--capture",
            "off",
            "-4",
            "--cacert",
            &root,
            "-F",
            &form,
        ],
        &["report", "--format", "json", text(&pipe)],
        &["probe", "--suite", text(&pipe)],
    ];
    for case in cases {
        let takes_url = case[0] == "probe" && !case.contains(&"--suite");
        let arguments = if takes_url {
            [case, &[url.as_str()]].concat()
        } else {
            case.to_vec()
        };
        // Where the signal is not handled it ends the program as it ends any.
        let installs = case.contains(&"--cacert") && !case.contains(&"-F");
        let done = ended_by_one_signal(&arguments, |process| {
            if installs {
                watches_signals(process)
            } else {
                is_waiting(process)
            }
        });
        assert!(
            matches!(done.status, Some(143) | None),
            "{case:?}: {:?} {}",
            done.status,
            done.errors()
        );
    }
}

/// Whether a process has begun and sleeps.
fn is_waiting(process: u32) -> bool {
    let is_ours = fs::read_to_string(format!("/proc/{process}/comm"))
        .is_ok_and(|name| name.trim() == "tapline");
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    is_ours
        && stat
            .rsplit(") ")
            .next()
            .is_some_and(|rest| rest.starts_with('S'))
}

/// `-m` holds for the wait, too.
#[test]
fn a_pipe_that_nobody_reads_does_not_outlast_the_time_limit() {
    let (server, folder) = (Recorder::ok(), folder());
    let pipe = pipe(folder.path());
    let done = run(command(&[
        "probe",
        "--capture",
        "off",
        "--format",
        "events",
        "-m",
        "0.3",
        "-o",
        text(&pipe),
        &server.url("/"),
    ]));
    assert_eq!(done.status, Some(3), "{}", done.errors());
    assert!(
        done.text().contains("\"body_timeout\"")
            && done
                .text()
                .contains("a pipe that perhaps nobody has opened for reading"),
        "{}",
        done.text()
    );
}

#[test]
fn a_pipe_gets_what_is_written_once_it_has_a_reader() {
    let (server, folder) = (Recorder::ok(), folder());
    let pipe = pipe(folder.path());
    let from = pipe.clone();
    let reader = std::thread::spawn(move || fs::read(from).expect("reading"));
    probe(&["-o", text(&pipe), &server.url("/")]).ok();
    assert_eq!(reader.join().expect("the reader"), b"hello\n");
    // Standard output by its name in /dev, a pipe here.
    let mut command = command(&[
        "probe",
        "--capture",
        "off",
        "--format",
        "csv=/dev/stdout",
        "-o",
        "/dev/null",
    ]);
    command.arg(server.url("/"));
    let done = run(command);
    assert_eq!(done.status, Some(0), "{}", done.errors());
    assert!(done.text().lines().count() == 2, "{}", done.text());
}

/// As with curl, what came of a body stays; and it is told how much that is.
#[test]
fn a_partial_body_is_told_with_its_bytes() {
    let folder = folder();
    let file = folder.path().join("body");
    let peer = Peer::tcp(|mut stream| {
        if read_request(&mut stream).is_some() {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            linger(&stream);
        }
    });
    fs::write(&file, "what was there before").expect("writing");
    let mut broken = command(&[
        "probe",
        "--format",
        "events",
        "--capture",
        "off",
        "-o",
        text(&file),
    ]);
    broken.arg(peer.url("/"));
    let done = run(broken);
    assert_eq!(done.status, Some(3));
    assert_eq!(fs::read(&file).expect("a file"), b"hello");
    assert!(
        done.text()
            .contains("body contains only the beginning of the body: 5 B"),
        "{}",
        done.text()
    );
    // A run that ends before there is a body leaves the file as it was.
    fs::write(&file, "old").expect("writing");
    let refused = Peer::tcp(drop);
    probe(&["-o", text(&file), &refused.url("/")]);
    assert_eq!(fs::read(&file).expect("a file"), b"old");
    // A disk that is full.
    let server = Recorder::ok();
    let report = probe(&["-o", "/dev/full", &server.url("/")]);
    let names = ["the body cannot be written to /dev/full: No space left on device"];
    assert_eq!(
        report
            .failed(&["receive"], &["output_failed"], &names)
            .run
            .status,
        Some(3)
    );
}

/// In a directory like /tmp a link, a file or a pipe of another user's is not written to.
#[test]
fn what_others_put_in_the_way_is_not_written_to() {
    if !is_root() {
        return skipped("only root can give files away");
    }
    let authority = Authority::new();
    let secure = secured(&authority);
    let url = format!("https://localhost:{}/", secure.port());
    let (shared, own) = (folder(), folder());
    let kept = own.path().join("kept");
    fs::set_permissions(shared.path(), fs::Permissions::from_mode(0o1777)).expect("permissions");
    std::os::unix::fs::chown(shared.path(), Some(1234), Some(1234)).expect("giving it away");
    let planted = shared.path().join("planted");
    symlink(&kept, &planted).expect("a link");
    std::os::unix::fs::lchown(&planted, Some(4321), None).expect("giving it away");
    let at = text(&planted).to_owned();
    let options = [
        ("--save", at.clone(), 1),
        ("-o", at.clone(), 3),
        ("-c", at.clone(), 1),
        ("--format", format!("json={at}"), 1),
        ("--format", format!("events={at}"), 1),
        ("--keylog", at.clone(), 3),
    ];
    for (option, value, status) in options {
        fs::write(&kept, "kept").expect("writing");
        let done = run(command(&[
            "probe",
            "--capture",
            "off",
            "-4",
            "--cacert",
            &authority.root(),
            option,
            &value,
            &url,
        ]));
        assert_eq!(
            done.status,
            Some(status),
            "{option}: {} {}",
            done.errors(),
            done.text()
        );
        assert_eq!(
            fs::read_to_string(&kept).expect("a file"),
            "kept",
            "{option} {value}"
        );
        let said = (done.errors() + &done.text())
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(said.contains("symbolic link"), "{option}: {said}");
        assert_eq!(names(shared.path()), ["planted"]);
    }
}

/// What is not whole yet has no name: a kill leaves nothing, or what the next run removes.
#[test]
fn a_kill_leaves_nothing_behind() {
    let folder = folder();
    let file = folder.path().join("run");
    let (silent, server) = (
        Peer::tcp(|mut stream| while read_request(&mut stream).is_some() {}),
        Recorder::ok(),
    );
    let mut child = command(&[
        "probe",
        "--capture",
        "off",
        "--save",
        text(&file),
        &silent.url("/"),
    ])
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("the program starts");
    let begun = |process| {
        let files = fs::read_dir(format!("/proc/{process}/fd")).expect("open files");
        files.flatten().any(|open| {
            fs::read_link(open.path()).is_ok_and(|target| target.starts_with(folder.path()))
        })
    };
    wait_until("the file is begun", || begun(child.id()));
    child.kill().expect("a kill");
    finish(child);
    let has_unnamed_files = rustix::fs::open(
        folder.path(),
        rustix::fs::OFlags::TMPFILE | rustix::fs::OFlags::WRONLY,
        Mode::from(0o600),
    )
    .is_ok();
    assert!(
        !has_unnamed_files || names(folder.path()).is_empty(),
        "{:?}",
        names(folder.path())
    );
    probe(&["--save", text(&file), &server.url("/")]).ok();
    assert_eq!(names(folder.path()), ["run"]);
}
