//! Connecting that went otherwise: to where, after what, and through what.

use std::net::SocketAddr;

use super::Found;
use crate::insight::diff::change::{Effect, Kind};
use crate::insight::diff::facts::{Facts, Try};
use crate::trace::{Endpoint, Phase};
use crate::units::Nanos;

pub(super) fn find(found: &mut Found<'_>) {
    let (before, after) = (found.before, found.after);
    match (before.reused, after.reused) {
        (true, false) if after.remote.is_some() => {
            found.add(
                Kind::Reuse,
                Phase::Connect,
                Effect::Longer,
                "a new connection; before, one was used again",
            );
        }
        (false, true) => found.add(
            Kind::Reuse,
            Phase::Connect,
            Effect::Shorter,
            "a connection was used again; before, it was a new one",
        ),
        _ => {}
    }
    proxy(found, before, after);
    address(found, before, after);
    if !before.reused && !after.reused {
        attempts(found, before, after);
        if let (Some(was), Some(is)) = (before.syns, after.syns)
            && was != is
            && was.max(is) > 1
            && before.attempts.len() == after.attempts.len()
        {
            let words = format!("the SYN was sent {}, {} before", times(is), times(was));
            found.add(Kind::Syn, Phase::Connect, Effect::of_more(is > was), words);
        }
    }
}

fn proxy(found: &mut Found<'_>, before: &Facts, after: &Facts) {
    let words = match (&before.proxy, &after.proxy) {
        (None, Some(is)) => format!("through a proxy ({is}), without one before"),
        (Some(was), None) if after.remote.is_some() => {
            format!("without a proxy, through one before ({was})")
        }
        (Some(was), Some(is)) if was != is => {
            format!("through a proxy of another kind ({is}, {was} before)")
        }
        _ => return,
    };
    let effect = match (&before.proxy, &after.proxy) {
        (None, _) => Effect::Longer,
        (_, None) => Effect::Shorter,
        _ => Effect::Unknown,
    };
    found.add(Kind::Proxy, Phase::Proxy, effect, words);
}

/// Another address that answered, the family named where that changed, and how long it was waited
/// for.
fn address(found: &mut Found<'_>, before: &Facts, after: &Facts) {
    let (Some(was), Some(is)) = (&before.remote, &after.remote) else {
        return;
    };
    let ends = was.ip().zip(is.ip());
    let same = ends.map_or_else(
        || was == is,
        |(was, is)| was.ip().to_canonical() == is.ip().to_canonical() && was.port() == is.port(),
    );
    // Servers of two captures are told apart by what they are, not by where.
    if same
        || before.cause.is_none()
            && before.url == after.url
            && ends.is_some_and(|(was, is)| was.ip() == is.ip())
    {
        return;
    }
    let waited = |facts: &Facts| {
        winner(&facts.attempts)
            .map(|attempt| attempt.after)
            .unwrap_or_default()
    };
    let (waited_before, waited_now) = (waited(before), waited(after));
    let family = ends
        .map(|(was, is)| (family(was), family(is)))
        .filter(|(was, is)| was != is);
    let instead = family.map_or_else(
        || format!("{is} instead of {was}"),
        |(was, is)| format!("{is} instead of {was}"),
    );
    let after_what = if waited_now > Nanos::ZERO {
        format!(", after {waited_now}")
    } else {
        String::new()
    };
    let effect = match waited_now.cmp(&waited_before) {
        std::cmp::Ordering::Greater => Effect::Longer,
        std::cmp::Ordering::Less => Effect::Shorter,
        std::cmp::Ordering::Equal => Effect::Unknown,
    };
    found.add(
        Kind::Address,
        Phase::Connect,
        effect,
        format!("another address answered: {instead}{after_what}"),
    );
}

fn family(address: SocketAddr) -> &'static str {
    if address.ip().to_canonical().is_ipv4() {
        "IPv4"
    } else {
        "IPv6"
    }
}

fn winner(attempts: &[Try]) -> Option<&Try> {
    attempts.iter().find(|attempt| {
        attempt
            .outcome
            .as_ref()
            .is_some_and(|outcome| outcome.raw() == "connected")
    })
}

/// Attempts that came to nothing on one side only.
fn attempts(found: &mut Found<'_>, before: &Facts, after: &Facts) {
    let outcome_of = |facts: &Facts, remote: &Endpoint| {
        facts
            .attempts
            .iter()
            .find(|attempt| attempt.remote == *remote)
            .and_then(|attempt| attempt.outcome.as_ref().map(|it| it.raw().to_owned()))
    };
    let (few, many) = (
        after.attempts.iter().take(16),
        before.attempts.iter().take(16),
    );
    for attempt in few {
        let is = attempt.outcome.as_ref().map(crate::units::Untrusted::raw);
        let was = outcome_of(before, &attempt.remote);
        if let Some(words) = is
            .and_then(came_to_nothing)
            .filter(|_| was.as_deref() != is)
        {
            found.add(
                Kind::Attempts,
                Phase::Connect,
                Effect::Longer,
                format!("{} {words}", attempt.remote),
            );
        }
    }
    for attempt in many {
        let was = attempt.outcome.as_ref().map(crate::units::Untrusted::raw);
        let is = outcome_of(after, &attempt.remote);
        if let Some(words) = was
            .and_then(came_to_nothing)
            .filter(|_| is.as_deref() == Some("connected"))
        {
            found.add(
                Kind::Attempts,
                Phase::Connect,
                Effect::Shorter,
                format!("before, {} {words}", attempt.remote),
            );
        }
    }
}

fn came_to_nothing(outcome: &str) -> Option<&'static str> {
    match outcome {
        "refused" => Some("refused"),
        "unreachable" => Some("could not be reached"),
        "timed_out" => Some("did not answer in time"),
        "abandoned" => Some("was given up: another was faster"),
        "failed" => Some("failed"),
        _ => None,
    }
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}
