//! How it went as a whole: failures, redirects, what was sent again.

use super::Found;
use crate::insight::Ending;
use crate::insight::diff::change::{Effect, Kind};
use crate::insight::diff::facts::Facts;
use crate::trace::{Direction, Phase};

pub(super) fn find(found: &mut Found<'_>) {
    let (before, after) = (found.before, found.after);
    failure(found, before, after);
    match (&before.redirect, &after.redirect) {
        (None, Some(is)) if after.status.is_some() => {
            found.add(
                Kind::Redirect,
                None,
                Effect::Longer,
                format!("redirected to {}", is.raw()),
            );
        }
        (Some(was), None) if before.status.is_some() && after.failure.is_none() => {
            found.add(
                Kind::Redirect,
                None,
                Effect::Shorter,
                format!("not redirected any more ({} before)", was.raw()),
            );
        }
        (Some(was), Some(is)) if was != is => {
            found.add(
                Kind::Redirect,
                None,
                Effect::Unknown,
                format!("redirected to {}, to {} before", is.raw(), was.raw()),
            );
        }
        _ => {}
    }
    let segments = |count: u64| {
        if count == 1 {
            "1 segment".to_owned()
        } else {
            format!("{count} segments")
        }
    };
    for (direction, whose) in [(0, "of the client's"), (1, "of the server's")] {
        if let (Some(Some(was)), Some(Some(is))) =
            (before.again.get(direction), after.again.get(direction))
            && was != is
        {
            let words = format!("{} {whose} sent again, {was} before", segments(*is));
            found.add(Kind::Again, None, Effect::of_more(is > was), words);
        }
    }
    if let (Some(was), Some(is)) = (before.ending, after.ending)
        && was != is
    {
        found.add(
            Kind::Ending,
            None,
            Effect::Unknown,
            format!("{}; before, {}", ended(is), ended(was)),
        );
    }
}

fn failure(found: &mut Found<'_>, before: &Facts, after: &Facts) {
    let failed = |facts: &Facts| {
        facts
            .failure
            .as_ref()
            .map(|(phase, failure)| (*phase, failure.code, failure.message.raw().to_owned()))
    };
    let (was, is) = (failed(before), failed(after));
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
        Kind::Failure,
        is.or(was).map(|(phase, ..)| phase),
        Effect::Unknown,
        words,
    );
}

const fn ended(ending: Ending) -> &'static str {
    match ending {
        Ending::Unanswered => "nobody answered the SYN",
        Ending::Refused => "the connection was refused",
        Ending::Closed => "both sides closed it",
        Ending::Reset(Direction::Sent) => "the client reset it",
        Ending::Reset(Direction::Received) => "the server reset it",
        Ending::HalfClosed(Direction::Sent) => "the client alone closed it",
        Ending::HalfClosed(Direction::Received) => "the server alone closed it",
        Ending::Open => "it had not ended",
    }
}
