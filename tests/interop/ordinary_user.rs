//! Without any privilege everything works but capture.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use tapline::archive::Archive;
use tapline::trace::EventKind;
use tempfile::TempDir;

use crate::fixture::nginx::Nginx;
use crate::fixture::program::{installed, is_root, skipped, tapline};
use crate::fixture::recorder::Recorder;
use crate::fixture::site::{PAGE, Site};
use crate::probe::{Report, Run, neutral, run};

/// The binary where everybody may run it; the build folder need not be.
fn public_copy() -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
    let copy = folder.path().join("tapline");
    fs::copy(tapline(), &copy).expect("copying the binary");
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).expect("permissions");
    let path = copy.to_str().expect("a path").to_owned();
    (folder, path)
}

/// Runs tapline as nobody and reads its document; `None`, visibly, where that cannot be.
fn as_nobody(args: &[&str]) -> Option<Report> {
    run_as_nobody(args).map(|run| Report::from(run, "as nobody"))
}

fn run_as_nobody(args: &[&str]) -> Option<Run> {
    let setpriv = installed("setpriv")?;
    if !is_root() {
        skipped("only root can become another user");
        return None;
    }
    let (_folder, binary) = public_copy();
    let mut command = Command::new(setpriv);
    command
        .args([
            "--reuid",
            "65534",
            "--regid",
            "65534",
            "--clear-groups",
            &binary,
            "probe",
            "--format",
            "json",
        ])
        .args(args);
    command
        .env("HOME", "/nonexistent")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_STATE_HOME")
        .env_remove("XDG_CACHE_HOME");
    neutral(&mut command);
    Some(run(command))
}

#[test]
fn a_run_is_saved_with_its_events_alone() {
    let recorder = Recorder::ok();
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("permissions");
    let file = folder.path().join("run.pcapng");
    let arguments = ["--save", file.to_str().expect("a path"), &recorder.url("/")];
    let Some(report) = as_nobody(&arguments) else {
        return;
    };
    report.ok();
    let (mut ended, mut captured) = (false, 0);
    let kept = Archive::open(&file)
        .expect("a saved run")
        .read_events(|event| match event.kind {
            EventKind::RunEnded => ended = true,
            EventKind::Packets { packets } => captured += packets.len(),
            _ => {}
        });
    assert_eq!((kept.error, ended, captured), (None, true, 0));
}

#[test]
fn everything_but_capture_works() {
    let site = Site::new();
    // The authority's folder is this user's alone.
    let root = site.path().join("root.pem");
    fs::copy(site.authority.root(), &root).expect("copying the root");
    fs::set_permissions(&root, fs::Permissions::from_mode(0o644)).expect("permissions");
    let Some(nginx) = Nginx::start(&site) else {
        return;
    };
    let url = format!("https://localhost:{}/page.txt", nginx.ports.tls);
    let Some(report) = as_nobody(&["--cacert", root.to_str().expect("a path"), &url]) else {
        return;
    };
    let report = report.ok();
    let capture = &report.json["capture"];
    assert_eq!(capture["state"], "unavailable", "{report}");
    assert!(
        capture["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains(' ')),
        "{report}"
    );
    let exchange = report.only();
    assert_eq!(exchange["response"]["body_bytes"], PAGE);
    // The kernel's figures stand in for the packets.
    assert!(
        exchange["tcp"]["rtt_ns"]
            .as_u64()
            .is_some_and(|rtt| rtt > 0),
        "{report}"
    );
    assert!(
        exchange["phases"]
            .as_array()
            .unwrap()
            .iter()
            .all(|phase| phase["clock"] == "app"),
        "{report}"
    );
}

#[test]
fn capture_that_was_asked_for_and_cannot_be() {
    let server = Recorder::ok();
    let Some(run) = run_as_nobody(&["--capture", "on", &server.url("/")]) else {
        return;
    };
    assert_eq!(run.status, Some(1), "{}", run.errors());
    assert!(
        run.errors().contains("cannot be captured") && run.errors().contains("setcap"),
        "why, and what to do: {}",
        run.errors()
    );
    assert!(server.take().is_empty(), "no request was made");
}

#[test]
fn a_socket_file_that_may_not_be_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    let Some(report) = as_nobody(&[
        "--unix-socket",
        path.to_str().expect("a path"),
        "http://localhost/",
    ]) else {
        return;
    };
    report.failed(&["connect"], &["connect_forbidden"], &["app.sock"]);
}
