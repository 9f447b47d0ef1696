//! Changes in the outcome: failures, redirects, retransmissions, how the connection ended.

use super::ChangeFinder;
use crate::insight::ConnectionEnding;
use crate::insight::diff::change::{ChangeKind, TimingEffect};
use crate::insight::diff::facts::ExchangeFacts;
use crate::trace::{Direction, Phase};
use crate::units::format_count;

pub(super) fn find_outcome_changes(found: &mut ChangeFinder<'_>) {
    let before = found.before;
    let after = found.after;
    compare_failures(found, before, after);
    match (&before.redirect, &after.redirect) {
        (None, Some(is)) if after.status.is_some() => {
            found.add(
                ChangeKind::Redirect,
                None,
                TimingEffect::Longer,
                format!("redirected to {}", is.raw()),
            );
        }
        (Some(was), None) if before.status.is_some() && after.failure.is_none() => {
            found.add(
                ChangeKind::Redirect,
                None,
                TimingEffect::Shorter,
                format!("no longer redirected ({} before)", was.raw()),
            );
        }
        (Some(was), Some(is)) if was != is => {
            found.add(
                ChangeKind::Redirect,
                None,
                TimingEffect::Unknown,
                format!("redirected to {}, to {} before", is.raw(), was.raw()),
            );
        }
        _ => {}
    }
    for (direction, sender) in [(0, "client"), (1, "server")] {
        if let (Some(Some(was)), Some(Some(is))) = (
            before.retransmitted.get(direction),
            after.retransmitted.get(direction),
        ) && was != is
        {
            let words = format!(
                "{} retransmitted by the {sender}, {was} before",
                format_count(*is, "segment")
            );
            found.add(
                ChangeKind::Retransmissions,
                None,
                TimingEffect::from_increase(is > was),
                words,
            );
        }
    }
    if let (Some(was), Some(is)) = (before.ending, after.ending)
        && was != is
    {
        found.add(
            ChangeKind::Ending,
            None,
            TimingEffect::Unknown,
            format!("{}; before, {}", describe_ending(is), describe_ending(was)),
        );
    }
}

fn compare_failures(found: &mut ChangeFinder<'_>, before: &ExchangeFacts, after: &ExchangeFacts) {
    let failed = |facts: &ExchangeFacts| {
        facts
            .failure
            .as_ref()
            .map(|(phase, failure)| (*phase, failure.code, failure.message.raw().to_owned()))
    };
    let was = failed(before);
    let is = failed(after);
    let label = |phase: Phase| phase.label();
    let words = match (&was, &is) {
        (None, Some((phase, _, why))) => format!("failed in {}: {why}", label(*phase)),
        (Some((phase, _, why)), None) => format!("failed in {} before: {why}", label(*phase)),
        (Some((then, code, why)), Some((phase, now, is))) if (then, code) != (phase, now) => {
            format!(
                "failed in {}: {is}; before in {}: {why}",
                label(*phase),
                label(*then)
            )
        }
        _ => return,
    };
    found.add(
        ChangeKind::Failure,
        is.or(was).map(|(phase, ..)| phase),
        TimingEffect::Unknown,
        words,
    );
}

const fn describe_ending(ending: ConnectionEnding) -> &'static str {
    match ending {
        ConnectionEnding::Unanswered => "the SYN was not answered",
        ConnectionEnding::Refused => "the connection was refused",
        ConnectionEnding::Closed => "both sides closed it",
        ConnectionEnding::Reset(Direction::Sent) => "the client reset it",
        ConnectionEnding::Reset(Direction::Received) => "the server reset it",
        ConnectionEnding::HalfClosed(Direction::Sent) => "only the client closed it",
        ConnectionEnding::HalfClosed(Direction::Received) => "only the server closed it",
        ConnectionEnding::Open => "it was still open",
    }
}
