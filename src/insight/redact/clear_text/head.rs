//! The lines of a head of HTTP/1: where they are secret.

use std::ops::Range;

use crate::insight::redact::RedactionRules;

/// The lines of a head as far as they came. The parser bounds a head, and so its lines.
#[derive(Default)]
pub(super) struct HeadLines {
    /// The present line as far as it came.
    line: Vec<u8>,
    /// The start line is over.
    started: bool,
    /// It was none.
    is_none: bool,
}

impl HeadLines {
    /// Takes the next bytes of the head, and adds where they are secret.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        rules: &RedactionRules,
        found: &mut Vec<Range<usize>>,
    ) {
        let mut at = 0;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let before = self.line.len();
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let within = |place: usize| at + place.saturating_sub(before);
                found.extend(
                    self.secrets(rules)
                        .into_iter()
                        .map(|secret| within(secret.start)..within(secret.end)),
                );
                self.started |= !self.line.trim_ascii().is_empty();
                self.line.clear();
            } else {
                // What it will say is not known yet.
                found.push(at..at + piece.len());
            }
            at += piece.len();
        }
    }

    /// Where the present line is secret, now that it is whole.
    fn secrets(&mut self, rules: &RedactionRules) -> Vec<Range<usize>> {
        let all = || std::iter::once(0..self.line.trim_ascii_end().len()).collect();
        let Ok(line) = std::str::from_utf8(&self.line) else {
            return all();
        };
        if self.is_none {
            return all();
        }
        if !self.started {
            self.is_none = !line.trim().is_empty() && !is_start_line(line);
            return if self.is_none {
                all()
            } else {
                rules.find_secrets(line)
            };
        }
        // A line that goes on from the one before is obsolete (RFC 9112 §5.2), and whatever it
        // says, it is not known of what.
        if line.starts_with([' ', '\t']) {
            return all();
        }
        let Some((name, value)) = line.split_once(':') else {
            return rules.find_secrets(line);
        };
        let begin = name.len() + 1;
        rules
            .find_secrets_in_field(name, value.trim_end())
            .into_iter()
            .map(|secret| begin + secret.start..begin + secret.end)
            .collect()
    }
}

/// RFC 9112 §3, §4.
fn is_start_line(line: &str) -> bool {
    line.starts_with("HTTP/1.")
        || line
            .trim_end()
            .rsplit_once(' ')
            .is_some_and(|(_, version)| version.starts_with("HTTP/1."))
}
