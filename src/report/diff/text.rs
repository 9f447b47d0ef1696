//! For people.
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

use super::answer::{Answer, Tone};
use super::{Compared, said};
use crate::insight::diff::{
    Facts, Figure, HopDifference, Judgement, Regression, TransferDifference, Worse,
};
use crate::insight::redact::Redactor;
use crate::report::Options;
use crate::report::flow::Words;
use crate::report::pen::{Line, Pen, Role};
use crate::units::Untrusted;

/// Transfers that are told of one by one.
const MOST: usize = 25;

/// The comparison as text. No line but a long word's is wider than [`Options::width`].
pub(super) fn text(compared: Compared<'_>, options: &Options) -> String {
    let page = Page {
        pen: Pen::new(options),
        redactor: options.redactor(),
        width: options.width.clamp(40, 120),
    };
    let difference = compared.difference;
    let mut blocks = vec![page.answer(&Answer::of(difference, page.redactor))];
    let one = difference.transfers.len() == 1;
    let told: Vec<_> = difference
        .transfers
        .iter()
        .filter(|transfer| one || Page::is_worth_telling(transfer))
        .collect();
    blocks.extend(
        told.iter()
            .take(MOST)
            .map(|transfer| page.transfer(transfer)),
    );
    let untold = told.len().saturating_sub(MOST);
    blocks.push(page.whole(compared, untold));
    blocks.retain(|block| !block.is_empty());
    let drawn = blocks.iter().map(|block| {
        block
            .iter()
            .map(|line| page.pen.draw(line))
            .collect::<String>()
    });
    drawn.collect::<Vec<_>>().join("\n")
}

struct Page<'a> {
    pen: Pen,
    redactor: Redactor<'a>,
    width: usize,
}

impl Page<'_> {
    /// Where facts begin, after their label.
    const FACTS: usize = 12;

    /// As it is shown: escaped, and with stand-ins for what is no ASCII, where that is asked for.
    fn plain(&self, text: &str) -> String {
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
                text.replace(sign, self.pen.glyph(sign, ascii))
            })
    }

    fn flow(&self, first: Line, role: Role, text: &str) -> Vec<Line> {
        Words::default()
            .add(role, &self.plain(text))
            .flow(first, self.width)
    }

    fn fact(&self, label: &str, role: Role, text: &str) -> Vec<Line> {
        let mut first = Line::indented(2).with(Role::Dim, label);
        first.pad_to(Self::FACTS);
        self.flow(first, role, text)
    }

    fn answer(&self, answer: &Answer) -> Vec<Line> {
        let role = match answer.tone {
            Tone::Worse => Role::Bad,
            Tone::Better => Role::Good,
            Tone::Same => Role::Strong,
        };
        let mut lines = self.flow(Line::default(), role, &answer.what);
        if !answer.why.is_empty() {
            lines.extend(self.flow(Line::default(), Role::Plain, &answer.why));
        }
        lines
    }

    fn is_worth_telling(transfer: &TransferDifference<'_>) -> bool {
        transfer.total.judgement != Judgement::Within
            || transfer.hops.iter().any(|hop| {
                hop.before.is_none() || hop.after.is_none() || said::untold(hop).next().is_some()
            })
    }

    fn transfer(&self, transfer: &TransferDifference<'_>) -> Vec<Line> {
        let several = transfer.hops.len() > 1;
        let mut lines: Vec<Line> = transfer
            .hops
            .iter()
            .flat_map(|hop| self.hop(hop, several))
            .collect();
        if several {
            let rows = [self.row(
                "all hops",
                Role::Strong,
                &transfer.total,
                said::judged(transfer.total.judgement),
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
            said::noise(transfer)
                .into_iter()
                .flat_map(|words| self.fact("noise", Role::Dim, &words)),
        );
        lines
    }

    fn hop(&self, hop: &HopDifference<'_>, several: bool) -> Vec<Line> {
        if let Some(words) = said::lone(hop, self.redactor) {
            return self.flow(Line::default(), Role::Strong, &words);
        }
        let (Some(before), Some(after)) = (hop.before, hop.after) else {
            return Vec::new();
        };
        let mut lines = self.flow(Line::default(), Role::Strong, &self.asked(before, after));
        let mut rows = Vec::new();
        for phase in &hop.phases {
            let causes = said::causes(phase, self.redactor);
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
        let last = if several || said::judged(hop.total.judgement).is_empty() {
            ""
        } else {
            said::judged(hop.total.judgement)
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
        for change in said::untold(hop) {
            lines.extend(self.fact("changed", Role::Plain, &said::words(change, self.redactor)));
        }
        for field in hop.fields.iter().take(MOST) {
            lines.extend(self.fact("field", Role::Plain, &said::field(field, self.redactor)));
        }
        lines
    }

    fn asked(&self, before: &Facts, after: &Facts) -> String {
        let (was, is) = (
            said::asked(before, self.redactor),
            said::asked(after, self.redactor),
        );
        if was == is {
            is
        } else {
            format!("{is} (before, {was})")
        }
    }

    fn row(&self, label: &str, role: Role, figure: &Figure, remark: &str) -> Row {
        let cells = [
            said::time(figure.before),
            said::time(figure.after),
            said::difference(figure),
        ]
        .map(|cell| self.plain(&cell));
        let judged = match figure.judgement {
            Judgement::Slower => Role::Bad,
            Judgement::Faster => Role::Good,
            _ => Role::Plain,
        };
        Row {
            label: (role, label.to_owned()),
            cells,
            judged,
            remark: remark.to_owned(),
        }
    }

    /// Rows with their columns beneath each other, and remarks beside them.
    fn table(&self, rows: &[Row]) -> Vec<Line> {
        let heads = ["before", "now", "change"];
        let label = rows
            .iter()
            .map(|row| row.label.1.width())
            .max()
            .unwrap_or(0)
            .max(Self::FACTS - 4)
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
        let laid = |mut line: Line, cells: [(Role, &str); 3]| {
            let mut at = label;
            for ((role, cell), column) in cells.into_iter().zip(columns) {
                line.pad_to(at);
                line.push(role, cell);
                at += column;
            }
            line.pad_to(at);
            line
        };
        let mut lines = vec![laid(Line::indented(2), heads.map(|head| (Role::Dim, head)))];
        for row in rows {
            let (role, name) = &row.label;
            let [before, now, change] = &row.cells;
            let cells = [
                (Role::Plain, before.as_str()),
                (Role::Plain, now.as_str()),
                (row.judged, change.as_str()),
            ];
            let line = laid(Line::indented(2).with(*role, name.clone()), cells);
            lines.extend(self.flow(line, Role::Plain, &row.remark));
        }
        lines
    }

    /// What is to be said of the runs as wholes.
    fn whole(&self, compared: Compared<'_>, untold: usize) -> Vec<Line> {
        let difference = compared.difference;
        let mut lines = Vec::new();
        if untold > 0 {
            lines.extend(self.fact(
                "more",
                Role::Dim,
                &format!("{untold} requests more differ; --format json tells of all"),
            ));
        }
        for (label, only) in [
            ("gone", &difference.only_before),
            ("new", &difference.only_after),
        ] {
            for facts in only.iter().take(MOST) {
                lines.extend(self.fact(label, Role::Warning, &said::asked(facts, self.redactor)));
            }
            if only.len() > MOST {
                lines.extend(self.fact(
                    label,
                    Role::Dim,
                    &format!("and {} more", only.len() - MOST),
                ));
            }
        }
        let names = compared.names.map(|name| name.escaped());
        lines.extend(self.fact(
            "compared",
            Role::Dim,
            &format!("{} (before) with {} (now)", names[0], names[1]),
        ));
        let (role, words) = verdict(&difference.regressions);
        lines.extend(self.fact("verdict", role, &words));
        lines
    }
}

fn verdict(regressions: &[Regression]) -> (Role, String) {
    if regressions.is_empty() {
        return (Role::Good, "no regression".to_owned());
    }
    let mut told: Vec<String> = Vec::new();
    for regression in regressions {
        let words = match &regression.worse {
            Worse::Slower => "slower".to_owned(),
            Worse::Fails => "newly failing".to_owned(),
            Worse::Status => "a worse status".to_owned(),
            Worse::Unverified => "certificates that do not verify any more".to_owned(),
            Worse::Missed(rule) => format!("{} is missed", rule.raw()),
        };
        if !told.contains(&words) && told.len() < MOST {
            told.push(words);
        }
    }
    (Role::Bad, format!("regression: {}", told.join(", ")))
}

struct Row {
    label: (Role, String),
    cells: [String; 3],
    judged: Role,
    remark: String,
}
