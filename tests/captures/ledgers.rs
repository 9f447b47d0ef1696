//! Whose time the requests in captures of others were: the partition is exact in each capture and
//! in each piece of it, and owners and figures are right wherever the capture was made.
//!
//! The captures in `places/` were made at once at the client, in the middle and at the server, over
//! links with known delays and of a server that waits as its path says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use super::report;

/// What a request's time must contain, in milliseconds.
struct Truth {
    capture: &'static str,
    target: &'static str,
    /// The delay of the link on each side of the middle, there and back.
    to_client: f64,
    to_server: f64,
    /// Round trips that the request needs on the client's side of the capture, and on the server's.
    trips: (f64, f64),
    /// Other causes with their times.
    causes: &'static [(&'static str, f64)],
}

const TRUTHS: [Truth; 8] = [
    Truth {
        capture: "think80",
        target: "/think/80",
        to_client: 40.0,
        to_server: 60.0,
        trips: (1.0, 2.0),
        causes: &[("server.think", 80.0)],
    },
    Truth {
        capture: "keep",
        target: "/think/120",
        to_client: 40.0,
        to_server: 40.0,
        trips: (0.0, 1.0),
        causes: &[("server.think", 120.0)],
    },
    // The client's 300 ms between its requests are in neither.
    Truth {
        capture: "gap",
        target: "/think/90",
        to_client: 40.0,
        to_server: 20.0,
        trips: (0.0, 1.0),
        causes: &[("server.think", 90.0)],
    },
    Truth {
        capture: "late",
        target: "/think/70",
        to_client: 40.0,
        to_server: 30.0,
        trips: (1.0, 2.0),
        causes: &[("client.processing", 250.0), ("server.think", 70.0)],
    },
    Truth {
        capture: "drip",
        target: "/drip/4/150",
        to_client: 20.0,
        to_server: 20.0,
        trips: (1.0, 2.0),
        causes: &[("server.pause", 450.0)],
    },
    // Pipelined: both were sent at once.
    Truth {
        capture: "pipe",
        target: "/think/100",
        to_client: 40.0,
        to_server: 40.0,
        trips: (1.0, 2.0),
        causes: &[("server.think", 100.0)],
    },
    Truth {
        capture: "pipe",
        target: "/think/150",
        to_client: 40.0,
        to_server: 40.0,
        trips: (0.0, 0.0),
        causes: &[("server.think", 150.0)],
    },
    Truth {
        capture: "tls13drip",
        target: "/drip/5/100",
        to_client: 30.0,
        to_server: 50.0,
        trips: (2.0, 3.0),
        causes: &[("server.pause", 400.0)],
    },
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures")
}

fn read(arguments: &[&str]) -> Value {
    let output = report(
        &[arguments, &["--messages", "--format", "json"]].concat(),
        Stdio::null(),
    );
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn members<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    of[name].as_array().into_iter().flatten()
}

/// The ledgers in a report, each with what it is about.
fn ledgers(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for conversation in members(document, "conversations") {
        let about = members(conversation, "messages")
            .chain(members(conversation, "dns"))
            .chain([conversation]);
        let named = about.filter(|of| of["time_spent"].is_array()).map(|of| {
            let name = of["target"].as_str().or(of["name"].as_str());
            (name.unwrap_or_default().to_owned(), &of["time_spent"])
        });
        found.extend(named);
    }
    found
}

/// Checks that the intervals of all entries follow each other, and that durations are their sums.
fn check_partition(name: &str, entries: &Value) {
    let entries = entries.as_array().unwrap();
    let mut intervals = Vec::new();
    for entry in entries {
        let own: Vec<(i64, i64)> = members(entry, "intervals")
            .map(|interval| (interval[0].as_i64().unwrap(), interval[1].as_i64().unwrap()))
            .collect();
        let sum: i64 = own.iter().map(|(start, end)| end - start).sum();
        if entry["intervals_omitted"] == 0 {
            assert_eq!(Some(sum), entry["duration_ns"].as_i64(), "{name}: {entry}");
        }
        intervals.extend(own);
    }
    intervals.sort_unstable();
    if entries.iter().all(|entry| entry["intervals_omitted"] == 0) {
        for pair in intervals.windows(2) {
            assert_eq!(pair[0].1, pair[1].0, "{name}: {entries:#?}");
        }
    }
}

fn captures(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "pcap")
        })
        .collect();
    files.sort();
    files
}

#[test]
fn every_ledger_in_the_captures_is_a_partition() {
    let mut count = 0;
    for file in captures(&folder())
        .into_iter()
        .chain(captures(&folder().join("places")))
    {
        let document = read(&[file.to_str().unwrap()]);
        for (about, entries) in ledgers(&document) {
            check_partition(&format!("{}: {about}", file.display()), entries);
            count += 1;
        }
    }
    assert!(count >= 40, "{count} ledgers");
}

/// Splits a capture file into its header and its packets with their headers.
fn packets(file: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let (header, mut rest) = file.split_at(24);
    let mut packets = Vec::new();
    while rest.len() >= 16 {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let (packet, after) = rest.split_at(16 + length);
        packets.push(packet);
        rest = after;
    }
    (header, packets)
}

#[test]
fn every_piece_of_a_capture_has_ledgers_that_are_partitions() {
    let folder_of_pieces = tempfile::tempdir().unwrap();
    let path = folder_of_pieces.path().join("piece.pcap");
    let mut count = 0;
    for capture in ["pipe-middle", "keep-server", "late-client"] {
        let whole = fs::read(folder().join(format!("places/{capture}.pcap"))).unwrap();
        let (header, packets) = packets(&whole);
        let all = packets.len();
        let cuts = (1..all).flat_map(|cut| [0..cut, cut..all]);
        let pieces = cuts.map(|kept| packets[kept].concat());
        let holes = (0..all).map(|lost| {
            let kept = packets
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != lost);
            kept.map(|(_, packet)| *packet).collect::<Vec<_>>().concat()
        });
        for piece in pieces.chain(holes) {
            fs::write(&path, [header, piece.as_slice()].concat()).unwrap();
            for (about, entries) in ledgers(&read(&[path.to_str().unwrap()])) {
                check_partition(&format!("{capture}: {about}"), entries);
                count += 1;
            }
        }
    }
    assert!(count >= 60, "{count} ledgers");
}

/// The time of each cause in milliseconds.
fn time_of(entries: &Value, cause: &str) -> f64 {
    let (owner, cause) = cause.split_once('.').unwrap();
    entries
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["owner"] == owner && entry["cause"] == cause)
        .map(|entry| entry["duration_ns"].as_f64().unwrap() / 1e6)
        .sum()
}

#[test]
fn owners_and_figures_are_right_wherever_the_capture_was_made() {
    let mut checked = 0;
    for truth in &TRUTHS {
        for place in ["client", "middle", "server"] {
            let file = folder().join(format!("places/{}-{place}.pcap", truth.capture));
            if !file.exists() {
                continue;
            }
            let keys = file.with_extension("keys");
            let mut arguments = vec![file.to_str().unwrap()];
            if keys.exists() {
                arguments.extend(["--keylog", keys.to_str().unwrap()]);
            }
            check_truth(truth, place, &read(&arguments));
            checked += 1;
        }
    }
    assert_eq!(checked, 22);
}

fn check_truth(truth: &Truth, place: &str, document: &Value) {
    let name = format!("{} at the {place}", truth.capture);
    let conversation = &document["conversations"][0];
    assert_eq!(conversation["captured_at"]["place"], place, "{name}");
    let found = ledgers(document);
    let (_, entries) = found
        .iter()
        .find(|(target, _)| target == truth.target)
        .unwrap();
    let whole = truth.to_client + truth.to_server;
    let (to_client, to_server) = match place {
        "client" => (0.0, whole),
        "middle" => (truth.to_client, truth.to_server),
        _ => (whole, 0.0),
    };
    let network = truth.trips.0 * to_client + truth.trips.1 * to_server;
    let causes = truth.causes.iter().copied();
    for (cause, expected) in causes.chain([("network.round_trip", network)]) {
        let found = time_of(entries, cause);
        let most = (expected * 0.05).max(whole / 4.0);
        assert!(
            (found - expected).abs() <= most,
            "{name}, {cause}: {found} ms and not {expected} ms: {entries:#}"
        );
    }
}

#[test]
fn the_text_names_the_client_and_says_whose_time_it_was() {
    for place in ["client", "middle", "server"] {
        let file = folder().join(format!("places/late-{place}.pcap"));
        let output = report(&[file.to_str().unwrap(), "--messages"], Stdio::null());
        let text = String::from_utf8(output.stdout).unwrap();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("The client's own work took 2"), "{text}");
        assert!(!text.to_lowercase().contains("this machine"), "{text}");
    }
}

#[test]
fn the_packets_of_the_evidence_are_numbered_within_the_capture() {
    let file = folder().join("places/keep-middle.pcap");
    let document = read(&[file.to_str().unwrap()]);
    let packets = packets(&fs::read(&file).unwrap()).1.len() as u64;
    let of = |target: &str| {
        let found = ledgers(&document);
        let (_, entries) = found.iter().find(|(name, _)| name == target).unwrap();
        let evidence = entries.as_array().unwrap().iter().filter_map(|entry| {
            let packets = &entry["evidence"]["packets"];
            Some((packets[0].as_u64()?, packets[1].as_u64()?))
        });
        evidence.collect::<Vec<_>>()
    };
    let (first, second) = (of("/think/50"), of("/think/120"));
    assert_eq!(first.iter().map(|(from, _)| *from).min(), Some(0));
    let last_of_first = first.iter().map(|(_, to)| *to).max().unwrap();
    let first_of_second = second.iter().map(|(from, _)| *from).min().unwrap();
    assert!(last_of_first < first_of_second, "{first:?} {second:?}");
    assert!(second.iter().all(|(from, to)| from <= to && *to < packets));
}
