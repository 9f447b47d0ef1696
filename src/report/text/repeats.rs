//! A repeated request: one row per run, and the distribution of the figures.

use unicode_width::UnicodeWidthStr as _;

use super::TextContext;
use super::headline;
use crate::insight::{RepeatedRequest, Spread, Transfer};
use crate::report::styling::{Role, StyledLine};
use crate::report::wrapping::StyledWords;
use crate::trace::Phase;
use crate::units::Nanos;

/// Maximum number of runs listed; beyond that only the distribution is shown.
const MAX_LISTED: usize = 25;

/// The request, its runs, their distribution, and the last failure.
pub(super) fn repeat_blocks(page: &TextContext, request: &RepeatedRequest) -> Vec<Vec<StyledLine>> {
    let last_failed = request
        .retained()
        .iter()
        .rev()
        .filter_map(Transfer::last)
        .find(|last| last.failure.is_some());
    let mut blocks = vec![
        repeats_headline(page, request),
        repeats_table(page, request),
    ];
    blocks.extend(last_failed.map(|exchange| super::failure::failure_lines(page, exchange)));
    blocks
}

fn repeats_headline(page: &TextContext, request: &RepeatedRequest) -> Vec<StyledLine> {
    let runs = request.count();
    let failed = request.failed_count();
    let Some(first) = request
        .retained()
        .first()
        .and_then(|run| run.hops().first())
    else {
        return Vec::new();
    };
    let url = page.redactor.text(&first.url);
    let words = StyledWords::default()
        .add(Role::Strong, &first.method)
        .add(Role::Strong, &url.escaped());
    let words = words
        .add(Role::Dim, page.styler.glyph("→", "->"))
        .add(Role::Plain, &format!("{runs} runs"));
    let words = if failed == 0 {
        words
    } else {
        words
            .append(",")
            .add(Role::Bad, &format!("{failed} failed"))
    };
    words.wrap(StyledLine::default(), page.width)
}

/// A row of the table: name, figures, remark.
struct RunRow {
    name: String,
    figures: Vec<String>,
    remark: (Role, String),
}

/// One table with phases as columns or, if that is too wide, runs with their totals only and phases
/// as rows.
fn repeats_table(page: &TextContext, runs: &RepeatedRequest) -> Vec<StyledLine> {
    let wide = phases_across(page, runs);
    if wide.iter().all(|line| line.width() <= page.width) {
        wide
    } else {
        phases_down(page, runs)
    }
}

fn phases_across(page: &TextContext, runs: &RepeatedRequest) -> Vec<StyledLine> {
    let phases: Vec<Phase> = Phase::ALL
        .into_iter()
        .filter(|phase| runs.has_phase(*phase))
        .collect();
    let mut head: Vec<(Role, String)> = phases
        .iter()
        .map(|phase| (Role::Phase(*phase), phase.label().to_owned()))
        .collect();
    head.push((Role::Strong, "total".to_owned()));
    let listed = run_rows(page, runs, &phases);
    let spread = spread_rows(page, runs, &phases);
    let grid = Grid::new(head, listed.iter().chain(&spread));
    let mut lines = vec![grid.head()];
    lines.extend(listed.iter().map(|row| grid.row(row, Role::Plain)));
    if !listed.is_empty() && !spread.is_empty() {
        lines.push(StyledLine::default());
    }
    lines.extend(spread.iter().map(|row| grid.row(row, Role::Strong)));
    lines
}

fn phases_down(page: &TextContext, runs: &RepeatedRequest) -> Vec<StyledLine> {
    let listed = run_rows(page, runs, &[]);
    let grid = Grid::new(vec![(Role::Strong, "total".to_owned())], listed.iter());
    let mut lines: Vec<StyledLine> = if listed.is_empty() {
        Vec::new()
    } else {
        vec![grid.head()]
    };
    lines.extend(listed.iter().map(|row| grid.row(row, Role::Plain)));
    let names = ["min", "median", "p90", "max"]
        .map(|name| (Role::Dim, name.to_owned()))
        .to_vec();
    let measures = Phase::ALL.into_iter().map(Some).chain([None]);
    let spreads = measures.filter_map(|phase| {
        let Spread {
            min,
            median,
            p90,
            max,
        } = runs.spread(phase)?;
        let figures = [min, median, p90, max]
            .map(|figure| page.styler.time(figure))
            .to_vec();
        Some(RunRow {
            name: phase.map_or("total", Phase::label).to_owned(),
            figures,
            remark: (Role::Dim, String::new()),
        })
    });
    let spreads: Vec<RunRow> = if runs.succeeded_count() < 2 {
        Vec::new()
    } else {
        spreads.collect()
    };
    if !spreads.is_empty() {
        let grid = Grid::new(names, spreads.iter());
        lines.extend([StyledLine::default(), grid.head()]);
        lines.extend(spreads.iter().map(|row| grid.row(row, Role::Plain)));
    }
    lines
}

/// The rows of individual runs, unless there are too many.
fn run_rows(page: &TextContext, runs: &RepeatedRequest, phases: &[Phase]) -> Vec<RunRow> {
    let rows = runs
        .retained()
        .iter()
        .enumerate()
        .filter(|_| runs.count() <= MAX_LISTED);
    rows.map(|(i, run)| run_row(page, i + 1, run, phases))
        .collect()
}

fn run_row(page: &TextContext, number: usize, run: &Transfer, phases: &[Phase]) -> RunRow {
    let figures = phases
        .iter()
        .map(|phase| run.phase(*phase))
        .chain([run.total()]);
    RunRow {
        name: number.to_string(),
        figures: figures
            .map(|figure| page.styler.time_or_dash(figure))
            .collect(),
        remark: run_remark(run),
    }
}

fn run_remark(run: &Transfer) -> (Role, String) {
    match run.last().map(|last| (&last.failure, &last.response)) {
        Some((Some((phase, _)), _)) => (Role::Bad, format!("failed: {}", phase.label())),
        Some((None, Some(response))) => (
            headline::status_role(response.status),
            headline::status_line(response),
        ),
        _ => (Role::Plain, String::new()),
    }
}

/// The rows with the distribution over successful runs.
fn spread_rows(page: &TextContext, runs: &RepeatedRequest, phases: &[Phase]) -> Vec<RunRow> {
    if runs.succeeded_count() < 2 {
        return Vec::new();
    }
    let spreads: Vec<Option<Spread>> = phases
        .iter()
        .copied()
        .map(Some)
        .chain([None])
        .map(|phase| runs.spread(phase))
        .collect();
    let remark = format!("of {} runs", runs.succeeded_count());
    let row = |name: &str, remark: &str, figure: fn(&Spread) -> Nanos| RunRow {
        name: name.to_owned(),
        figures: spreads
            .iter()
            .map(|spread| page.styler.time_or_dash(spread.as_ref().map(figure)))
            .collect(),
        remark: (Role::Dim, remark.to_owned()),
    };
    vec![
        row("min", &remark, |spread| spread.min),
        row("median", "", |spread| spread.median),
        row("p90", "", |spread| spread.p90),
        row("max", "", |spread| spread.max),
    ]
}

/// A table whose columns are wide enough for all rows.
struct Grid {
    head: Vec<(Role, String)>,
    names: usize,
    widths: Vec<usize>,
}

impl Grid {
    const APART: usize = 2;

    fn new<'a>(head: Vec<(Role, String)>, rows: impl Iterator<Item = &'a RunRow>) -> Self {
        let mut widths: Vec<usize> = head.iter().map(|(_, label)| label.width()).collect();
        let mut names = 0;
        for row in rows {
            names = names.max(row.name.width());
            for (width, figure) in widths.iter_mut().zip(&row.figures) {
                *width = figure.width().max(*width);
            }
        }
        Self {
            head,
            names,
            widths,
        }
    }

    fn head(&self) -> StyledLine {
        self.laid_out(
            StyledLine::indented(2 + self.names),
            self.head.iter().cloned(),
        )
    }

    fn row(&self, row: &RunRow, role: Role) -> StyledLine {
        let start = StyledLine::indented(2 + self.names - row.name.width())
            .with(Role::Dim, row.name.clone());
        let mut line = self.laid_out(
            start,
            row.figures.iter().map(|figure| (role, figure.clone())),
        );
        let (role, remark) = &row.remark;
        line.push(Role::Plain, " ".repeat(Self::APART));
        line.with(*role, remark.clone())
    }

    /// Figures and labels are right-aligned.
    fn laid_out(
        &self,
        mut line: StyledLine,
        cells: impl Iterator<Item = (Role, String)>,
    ) -> StyledLine {
        for ((role, text), width) in cells.zip(&self.widths) {
            line.push(
                Role::Plain,
                " ".repeat(Self::APART + width.saturating_sub(text.width())),
            );
            line.push(role, text);
        }
        line
    }
}
