//! A suite as text: a line for each endpoint, below it why it is not as it should be, and a
//! verdict.

use unicode_width::UnicodeWidthStr as _;

use crate::report::Options;
use crate::report::flow::Words;
use crate::report::pen::{Line, Pen, Role};
use crate::report::suite::{Endpoint, Standing, Suite};

/// Names beyond this many columns push what follows to the right.
const WIDEST_NAME: usize = 40;
const OUTCOME: usize = 9;
const TOTAL: usize = 9;

/// A suite as text for people.
pub(in crate::report) fn suite(suite: &Suite, options: &Options) -> String {
    let pen = Pen::new(options);
    let names = suite
        .endpoints
        .iter()
        .map(|endpoint| endpoint.name.escaped().width())
        .max()
        .unwrap_or(0);
    let sheet = Sheet {
        pen,
        names: names.clamp("endpoint".len(), WIDEST_NAME),
        width: options.width.max(24),
    };
    let mut lines = vec![sheet.heading()];
    lines.extend(
        suite
            .endpoints
            .iter()
            .flat_map(|endpoint| sheet.endpoint(endpoint)),
    );
    lines.push(Line::default());
    lines.extend(sheet.verdict(suite));
    lines.iter().map(|line| pen.draw(line)).collect()
}

struct Sheet {
    pen: Pen,
    names: usize,
    width: usize,
}

impl Sheet {
    fn heading(&self) -> Line {
        let mut line = Line::indented(4).with(Role::Dim, "endpoint");
        line.pad_to(4 + self.names + 2);
        line.push(
            Role::Dim,
            format!("{:OUTCOME$}{:>TOTAL$}  status", "outcome", "total"),
        );
        line
    }

    fn endpoint(&self, endpoint: &Endpoint) -> Vec<Line> {
        let standing = endpoint.standing();
        let (role, sign) = self.mark(standing);
        let mut line = Line::indented(2)
            .with(role, sign)
            .with(Role::Plain, " ")
            .with(Role::Strong, endpoint.name.escaped());
        line.pad_to(4 + self.names);
        line.push(Role::Plain, "  ");
        line.push(role, format!("{:OUTCOME$}", standing.words()));
        let median = endpoint.median();
        let total = self.pen.maybe_time(median.and_then(|median| median.total));
        // Padded by columns, for a time may hold a sign of more bytes than columns.
        line.push(
            Role::Plain,
            " ".repeat(TOTAL.saturating_sub(total.width())) + &total,
        );
        if let Some((status, version)) =
            median.and_then(|median| Some((median.status?, median.version?)))
        {
            line.push(Role::Dim, format!("  {status} {version}"));
        }
        let mut lines = vec![line];
        if let Some(reason) = endpoint.reason() {
            lines.extend(
                self.spelt(&reason, role)
                    .flow(Line::indented(6), self.width),
            );
        }
        let hint = endpoint
            .happened
            .as_ref()
            .and_then(|happened| happened.failure.as_ref())
            .map(|(_, _, _, hint)| hint);
        if let Some(hint) = hint.filter(|_| standing == Standing::Failed) {
            lines.extend(
                self.spelt(hint, Role::Dim)
                    .flow(Line::indented(6), self.width),
            );
        }
        lines
    }

    fn verdict(&self, suite: &Suite) -> Vec<Line> {
        let (role, _) = self.mark(suite.standing());
        let how = format!(
            "in {}, {} at a time",
            self.pen.time(suite.duration),
            suite.parallel
        );
        let words = Words::default()
            .add(role, &suite.summed_up())
            .join(";")
            .add(Role::Dim, &how);
        let words = if suite.interrupted {
            words
                .join(";")
                .add(Role::Warning, "called off before its end")
        } else {
            words
        };
        words.flow(Line::indented(2), self.width)
    }

    fn spelt(&self, text: &str, role: Role) -> Words {
        Words::default().add(role, &text.replace('µ', self.pen.glyph("µ", "u")))
    }

    const fn mark(&self, standing: Standing) -> (Role, &'static str) {
        match standing {
            Standing::Ok => (Role::Good, self.pen.glyph("✓", "+")),
            Standing::Warned => (Role::Warning, "!"),
            Standing::NotRun => (Role::Dim, self.pen.glyph("·", ".")),
            Standing::Missed | Standing::Failed => (Role::Bad, self.pen.glyph("✗", "x")),
        }
    }
}
