//! Finds the secret ranges in the lines of an HTTP/1 head.

use std::ops::Range;

use crate::insight::redact::RedactionRules;

/// Lines of a head so far. The parser limits the length of a head, and so of its lines.
#[derive(Default)]
pub(super) struct HeadLines {
    /// The current line so far.
    line: Vec<u8>,
    /// Whether the start line is complete.
    started: bool,
    /// Whether the start line was invalid.
    is_none: bool,
}

impl HeadLines {
    /// Consumes the next bytes of the head, and adds the secret ranges in them.
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
                // The rest of the line is not known yet.
                found.push(at..at + piece.len());
            }
            at += piece.len();
        }
    }

    /// Returns the secret ranges of the current line, which is complete.
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
        // A folded line is obsolete (RFC 9112 §5.2) and may belong to a secret field.
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

/// Returns true for a start line (RFC 9112 §3, §4).
fn is_start_line(line: &str) -> bool {
    line.starts_with("HTTP/1.")
        || line
            .trim_end()
            .rsplit_once(' ')
            .is_some_and(|(_, version)| version.starts_with("HTTP/1."))
}
