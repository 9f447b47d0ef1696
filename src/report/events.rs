//! Events as JSON lines.

use super::{ReportOptions, json_text};
use crate::trace::Event;

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
    let mut line = json_text::line(&options.redactor().event(event));
    line.push('\n');
    line
}
