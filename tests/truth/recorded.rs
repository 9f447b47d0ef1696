//! Runs that were recorded once: what is true of each, and its events.
//!
//! A file is a line of JSON with what it shows and what is true of it, and then the run's events
//! as `--format events` writes them, a line each, without what the ledger does not need.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tapline::report::{self, Format, ReportOptions};
use tapline::trace::{Event, Trace};

use super::found::Found;
use super::kinds::{self, Case};
use super::live;
use super::truth::Truth;

/// Largest file, in bytes.
const MAX_BYTES: usize = 200_000;

/// The first line of a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    /// What it shows, in a sentence, and the link.
    pub(crate) about: String,
    pub(crate) truth: Truth,
}

/// A recorded run.
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) header: Header,
    pub(crate) events: Vec<Event>,
}

impl Recording {
    /// Every recording, by name.
    pub(crate) fn all() -> Vec<Self> {
        let mut paths: Vec<PathBuf> = fs::read_dir(directory())
            .expect("the recordings can be listed")
            .map(|entry| entry.expect("the recordings can be listed").path())
            .collect();
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Self {
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = name.expect("a plain file name").to_owned();
        let text = fs::read_to_string(path).expect("a recording can be read");
        assert!(text.len() <= MAX_BYTES, "{name} is too large");
        let mut lines = text.lines();
        let header = serde_json::from_str(lines.next().unwrap_or_default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let events = lines
            .enumerate()
            .map(|(line, event)| {
                serde_json::from_str(event)
                    .unwrap_or_else(|error| panic!("{name}, line {}: {error}", line + 2))
            })
            .collect();
        Self {
            name,
            header,
            events,
        }
    }

    /// What the report says of it.
    pub(crate) fn found(&self) -> Found {
        found_in(self.events.iter().cloned())
    }
}

/// What the JSON report of some events says.
pub(crate) fn found_in(events: impl Iterator<Item = Event>) -> Found {
    let trace = Trace::from_events(events);
    let report = report::write_report(&trace, Format::Json, &ReportOptions::default());
    let report: Value = serde_json::from_str(&report).expect("a report is JSON");
    Found::from_report(&report).expect("a report has ledgers")
}

/// Recordings about which the ledger is known to be wrong, and why: the lines of `known_wrong`.
pub(crate) fn known_wrong() -> BTreeMap<String, String> {
    include_str!("known_wrong")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(": "))
        .map(|(name, reason)| (name.to_owned(), reason.to_owned()))
        .collect()
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/truth/recorded")
}

/// Records each kind, or those that `TRUTH_KINDS` names: its first run that is small enough. One
/// that the ledger tells wrong is run once more, since that may be the machine's doing; if it is
/// wrong again, `known_wrong` has to say why.
pub(crate) fn record_all() {
    let mut kinds: Vec<Vec<Case>> = Vec::new();
    for case in kinds::wanted() {
        match kinds.iter_mut().find(|kind| kind[0].kind == case.kind) {
            Some(kind) => kind.push(case),
            None => kinds.push(vec![case]),
        }
    }
    for kind in kinds {
        let name = kind[0].kind;
        let recorded = kind.iter().find_map(|case| match record_twice(case) {
            Ok(recorded) => Some(recorded),
            Err(reason) => {
                println!("{name}: {} {}: {reason}", case.link, case.variant);
                None
            }
        });
        match recorded {
            None => println!("{name}: NOT RECORDED"),
            Some((text, reasons)) => {
                println!("{name}: {} bytes {}", text.len(), reasons.join("; "));
                fs::write(directory().join(format!("{name}.jsonl")), text)
                    .expect("a recording can be written");
            }
        }
    }
}

fn record_twice(case: &Case) -> Result<(String, Vec<String>), String> {
    let recorded = record(case)?;
    if recorded.1.is_empty() {
        return Ok(recorded);
    }
    record(case)
}

/// Runs a case and returns the recording, and in which ways the ledger is wrong about it.
fn record(case: &Case) -> Result<(String, Vec<String>), String> {
    let at = live::directory().join(format!("recording-{}", case.kind));
    let outcome = live::run(case, &at)?;
    let mut text =
        serde_json::to_string(&outcome.header).map_err(|error| error.to_string())? + "\n";
    let events = fs::read_to_string(&outcome.events).map_err(|error| error.to_string())?;
    for line in events.lines() {
        let mut event: Event = serde_json::from_str(line).map_err(|error| error.to_string())?;
        event.kind.clear_stored_locations();
        text += &serde_json::to_string(&event).map_err(|error| error.to_string())?;
        text.push('\n');
    }
    if text.len() > MAX_BYTES {
        return Err(format!("{} bytes are too many", text.len()));
    }
    Ok((text, outcome.judgement.reasons))
}
