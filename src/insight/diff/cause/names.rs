//! Name resolution that went otherwise.

use std::collections::{BTreeMap, BTreeSet};

use super::Found;
use crate::insight::diff::change::{Effect, Kind};
use crate::insight::diff::facts::{Asked, Facts};
use crate::trace::{Phase, ResolutionSource};
use crate::units::Untrusted;

pub(super) fn find(found: &mut Found<'_>) {
    let (before, after) = (found.before, found.after);
    if before.reused || after.reused || before.cause.is_none() {
        return;
    }
    source(found, before, after);
    if before.asked.is_empty() || after.asked.is_empty() {
        return;
    }
    let (was, is) = (again(&before.asked), again(&after.asked));
    if was != is {
        let words = format!(
            "DNS was asked {} for the same, {} before",
            times(is),
            times(was)
        );
        found.add(
            Kind::Questions,
            Phase::Dns,
            Effect::of_more(is > was),
            words,
        );
    }
    let (was, is) = (unanswered(&before.asked), unanswered(&after.asked));
    for server in is.difference(&was) {
        found.add(
            Kind::Questions,
            Phase::Dns,
            Effect::Longer,
            format!("{} did not answer", server.raw()),
        );
    }
    for server in was.difference(&is) {
        found.add(
            Kind::Questions,
            Phase::Dns,
            Effect::Shorter,
            format!("{} had not answered before", server.raw()),
        );
    }
    let (was, is) = (kinds(&before.asked), kinds(&after.asked));
    if was != is {
        let list = |kinds: &BTreeSet<&Untrusted>| {
            kinds
                .iter()
                .map(|kind| kind.raw())
                .collect::<Vec<_>>()
                .join(" and ")
        };
        let words = format!(
            "{} records were asked for, {} before",
            list(&is),
            list(&was)
        );
        found.add(
            Kind::Questions,
            Phase::Dns,
            Effect::of_more(is.len() > was.len()),
            words,
        );
    }
    let decisive = |facts: &'_ Facts| {
        facts
            .asked
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
            found.add(Kind::NameServer, Phase::Dns, Effect::Unknown, words);
        }
        if code_was != code_is {
            let words = format!("DNS answered {}, {} before", code_is.raw(), code_was.raw());
            found.add(Kind::Questions, Phase::Dns, Effect::Unknown, words);
        }
    }
}

fn source(found: &mut Found<'_>, before: &Facts, after: &Facts) {
    let words = |source: ResolutionSource| match source {
        ResolutionSource::Dns => "DNS",
        ResolutionSource::HostsFile => "the hosts file",
        ResolutionSource::System => "the system's resolver",
        ResolutionSource::Given => "the command line",
    };
    let looked_up = |facts: &Facts| facts.phase(Phase::Dns).app.is_some();
    match (before.source, after.source) {
        (Some(was), Some(is)) if was != is => {
            let effect = match (was, is) {
                (_, ResolutionSource::Dns) => Effect::Longer,
                (ResolutionSource::Dns, ResolutionSource::HostsFile | ResolutionSource::Given) => {
                    Effect::Shorter
                }
                _ => Effect::Unknown,
            };
            found.add(
                Kind::Resolution,
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
                Kind::Resolution,
                Phase::Dns,
                Effect::Longer,
                "the name had not to be looked up before",
            );
        }
        _ if looked_up(before) && !looked_up(after) && after.failure.is_none() => {
            found.add(
                Kind::Resolution,
                Phase::Dns,
                Effect::Shorter,
                "the name had not to be looked up",
            );
        }
        _ => {}
    }
}

/// How often the question was asked that was asked most often.
fn again(asked: &[Asked]) -> usize {
    let mut counts = BTreeMap::<(&Untrusted, &Untrusted), usize>::new();
    for question in asked {
        *counts.entry((&question.name, &question.kind)).or_default() += 1;
    }
    counts.into_values().max().unwrap_or(0)
}

fn unanswered(asked: &[Asked]) -> BTreeSet<&Untrusted> {
    asked
        .iter()
        .filter(|question| question.rcode.is_none())
        .map(|question| &question.server)
        .collect()
}

fn kinds(asked: &[Asked]) -> BTreeSet<&Untrusted> {
    asked.iter().map(|question| &question.kind).collect()
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}
