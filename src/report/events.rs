//! The events themselves, one JSON object a line.

use super::{ReportOptions, json_text};
use crate::trace::Event;

/// Events, one a line, in the order given.
pub fn event_lines<'a>(
    events: impl IntoIterator<Item = &'a Event>,
    options: &ReportOptions,
) -> String {
    events
        .into_iter()
        .map(|event| event_line(event, options))
        .collect()
}

/// One event as a line, with its line break: for writing while they happen.
pub fn event_line(event: &Event, options: &ReportOptions) -> String {
    let mut line = json_text::line(&options.redactor().event(event));
    line.push('\n');
    line
}
