//! A JSON pretty-printer that works on a stream of compact JSON.

use std::io::{self, BufWriter, Write};

/// Line width beyond which containers are broken up.
const WIDTH: usize = 120;
const INDENT: &str = "  ";

/// Reformats compact JSON by breaking up containers that do not fit on a line. Only spaces and line
/// breaks are added, none of them in strings.
pub(super) struct JsonLayout<W: Write> {
    out: BufWriter<W>,
    /// The first write error; nothing more is written after it.
    failed: Option<io::Error>,
    /// The last byte written.
    last: u8,
    /// Input that is not yet formatted: whether a container fits on a line depends on what follows.
    ahead: Vec<u8>,
    string: InString,
    depth: usize,
    /// The depth of the outermost container that stays on its line.
    inline: Option<usize>,
}

/// Accepts all input; write errors are returned by [`finish`](Self::finish).
impl<W: Write> Write for JsonLayout<W> {
    fn write(&mut self, compact: &[u8]) -> io::Result<usize> {
        self.ahead.extend_from_slice(compact);
        if self.ahead.len() >= 2 * LOOKAHEAD_BYTES {
            self.lay_out(self.ahead.len() - LOOKAHEAD_BYTES);
        }
        Ok(compact.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes of a full line of four-byte characters.
const LOOKAHEAD_BYTES: usize = 4 * WIDTH;

impl<W: Write> JsonLayout<W> {
    pub(super) fn new(out: W) -> Self {
        let out = BufWriter::new(out);
        let ahead = Vec::new();
        let string = InString::default();
        Self {
            out,
            failed: None,
            last: 0,
            ahead,
            string,
            depth: 0,
            inline: None,
        }
    }

    /// Formats the rest and ends with a line break.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.lay_out(self.ahead.len());
        self.put(b"\n");
        match self.failed {
            None => self.out.flush(),
            Some(error) => Err(error),
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.failed = self.out.write_all(bytes).err();
            self.last = bytes.last().copied().unwrap_or(self.last);
        }
    }

    /// Formats the first `bytes` of the input.
    fn lay_out(&mut self, bytes: usize) {
        let ahead = std::mem::take(&mut self.ahead);
        for (at, &c) in ahead.iter().enumerate().take(bytes) {
            if self.string.next(c) {
                self.put(&[c]);
            } else {
                self.lay_out_character(c, ahead.get(at..).unwrap_or_default());
            }
        }
        self.ahead = ahead;
        self.ahead.drain(..bytes);
    }

    /// Formats a character outside of strings; `rest` begins with it.
    fn lay_out_character(&mut self, c: u8, rest: &[u8]) {
        match c {
            b'{' | b'[' => self.open(c, rest),
            b'}' | b']' => self.close(c),
            b',' if self.inline.is_some() => self.put(b", "),
            b',' => {
                self.put(&[c]);
                self.break_line();
            }
            b':' => self.put(b": "),
            _ => self.put(&[c]),
        }
    }

    fn open(&mut self, c: u8, rest: &[u8]) {
        self.depth += 1;
        if self.inline.is_none() && fits_on_line(rest, self.depth * INDENT.len()) {
            self.inline = Some(self.depth);
        }
        self.put(&[c]);
        if self.inline.is_none() {
            self.break_line();
        } else if c == b'{' && !rest.starts_with(b"{}") {
            self.put(b" ");
        }
    }

    fn close(&mut self, c: u8) {
        let inline = self.inline.is_some();
        if self.inline == Some(self.depth) {
            self.inline = None;
        }
        self.depth = self.depth.saturating_sub(1);
        if !inline {
            self.break_line();
        } else if c == b'}' && self.last != b'{' {
            self.put(b" ");
        }
        self.put(&[c]);
    }

    fn break_line(&mut self) {
        self.put(b"\n");
        for _ in 0..self.depth {
            self.put(INDENT.as_bytes());
        }
    }
}

/// Returns true if the container at the start of `rest` fits on a line. Looks ahead one line at
/// most.
fn fits_on_line(rest: &[u8], indented: usize) -> bool {
    let mut string = InString::default();
    let mut depth = 0_usize;
    let mut columns = WIDTH.saturating_sub(indented);
    for &c in rest {
        let begins_character = c & 0xc0 != 0x80;
        if begins_character {
            let Some(left) = columns.checked_sub(1) else {
                return false;
            };
            columns = left;
        }
        if string.next(c) {
            continue;
        }
        depth = match c {
            b'{' | b'[' => depth + 1,
            b'}' | b']' if depth == 1 => return true,
            b'}' | b']' => depth.saturating_sub(1),
            _ => depth,
        };
    }
    false
}

/// Tracks whether a character is part of a JSON string.
#[derive(Default)]
struct InString {
    within: bool,
    escaped: bool,
}

impl InString {
    /// Returns true if this character is part of a string, including its quotes.
    fn next(&mut self, c: u8) -> bool {
        let part = self.within || c == b'"';
        match c {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.within => self.escaped = true,
            b'"' => self.within = !self.within,
            _ => {}
        }
        part
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn layout(compact: &str) -> String {
        let mut text = Vec::new();
        let mut layout = JsonLayout::new(&mut text);
        for piece in compact.as_bytes().chunks(7) {
            layout.write_all(piece).expect("memory takes it");
        }
        layout.finish().expect("memory takes it");
        String::from_utf8(text)
            .expect("it is text")
            .trim_end()
            .to_owned()
    }

    #[test]
    fn containers_that_fit_stay_on_one_line_and_only_white_space_changes() {
        let long = "x".repeat(WIDTH);
        let value = serde_json::json!({
            "a": [["x", 1], { "y": [], "z": {} }], "b": long, "c": "}],:\\\" {",
        });
        let compact = value.to_string();
        let written = layout(&compact);
        let expected = format!(
            "{{\n  \"a\": [[\"x\", 1], {{ \"y\": [], \"z\": {{}} }}],\n  \"b\": \"{long}\",\n  \
                \"c\": \"}}],:\\\\\\\" {{\"\n}}"
        );
        assert_eq!(written, expected);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&written).expect("it is JSON"),
            value
        );
    }

    #[test]
    fn a_line_is_broken_when_it_would_be_too_long() {
        let value: Vec<u32> = (0..100).collect();
        let written = layout(&serde_json::to_string(&value).expect("numbers are JSON"));
        assert!(written.starts_with("[\n  0,\n  1,\n"), "{written}");
        assert_eq!(
            serde_json::from_str::<Vec<u32>>(&written).expect("it is JSON"),
            value
        );
    }
}
