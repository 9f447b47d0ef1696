//! Field lines that differ.

use std::collections::HashMap;

use super::facts::Facts;
use crate::insight::redact::{MASK, Redactor};
use crate::trace::Header;

/// The message that a field is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// The request.
    Request,
    /// The response.
    Response,
}

impl Message {
    /// The name in machine output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

/// A field that differs: its lines before and now, as they were.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange<'a> {
    /// Whose.
    pub of: Message,
    /// Its lines before; none where it is new.
    pub before: Vec<&'a Header>,
    /// Its lines now; none where it is gone.
    pub after: Vec<&'a Header>,
}

/// Fields that say when a message was made, and so always differ.
const OF_THE_MOMENT: [&str; 2] = ["date", "age"];

/// Fields that differ, those of the request first, in the order of the messages.
pub(super) fn changes<'a>(before: &'a Facts, after: &'a Facts) -> Vec<FieldChange<'a>> {
    let mut changes = Vec::new();
    for (of, was, is) in [
        (
            Message::Request,
            &before.request_fields,
            &after.request_fields,
        ),
        (
            Message::Response,
            &before.response_fields,
            &after.response_fields,
        ),
    ] {
        // Where one side has no message at all, nothing can be said of its fields.
        if was.is_empty() || is.is_empty() {
            continue;
        }
        // Another version writes whom it asks for what in other places (RFC 9113 §8.3.1), which
        // says nothing.
        let elsewhere = |name: &str| {
            before.version != after.version && (name.starts_with(':') || name == "host")
        };
        let (was, is) = (Grouped::of(was), Grouped::of(is));
        let new = is
            .names
            .iter()
            .filter(|name| !was.lines.contains_key(*name));
        for name in was
            .names
            .iter()
            .chain(new)
            .filter(|name| !OF_THE_MOMENT.contains(&name.as_str()) && !elsewhere(name))
        {
            let (before, after) = (was.lines_of(name), is.lines_of(name));
            if !same(&before, &after) {
                changes.push(FieldChange { of, before, after });
            }
        }
    }
    changes
}

/// A message's fields by their names.
struct Grouped<'a> {
    names: Vec<String>,
    lines: HashMap<String, Vec<&'a Header>>,
}

impl<'a> Grouped<'a> {
    fn of(headers: &'a [Header]) -> Self {
        let (mut names, mut lines) = (Vec::new(), HashMap::<String, Vec<&'a Header>>::new());
        for header in headers {
            let name = header.name.raw().to_ascii_lowercase();
            let known = lines.entry(name.clone()).or_default();
            if known.is_empty() {
                names.push(name);
            }
            known.push(header);
        }
        Self { names, lines }
    }

    fn lines_of(&self, name: &str) -> Vec<&'a Header> {
        self.lines.get(name).cloned().unwrap_or_default()
    }
}

/// Whether they say the same. Where one side is masked, what is masked is not compared.
fn same(before: &[&Header], after: &[&Header]) -> bool {
    let masked = |header: &Header| header.value.raw().contains(MASK);
    let pairs = || before.iter().zip(after);
    before.len() == after.len()
        && pairs().all(|(was, is)| {
            was.value == is.value
                || (masked(was) || masked(is))
                    && Redactor::default().header(was).value == Redactor::default().header(is).value
        })
}
