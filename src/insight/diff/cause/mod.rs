//! Why: what the events say is otherwise now, each in words that stand behind a time: "+38.0 ms:
//! one more round trip, `HelloRetryRequest`".

mod address;
mod course;
mod measured;
mod message;
mod names;
mod secured;

use super::change::{Change, Effect, Kind};
use super::facts::Facts;
use crate::trace::Phase;
use crate::units::Untrusted;

pub(super) use measured::measured;

/// All that is otherwise, what shows in the earliest phase first.
pub(super) fn changes(before: &Facts, after: &Facts) -> Vec<Change> {
    let mut found = Found {
        before,
        after,
        changes: Vec::new(),
    };
    names::find(&mut found);
    address::find(&mut found);
    secured::find(&mut found);
    message::find(&mut found);
    course::find(&mut found);
    found.changes
}

/// What was found so far, and where.
struct Found<'a> {
    before: &'a Facts,
    after: &'a Facts,
    changes: Vec<Change>,
}

impl Found<'_> {
    fn add(
        &mut self,
        kind: Kind,
        phase: impl Into<Option<Phase>>,
        effect: Effect,
        words: impl Into<Untrusted>,
    ) {
        self.changes.push(Change {
            kind,
            phase: phase.into(),
            effect,
            words: words.into(),
        });
    }
}

/// `one more round trip`, `2 round trips less`.
fn trips(before: u32, after: u32) -> Option<String> {
    let apart = before.abs_diff(after);
    let (number, end) = if apart == 1 {
        ("one".to_owned(), "")
    } else {
        (apart.to_string(), "s")
    };
    match after.cmp(&before) {
        std::cmp::Ordering::Greater => Some(format!("{number} more round trip{end}")),
        std::cmp::Ordering::Less => Some(format!("{number} round trip{end} less")),
        std::cmp::Ordering::Equal => None,
    }
}
