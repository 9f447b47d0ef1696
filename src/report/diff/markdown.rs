//! Markdown for a comment on a pull request. Text from outside is escaped, so that it is neither
//! Markdown nor HTML.

use super::conclusion::{Conclusion, Tone};
use super::{Comparison, wording};
use crate::insight::diff::{FigureDifference, HopDifference, Judgement, TransferDifference};
use crate::insight::redact::Redactor;
use crate::report::ReportOptions;
use crate::report::markdown::escape::{code_span, escape_prose};
use crate::report::markdown::table::MarkdownTable;

/// Maximum number of transfers that are described individually.
const MAX_TRANSFERS: usize = 25;

/// The comparison as Markdown.
pub(super) fn diff_markdown(compared: Comparison<'_>, options: &ReportOptions) -> String {
    let redactor = options.redactor();
    let difference = compared.difference;
    let answer = Conclusion::new(difference, redactor);
    let title = match answer.tone {
        Tone::Worse => "Regression",
        Tone::Better => "Better than before",
        Tone::Same => "No regression",
    };
    let [before, after] = compared.names.map(|name| code_span(name.raw()));
    let mut parts = vec![
        format!("# {title}"),
        format!("**{}**", escape_prose(&answer.what)),
        escape_prose(&answer.why),
    ];
    parts.push(format!("{after} compared with {before}, by tapline."));
    let worth = |transfer: &&TransferDifference<'_>| {
        difference.transfers.len() == 1
            || transfer.total.judgement != Judgement::WithinNoise
            || transfer
                .hops
                .iter()
                .any(|hop| hop.before.is_none() || hop.after.is_none() || !hop.changes.is_empty())
    };
    let changed: Vec<_> = difference.transfers.iter().filter(worth).collect();
    parts.extend(
        changed
            .iter()
            .take(MAX_TRANSFERS)
            .flat_map(|transfer| transfer_parts(transfer, redactor)),
    );
    if changed.len() > MAX_TRANSFERS {
        parts.push(format!(
            "{} more requests differ.",
            changed.len() - MAX_TRANSFERS
        ));
    }
    for (title, only) in [
        ("Gone", &difference.only_before),
        ("New", &difference.only_after),
    ] {
        if !only.is_empty() {
            let mut lines: Vec<String> = only
                .iter()
                .take(MAX_TRANSFERS)
                .map(|facts| format!("- {}", code_span(&wording::request_line(facts, redactor))))
                .collect();
            lines.extend(
                (only.len() > MAX_TRANSFERS)
                    .then(|| format!("- and {} more", only.len() - MAX_TRANSFERS)),
            );
            parts.push(format!("## {title}"));
            parts.push(lines.join("\n"));
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

/// The hops of a transfer.
fn transfer_parts(transfer: &TransferDifference<'_>, redactor: Redactor<'_>) -> Vec<String> {
    let mut parts = Vec::new();
    let request = transfer
        .first_exchange()
        .map(|facts| code_span(&wording::request_line(facts, redactor)))
        .unwrap_or_default();
    parts.push(format!("Request {request}:"));
    for hop in &transfer.hops {
        parts.extend(hop_parts(hop, redactor, transfer.hops.len() > 1));
    }
    if transfer.hops.len() > 1 {
        let mut table = times_table();
        table.row(times_row(
            "**All hops**",
            &transfer.total,
            wording::judgement_words(transfer.total.judgement),
        ));
        parts.push(table.as_str().to_owned());
    }
    parts.extend(wording::noise_note(transfer).map(|words| escape_prose(&to_sentence(&words))));
    parts
}

fn times_table() -> MarkdownTable {
    MarkdownTable::new(&[
        ("Phase", false),
        ("Before", true),
        ("Now", true),
        ("Change", true),
        ("Why", false),
    ])
}

fn times_row(label: &str, figure: &FigureDifference, why: &str) -> [String; 5] {
    let change = wording::change_text(figure);
    let change = if matches!(figure.judgement, Judgement::Slower) {
        format!("**{change}**")
    } else {
        change
    };
    [
        label.to_owned(),
        wording::time_or_dash(figure.before),
        wording::time_or_dash(figure.after),
        change,
        escape_prose(why),
    ]
}

fn hop_parts(hop: &HopDifference<'_>, redactor: Redactor<'_>, several: bool) -> Vec<String> {
    if let Some(words) = wording::unmatched_hop_words(hop, redactor) {
        return vec![escape_prose(&to_sentence(&words))];
    }
    let mut table = times_table();
    for phase in &hop.phases {
        table.row(times_row(
            phase.phase.label(),
            &phase.figure(),
            &wording::cause_words(phase, redactor),
        ));
        if phase.app.is_known() && phase.wire.is_known() {
            table.row(times_row(
                &format!("{} on the wire", phase.phase.label()),
                &phase.wire,
                "",
            ));
        }
    }
    table.row(times_row(
        "**Total**",
        &hop.total,
        wording::judgement_words(hop.total.judgement),
    ));
    let mut parts = Vec::new();
    if several {
        parts.extend(
            hop.after
                .map(|facts| code_span(&wording::request_line(facts, redactor))),
        );
    }
    parts.push(table.as_str().to_owned());
    let changes = wording::unexplained_changes(hop)
        .map(|change| escape_prose(&wording::change_words(change, redactor)));
    let fields = hop
        .fields
        .iter()
        .take(MAX_TRANSFERS)
        .map(|field| escape_prose(&wording::field_change_words(field, redactor)));
    parts.push(
        changes
            .chain(fields)
            .map(|line| format!("- {line}"))
            .collect::<Vec<_>>()
            .join("\n"),
    );
    parts
}

fn to_sentence(words: &str) -> String {
    let mut rest = words.chars();
    rest.next()
        .map(|first| first.to_uppercase().chain(rest).collect::<String>() + ".")
        .unwrap_or_default()
}
