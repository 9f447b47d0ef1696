//! Columns of a time axis that lie in the time of the selected owner; the others are dimmed.

use ratatui::layout::Rect;
use ratatui::style::Color;

use super::canvas::Canvas;
use super::timeline::{owner_pattern, paint_patterns};
use crate::timeline::Scale;
use crate::tui::owner_selection::LitTime;
use crate::tui::theme::StyleRole;

/// The columns of an axis, each of which is lit or not.
pub(super) struct LitColumns(Vec<bool>);

impl LitColumns {
    /// Returns the columns in which an owner has time.
    pub(super) fn new(lit: &LitTime, scale: &Scale) -> Self {
        let mut columns = vec![false; usize::from(scale.columns())];
        for (from, to) in lit.intervals() {
            if let Some(cover) = scale.column_span(from, to) {
                let (first, last) = cover.columns();
                let range = first as usize..(last as usize + 1).min(columns.len());
                columns.get_mut(range).unwrap_or_default().fill(true);
            }
        }
        Self(columns)
    }

    /// Returns an axis without any lit column.
    pub(super) fn none(scale: &Scale) -> Self {
        Self(vec![false; usize::from(scale.columns())])
    }

    /// Dims what is drawn in the other columns of an area as wide as the axis, and gives these a
    /// background if there are colours.
    pub(super) fn apply(&self, canvas: &mut Canvas<'_>, area: Rect) {
        for (x, is_lit) in (area.left()..area.right()).zip(&self.0) {
            for y in area.top()..area.bottom() {
                if *is_lit {
                    light_cell(canvas, (x, y));
                } else {
                    canvas.dim_cell((x, y));
                }
            }
        }
    }
}

/// Gives a cell a background, if there are colours and it has none.
fn light_cell(canvas: &mut Canvas<'_>, at: (u16, u16)) {
    let selected = canvas.styles.selected(false);
    if canvas.styles.has_color()
        && let Some(cell) = canvas.buf.cell_mut(at)
        && cell.bg == Color::Reset
    {
        cell.set_style(selected);
    }
}

/// Draws the intervals of an owner in a line of an axis that begins at `origin`.
pub(super) fn draw_intervals(
    canvas: &mut Canvas<'_>,
    lit: &LitTime,
    scale: &Scale,
    origin: (u16, u16),
) {
    let covers: Vec<_> = lit
        .intervals()
        .filter_map(|(from, to)| scale.column_span(from, to))
        .collect();
    let style = canvas.style(StyleRole::Owner(lit.owner));
    let pattern = owner_pattern(lit.owner);
    paint_patterns(canvas.buf, origin, &covers, style, pattern);
}
