//! What is to be said of the run as a whole.

use super::Page;
use crate::insight::budget::{Budget, Outcome, Verdict};
use crate::insight::{conversations, repeats, transfers};
use crate::report::flow::Words;
use crate::report::pen::{Line, Role};
use crate::trace::{CaptureState, Control, Forgotten, Link, OtherFrames, Trace, What};
use crate::units::grouped;

/// Budget, ordinary client, the lab's link, capture, and what was lost.
pub(super) fn lines(page: &Page, budget: Option<&Budget>) -> Vec<Line> {
    let verdicts = budget
        .map(|budget| budget.verdicts(page.trace))
        .unwrap_or_default();
    let mut lines: Vec<Line> = verdicts
        .iter()
        .flat_map(|verdict| page.fact("budget", judged(page, verdict)))
        .collect();
    lines.extend(
        page.trace
            .control()
            .into_iter()
            .flat_map(|control| page.fact("control", compared(page, control))),
    );
    lines.extend(
        page.trace
            .link()
            .into_iter()
            .flat_map(|link| page.fact("link", set(page, link))),
    );
    lines.extend(page.fact("capture", captured(page)));
    lines.extend(
        others(page)
            .into_iter()
            .flat_map(|words| page.fact("others", words)),
    );
    if conversations(page.trace).is_some() {
        lines.extend(notes(page));
    }
    let dropped = page.trace.dropped();
    if dropped > 0 {
        lines.extend(page.fact(
            "dropped",
            Words::default().add(
                Role::Warning,
                &format!("{dropped} events were lost: the figures above miss them"),
            ),
        ));
    }
    lines
}

/// What is not told one by one because there were too many; nothing where all is, and of repeated
/// runs, whose statistics tell it.
pub(super) fn beyond(page: &Page) -> Option<Vec<Line>> {
    let all: Vec<_> = transfers(page.trace).collect();
    let in_statistics: usize = repeats(page.trace, &all)
        .map(|request| request.beyond())
        .sum();
    let runs = crate::insight::runs(page.trace);
    let left = runs
        .count
        .saturating_sub(all.len())
        .saturating_sub(in_statistics);
    let said = format!(
        "{} more requests are not told one by one; --format json, har and csv have all",
        grouped(left as u64)
    );
    (left > 0).then(|| page.fact("more", Words::default().add(Role::Warning, &said)))
}

/// What among the packets is no TCP or UDP, and what is in no conversation for their number.
fn others(page: &Page) -> Option<Words> {
    let capture = page.trace.capture();
    let OtherFrames {
        arp,
        icmp,
        fragments,
        unreadable,
        other,
    } = capture.others;
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
        .map(|(count, kind)| format!("{} {kind}", grouped(count)))
        .collect();
    if capture.beyond_flows > 0 {
        said.push(format!(
            "{} of conversations beyond the number that is kept",
            grouped(capture.beyond_flows)
        ));
    }
    (!said.is_empty()).then(|| Words::default().add(Role::Plain, &said.join(", ")))
}

/// What the file said, or what is to be said of it.
fn notes(page: &Page) -> Vec<Line> {
    let notes = page
        .trace
        .log()
        .iter()
        .filter_map(|event| match &event.what {
            What::Note {
                exchange: None,
                text,
            } => Some(text),
            _ => None,
        });
    let told = notes.map(|text| page.redactor.text(text).escaped().into_owned());
    told.chain(forgotten(page.trace))
        .flat_map(|text| page.fact("note", Words::default().add(Role::Warning, &text)))
        .collect()
}

/// What gave way to what came later.
fn forgotten(trace: &Trace) -> Option<String> {
    let Forgotten { packets, flows } = trace.forgotten();
    let flows = if flows == 0 {
        String::new()
    } else {
        format!(" and {} earlier conversations", grouped(flows))
    };
    (packets > 0).then(|| {
        format!(
            "the first {} packets{flows} are no longer listed: later ones took their place",
            grouped(packets)
        )
    })
}

fn judged(page: &Page, verdict: &Verdict) -> Words {
    let spelt = |text: String| text.replace('µ', page.pen.glyph("µ", "u"));
    let role = match verdict.outcome {
        Outcome::Met => Role::Good,
        Outcome::Tolerated { .. } | Outcome::NotMeasured => Role::Warning,
        Outcome::Missed { .. } => Role::Bad,
    };
    let words = Words::default()
        .add(Role::Plain, &spelt(verdict.rule.to_string()))
        .add(role, &spelt(verdict.said()));
    let words = match verdict.shown_figure() {
        Some(figure) => words.add(Role::Dim, &format!("({})", spelt(figure))),
        None => words,
    };
    let Verdict {
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

/// The ordinary client beside this one, so that the inspector's own weight can be judged.
fn compared(page: &Page, control: &Control) -> Words {
    if let Some(error) = &control.error {
        return Words::default().add(
            Role::Warning,
            &format!(
                "the ordinary client failed: {}",
                page.redactor.text(error).escaped()
            ),
        );
    }
    let time = |duration| page.pen.time(duration);
    let words = Words::default().add(
        Role::Plain,
        &format!(
            "the ordinary client took {} to the head, {} in all",
            time(control.headers),
            time(control.total)
        ),
    );
    let own = transfers(page.trace)
        .next()
        .and_then(|transfer| Some((transfer.first_byte()?, transfer.total()?)));
    match own {
        Some((head, total)) => words.join(";").add(
            Role::Plain,
            &format!("here {} and {}", time(head), time(total)),
        ),
        None => words,
    }
}

/// How the lab's link is set, and whether it was set otherwise before.
fn set(page: &Page, link: &Link) -> Words {
    let glyphs = [(" ·", ","), ("±", "+-"), ("µ", "u")];
    let shown = glyphs
        .into_iter()
        .fold(link.to_string(), |line, (sign, ascii)| {
            line.replace(sign, page.pen.glyph(sign, ascii))
        });
    let settings = page
        .trace
        .log()
        .iter()
        .filter(|event| matches!(event.what, What::LinkSet { .. }))
        .count();
    let words = Words::default().add(Role::Plain, &shown);
    if settings > 1 {
        words.add(
            Role::Dim,
            &format!("(at last; it was set {settings} times)"),
        )
    } else {
        words
    }
}

fn captured(page: &Page) -> Words {
    let capture = page.trace.capture();
    match &capture.state {
        CaptureState::Unavailable { reason, remedy } => Words::default()
            .add(Role::Warning, &format!("none: {reason}."))
            .add(Role::Plain, "To see packets:")
            .add(Role::Strong, remedy),
        CaptureState::Off => Words::default().add(Role::Dim, "off"),
        CaptureState::On => {
            let interface = capture.interface.as_deref().unwrap_or("?");
            let words = Words::default().add(
                Role::Plain,
                &format!("{} packets on {interface}", capture.packets),
            );
            match capture.dropped {
                Some(lost) if lost > 0 => words
                    .join(",")
                    .add(Role::Warning, &format!("{lost} lost by the kernel")),
                _ => words,
            }
        }
    }
}
