//! A head of HTTP/1, line by line.

use std::ops::Range;

use crate::insight::redact::RedactionRules;
use crate::wire::http1::HeadBuffer;

/// A head as far as it came.
#[derive(Default)]
pub(super) struct Head {
    buffer: HeadBuffer,
    /// The present line as far as it came.
    line: Vec<u8>,
    /// The start line is over.
    started: bool,
    /// It was none.
    is_none: bool,
}

impl Head {
    pub(super) const fn is_complete(&self) -> bool {
        self.buffer.is_complete()
    }

    pub(super) fn is_response(&self) -> bool {
        self.buffer.bytes().starts_with(b"HTTP/")
    }

    pub(super) const fn read(&self) -> &HeadBuffer {
        &self.buffer
    }

    /// Takes what belongs to the head, and adds where it is secret; `None` where a head is not so
    /// large.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        rules: &RedactionRules,
        found: &mut Vec<Range<usize>>,
    ) -> Option<usize> {
        if self.is_none {
            return None;
        }
        let taken = self.buffer.take(bytes).ok()?;
        let mut at = 0;
        for piece in bytes.get(..taken)?.split_inclusive(|byte| *byte == b'\n') {
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
        Some(taken)
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
