//! Why runs differ: each change that the events show, in words that fit after a duration: "+38.0
//! ms: one more round trip, `HelloRetryRequest`".

mod address;
mod dns;
mod message;
mod outcome;
mod timing;
mod tls;

use super::change::{ChangeKind, DiffChange, TimingEffect};
use super::facts::ExchangeFacts;
use crate::trace::Phase;
use crate::units::Untrusted;

pub(super) use timing::timing_causes;

/// All changes between two exchanges, in the order of the phases.
pub(super) fn find_changes(before: &ExchangeFacts, after: &ExchangeFacts) -> Vec<DiffChange> {
    let mut found = ChangeFinder {
        before,
        after,
        changes: Vec::new(),
    };
    dns::find_dns_changes(&mut found);
    address::find_connect_changes(&mut found);
    tls::find_tls_changes(&mut found);
    message::find_message_changes(&mut found);
    outcome::find_outcome_changes(&mut found);
    found.changes
}

/// Two exchanges being compared, and the changes found so far.
struct ChangeFinder<'a> {
    before: &'a ExchangeFacts,
    after: &'a ExchangeFacts,
    changes: Vec<DiffChange>,
}

impl ChangeFinder<'_> {
    fn add(
        &mut self,
        kind: ChangeKind,
        phase: impl Into<Option<Phase>>,
        effect: TimingEffect,
        words: impl Into<Untrusted>,
    ) {
        self.changes.push(DiffChange {
            kind,
            phase: phase.into(),
            effect,
            description: words.into(),
        });
    }
}

/// Describes a change in round trips: `one more round trip`, `2 round trips less`.
fn describe_round_trips(before: u32, after: u32) -> Option<String> {
    let apart = before.abs_diff(after);
    let (number, end) = if apart == 1 {
        ("one".to_owned(), "")
    } else {
        (apart.to_string(), "s")
    };
    match after.cmp(&before) {
        std::cmp::Ordering::Greater => Some(format!("{number} more round trip{end}")),
        std::cmp::Ordering::Less => Some(format!("{number} fewer round trip{end}")),
        std::cmp::Ordering::Equal => None,
    }
}
