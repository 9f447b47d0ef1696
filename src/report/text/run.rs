//! Lines about the run as a whole.

use super::TextContext;
use crate::insight::budget::{Budget, BudgetOutcome, BudgetVerdict};
use crate::insight::ledger::requests_ledger;
use crate::insight::{captured_conversations, group_into_transfers, repeated_requests};
use crate::report::styling::{Role, StyledLine};
use crate::report::wrapping::StyledWords;
use crate::trace::{
    CaptureState, ControlMeasurement, EventKind, Evicted, LinkConfig, OtherFrames, Trace,
};
use crate::units::group_digits;

/// The budget, control client, link, capture, and lost events.
pub(super) fn run_lines(page: &TextContext, budget: Option<&Budget>) -> Vec<StyledLine> {
    let verdicts = budget
        .map(|budget| budget.verdicts(page.trace))
        .unwrap_or_default();
    let mut lines: Vec<StyledLine> = verdicts
        .iter()
        .flat_map(|verdict| page.fact("budget", verdict_words(page, verdict)))
        .collect();
    lines.extend(
        page.trace
            .control()
            .into_iter()
            .flat_map(|control| page.fact("control", control_words(page, control))),
    );
    lines.extend(
        page.trace
            .link()
            .into_iter()
            .flat_map(|link| page.fact("link", link_words(page, link))),
    );
    lines.extend(page.fact("capture", capture_words(page)));
    lines.extend(
        other_traffic(page)
            .into_iter()
            .flat_map(|words| page.fact("other", words)),
    );
    if captured_conversations(page.trace).is_some() {
        lines.extend(run_notes(page));
    }
    let dropped = page.trace.dropped();
    if dropped > 0 {
        lines.extend(page.fact(
            "dropped",
            StyledWords::default().add(
                Role::Warning,
                &format!("{dropped} events were lost and are missing from the figures above"),
            ),
        ));
    }
    lines
}

/// The number of requests that are not shown individually; not counting repeated ones, which are in
/// the statistics.
pub(super) fn omitted_note(page: &TextContext) -> Option<Vec<StyledLine>> {
    let all: Vec<_> = group_into_transfers(page.trace).collect();
    let in_statistics: usize = repeated_requests(page.trace, &all)
        .map(|request| request.retired_count())
        .sum();
    let runs = crate::insight::run_statistics(page.trace);
    let left = runs
        .count
        .saturating_sub(all.len())
        .saturating_sub(in_statistics);
    let said = format!(
        "{} more requests are not shown individually; --format json, har and csv list all",
        group_digits(left as u64)
    );
    (left > 0).then(|| page.fact("more", StyledWords::default().add(Role::Warning, &said)))
}

/// How long all requests took, with the waits between them, and whose time that was; `None` for a
/// single one.
pub(super) fn run_total(page: &TextContext) -> Option<Vec<StyledLine>> {
    let runs = crate::insight::run_statistics(page.trace).count;
    let ledger = requests_ledger(page.trace).filter(|_| runs > 1)?;
    let words = StyledWords::default()
        .add_unbroken(Role::Strong, &page.styler.time(ledger.total))
        .add(
            Role::Plain,
            &format!("over {} requests", group_digits(runs as u64)),
        );
    let mut lines = page.fact("in all", words);
    lines.extend(page.ledger_lines(&ledger));
    Some(lines)
}

/// Packets that are neither TCP nor UDP, or that belong to conversations beyond the maximum.
fn other_traffic(page: &TextContext) -> Option<StyledWords> {
    let capture = page.trace.capture();
    let OtherFrames {
        arp,
        icmp,
        fragments,
        unreadable,
        other,
    } = capture.other_frames;
    let kinds = [
        (arp, "ARP"),
        (icmp, "ICMP"),
        (fragments, "fragments"),
        (unreadable, "unreadable"),
        (other, "of other protocols"),
    ];
    let mut said: Vec<String> = kinds
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{} {kind}", group_digits(count)))
        .collect();
    if capture.packets_beyond_flow_limit > 0 {
        said.push(format!(
            "{} in conversations beyond the limit",
            group_digits(capture.packets_beyond_flow_limit)
        ));
    }
    (!said.is_empty()).then(|| StyledWords::default().add(Role::Plain, &said.join(", ")))
}

/// Notes from the file and about it.
fn run_notes(page: &TextContext) -> Vec<StyledLine> {
    let notes = page
        .trace
        .log()
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Note {
                exchange: None,
                text,
            } => Some(text),
            _ => None,
        });
    let texts = notes.map(|text| page.redactor.text(text).escaped().into_owned());
    texts
        .chain(forgotten_note(page.trace))
        .flat_map(|text| page.fact("note", StyledWords::default().add(Role::Warning, &text)))
        .collect()
}

/// A note about entries that were dropped to make room for later ones.
fn forgotten_note(trace: &Trace) -> Option<String> {
    let Evicted { packets, flows } = trace.evicted();
    let flows = if flows == 0 {
        String::new()
    } else {
        format!(" and {} earlier conversations", group_digits(flows))
    };
    (packets > 0).then(|| {
        format!(
            "the first {} packets{flows} are no longer listed, to make room for later ones",
            group_digits(packets)
        )
    })
}

fn verdict_words(page: &TextContext, verdict: &BudgetVerdict) -> StyledWords {
    let replace_micro = |text: String| text.replace('µ', page.styler.glyph("µ", "u"));
    let role = match verdict.outcome {
        BudgetOutcome::Met => Role::Good,
        BudgetOutcome::Tolerated { .. } | BudgetOutcome::NotMeasured => Role::Warning,
        BudgetOutcome::Missed { .. } => Role::Bad,
    };
    let words = StyledWords::default()
        .add(Role::Plain, &replace_micro(verdict.rule.to_string()))
        .add(role, &replace_micro(verdict.describe_outcome()));
    let words = match verdict.format_figure() {
        Some(figure) => words.add(Role::Dim, &format!("({})", replace_micro(figure))),
        None => words,
    };
    let BudgetVerdict {
        measured,
        transfers,
        ..
    } = *verdict;
    if (1..transfers).contains(&measured) {
        words.add(
            Role::Warning,
            &format!("measured in {measured} of {transfers}"),
        )
    } else {
        words
    }
}

/// The control client's times beside this one's, which show the inspector's own overhead.
fn control_words(page: &TextContext, control: &ControlMeasurement) -> StyledWords {
    if let Some(error) = &control.error {
        return StyledWords::default().add(
            Role::Warning,
            &format!(
                "an ordinary client failed: {}",
                page.redactor.text(error).escaped()
            ),
        );
    }
    let time = |duration| page.styler.time(duration);
    let words = StyledWords::default().add(
        Role::Plain,
        &format!(
            "an ordinary client took {} to the response header, {} in total",
            time(control.headers),
            time(control.total)
        ),
    );
    let own = group_into_transfers(page.trace)
        .next()
        .and_then(|transfer| Some((transfer.first_byte()?, transfer.total()?)));
    match own {
        Some((head, total)) => words.append(";").add(
            Role::Plain,
            &format!("tapline took {} and {}", time(head), time(total)),
        ),
        None => words,
    }
}

/// The settings of the lab's link, and whether they changed.
fn link_words(page: &TextContext, link: &LinkConfig) -> StyledWords {
    let glyphs = [(" ·", ","), ("±", "+-"), ("µ", "u")];
    let shown = glyphs
        .into_iter()
        .fold(link.to_string(), |line, (sign, ascii)| {
            line.replace(sign, page.styler.glyph(sign, ascii))
        });
    let settings = page
        .trace
        .log()
        .iter()
        .filter(|event| matches!(event.kind, EventKind::LinkSet { .. }))
        .count();
    let words = StyledWords::default().add(Role::Plain, &shown);
    if settings > 1 {
        words.add(Role::Dim, &format!("(the last of {settings} settings)"))
    } else {
        words
    }
}

fn capture_words(page: &TextContext) -> StyledWords {
    let capture = page.trace.capture();
    match &capture.state {
        CaptureState::Unavailable { reason, remedy } => StyledWords::default()
            .add(Role::Warning, &format!("none: {reason}."))
            .add(Role::Plain, "To see packets:")
            .add(Role::Strong, remedy),
        CaptureState::Off => StyledWords::default().add(Role::Dim, "off"),
        CaptureState::On => {
            let interface = capture.interface.as_deref().unwrap_or("?");
            let words = StyledWords::default().add(
                Role::Plain,
                &format!("{} packets on {interface}", capture.packets),
            );
            match capture.dropped {
                Some(lost) if lost > 0 => words
                    .append(",")
                    .add(Role::Warning, &format!("{lost} dropped by the kernel")),
                _ => words,
            }
        }
    }
}
