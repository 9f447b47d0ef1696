//! A suite as text: one line per endpoint with its problem below, and a verdict.

use unicode_width::UnicodeWidthStr as _;

use crate::report::EndpointStatus;
use crate::report::ReportOptions;
use crate::report::styling::{Role, StyledLine, Styler};
use crate::report::suite::{SuiteEndpoint, SuiteResult};
use crate::report::wrapping::StyledWords;

/// Maximum width of names; longer ones push the other columns to the right.
const MAX_NAME_WIDTH: usize = 40;
const OUTCOME_WIDTH: usize = 9;
const TOTAL_WIDTH: usize = 9;

/// A suite as text for people.
pub(in crate::report) fn suite_text(suite: &SuiteResult, options: &ReportOptions) -> String {
    let styler = Styler::new(options);
    let names = suite
        .endpoints
        .iter()
        .map(|endpoint| endpoint.name.escaped().width())
        .max()
        .unwrap_or(0);
    let table = SuiteTable {
        styler,
        names: names.clamp("endpoint".len(), MAX_NAME_WIDTH),
        width: options.width.max(24),
    };
    let mut lines = vec![table.heading()];
    lines.extend(
        suite
            .endpoints
            .iter()
            .flat_map(|endpoint| table.endpoint(endpoint)),
    );
    lines.push(StyledLine::default());
    lines.extend(table.verdict(suite));
    lines.iter().map(|line| styler.render(line)).collect()
}

struct SuiteTable {
    styler: Styler,
    names: usize,
    width: usize,
}

impl SuiteTable {
    fn heading(&self) -> StyledLine {
        let mut line = StyledLine::indented(4).with(Role::Dim, "endpoint");
        line.pad_to(4 + self.names + 2);
        line.push(
            Role::Dim,
            format!(
                "{:OUTCOME_WIDTH$}{:>TOTAL_WIDTH$}  status",
                "outcome", "total"
            ),
        );
        line
    }

    fn endpoint(&self, endpoint: &SuiteEndpoint) -> Vec<StyledLine> {
        let standing = endpoint.status();
        let (role, sign) = self.mark(standing);
        let mut line = StyledLine::indented(2)
            .with(role, sign)
            .with(Role::Plain, " ")
            .with(Role::Strong, endpoint.name.escaped());
        line.pad_to(4 + self.names);
        line.push(Role::Plain, "  ");
        line.push(role, format!("{:OUTCOME_WIDTH$}", standing.label()));
        let median = endpoint.median();
        let total = self
            .styler
            .time_or_dash(median.and_then(|median| median.total));
        // Padded by display width: the time may contain a character of several bytes.
        line.push(
            Role::Plain,
            " ".repeat(TOTAL_WIDTH.saturating_sub(total.width())) + &total,
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
                    .wrap(StyledLine::indented(6), self.width),
            );
        }
        let hint = endpoint
            .result
            .as_ref()
            .and_then(|happened| happened.failure.as_ref())
            .map(|(_, _, _, hint)| hint);
        if let Some(hint) = hint.filter(|_| standing == EndpointStatus::Failed) {
            lines.extend(
                self.spelt(hint, Role::Dim)
                    .wrap(StyledLine::indented(6), self.width),
            );
        }
        lines
    }

    fn verdict(&self, suite: &SuiteResult) -> Vec<StyledLine> {
        let (role, _) = self.mark(suite.status());
        let how = format!(
            "in {}, {} at a time",
            self.styler.time(suite.duration),
            suite.parallel
        );
        let words = StyledWords::default()
            .add(role, &suite.summary())
            .append(";")
            .add(Role::Dim, &how);
        let words = if suite.interrupted {
            words.append(";").add(Role::Warning, "interrupted")
        } else {
            words
        };
        words.wrap(StyledLine::indented(2), self.width)
    }

    fn spelt(&self, text: &str, role: Role) -> StyledWords {
        StyledWords::default().add(role, &text.replace('µ', self.styler.glyph("µ", "u")))
    }

    const fn mark(&self, standing: EndpointStatus) -> (Role, &'static str) {
        match standing {
            EndpointStatus::Ok => (Role::Good, self.styler.glyph("✓", "+")),
            EndpointStatus::Warned => (Role::Warning, "!"),
            EndpointStatus::NotRun => (Role::Dim, self.styler.glyph("·", ".")),
            EndpointStatus::Missed | EndpointStatus::Failed => {
                (Role::Bad, self.styler.glyph("✗", "x"))
            }
        }
    }
}
