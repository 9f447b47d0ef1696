//! The chart of phases: side by side, with widths proportional to durations, on two clocks.

use unicode_width::UnicodeWidthStr as _;

use super::TextContext;
use super::columns::{ColumnNeeds, FittedColumns, fit_columns};
use crate::insight::wire_phase;
use crate::report::styling::{Role, StyledLine};
use crate::trace::{Exchange, Phase, PhaseSpan};
use crate::units::Nanos;

/// A phase in the chart.
struct PhaseCell {
    phase: Phase,
    role: Role,
    label: String,
    app: String,
    length: Nanos,
    wire: Option<String>,
}

/// The chart of an exchange: columns or, if there is not enough room, rows.
pub(super) fn phase_lines(page: &TextContext, exchange: &Exchange) -> Vec<StyledLine> {
    let cells: Vec<PhaseCell> = exchange
        .phases
        .iter()
        .map(|(phase, span)| PhaseCell::new(page, exchange, phase, span))
        .collect();
    if cells.is_empty() {
        return Vec::new();
    }
    let total = page.elapsed(exchange.total(), exchange.started);
    let margin = if cells.iter().any(|cell| cell.wire.is_some()) {
        8
    } else {
        2
    };
    let columns: Vec<ColumnNeeds> = cells.iter().map(PhaseCell::column).collect();
    match fit_columns(&columns, page.width.saturating_sub(margin + total.width())) {
        Some(fitted) => PhaseChart {
            page,
            cells: &cells,
            fitted: &fitted,
            margin,
        }
        .lines(&total),
        None => phase_rows(page, exchange, &cells, &total),
    }
}

impl PhaseCell {
    fn new(page: &TextContext, exchange: &Exchange, phase: Phase, span: &PhaseSpan) -> Self {
        let failed = exchange
            .failure
            .as_ref()
            .is_some_and(|(failed, _)| *failed == phase);
        let length = span
            .duration()
            .unwrap_or_else(|| page.trace.latest().since(span.began));
        let mark = if failed {
            page.styler.glyph(" ✗", " x")
        } else {
            ""
        };
        Self {
            phase,
            role: if failed {
                Role::Bad
            } else {
                Role::Phase(phase)
            },
            label: format!("{}{mark}", phase.label()),
            app: page.elapsed(span.duration(), span.began),
            length,
            wire: wire_phase(page.trace, exchange, phase)
                .map(|span| page.styler.time(span.duration())),
        }
    }

    /// Column requirements, including a gap of two.
    fn column(&self) -> ColumnNeeds {
        const APART: usize = 2;
        let wire = self.wire.as_deref().map_or(0, str::width);
        ColumnNeeds {
            minimum: self.label.width().max(self.app.width()).max(wire) + APART,
            weight: self.length.0,
        }
    }
}

struct PhaseChart<'a> {
    page: &'a TextContext<'a>,
    cells: &'a [PhaseCell],
    fitted: &'a FittedColumns,
    margin: usize,
}

impl PhaseChart<'_> {
    fn lines(&self, total: &str) -> Vec<StyledLine> {
        let margin = StyledLine::indented(self.margin);
        let two_clocks = self.cells.iter().any(|cell| cell.wire.is_some());
        let labels = self.row(margin.clone(), |cell| (cell.role, cell.label.clone()));
        let app = self
            .row(self.named(if two_clocks { "app" } else { "" }), |cell| {
                (Role::Plain, cell.app.clone())
            })
            .with(Role::Strong, total);
        let bars = self.row(margin, |cell| {
            (
                cell.role,
                self.page.styler.bar(self.fitted.bar(cell.length.0)),
            )
        });
        let mut lines = vec![labels, app, bars];
        if two_clocks {
            lines.push(self.row(self.named("wire"), |cell| {
                (Role::Dim, cell.wire.clone().unwrap_or_default())
            }));
        }
        lines
    }

    /// The margin with the name of a clock.
    fn named(&self, clock: &'static str) -> StyledLine {
        let mut line = StyledLine::indented(2).with(Role::Dim, clock);
        line.pad_to(self.margin);
        line
    }

    fn row(
        &self,
        mut line: StyledLine,
        piece: impl Fn(&PhaseCell) -> (Role, String),
    ) -> StyledLine {
        let mut column = self.margin;
        for (cell, width) in self.cells.iter().zip(&self.fitted.widths) {
            let (role, text) = piece(cell);
            line.push(role, text);
            column += width;
            line.pad_to(column);
        }
        line
    }
}

/// One row per phase, with its bar at its time.
fn phase_rows(
    page: &TextContext,
    exchange: &Exchange,
    cells: &[PhaseCell],
    total: &str,
) -> Vec<StyledLine> {
    let column = |text: fn(&PhaseCell) -> &str| {
        cells
            .iter()
            .map(|cell| text(cell).width())
            .max()
            .unwrap_or(0)
    };
    let figures = 2 + column(|cell| &cell.label) + 1;
    let bars = figures + column(|cell| &cell.app).max(total.width()) + 1;
    let room = page.width.saturating_sub(bars);
    let spans = cells
        .iter()
        .filter_map(|cell| exchange.phases.get(cell.phase));
    let ended = spans
        .map(|span| span.ended.unwrap_or(page.trace.latest()))
        .max()
        .unwrap_or_default();
    let scale = RowScale {
        total: ended.since(exchange.started),
        room,
    };
    let mut lines: Vec<StyledLine> = Vec::new();
    for cell in cells {
        let began = exchange
            .phases
            .get(cell.phase)
            .map_or(exchange.started, |span| span.began);
        let mut line = StyledLine::indented(2).with(cell.role, cell.label.clone());
        line.pad_to(figures);
        line.push(Role::Plain, cell.app.clone());
        line.pad_to(bars + scale.columns(began.since(exchange.started)));
        lines.push(line.with(cell.role, page.styler.bar(scale.eighths(cell.length))));
        if let Some(wire) = &cell.wire {
            let mut line = StyledLine::indented(4).with(Role::Dim, "wire");
            line.pad_to(figures);
            lines.push(line.with(Role::Dim, wire.clone()));
        }
    }
    let mut sum = StyledLine::indented(2).with(Role::Strong, "total");
    sum.pad_to(figures);
    lines.push(sum.with(Role::Strong, total));
    lines
}

/// A time axis over some columns.
struct RowScale {
    total: Nanos,
    room: usize,
}

impl RowScale {
    fn columns(&self, time: Nanos) -> usize {
        self.parts_of_room(time, 1).min(self.room.saturating_sub(1))
    }

    fn eighths(&self, time: Nanos) -> usize {
        self.parts_of_room(time, 8)
            .max(usize::from(time > Nanos::ZERO))
    }

    fn parts_of_room(&self, time: Nanos, parts: usize) -> usize {
        let length =
            u128::from(time.0) * (self.room * parts) as u128 / u128::from(self.total.0.max(1));
        usize::try_from(length)
            .unwrap_or(usize::MAX)
            .min(self.room * parts)
    }
}
