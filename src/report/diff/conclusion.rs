//! The conclusion of a comparison in two lines: what got slower or failed, and why.

use super::wording;
use crate::insight::diff::{
    ChangeKind, Judgement, RegressionKind, RunDifference, TransferDifference,
};
use crate::insight::redact::Redactor;

/// The overall result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Worse,
    Better,
    Same,
}

/// The conclusion: two lines, not yet escaped.
pub(super) struct Conclusion {
    pub(super) tone: Tone,
    pub(super) what: String,
    pub(super) why: String,
}

impl Conclusion {
    pub(super) fn new(difference: &RunDifference<'_>, redactor: Redactor<'_>) -> Self {
        match difference.transfers.as_slice() {
            [] => Self {
                tone: Tone::Same,
                what: "The runs have no request in common, so nothing can be compared.".to_owned(),
                why: String::new(),
            },
            [one] => conclude_one(difference, one, redactor),
            many => conclude_many(difference, many, redactor),
        }
    }
}

fn conclude_one(
    difference: &RunDifference<'_>,
    transfer: &TransferDifference<'_>,
    redactor: Redactor<'_>,
) -> Conclusion {
    let worse = |wanted: &RegressionKind| {
        difference
            .regressions
            .iter()
            .any(|regression| regression.kind == *wanted)
    };
    let [before, after] = transfer.runs;
    let counted = |failed: usize, count: usize| {
        if count > 1 {
            format!(" ({failed} of {count} runs)")
        } else {
            String::new()
        }
    };
    if worse(&RegressionKind::Fails) {
        let what = format!(
            "Fails now{}; did not fail before.",
            counted(after.failed, after.count)
        );
        return Conclusion {
            tone: Tone::Worse,
            what,
            why: failure_changes(transfer, redactor),
        };
    }
    if before.failed > 0 && after.failed == 0 {
        let what = format!(
            "No longer fails; failed before{}.",
            counted(before.failed, before.count)
        );
        return Conclusion {
            tone: Tone::Better,
            what,
            why: failure_changes(transfer, redactor),
        };
    }
    let figure = transfer.total;
    let times = format!(
        "{} before, {} now",
        wording::time_or_dash(figure.before),
        wording::time_or_dash(figure.after)
    );
    let by = figure
        .difference()
        .map(wording::format_difference)
        .unwrap_or_default();
    let by = wording::percent_change(&figure)
        .map_or_else(|| by.clone(), |share| format!("{by} ({share})"));
    let tone = if difference.regressions.is_empty() {
        Tone::Same
    } else {
        Tone::Worse
    };
    match figure.judgement {
        Judgement::Slower => Conclusion {
            tone: Tone::Worse,
            what: format!("Slower: {times}, {by}."),
            why: main_reason(transfer, true, redactor),
        },
        Judgement::Tolerated => {
            let what = format!("Slower, within tolerance: {times}, {by}.");
            Conclusion {
                tone,
                what,
                why: main_reason(transfer, true, redactor),
            }
        }
        Judgement::Faster => {
            let tone = if tone == Tone::Same {
                Tone::Better
            } else {
                tone
            };
            Conclusion {
                tone,
                what: format!("Faster: {times}, {by}."),
                why: main_reason(transfer, false, redactor),
            }
        }
        Judgement::WithinNoise => Conclusion {
            tone,
            what: format!("As fast as before: {times}, {by} is within noise."),
            why: other_changes(transfer, redactor),
        },
        Judgement::OneSided => Conclusion {
            tone,
            what: format!("Speed cannot be compared: {times}."),
            why: main_reason(transfer, true, redactor),
        },
    }
}

fn failure_changes(transfer: &TransferDifference<'_>, redactor: Redactor<'_>) -> String {
    let kinds = [ChangeKind::Failure, ChangeKind::Ending];
    let changes = transfer
        .hops
        .iter()
        .flat_map(|hop| &hop.changes)
        .filter(|change| kinds.contains(&change.kind));
    let texts: Vec<String> = changes
        .map(|change| capitalize(&wording::change_words(change, redactor)))
        .collect();
    texts.join("; ")
}

/// The hop that was added or removed, else whose time differs by the ledgers and in which phases,
/// or the phase that changed most, with its cause.
fn main_reason(transfer: &TransferDifference<'_>, longer: bool, redactor: Redactor<'_>) -> String {
    let hop = transfer.hops.iter().filter(|hop| {
        if longer {
            hop.before.is_none()
        } else {
            hop.after.is_none()
        }
    });
    let hops: Vec<String> = hop
        .filter_map(|hop| wording::unmatched_hop_words(hop, redactor))
        .map(|words| capitalize(&words))
        .collect();
    if let [first, rest @ ..] = hops.as_slice() {
        let more = if rest.is_empty() {
            String::new()
        } else {
            format!(", and {} more", rest.len())
        };
        return format!("{first}{more}");
    }
    let phases = wording::decisive_phases(transfer, longer);
    if let Some(words) = wording::ledger_reason(transfer) {
        let specific = wording::phases_with_changes(transfer, &phases, redactor);
        let where_it_is = if specific.is_empty() {
            wording::phase_list(&phases)
        } else {
            specific
        };
        return if where_it_is.is_empty() {
            words
        } else {
            format!("{words} {where_it_is}.")
        };
    }
    let Some(first) = phases.first() else {
        return "No phase alone accounts for it.".to_owned();
    };
    let causes = wording::cause_words(first, redactor);
    let first_words = if causes.is_empty() {
        wording::phase_change_words(first)
    } else {
        format!("{}: {causes}", wording::phase_change_words(first))
    };
    let others: Vec<String> = phases
        .iter()
        .skip(1)
        .map(|phase| wording::phase_change_words(phase))
        .collect();
    if others.is_empty() {
        first_words
    } else {
        format!("{first_words}. Also {}.", others.join(", "))
    }
}

/// Changes despite an unchanged total time.
fn other_changes(transfer: &TransferDifference<'_>, redactor: Redactor<'_>) -> String {
    let mut texts: Vec<String> = transfer
        .hops
        .iter()
        .filter_map(|hop| wording::unmatched_hop_words(hop, redactor))
        .collect();
    texts.extend(
        transfer
            .hops
            .iter()
            .flat_map(|hop| &hop.changes)
            .map(|change| wording::change_words(change, redactor)),
    );
    match texts.as_slice() {
        [] => "No other recorded changes, except as listed below.".to_owned(),
        [first] => format!("But {first}"),
        [first, rest @ ..] => format!("But {first}; and {} more, listed below.", rest.len()),
    }
}

fn conclude_many(
    difference: &RunDifference<'_>,
    transfers: &[TransferDifference<'_>],
    redactor: Redactor<'_>,
) -> Conclusion {
    let count = |judgement: Judgement| {
        transfers
            .iter()
            .filter(|transfer| transfer.total.judgement == judgement)
            .count()
    };
    let fails = difference
        .regressions
        .iter()
        .filter(|regression| regression.kind == RegressionKind::Fails)
        .count();
    let slower = count(Judgement::Slower);
    let faster = count(Judgement::Faster);
    let parts = [
        (fails, "newly failing"),
        (slower, "slower"),
        (faster, "faster"),
        (count(Judgement::WithinNoise), "within noise"),
    ];
    let counts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let what = format!(
        "{} requests in both runs: {}.",
        transfers.len(),
        if counts.is_empty() {
            "nothing to compare".to_owned()
        } else {
            counts.join(", ")
        }
    );
    let grown = |transfer: &&TransferDifference<'_>| transfer.total.difference().unwrap_or(0);
    let of = |judgement: Judgement| {
        transfers
            .iter()
            .filter(move |transfer| transfer.total.judgement == judgement)
    };
    let worst = of(Judgement::Slower)
        .max_by_key(grown)
        .map(|transfer| (transfer, true));
    let most = worst.or_else(|| {
        of(Judgement::Faster)
            .min_by_key(grown)
            .map(|transfer| (transfer, false))
    });
    let why = most.map(|(transfer, longer)| {
        let request = transfer
            .first_exchange()
            .map(|facts| wording::request_line(facts, redactor))
            .unwrap_or_default();
        format!(
            "Largest change: {} {request}: {}",
            wording::change_text(&transfer.total),
            main_reason(transfer, longer, redactor)
        )
    });
    let tone = match (difference.regressions.is_empty(), faster) {
        (false, _) => Tone::Worse,
        (true, 0) => Tone::Same,
        (true, _) => Tone::Better,
    };
    Conclusion {
        tone,
        what,
        why: why.unwrap_or_default(),
    }
}

pub(super) fn capitalize(words: &str) -> String {
    let mut rest = words.chars();
    rest.next()
        .map(|first| first.to_uppercase().chain(rest).collect())
        .unwrap_or_default()
}
