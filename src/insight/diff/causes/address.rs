//! Changes in connecting: address, proxy, failed attempts, reuse.

use std::net::SocketAddr;

use super::ChangeFinder;
use crate::insight::diff::change::{ChangeKind, TimingEffect};
use crate::insight::diff::facts::{AttemptFacts, ExchangeFacts};
use crate::trace::{Endpoint, Phase};
use crate::units::Nanos;

pub(super) fn find_connect_changes(found: &mut ChangeFinder<'_>) {
    let before = found.before;
    let after = found.after;
    match (before.reused, after.reused) {
        (true, false) if after.remote.is_some() => {
            found.add(
                ChangeKind::Reuse,
                Phase::Connect,
                TimingEffect::Longer,
                "a new connection; before, one was reused",
            );
        }
        (false, true) => found.add(
            ChangeKind::Reuse,
            Phase::Connect,
            TimingEffect::Shorter,
            "a connection was reused; before, it was a new one",
        ),
        _ => {}
    }
    compare_proxies(found, before, after);
    compare_addresses(found, before, after);
    if !before.reused && !after.reused {
        compare_attempts(found, before, after);
        if let (Some(was), Some(is)) = (before.syns, after.syns)
            && was != is
            && was.max(is) > 1
            && before.attempts.len() == after.attempts.len()
        {
            let words = format!(
                "the SYN was sent {}, {} before",
                format_times(is),
                format_times(was)
            );
            found.add(
                ChangeKind::SynRetransmissions,
                Phase::Connect,
                TimingEffect::from_increase(is > was),
                words,
            );
        }
    }
}

fn compare_proxies(found: &mut ChangeFinder<'_>, before: &ExchangeFacts, after: &ExchangeFacts) {
    let words = match (&before.proxy, &after.proxy) {
        (None, Some(is)) => format!("through a proxy ({is}), without one before"),
        (Some(was), None) if after.remote.is_some() => {
            format!("without a proxy, through one before ({was})")
        }
        (Some(was), Some(is)) if was != is => {
            format!("through another kind of proxy ({is}, {was} before)")
        }
        _ => return,
    };
    let effect = match (&before.proxy, &after.proxy) {
        (None, _) => TimingEffect::Longer,
        (_, None) => TimingEffect::Shorter,
        _ => TimingEffect::Unknown,
    };
    found.add(ChangeKind::Proxy, Phase::Proxy, effect, words);
}

/// Reports another remote address, with the address family if that changed, and the time before it
/// was tried.
fn compare_addresses(found: &mut ChangeFinder<'_>, before: &ExchangeFacts, after: &ExchangeFacts) {
    let (Some(was), Some(is)) = (&before.remote, &after.remote) else {
        return;
    };
    let ends = was.ip().zip(is.ip());
    let same = ends.map_or_else(
        || was == is,
        |(was, is)| was.ip().to_canonical() == is.ip().to_canonical() && was.port() == is.port(),
    );
    // In captures, servers are identified by URL, so another port on the same address is not a
    // change.
    if same
        || before.cause.is_none()
            && before.url == after.url
            && ends.is_some_and(|(was, is)| was.ip() == is.ip())
    {
        return;
    }
    let waited = |facts: &ExchangeFacts| {
        successful_attempt(&facts.attempts)
            .map(|attempt| attempt.started_after)
            .unwrap_or_default()
    };
    let waited_before = waited(before);
    let waited_now = waited(after);
    let family = ends
        .map(|(was, is)| (address_family(was), address_family(is)))
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
        std::cmp::Ordering::Greater => TimingEffect::Longer,
        std::cmp::Ordering::Less => TimingEffect::Shorter,
        std::cmp::Ordering::Equal => TimingEffect::Unknown,
    };
    found.add(
        ChangeKind::Address,
        Phase::Connect,
        effect,
        format!("another address answered: {instead}{after_what}"),
    );
}

fn address_family(address: SocketAddr) -> &'static str {
    if address.ip().to_canonical().is_ipv4() {
        "IPv4"
    } else {
        "IPv6"
    }
}

fn successful_attempt(attempts: &[AttemptFacts]) -> Option<&AttemptFacts> {
    attempts.iter().find(|attempt| {
        attempt
            .outcome
            .as_ref()
            .is_some_and(|outcome| outcome.raw() == "connected")
    })
}

/// Reports attempts that failed in one run only.
fn compare_attempts(found: &mut ChangeFinder<'_>, before: &ExchangeFacts, after: &ExchangeFacts) {
    let outcome_of = |facts: &ExchangeFacts, remote: &Endpoint| {
        facts
            .attempts
            .iter()
            .find(|attempt| attempt.remote == *remote)
            .and_then(|attempt| attempt.outcome.as_ref().map(|it| it.raw().to_owned()))
    };
    let few = after.attempts.iter().take(16);
    let many = before.attempts.iter().take(16);
    for attempt in few {
        let is = attempt.outcome.as_ref().map(crate::units::Untrusted::raw);
        let was = outcome_of(before, &attempt.remote);
        if let Some(words) = is
            .and_then(describe_failed_attempt)
            .filter(|_| was.as_deref() != is)
        {
            found.add(
                ChangeKind::Attempts,
                Phase::Connect,
                TimingEffect::Longer,
                format!("{} {words}", attempt.remote),
            );
        }
    }
    for attempt in many {
        let was = attempt.outcome.as_ref().map(crate::units::Untrusted::raw);
        let is = outcome_of(after, &attempt.remote);
        if let Some(words) = was
            .and_then(describe_failed_attempt)
            .filter(|_| is.as_deref() == Some("connected"))
        {
            found.add(
                ChangeKind::Attempts,
                Phase::Connect,
                TimingEffect::Shorter,
                format!("before, {} {words}", attempt.remote),
            );
        }
    }
}

fn describe_failed_attempt(outcome: &str) -> Option<&'static str> {
    match outcome {
        "refused" => Some("refused the connection"),
        "unreachable" => Some("was unreachable"),
        "timed_out" => Some("timed out"),
        "abandoned" => Some("was abandoned: another was faster"),
        "failed" => Some("failed"),
        _ => None,
    }
}

fn format_times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}
