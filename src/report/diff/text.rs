//! The comparison for people.
//!
//! ```text
//! Slower: 187 ms before, 225 ms now, +38.0 ms (20 %).
//! TLS +38.0 ms: one more round trip, HelloRetryRequest
//!
//! GET https://api.lab.test/users
//!           before   now      change
//!   DNS     41.2 ms  41.2 ms  ±0        within noise
//!   TLS     43.0 ms  81.0 ms  +38.0 ms  one more round trip, HelloRetryRequest
//!   total   187 ms   225 ms   +38.0 ms  slower
//! ```

use unicode_width::UnicodeWidthStr as _;

use super::conclusion::{Conclusion, Tone};
use super::{Comparison, wording};
use crate::insight::diff::{
    ExchangeFacts, FigureDifference, HopDifference, Judgement, Regression, RegressionKind,
    TransferDifference,
};
use crate::insight::redact::Redactor;
use crate::report::ReportOptions;
use crate::report::styling::{Role, StyledLine, Styler};
use crate::report::wrapping::StyledWords;
use crate::units::Untrusted;

/// Maximum number of transfers that are described individually.
const MAX_TRANSFERS: usize = 25;

/// The comparison as text. No line is wider than [`ReportOptions::width`], except for a long word.
pub(super) fn diff_text(compared: Comparison<'_>, options: &ReportOptions) -> String {
    let page = DiffPage {
        styler: Styler::new(options),
        redactor: options.redactor(),
        width: options.width.clamp(40, 120),
    };
    let difference = compared.difference;
    let mut blocks = vec![page.answer(&Conclusion::new(difference, page.redactor))];
    let one = difference.transfers.len() == 1;
    let changed: Vec<_> = difference
        .transfers
        .iter()
        .filter(|transfer| one || DiffPage::has_changes(transfer))
        .collect();
    blocks.extend(
        changed
            .iter()
            .take(MAX_TRANSFERS)
            .map(|transfer| page.transfer(transfer)),
    );
    let untold = changed.len().saturating_sub(MAX_TRANSFERS);
    blocks.push(page.run_lines(compared, untold));
    blocks.retain(|block| !block.is_empty());
    let drawn = blocks.iter().map(|block| {
        block
            .iter()
            .map(|line| page.styler.render(line))
            .collect::<String>()
    });
    drawn.collect::<Vec<_>>().join("\n")
}

struct DiffPage<'a> {
    styler: Styler,
    redactor: Redactor<'a>,
    width: usize,
}

impl DiffPage<'_> {
    /// The column after the labels, where facts begin.
    const FACT_COLUMN: usize = 12;

    /// Escapes text, and replaces non-ASCII characters if ASCII is requested.
    fn displayable(&self, text: &str) -> String {
        let text = Untrusted::new(text);
        let text = text.escaped();
        let signs = [
            ("µ", "u"),
            ("\u{2212}", "-"),
            ("±", "+-"),
            ("→", "->"),
            ("—", "-"),
            ("…", "..."),
        ];
        signs
            .into_iter()
            .fold(text.into_owned(), |text, (sign, ascii)| {
                text.replace(sign, self.styler.glyph(sign, ascii))
            })
    }

    fn flow(&self, first: StyledLine, role: Role, text: &str) -> Vec<StyledLine> {
        StyledWords::default()
            .add(role, &self.displayable(text))
            .wrap(first, self.width)
    }

    fn fact(&self, label: &str, role: Role, text: &str) -> Vec<StyledLine> {
        let mut first = StyledLine::indented(2).with(Role::Dim, label);
        first.pad_to(Self::FACT_COLUMN);
        self.flow(first, role, text)
    }

    fn answer(&self, answer: &Conclusion) -> Vec<StyledLine> {
        let role = match answer.tone {
            Tone::Worse => Role::Bad,
            Tone::Better => Role::Good,
            Tone::Same => Role::Strong,
        };
        let mut lines = self.flow(StyledLine::default(), role, &answer.what);
        if !answer.why.is_empty() {
            lines.extend(self.flow(StyledLine::default(), Role::Plain, &answer.why));
        }
        lines
    }

    fn has_changes(transfer: &TransferDifference<'_>) -> bool {
        transfer.total.judgement != Judgement::WithinNoise
            || transfer.hops.iter().any(|hop| {
                hop.before.is_none()
                    || hop.after.is_none()
                    || wording::unexplained_changes(hop).next().is_some()
            })
    }

    fn transfer(&self, transfer: &TransferDifference<'_>) -> Vec<StyledLine> {
        let several = transfer.hops.len() > 1;
        let mut lines: Vec<StyledLine> = transfer
            .hops
            .iter()
            .flat_map(|hop| self.hop(hop, several))
            .collect();
        if several {
            let rows = [self.row(
                "all hops",
                Role::Strong,
                &transfer.total,
                wording::judgement_words(transfer.total.judgement),
            )];
            lines.extend(self.table(&rows));
        }
        let [before, after] = transfer.runs;
        if before.failed + after.failed > 0 {
            let words = format!(
                "{} of {} runs before, {} of {} now",
                before.failed, before.count, after.failed, after.count
            );
            lines.extend(self.fact("failed", Role::Warning, &words));
        }
        lines.extend(
            wording::noise_note(transfer)
                .into_iter()
                .flat_map(|words| self.fact("noise", Role::Dim, &words)),
        );
        lines
    }

    fn hop(&self, hop: &HopDifference<'_>, several: bool) -> Vec<StyledLine> {
        if let Some(words) = wording::unmatched_hop_words(hop, self.redactor) {
            return self.flow(StyledLine::default(), Role::Strong, &words);
        }
        let (Some(before), Some(after)) = (hop.before, hop.after) else {
            return Vec::new();
        };
        let mut lines = self.flow(
            StyledLine::default(),
            Role::Strong,
            &self.asked(before, after),
        );
        let mut rows = Vec::new();
        for phase in &hop.phases {
            let causes = wording::cause_words(phase, self.redactor);
            rows.push(self.row(
                phase.phase.label(),
                Role::Phase(phase.phase),
                &phase.figure(),
                &causes,
            ));
            if phase.app.is_known() && phase.wire.is_known() {
                rows.push(self.row("  wire", Role::Dim, &phase.wire, ""));
            }
        }
        let last = if several || wording::judgement_words(hop.total.judgement).is_empty() {
            ""
        } else {
            wording::judgement_words(hop.total.judgement)
        };
        rows.push(self.row(
            if after.cause.is_some() {
                "total"
            } else {
                "to answer"
            },
            Role::Strong,
            &hop.total,
            last,
        ));
        lines.extend(self.table(&rows));
        for change in wording::unexplained_changes(hop) {
            lines.extend(self.fact(
                "changed",
                Role::Plain,
                &wording::change_words(change, self.redactor),
            ));
        }
        for field in hop.fields.iter().take(MAX_TRANSFERS) {
            lines.extend(self.fact(
                "field",
                Role::Plain,
                &wording::field_change_words(field, self.redactor),
            ));
        }
        lines
    }

    fn asked(&self, before: &ExchangeFacts, after: &ExchangeFacts) -> String {
        let was = wording::request_line(before, self.redactor);
        let is = wording::request_line(after, self.redactor);
        if was == is {
            is
        } else {
            format!("{is} (before: {was})")
        }
    }

    fn row(&self, label: &str, role: Role, figure: &FigureDifference, remark: &str) -> DiffRow {
        let cells = [
            wording::time_or_dash(figure.before),
            wording::time_or_dash(figure.after),
            wording::change_text(figure),
        ]
        .map(|cell| self.displayable(&cell));
        let judged = match figure.judgement {
            Judgement::Slower => Role::Bad,
            Judgement::Faster => Role::Good,
            _ => Role::Plain,
        };
        DiffRow {
            label: (role, label.to_owned()),
            cells,
            judged,
            remark: remark.to_owned(),
        }
    }

    /// Formats rows as an aligned table, with remarks on the right.
    fn table(&self, rows: &[DiffRow]) -> Vec<StyledLine> {
        let heads = ["before", "now", "change"];
        let label = rows
            .iter()
            .map(|row| row.label.1.width())
            .max()
            .unwrap_or(0)
            .max(Self::FACT_COLUMN - 4)
            + 4;
        let width = |column: usize| {
            rows.iter()
                .filter_map(|row| row.cells.get(column))
                .map(|cell| cell.width())
                .max()
                .unwrap_or(0)
        };
        let columns = [0, 1, 2]
            .map(|column| width(column).max(heads.get(column).map_or(0, |head| head.len())) + 2);
        let align = |mut line: StyledLine, cells: [(Role, &str); 3]| {
            let mut at = label;
            for ((role, cell), column) in cells.into_iter().zip(columns) {
                line.pad_to(at);
                line.push(role, cell);
                at += column;
            }
            line.pad_to(at);
            line
        };
        let mut lines = vec![align(
            StyledLine::indented(2),
            heads.map(|head| (Role::Dim, head)),
        )];
        for row in rows {
            let (role, name) = &row.label;
            let [before, now, change] = &row.cells;
            let cells = [
                (Role::Plain, before.as_str()),
                (Role::Plain, now.as_str()),
                (row.judged, change.as_str()),
            ];
            let line = align(StyledLine::indented(2).with(*role, name.clone()), cells);
            lines.extend(self.flow(line, Role::Plain, &row.remark));
        }
        lines
    }

    /// Lines about the runs as a whole.
    fn run_lines(&self, compared: Comparison<'_>, untold: usize) -> Vec<StyledLine> {
        let difference = compared.difference;
        let mut lines = Vec::new();
        if untold > 0 {
            lines.extend(self.fact(
                "more",
                Role::Dim,
                &format!("{untold} more requests differ; --format json lists all"),
            ));
        }
        for (label, only) in [
            ("gone", &difference.only_before),
            ("new", &difference.only_after),
        ] {
            for facts in only.iter().take(MAX_TRANSFERS) {
                lines.extend(self.fact(
                    label,
                    Role::Warning,
                    &wording::request_line(facts, self.redactor),
                ));
            }
            if only.len() > MAX_TRANSFERS {
                lines.extend(self.fact(
                    label,
                    Role::Dim,
                    &format!("and {} more", only.len() - MAX_TRANSFERS),
                ));
            }
        }
        let names = compared.names.map(|name| name.escaped());
        lines.extend(self.fact(
            "compared",
            Role::Dim,
            &format!("{} (before) with {} (now)", names[0], names[1]),
        ));
        let (role, words) = verdict_words(&difference.regressions);
        lines.extend(self.fact("verdict", role, &words));
        lines
    }
}

fn verdict_words(regressions: &[Regression]) -> (Role, String) {
    if regressions.is_empty() {
        return (Role::Good, "no regression".to_owned());
    }
    let mut reasons: Vec<String> = Vec::new();
    for regression in regressions {
        let words = match &regression.kind {
            RegressionKind::Slower => "slower".to_owned(),
            RegressionKind::Fails => "newly failing".to_owned(),
            RegressionKind::Status => "a worse status".to_owned(),
            RegressionKind::Unverified => "certificates that no longer verify".to_owned(),
            RegressionKind::LimitMissed(rule) => format!("{} missed", rule.raw()),
        };
        if !reasons.contains(&words) && reasons.len() < MAX_TRANSFERS {
            reasons.push(words);
        }
    }
    (Role::Bad, format!("regression: {}", reasons.join(", ")))
}

struct DiffRow {
    label: (Role, String),
    cells: [String; 3],
    judged: Role,
    remark: String,
}
