//! Changes in name resolution.

use std::collections::{BTreeMap, BTreeSet};

use super::ChangeFinder;
use crate::insight::diff::change::{ChangeKind, TimingEffect};
use crate::insight::diff::facts::{ExchangeFacts, QuestionFacts};
use crate::trace::{Phase, ResolutionSource};
use crate::units::Untrusted;

pub(super) fn find_dns_changes(found: &mut ChangeFinder<'_>) {
    let before = found.before;
    let after = found.after;
    if before.reused || after.reused || before.cause.is_none() {
        return;
    }
    compare_sources(found, before, after);
    if before.questions.is_empty() || after.questions.is_empty() {
        return;
    }
    let was = most_repeats(&before.questions);
    let is = most_repeats(&after.questions);
    if was != is {
        let words = format!(
            "the same DNS question was asked {}, {} before",
            format_times(is),
            format_times(was)
        );
        found.add(
            ChangeKind::Questions,
            Phase::Dns,
            TimingEffect::from_increase(is > was),
            words,
        );
    }
    let was = unanswered_servers(&before.questions);
    let is = unanswered_servers(&after.questions);
    for server in is.difference(&was) {
        found.add(
            ChangeKind::Questions,
            Phase::Dns,
            TimingEffect::Longer,
            format!("{} did not answer", server.raw()),
        );
    }
    for server in was.difference(&is) {
        found.add(
            ChangeKind::Questions,
            Phase::Dns,
            TimingEffect::Shorter,
            format!("{} did not answer before", server.raw()),
        );
    }
    let was = record_types(&before.questions);
    let is = record_types(&after.questions);
    if was != is {
        let list = |kinds: &BTreeSet<&Untrusted>| {
            kinds
                .iter()
                .map(|kind| kind.raw())
                .collect::<Vec<_>>()
                .join(" and ")
        };
        let words = format!("{} records were queried, {} before", list(&is), list(&was));
        found.add(
            ChangeKind::Questions,
            Phase::Dns,
            TimingEffect::from_increase(is.len() > was.len()),
            words,
        );
    }
    let decisive = |facts: &'_ ExchangeFacts| {
        facts
            .questions
            .iter()
            .rfind(|asked| asked.rcode.is_some())
            .map(|asked| {
                (
                    asked.server.clone(),
                    asked.rcode.clone().unwrap_or_default(),
                )
            })
    };
    if let (Some((was, code_was)), Some((is, code_is))) = (decisive(before), decisive(after)) {
        if was != is {
            let words = format!("{} answered instead of {}", is.raw(), was.raw());
            found.add(
                ChangeKind::NameServer,
                Phase::Dns,
                TimingEffect::Unknown,
                words,
            );
        }
        if code_was != code_is {
            let words = format!("DNS answered {}, {} before", code_is.raw(), code_was.raw());
            found.add(
                ChangeKind::Questions,
                Phase::Dns,
                TimingEffect::Unknown,
                words,
            );
        }
    }
}

fn compare_sources(found: &mut ChangeFinder<'_>, before: &ExchangeFacts, after: &ExchangeFacts) {
    let words = |source: ResolutionSource| match source {
        ResolutionSource::Dns => "DNS",
        ResolutionSource::HostsFile => "the hosts file",
        ResolutionSource::System => "the system's resolver",
        ResolutionSource::Given => "the command line",
    };
    let looked_up = |facts: &ExchangeFacts| facts.phase(Phase::Dns).app.is_some();
    match (before.source, after.source) {
        (Some(was), Some(is)) if was != is => {
            let effect = match (was, is) {
                (_, ResolutionSource::Dns) => TimingEffect::Longer,
                (ResolutionSource::Dns, ResolutionSource::HostsFile | ResolutionSource::Given) => {
                    TimingEffect::Shorter
                }
                _ => TimingEffect::Unknown,
            };
            found.add(
                ChangeKind::Resolution,
                Phase::Dns,
                effect,
                format!(
                    "the address came from {}, from {} before",
                    words(is),
                    words(was)
                ),
            );
        }
        _ if !looked_up(before) && looked_up(after) => {
            found.add(
                ChangeKind::Resolution,
                Phase::Dns,
                TimingEffect::Longer,
                "no lookup was needed before",
            );
        }
        _ if looked_up(before) && !looked_up(after) && after.failure.is_none() => {
            found.add(
                ChangeKind::Resolution,
                Phase::Dns,
                TimingEffect::Shorter,
                "no lookup was needed",
            );
        }
        _ => {}
    }
}

/// Returns how often the most repeated question was asked.
fn most_repeats(asked: &[QuestionFacts]) -> usize {
    let mut counts = BTreeMap::<(&Untrusted, &Untrusted), usize>::new();
    for question in asked {
        *counts.entry((&question.name, &question.kind)).or_default() += 1;
    }
    counts.into_values().max().unwrap_or(0)
}

fn unanswered_servers(asked: &[QuestionFacts]) -> BTreeSet<&Untrusted> {
    asked
        .iter()
        .filter(|question| question.rcode.is_none())
        .map(|question| &question.server)
        .collect()
}

fn record_types(asked: &[QuestionFacts]) -> BTreeSet<&Untrusted> {
    asked.iter().map(|question| &question.kind).collect()
}

fn format_times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}
