//! A plot: a title, a legend, figures at the left, dots.

use ratatui::layout::Rect;

use crate::timeline::{Dots, Scale, Window};
use crate::trace::Span;
use crate::tui::fit::{cut, width};
use crate::tui::theme::Role;
use crate::tui::view::canvas::Canvas;

/// What dots of one colour stand for.
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) role: Role,
}

/// What a plot is drawn from.
pub(super) struct Plot<'a> {
    pub(super) area: Rect,
    /// The columns of the dots.
    pub(super) axis: Rect,
    pub(super) title: &'static str,
    /// The value at the top.
    pub(super) most: u64,
    /// How a value is written.
    pub(super) unit: fn(u64) -> String,
    pub(super) series: &'a [Series],
    /// A value with a line of its own, and its name.
    pub(super) line: Option<(u64, String)>,
}

impl Plot<'_> {
    /// Draws it; `fill` sets the dots, whose columns the scale it is handed has.
    pub(super) fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        cursor: Option<u16>,
        fill: impl FnOnce(&mut Dots, &Scale),
        window: Window,
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
                canvas.text((self.axis.x + column, y), "\u{2502}", 1, Role::Accent);
            }
        }
        let mut dots = Dots::new(self.axis.width, lines);
        fill(
            &mut dots,
            &Scale::new(window, self.axis.width.saturating_mul(Dots::ACROSS)),
        );
        for (column, line, pattern, series) in dots.cells() {
            let role = self
                .series
                .get(usize::from(series))
                .map_or(Role::Text, |series| series.role);
            canvas.text(
                (self.axis.x + column, top + line),
                pattern.encode_utf8(&mut [0; 4]),
                1,
                role,
            );
        }
    }

    fn draw_legend(&self, canvas: &mut Canvas<'_>) {
        let (y, end) = (self.area.y, self.area.right());
        let mut x = self.area.x + 1;
        x += canvas.text((x, y), self.title, end.saturating_sub(x), Role::Strong) + 2;
        for series in self.series {
            let wide = u16::try_from(width(series.name)).unwrap_or(0) + 2;
            if x + wide >= end {
                break;
            }
            canvas.text((x, y), "\u{2022}", 1, series.role);
            x += 2 + canvas.text((x + 2, y), series.name, wide, Role::Dim) + 2;
        }
    }

    /// The value at the top, 0 at the bottom, and the line with its name.
    fn draw_figures(&self, canvas: &mut Canvas<'_>, top: u16, lines: u16) {
        let labels = self.axis.x.saturating_sub(1);
        let room = usize::from(self.axis.x.saturating_sub(self.area.x)).saturating_sub(1);
        canvas.right(labels, top, &cut(&(self.unit)(self.most), room), Role::Dim);
        canvas.right(labels, top + lines - 1, "0", Role::Dim);
        let Some((value, name)) = &self.line else {
            return;
        };
        // The same cell as a dot of that value.
        let mut dots = Dots::new(1, lines);
        dots.set(0, *value, self.most, 0);
        for (_, line, ..) in dots.cells() {
            let y = top + line;
            for x in self.axis.x..self.axis.right() {
                canvas.text((x, y), "\u{254c}", 1, Role::Warning);
            }
            let name = cut(name, room);
            canvas.text(
                (self.area.x, y),
                &" ".repeat(room + 1),
                self.axis.x - self.area.x,
                Role::Text,
            );
            canvas.right(labels, y, &name, Role::Warning);
        }
    }
}

/// A line that stays at a value until the next.
pub(super) struct Stair {
    series: u8,
    /// Where it stands: column of dots, value.
    at: Option<(u16, u64)>,
}

impl Stair {
    pub(super) const fn of(series: u8) -> Self {
        Self { series, at: None }
    }

    /// Goes on to a value at a column; `None` is left of the picture.
    pub(super) fn climb(&mut self, dots: &mut Dots, x: Option<u16>, value: u64, whole: u64) {
        if let (Some((from, before)), Some(x)) = (self.at, x) {
            for x in from..=x {
                dots.set(x, before, whole, self.series);
            }
            dots.stem(
                x,
                (before.min(value), before.max(value)),
                whole,
                self.series,
            );
        }
        self.at = Some((x.unwrap_or(0), value));
    }

    /// Goes on within a column through all values between two, to the last.
    pub(super) fn climb_along(&mut self, dots: &mut Dots, x: Option<u16>, span: Span, whole: u64) {
        self.climb(dots, x, span.least, whole);
        self.climb(dots, x, span.most, whole);
        self.climb(dots, x, span.last, whole);
    }
}
