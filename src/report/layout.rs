//! Compact JSON laid out for reading.

/// Columns a line of JSON may fill before it is broken up.
const WIDTH: usize = 120;
const INDENT: &str = "  ";

/// Breaks up what does not fit on a line. Only spaces and line breaks are added, and none within strings.
pub(super) fn layout(compact: &str) -> String {
    let mut layout = Layout { out: String::with_capacity(compact.len() * 2), depth: 0, inline: None };
    let mut string = InString::default();
    for (at, c) in compact.char_indices() {
        if string.next(c) {
            layout.out.push(c);
        } else {
            layout.take(c, compact.get(at..).unwrap_or_default());
        }
    }
    layout.out
}

struct Layout {
    out: String,
    depth: usize,
    /// The depth of the outermost container that stays on its line.
    inline: Option<usize>,
}

impl Layout {
    /// Writes a character that is not part of a string; `rest` begins with it.
    fn take(&mut self, c: char, rest: &str) {
        match c {
            '{' | '[' => self.open(c, rest),
            '}' | ']' => self.close(c),
            ',' if self.inline.is_some() => self.out.push_str(", "),
            ',' => {
                self.out.push(c);
                self.break_line();
            }
            ':' => self.out.push_str(": "),
            _ => self.out.push(c),
        }
    }

    fn open(&mut self, c: char, rest: &str) {
        self.depth += 1;
        if self.inline.is_none() && fits(rest, self.depth * INDENT.len()) {
            self.inline = Some(self.depth);
        }
        self.out.push(c);
        if self.inline.is_none() {
            self.break_line();
        } else if c == '{' && !rest.starts_with("{}") {
            self.out.push(' ');
        }
    }

    fn close(&mut self, c: char) {
        let inline = self.inline.is_some();
        if self.inline == Some(self.depth) {
            self.inline = None;
        }
        self.depth = self.depth.saturating_sub(1);
        if !inline {
            self.break_line();
        } else if c == '}' && !self.out.ends_with('{') {
            self.out.push(' ');
        }
        self.out.push(c);
    }

    fn break_line(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(INDENT, self.depth));
    }
}

/// Whether the container that `rest` begins with fits on a line. Looks no further than a line reaches.
fn fits(rest: &str, indented: usize) -> bool {
    let (mut string, mut depth) = (InString::default(), 0_usize);
    for c in rest.chars().take(WIDTH.saturating_sub(indented)) {
        if string.next(c) {
            continue;
        }
        depth = match c {
            '{' | '[' => depth + 1,
            '}' | ']' if depth == 1 => return true,
            '}' | ']' => depth.saturating_sub(1),
            _ => depth,
        };
    }
    false
}

/// Follows the strings in JSON text.
#[derive(Default)]
struct InString {
    within: bool,
    escaped: bool,
}

impl InString {
    /// Whether this character is part of a string, its quotes included.
    fn next(&mut self, c: char) -> bool {
        let part = self.within || c == '"';
        match c {
            _ if self.escaped => self.escaped = false,
            '\\' if self.within => self.escaped = true,
            '"' => self.within = !self.within,
            _ => {}
        }
        part
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_on_its_line_and_nothing_but_space_changes() {
        let long = "x".repeat(WIDTH);
        let value = serde_json::json!({ "a": [["x", 1], { "y": [], "z": {} }], "b": long, "c": "}],:\\\" {" });
        let compact = value.to_string();
        let written = layout(&compact);
        let expected =
            format!("{{\n  \"a\": [[\"x\", 1], {{ \"y\": [], \"z\": {{}} }}],\n  \"b\": \"{long}\",\n  \"c\": \"}}],:\\\\\\\" {{\"\n}}");
        assert_eq!(written, expected);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).expect("it is JSON"), value);
    }

    #[test]
    fn a_line_is_broken_when_it_would_be_too_long() {
        let value: Vec<u32> = (0..100).collect();
        let written = layout(&serde_json::to_string(&value).expect("numbers are JSON"));
        assert!(written.starts_with("[\n  0,\n  1,\n"), "{written}");
        assert_eq!(serde_json::from_str::<Vec<u32>>(&written).expect("it is JSON"), value);
    }
}
