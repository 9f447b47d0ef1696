//! A plot: title, legend, axis labels and dots.

use ratatui::layout::Rect;

use crate::timeline::{BraillePlot, Scale, TimeWindow};
use crate::trace::ValueRange;
use crate::tui::text_layout::{display_width, truncate_text};
use crate::tui::theme::StyleRole;
use crate::tui::view::canvas::Canvas;

/// A series of dots in one colour.
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) role: StyleRole,
}

/// Parameters of a plot.
pub(super) struct Plot<'a> {
    pub(super) area: Rect,
    /// Area of the dots.
    pub(super) axis: Rect,
    pub(super) title: &'static str,
    /// The value at the top.
    pub(super) max_value: u64,
    /// Formatting of a value.
    pub(super) format: fn(u64) -> String,
    pub(super) series: &'a [Series],
    /// A value marked by a line, and its name.
    pub(super) marked_value: Option<(u64, String)>,
}

impl Plot<'_> {
    /// Draws the plot. `fill` sets the dots; the scale passed to it maps to their columns.
    pub(super) fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        cursor: Option<u16>,
        fill: impl FnOnce(&mut BraillePlot, &Scale),
        window: TimeWindow,
    ) {
        let lines = self.area.height.saturating_sub(1);
        if lines == 0 || self.axis.width == 0 {
            return;
        }
        self.draw_legend(canvas);
        let top = self.area.y + 1;
        self.draw_figures(canvas, top, lines);
        if let Some(column) = cursor {
            for y in top..top + lines {
                canvas.text((self.axis.x + column, y), "\u{2502}", 1, StyleRole::Accent);
            }
        }
        let mut dots = BraillePlot::new(self.axis.width, lines);
        fill(
            &mut dots,
            &Scale::new(
                window,
                self.axis.width.saturating_mul(BraillePlot::DOTS_ACROSS),
            ),
        );
        for (column, line, pattern, series) in dots.cells() {
            let role = self
                .series
                .get(usize::from(series))
                .map_or(StyleRole::Text, |series| series.role);
            canvas.text(
                (self.axis.x + column, top + line),
                pattern.encode_utf8(&mut [0; 4]),
                1,
                role,
            );
        }
    }

    fn draw_legend(&self, canvas: &mut Canvas<'_>) {
        let y = self.area.y;
        let end = self.area.right();
        let mut x = self.area.x + 1;
        x += canvas.text((x, y), self.title, end.saturating_sub(x), StyleRole::Strong) + 2;
        for series in self.series {
            let wide = u16::try_from(display_width(series.name)).unwrap_or(0) + 2;
            if x + wide >= end {
                break;
            }
            canvas.text((x, y), "\u{2022}", 1, series.role);
            x += 2 + canvas.text((x + 2, y), series.name, wide, StyleRole::Dim) + 2;
        }
    }

    /// Draws the value at the top, 0 at the bottom, and the marked value with its name.
    fn draw_figures(&self, canvas: &mut Canvas<'_>, top: u16, lines: u16) {
        let labels = self.axis.x.saturating_sub(1);
        let room = usize::from(self.axis.x.saturating_sub(self.area.x)).saturating_sub(1);
        canvas.text_right(
            labels,
            top,
            &truncate_text(&(self.format)(self.max_value), room),
            StyleRole::Dim,
        );
        canvas.text_right(labels, top + lines - 1, "0", StyleRole::Dim);
        let Some((value, name)) = &self.marked_value else {
            return;
        };
        // The same cell as a dot of that value.
        let mut dots = BraillePlot::new(1, lines);
        dots.set(0, *value, self.max_value, 0);
        for (_, line, ..) in dots.cells() {
            let y = top + line;
            for x in self.axis.x..self.axis.right() {
                canvas.text((x, y), "\u{254c}", 1, StyleRole::Warning);
            }
            let name = truncate_text(name, room);
            canvas.text(
                (self.area.x, y),
                &" ".repeat(room + 1),
                self.axis.x - self.area.x,
                StyleRole::Text,
            );
            canvas.text_right(labels, y, &name, StyleRole::Warning);
        }
    }
}

/// A step line: it stays at a value until the next one.
pub(super) struct StepLine {
    series: u8,
    /// Its current position: column of dots, value.
    position: Option<(u16, u64)>,
}

impl StepLine {
    pub(super) const fn new(series: u8) -> Self {
        Self {
            series,
            position: None,
        }
    }

    /// Continues to a value at a column; `None` is left of the plot.
    pub(super) fn step_to(
        &mut self,
        dots: &mut BraillePlot,
        x: Option<u16>,
        value: u64,
        whole: u64,
    ) {
        if let (Some((from, before)), Some(x)) = (self.position, x) {
            for x in from..=x {
                dots.set(x, before, whole, self.series);
            }
            dots.set_vertical_line(
                x,
                (before.min(value), before.max(value)),
                whole,
                self.series,
            );
        }
        self.position = Some((x.unwrap_or(0), value));
    }

    /// Continues within a column through all values of a range, to the last one.
    pub(super) fn step_through(
        &mut self,
        dots: &mut BraillePlot,
        x: Option<u16>,
        span: ValueRange,
        whole: u64,
    ) {
        self.step_to(dots, x, span.min, whole);
        self.step_to(dots, x, span.max, whole);
        self.step_to(dots, x, span.last, whole);
    }
}
