//! JSON without terminal control characters: events on one line each, documents pretty-printed.

use std::io::{self, Write};

use serde::Serialize;

use super::ReportOptions;
use super::json_layout::JsonLayout;
use crate::trace::Event;
use crate::units::write_json;

pub(super) use crate::units::json_line as line;

/// Pretty-prints a value: containers that fit stay on one line, others are broken up and indented.
/// It ends with a line break.
pub(super) fn pretty_json(value: &impl Serialize) -> String {
    let mut text = Vec::new();
    let written = write_pretty_json(value, &mut text);
    debug_assert!(written.is_ok(), "{written:?}");
    String::from_utf8(text).unwrap_or_default()
}

/// Like [`pretty_json`], written incrementally.
pub(super) fn write_pretty_json(value: &impl Serialize, to: &mut dyn Write) -> io::Result<()> {
    let mut layout = JsonLayout::new(to);
    write_json(value, &mut layout);
    layout.finish()
}

/// Events as lines, in the order given.
pub fn event_lines<'a>(
    events: impl IntoIterator<Item = &'a Event>,
    options: &ReportOptions,
) -> String {
    events
        .into_iter()
        .map(|event| event_line(event, options))
        .collect()
}

/// One event with its line break, for writing while a run goes on.
pub fn event_line(event: &Event, options: &ReportOptions) -> String {
    let mut line = line(&options.redactor().event(event));
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::is_unsafe_for_terminal;

    #[test]
    fn pretty_json_is_safe_for_a_terminal() {
        let text = "a\x1b[2Jb\u{202e}c\u{9b}d\r\n\t\u{7f}\u{2066}\"\\ naïve 東京 🦀 \u{e0041}";
        assert!(
            !pretty_json(&[text])
                .chars()
                .any(|c| is_unsafe_for_terminal(c) && c != '\n')
        );
    }
}
