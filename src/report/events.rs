//! The events themselves, one JSON object a line.

use super::{Options, escaping};
use crate::trace::Event;

/// Events, one a line, in the order given.
pub fn events<'a>(events: impl IntoIterator<Item = &'a Event>, options: &Options) -> String {
    events
        .into_iter()
        .map(|event| event_line(event, options))
        .collect()
}

/// One event as a line, with its line break: for writing while they happen.
pub fn event_line(event: &Event, options: &Options) -> String {
    let mut line = escaping::line(&options.redactor().event(event));
    line.push('\n');
    line
}
