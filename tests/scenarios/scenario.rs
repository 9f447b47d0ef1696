//! A scenario: events in, findings out, as a TOML file beside this one.
//!
//! `events` are those of `--format events`, in TOML's clothes; `[expect]` is what must be found in
//! the trace they fold into. A key that means nothing is refused in both: an event's because it
//! would not survive being read and written again, an expectation's because nothing is found under
//! its name.

#![allow(dead_code, reason = "each test file uses its part of this module")]

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use tapline::trace::{Event, Trace};

/// One scenario file.
pub(crate) struct Scenario {
    /// The file's name without its ending.
    pub(crate) name: String,
    /// What it shows, in a sentence.
    pub(crate) about: String,
    /// What happens.
    pub(crate) events: Vec<Event>,
    /// What must be found.
    pub(crate) expect: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    events: Vec<toml::Value>,
    expect: toml::Value,
}

impl Scenario {
    /// Every scenario, by name.
    pub(crate) fn all() -> Vec<Self> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(directory())
            .expect("the scenarios can be listed")
            .map(|entry| entry.expect("the scenarios can be listed").path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .collect();
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// One scenario.
    pub(crate) fn named(name: &str) -> Self {
        Self::read(&directory().join(name).with_extension("toml"))
    }

    /// The fold of its events.
    pub(crate) fn trace(&self) -> Trace {
        Trace::from_events(self.events.iter().cloned())
    }

    fn read(path: &Path) -> Self {
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a plain file name")
            .to_owned();
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::parse(name.clone(), &text).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Reads a scenario's text; says which event is wrong and how.
    pub(crate) fn parse(name: String, text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let events = file
            .events
            .iter()
            .enumerate()
            .map(|(i, event)| read_event(event).map_err(|error| format!("event {i}: {error}")));
        Ok(Self {
            name,
            about: file.about,
            events: events.collect::<Result<_, _>>()?,
            expect: json(&file.expect),
        })
    }
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

fn json(value: &toml::Value) -> Value {
    serde_json::to_value(value).expect("TOML fits into JSON")
}

fn read_event(written: &toml::Value) -> Result<Event, String> {
    let written = json(written);
    let event = Event::deserialize(&written).map_err(|error| error.to_string())?;
    let understood = serde_json::to_value(&event).expect("an event fits into JSON");
    let lost = differences(&written, &understood);
    if lost.is_empty() {
        Ok(event)
    } else {
        Err(lost.join("; "))
    }
}

/// Where `found` is not what is `wanted`. Keys that are not wanted may be there; keys that are
/// wanted must be.
pub(crate) fn differences(wanted: &Value, found: &Value) -> Vec<String> {
    let mut list = Vec::new();
    compare("", wanted, found, &mut list);
    list
}

fn compare(path: &str, wanted: &Value, found: &Value, list: &mut Vec<String>) {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (key, value) in wanted {
                match found.get(key) {
                    Some(found) => compare(&format!("{path}/{key}"), value, found, list),
                    None => list.push(format!("{path}/{key} means nothing here")),
                }
            }
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            for (i, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                compare(&format!("{path}/{i}"), wanted, found, list);
            }
        }
        _ if wanted == found => {}
        _ => list.push(format!("{path} is {found}, wanted {wanted}")),
    }
}
