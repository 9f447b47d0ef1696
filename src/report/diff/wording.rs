//! Phrases that the text and Markdown comparisons share. Secrets in them are masked; they are not
//! yet escaped.

use super::conclusion::capitalize;
use crate::insight::diff::{
    CauseDifference, DiffChange, ExchangeFacts, FieldChange, FigureDifference, HopDifference,
    Judgement, PhaseDifference, TransferDifference,
};
use crate::insight::redact::Redactor;
use crate::trace::{Cause, HttpHeader, Owner, Phase};
use crate::units::Nanos;

/// `+38.0 ms`, `−1.20 ms`, `±0`.
pub(super) fn format_difference(difference: i64) -> String {
    let amount = Nanos(difference.unsigned_abs());
    match difference {
        0 => "±0".to_owned(),
        1.. => format!("+{amount}"),
        _ => format!("\u{2212}{amount}"),
    }
}

/// The change in per cent of the earlier value: `20 %`.
pub(super) fn percent_change(figure: &FigureDifference) -> Option<String> {
    let before = figure.before?;
    let difference = figure.difference()?;
    crate::units::format_percent(Nanos(difference.unsigned_abs()), before)
}

/// A time, or a dash.
pub(super) fn time_or_dash(figure: Option<Nanos>) -> String {
    figure.map_or_else(|| "—".to_owned(), |time| time.to_string())
}

/// The difference, or what replaces it if one side is missing.
pub(super) fn change_text(figure: &FigureDifference) -> String {
    match (figure.before, figure.after) {
        (None, Some(_)) => "new".to_owned(),
        (Some(_), None) => "gone".to_owned(),
        _ => figure
            .difference()
            .map_or_else(String::new, format_difference),
    }
}

/// A judgement in words.
pub(super) const fn judgement_words(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Slower => "slower",
        Judgement::Faster => "faster",
        Judgement::Tolerated => "slower, within tolerance",
        Judgement::WithinNoise => "within noise",
        Judgement::OneSided => "",
    }
}

/// The known causes, or a note that there are none although something differs.
pub(super) fn cause_words(phase: &PhaseDifference, redactor: Redactor<'_>) -> String {
    let why: Vec<String> = phase
        .causes
        .iter()
        .map(|cause| change_words(cause, redactor))
        .collect();
    match phase.figure().judgement {
        Judgement::WithinNoise => judgement_words(Judgement::WithinNoise).to_owned(),
        Judgement::OneSided => why.join("; "),
        _ if why.is_empty() => "no cause found in the recording".to_owned(),
        _ => why.join("; "),
    }
}

pub(super) fn change_words(change: &DiffChange, redactor: Redactor<'_>) -> String {
    redactor.text(&change.description).raw().to_owned()
}

/// `GET https://api.lab.test/users`.
pub(super) fn request_line(facts: &ExchangeFacts, redactor: Redactor<'_>) -> String {
    format!("{} {}", facts.method, redactor.text(&facts.url).raw())
}

/// Describes a hop that exists on one side only: `one more hop: GET https://h/ → 301, 45.0 ms`.
pub(super) fn unmatched_hop_words(
    hop: &HopDifference<'_>,
    redactor: Redactor<'_>,
) -> Option<String> {
    let (facts, way) = match (hop.before, hop.after) {
        (None, Some(facts)) => (facts, "one more hop"),
        (Some(facts), None) => (facts, "one hop fewer"),
        _ => return None,
    };
    let status = facts
        .status
        .map(|status| format!(" → {status}"))
        .unwrap_or_default();
    let took = facts
        .total
        .map(|took| format!(", {took}"))
        .unwrap_or_default();
    Some(format!(
        "{way}: {}{status}{took}",
        request_line(facts, redactor)
    ))
}

/// Changes that are not the cause of any phase's difference.
pub(super) fn unexplained_changes<'a>(
    hop: &'a HopDifference<'_>,
) -> impl Iterator<Item = &'a DiffChange> {
    let is_explained =
        |change: &DiffChange| hop.phases.iter().any(|phase| phase.causes.contains(change));
    hop.changes
        .iter()
        .filter(move |change| !is_explained(change))
}

/// `response cache-control: no-store, max-age=60 before`.
pub(super) fn field_change_words(change: &FieldChange<'_>, redactor: Redactor<'_>) -> String {
    const LONGEST: usize = 120;
    let shown = |lines: &[&HttpHeader]| {
        let lines: Vec<String> = lines
            .iter()
            .map(|line| redactor.header(line).value.raw().to_owned())
            .collect();
        let joined = lines.join(", ");
        let cut: String = joined.chars().take(LONGEST).collect();
        if cut.len() < joined.len() {
            cut + "…"
        } else {
            joined
        }
    };
    let name = change
        .after
        .first()
        .or(change.before.first())
        .map(|line| line.name.raw())
        .unwrap_or_default();
    let was = shown(&change.before);
    let is = shown(&change.after);
    let what = match (change.before.is_empty(), change.after.is_empty()) {
        (true, _) => format!("{is} (new)"),
        (_, true) => format!("gone ({was} before)"),
        _ if was == is => format!("{is} (differs in the part not shown)"),
        _ => format!("{is} ({was} before)"),
    };
    format!("{} {name}: {what}", change.message.name())
}

/// Returns a sentence that says how noise was determined.
pub(super) fn noise_note(transfer: &TransferDifference<'_>) -> Option<String> {
    let noise = transfer.total.noise?;
    Some(if noise.measured {
        let [before, after] = transfer.runs.map(|runs| (runs.count - runs.failed).max(1));
        format!(
            "medians of {before} and {after} runs; differences up to {} are within noise",
            noise.limit
        )
    } else {
        format!(
            "single runs, so noise is unknown; differences up to {} are assumed to be noise \
             (--repeat measures it)",
            noise.limit
        )
    })
}

/// The phases that took longer (or shorter), largest difference first.
pub(super) fn decisive_phases<'a>(
    transfer: &'a TransferDifference<'_>,
    longer: bool,
) -> Vec<&'a PhaseDifference> {
    let grown = |phase: &PhaseDifference| {
        let figure = phase.figure();
        match figure.judgement {
            Judgement::WithinNoise => 0,
            Judgement::OneSided => {
                let there = |time: Option<Nanos>| {
                    time.map_or(0, |time| i64::try_from(time.0).unwrap_or(i64::MAX))
                };
                there(figure.after).saturating_sub(there(figure.before))
            }
            _ => figure.difference().unwrap_or(0),
        }
    };
    let counts = |phase: &&PhaseDifference| {
        if longer {
            grown(phase) > 0
        } else {
            grown(phase) < 0
        }
    };
    let mut phases: Vec<&PhaseDifference> = transfer
        .hops
        .iter()
        .flat_map(|hop| &hop.phases)
        .filter(counts)
        .collect();
    phases.sort_by_key(|phase| std::cmp::Reverse(grown(phase).unsigned_abs()));
    phases
}

/// Describes the change of a phase: `TLS +38.1 ms`, or `TLS, new, took 43.0 ms` if only one side
/// has it.
pub(super) fn phase_change_words(phase: &PhaseDifference) -> String {
    let figure = phase.figure();
    let label = Phase::label(phase.phase);
    match (figure.before, figure.after) {
        (None, Some(after)) => format!("{label}, new, took {after}"),
        (Some(before), None) => format!("{label}, {before} before, is gone"),
        _ => format!("{label} {}", change_text(&figure)),
    }
}

/// Says whose time explains at least half of the difference by the ledgers: `The path: round trips
/// took 242 ms, 121 ms before; a round trip 80.4 ms, 40.2 ms before.`
pub(super) fn ledger_reason(transfer: &TransferDifference<'_>) -> Option<String> {
    let whole = transfer.total.difference().filter(|whole| *whole != 0)?;
    let explains = |part: i64| {
        part.signum() == whole.signum()
            && part.unsigned_abs().saturating_mul(2) >= whole.unsigned_abs()
    };
    let parts = || {
        let known = |each: &&CauseDifference| !matches!(each.owner, Owner::Unknown | Owner::None);
        transfer.ledger.iter().filter(known)
    };
    let change = |each: &CauseDifference| each.time.difference().unwrap_or(0);
    if let Some(main) = parts().find(|each| explains(change(each))) {
        return Some(cause_sentence(transfer, main, whole > 0));
    }
    let owner = Owner::ALL.into_iter().find(|owner| {
        let of_owner = parts().filter(|each| each.owner == *owner);
        explains(of_owner.map(change).fold(0, i64::saturating_add))
    })?;
    let words: Vec<String> = parts()
        .filter(|each| each.owner == owner && change(each).signum() == whole.signum())
        .take(2)
        .map(|each| format!("{} {}", each.clause(), time_change(each)))
        .collect();
    Some(owner_sentence(owner, &words.join(" and ")))
}

fn cause_sentence(
    transfer: &TransferDifference<'_>,
    main: &CauseDifference,
    longer: bool,
) -> String {
    let took = time_change(main);
    if main.cause != Cause::RoundTrip {
        return owner_sentence(main.owner, &format!("{} {took}", main.clause()));
    }
    match (round_trip_change(transfer), longer) {
        (Some(words), _) => format!("The path: round trips {took}; {words}."),
        (None, true) => format!("More round trips: they {took}."),
        (None, false) => format!("Fewer round trips: they {took}."),
    }
}

fn owner_sentence(owner: Owner, words: &str) -> String {
    if owner == Owner::Network {
        format!("The path: {words}.")
    } else {
        capitalize(&format!("{words}."))
    }
}

/// `took 242 ms, 121 ms before`.
fn time_change(cause: &CauseDifference) -> String {
    let was = cause.time.before.unwrap_or_default();
    let is = cause.time.after.unwrap_or_default();
    if was == Nanos::ZERO {
        format!("took {is}, nothing before")
    } else if is == Nanos::ZERO {
        format!("took {was} before, nothing now")
    } else {
        format!("took {is}, {was} before")
    }
}

/// How a round trip differs, if it does by an eighth at least.
fn round_trip_change(transfer: &TransferDifference<'_>) -> Option<String> {
    let [before, after] = transfer.last_exchanges();
    let (was, is) = (before?.rtt?, after?.rtt?);
    let (was_long, is_long) = (was.duration, is.duration);
    (was.clock == is.clock && was_long.0.abs_diff(is_long.0) >= was_long.0.min(is_long.0) / 8)
        .then(|| format!("a round trip {is_long}, {was_long} before"))
}

/// The phases that changed and whose events show a change, with it: `TLS +38.0 ms: one more round
/// trip, HelloRetryRequest`.
pub(super) fn phases_with_changes(
    transfer: &TransferDifference<'_>,
    phases: &[&PhaseDifference],
    redactor: Redactor<'_>,
) -> String {
    let is_recorded =
        |change: &&DiffChange| transfer.hops.iter().any(|hop| hop.changes.contains(change));
    let words = phases.iter().filter_map(|phase| {
        let changes: Vec<String> = phase
            .causes
            .iter()
            .filter(is_recorded)
            .map(|change| change_words(change, redactor))
            .collect();
        (!changes.is_empty())
            .then(|| format!("{}: {}", phase_change_words(phase), changes.join("; ")))
    });
    words.collect::<Vec<_>>().join(". ")
}

/// `DNS +41.0 ms, TCP +40.2 ms`.
pub(super) fn phase_list(phases: &[&PhaseDifference]) -> String {
    let words: Vec<String> = phases
        .iter()
        .map(|phase| phase_change_words(phase))
        .collect();
    words.join(", ")
}
