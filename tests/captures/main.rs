//! Capture files that tcpdump made, read by `tapline report` and by tshark.
//!
//! `TAPLINE_CORPUS=FOLDER cargo test --test captures -- --nocapture` compares every capture file
//! below a folder and says how many agree.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod agreement;
mod conversations;
mod ledgers;
mod recorded;
mod reused;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use agreement::Comparison;
use recorded::{has, recorded, skipped};
use serde_json::Value;

/// `tapline report` with these arguments.
fn report(arguments: &[&str], input: Stdio) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tapline"))
        .arg("report")
        .args(arguments)
        .stdin(input)
        .output()
        .unwrap()
}

fn document(file: &Path) -> Value {
    let output = report(&[file.to_str().unwrap(), "--format", "json"], Stdio::null());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn packets_and_payload_are_what_tshark_counts_in_every_format() {
    let Some(capture) = recorded("packets_and_payload_are_what_tshark_counts") else {
        return;
    };
    if !has("tshark") || !has("editcap") {
        return skipped(
            "packets_and_payload_are_what_tshark_counts",
            "tshark is not installed",
        );
    }
    let known = document(&capture.file);
    for format in ["pcap", "nsecpcap", "pcapng"] {
        let file = capture.converted(format);
        let comparison = Comparison::of(&file, &document(&file));
        assert_eq!(comparison.differences, Vec::<String>::new(), "{format}");
        assert!(
            comparison.directions >= 6,
            "{} directions in {format}",
            comparison.directions
        );
        assert_eq!(
            document(&file)["conversations"],
            known["conversations"],
            "{format}"
        );
    }
}

#[test]
fn ports_that_are_used_again_make_the_connections_that_tshark_tells_apart() {
    if !has("tshark") {
        return skipped("ports_that_are_used_again", "tshark is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = reused::reused(folder.path());
    let document = document(&file);
    let comparison = Comparison::of(&file, &document);
    assert_eq!(comparison.differences, Vec::<String>::new());
    assert_eq!(document["conversations"].as_array().unwrap().len(), 14);
}

#[test]
fn servers_have_the_names_that_clients_called_them() {
    let Some(capture) = recorded("servers_have_the_names") else {
        return;
    };
    let document = document(&capture.file);
    let conversations = document["conversations"].as_array().unwrap();
    let names: Vec<&str> = conversations
        .iter()
        .filter_map(|conversation| conversation["server_name"].as_str())
        .collect();
    assert_eq!(names, ["host.test"]);
    for conversation in conversations {
        let known = capture.connections.iter().any(|(client, server)| {
            conversation["client"].as_str() == Some(&client.to_string())
                && conversation["server"].as_str() == Some(&server.to_string())
        });
        assert!(known, "the client is who opened it: {conversation}");
    }
}

#[test]
fn what_comes_through_a_pipe_is_told_like_a_file() {
    let Some(capture) = recorded("what_comes_through_a_pipe") else {
        return;
    };
    let mut cat = Command::new("cat")
        .arg(&capture.file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let piped = report(
        &["-", "--format", "json"],
        cat.stdout.take().unwrap().into(),
    );
    cat.wait().unwrap();
    let piped: Value = serde_json::from_slice(&piped.stdout).unwrap();
    assert_eq!(
        piped["conversations"],
        document(&capture.file)["conversations"]
    );
}

#[test]
fn a_file_that_breaks_off_is_told_as_far_as_it_goes_and_said_so() {
    let Some(capture) = recorded("a_file_that_breaks_off") else {
        return;
    };
    let whole = fs::read(&capture.file).unwrap();
    let cut = capture.folder.path().join("cut.pcap");
    fs::write(&cut, &whole[..whole.len() - 3]).unwrap();
    let output = report(
        &[
            cut.to_str().unwrap(),
            "--format",
            "json",
            "--format",
            "events=/dev/null",
        ],
        Stdio::null(),
    );
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains(
            "the file could not be read to the end: the file ends within a packet at \
                       offset"
        ),
        "{said}"
    );
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packets = |document: &Value| document["capture"]["packets"].as_u64().unwrap();
    assert_eq!(packets(&read) + 1, packets(&document(&capture.file)));
}

#[test]
fn what_is_no_capture_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    fs::write(&file, "<!doctype html>").unwrap();
    for (path, sentence) in [
        (
            file.to_str().unwrap(),
            "not a capture file: pcap and pcapng files do not begin with 3c 21 64 6f",
        ),
        (
            folder.path().to_str().unwrap(),
            "not a capture file: it is a directory",
        ),
        ("/dev/null", "not a capture file: it is empty"),
        (
            "/nowhere/at/all",
            "cannot read at offset 0: No such file or directory",
        ),
    ] {
        let output = report(&[path], Stdio::null());
        assert_eq!(output.status.code(), Some(2), "{path}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains(sentence) && output.stdout.is_empty(),
            "{said}"
        );
    }
}

#[test]
fn a_folder_of_captures_agrees_with_tshark() {
    let Some(folder) = std::env::var_os("TAPLINE_CORPUS") else {
        return skipped(
            "a_folder_of_captures_agrees_with_tshark",
            "TAPLINE_CORPUS names no folder",
        );
    };
    let (mut directions, mut differences) = (0, Vec::new());
    for file in captures_below(Path::new(&folder)) {
        let output = report(&[file.to_str().unwrap(), "--format", "json"], Stdio::null());
        if !output.status.success() {
            eprintln!("{}", String::from_utf8_lossy(&output.stderr).trim_end());
            continue;
        }
        let comparison = Comparison::of(&file, &serde_json::from_slice(&output.stdout).unwrap());
        directions += comparison.directions;
        differences.extend(
            comparison
                .differences
                .into_iter()
                .map(|difference| format!("{}: {difference}", file.display())),
        );
    }
    eprintln!(
        "{directions} directions, {} differences\n{}",
        differences.len(),
        differences.join("\n")
    );
    assert!(
        differences.len() * 100 <= directions,
        "more than one of a hundred disagrees"
    );
}

fn captures_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| {
        let is_capture = path.extension().is_some_and(|extension| {
            ["pcap", "pcapng", "cap", "ntar"]
                .iter()
                .any(|known| extension == *known)
        });
        if path.is_dir() && !path.is_symlink() {
            captures_below(&path)
        } else {
            is_capture.then_some(path).into_iter().collect()
        }
    });
    found.collect()
}
