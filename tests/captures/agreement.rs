//! A report beside what tshark says of the same file.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What both said, direction by direction.
pub(crate) struct Comparison {
    /// Directions of TCP conversations that were compared.
    pub(crate) directions: usize,
    /// Where they disagree.
    pub(crate) differences: Vec<String>,
}

/// Packets and payload bytes from one end to another, of each connection between them in turn.
type Directions = BTreeMap<(String, String), Vec<(u64, u64)>>;

impl Comparison {
    pub(crate) fn of(file: &Path, document: &Value) -> Self {
        let mut differences = Vec::new();
        let (ours, frames) = (
            document["capture"]["packets"].as_u64().unwrap_or(0),
            fields(file, "frame", &["frame.number"]).len() as u64,
        );
        if ours != frames {
            differences.push(format!("{ours} packets, {frames} by tshark"));
        }
        let (ours, theirs) = (told(document), by_tshark(file));
        let ends: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
        for ends in &ends {
            let (ours, theirs) = (ours.get(*ends), theirs.get(*ends));
            if ours != theirs {
                differences.push(format!(
                    "{} to {}: {ours:?}, {theirs:?} by tshark",
                    ends.0, ends.1
                ));
            }
        }
        Self {
            directions: ends.len(),
            differences,
        }
    }
}

fn told(document: &Value) -> Directions {
    let mut directions = Directions::new();
    for conversation in document["conversations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| one["transport"] == "tcp")
    {
        let end = |name: &str| conversation[name].as_str().unwrap().to_owned();
        for (direction, ends) in [
            ("sent", (end("client"), end("server"))),
            ("received", (end("server"), end("client"))),
        ] {
            let count = |name: &str| conversation[direction][name].as_u64().unwrap();
            if count("packets") > 0 {
                directions
                    .entry(ends)
                    .or_default()
                    .push((count("packets"), count("payload_bytes")));
            }
        }
    }
    directions
}

fn by_tshark(file: &Path) -> Directions {
    let wanted = [
        "ip.src",
        "ipv6.src",
        "tcp.srcport",
        "ip.dst",
        "ipv6.dst",
        "tcp.dstport",
        "tcp.len",
        "tcp.stream",
    ];
    let mut streams: BTreeMap<(u64, (String, String)), (u64, u64)> = BTreeMap::new();
    // What ICMP quotes is no packet of its own.
    for row in fields(file, "tcp && !icmp && !icmpv6", &wanted) {
        let end = |first: usize| {
            let address = if row[first].is_empty() {
                format!("[{}]", row[first + 1])
            } else {
                row[first].clone()
            };
            format!("{address}:{}", row[first + 2])
        };
        let sums = streams
            .entry((row[7].parse().unwrap_or(0), (end(0), end(3))))
            .or_default();
        sums.0 += 1;
        sums.1 += row[6].parse::<u64>().unwrap_or(0);
    }
    let mut directions = Directions::new();
    for ((_, ends), sums) in streams {
        directions.entry(ends).or_default().push(sums);
    }
    directions
}

fn fields(file: &Path, filter: &str, wanted: &[&str]) -> Vec<Vec<String>> {
    let mut command = Command::new("tshark");
    command.arg("-n").arg("-r").arg(file).args([
        "-Y",
        filter,
        "-T",
        "fields",
        "-E",
        "occurrence=l",
    ]);
    command.args(wanted.iter().flat_map(|name| ["-e", name]));
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect()
}
