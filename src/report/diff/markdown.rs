//! Markdown for a comment on a pull request. Text that came from elsewhere is neither Markdown nor
//! HTML.

use super::answer::{Answer, Tone};
use super::{Compared, said};
use crate::insight::diff::{Figure, HopDifference, Judgement, TransferDifference};
use crate::insight::redact::Redactor;
use crate::report::Options;
use crate::report::markdown::table::Table;
use crate::report::markdown::words::{code, prose};

/// Transfers that are told of one by one.
const MOST: usize = 25;

/// The comparison as Markdown.
pub(super) fn markdown(compared: Compared<'_>, options: &Options) -> String {
    let redactor = options.redactor();
    let difference = compared.difference;
    let answer = Answer::of(difference, redactor);
    let title = match answer.tone {
        Tone::Worse => "Regression",
        Tone::Better => "Better than before",
        Tone::Same => "No regression",
    };
    let [before, after] = compared.names.map(|name| code(name.raw()));
    let mut parts = vec![
        format!("# {title}"),
        format!("**{}**", prose(&answer.what)),
        prose(&answer.why),
    ];
    parts.push(format!("{after} compared with {before}, by tapline."));
    let worth = |transfer: &&TransferDifference<'_>| {
        difference.transfers.len() == 1
            || transfer.total.judgement != Judgement::Within
            || transfer
                .hops
                .iter()
                .any(|hop| hop.before.is_none() || hop.after.is_none() || !hop.changes.is_empty())
    };
    let told: Vec<_> = difference.transfers.iter().filter(worth).collect();
    parts.extend(
        told.iter()
            .take(MOST)
            .flat_map(|transfer| transfer_parts(transfer, redactor)),
    );
    if told.len() > MOST {
        parts.push(format!("{} requests more differ.", told.len() - MOST));
    }
    for (title, only) in [
        ("Gone", &difference.only_before),
        ("New", &difference.only_after),
    ] {
        if !only.is_empty() {
            let mut lines: Vec<String> = only
                .iter()
                .take(MOST)
                .map(|facts| format!("- {}", code(&said::asked(facts, redactor))))
                .collect();
            lines.extend((only.len() > MOST).then(|| format!("- and {} more", only.len() - MOST)));
            parts.push(format!("## {title}"));
            parts.push(lines.join("\n"));
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n") + "\n"
}

/// Hops of one transfer. Titles are numbered, as two of a name are one too many in a document.
fn transfer_parts(transfer: &TransferDifference<'_>, redactor: Redactor<'_>) -> Vec<String> {
    let mut parts = Vec::new();
    let asked = transfer
        .asked()
        .map(|facts| code(&said::asked(facts, redactor)))
        .unwrap_or_default();
    parts.push(format!("Of {asked}:"));
    for hop in &transfer.hops {
        parts.extend(hop_parts(hop, redactor, transfer.hops.len() > 1));
    }
    if transfer.hops.len() > 1 {
        let mut table = times();
        table.row(row(
            "**All hops**",
            &transfer.total,
            said::judged(transfer.total.judgement),
        ));
        parts.push(table.written().to_owned());
    }
    parts.extend(said::noise(transfer).map(|words| prose(&capital(&words))));
    parts
}

fn times() -> Table {
    Table::of(&[
        ("Phase", false),
        ("Before", true),
        ("Now", true),
        ("Change", true),
        ("Why", false),
    ])
}

fn row(label: &str, figure: &Figure, why: &str) -> [String; 5] {
    let change = said::difference(figure);
    let change = if matches!(figure.judgement, Judgement::Slower) {
        format!("**{change}**")
    } else {
        change
    };
    [
        label.to_owned(),
        said::time(figure.before),
        said::time(figure.after),
        change,
        prose(why),
    ]
}

fn hop_parts(hop: &HopDifference<'_>, redactor: Redactor<'_>, several: bool) -> Vec<String> {
    if let Some(words) = said::lone(hop, redactor) {
        return vec![prose(&capital(&words))];
    }
    let mut table = times();
    for phase in &hop.phases {
        table.row(row(
            phase.phase.label(),
            &phase.figure(),
            &said::causes(phase, redactor),
        ));
        if phase.app.is_known() && phase.wire.is_known() {
            table.row(row(
                &format!("{} on the wire", phase.phase.label()),
                &phase.wire,
                "",
            ));
        }
    }
    table.row(row(
        "**Total**",
        &hop.total,
        said::judged(hop.total.judgement),
    ));
    let mut parts = Vec::new();
    if several {
        parts.extend(hop.after.map(|facts| code(&said::asked(facts, redactor))));
    }
    parts.push(table.written().to_owned());
    let changes = said::untold(hop).map(|change| prose(&said::words(change, redactor)));
    let fields = hop
        .fields
        .iter()
        .take(MOST)
        .map(|field| prose(&said::field(field, redactor)));
    parts.push(
        changes
            .chain(fields)
            .map(|line| format!("- {line}"))
            .collect::<Vec<_>>()
            .join("\n"),
    );
    parts
}

fn capital(words: &str) -> String {
    let mut rest = words.chars();
    rest.next()
        .map(|first| first.to_uppercase().chain(rest).collect::<String>() + ".")
        .unwrap_or_default()
}
