//! Comparison of header fields.

use std::collections::HashMap;

use super::facts::ExchangeFacts;
use crate::insight::redact::{MASK, Redactor};
use crate::trace::HttpHeader;

/// The message that a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparedMessage {
    /// The request.
    Request,
    /// The response.
    Response,
}

impl ComparedMessage {
    /// The name in machine output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
        }
    }
}

/// A field that differs, with its unmasked lines in both runs.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange<'a> {
    /// The message it belongs to.
    pub message: ComparedMessage,
    /// Its lines before; empty if it is new.
    pub before: Vec<&'a HttpHeader>,
    /// Its lines now; empty if it was removed.
    pub after: Vec<&'a HttpHeader>,
}

/// Fields that depend on the time, and so always differ.
const TIME_DEPENDENT: [&str; 2] = ["date", "age"];

/// The fields that differ: those of the request first, each in the order of its message.
pub(super) fn changed_fields<'a>(
    before: &'a ExchangeFacts,
    after: &'a ExchangeFacts,
) -> Vec<FieldChange<'a>> {
    let mut changes = Vec::new();
    for (message, was, is) in [
        (
            ComparedMessage::Request,
            &before.request_fields,
            &after.request_fields,
        ),
        (
            ComparedMessage::Response,
            &before.response_fields,
            &after.response_fields,
        ),
    ] {
        // If one side has no message at all, its fields cannot be compared.
        if was.is_empty() || is.is_empty() {
            continue;
        }
        // HTTP/2 and later move the host into pseudo-fields (RFC 9113 §8.3.1), which is not a
        // change of its own.
        let elsewhere = |name: &str| {
            before.version != after.version && (name.starts_with(':') || name == "host")
        };
        let was: FieldsByName<'_> = was.iter().collect();
        let is: FieldsByName<'_> = is.iter().collect();
        let new = is
            .names
            .iter()
            .filter(|name| !was.lines.contains_key(*name));
        for name in was
            .names
            .iter()
            .chain(new)
            .filter(|name| !TIME_DEPENDENT.contains(&name.as_str()) && !elsewhere(name))
        {
            let before = was.lines_of(name);
            let after = is.lines_of(name);
            if !have_same_values(&before, &after) {
                changes.push(FieldChange {
                    message,
                    before,
                    after,
                });
            }
        }
    }
    changes
}

/// A message's fields by their names.
struct FieldsByName<'a> {
    names: Vec<String>,
    lines: HashMap<String, Vec<&'a HttpHeader>>,
}

impl<'a> FromIterator<&'a HttpHeader> for FieldsByName<'a> {
    fn from_iter<I: IntoIterator<Item = &'a HttpHeader>>(headers: I) -> Self {
        let mut names = Vec::new();
        let mut lines = HashMap::<String, Vec<&HttpHeader>>::new();
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
}

impl<'a> FieldsByName<'a> {
    fn lines_of(&self, name: &str) -> Vec<&'a HttpHeader> {
        self.lines.get(name).cloned().unwrap_or_default()
    }
}

/// Returns true if the values are equal. If one side is masked, masked parts are not compared.
fn have_same_values(before: &[&HttpHeader], after: &[&HttpHeader]) -> bool {
    let masked = |header: &HttpHeader| header.value.raw().contains(MASK);
    let pairs = || before.iter().zip(after);
    before.len() == after.len()
        && pairs().all(|(was, is)| {
            was.value == is.value
                || (masked(was) || masked(is))
                    && Redactor::default().header(was).value == Redactor::default().header(is).value
        })
}
