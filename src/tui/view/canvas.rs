//! The drawing surface of all panels.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

use crate::tui::text_layout;
use crate::tui::theme::{StyleRole, Styles};

/// A buffer, and the styles to draw with.
pub(super) struct Canvas<'a> {
    pub(super) buf: &'a mut Buffer,
    pub(super) styles: Styles,
}

impl Canvas<'_> {
    pub(super) fn style(&self, role: StyleRole) -> Style {
        self.styles.style(role)
    }

    /// Writes text, truncated with an ellipsis if it is wider than `columns`. Returns the columns
    /// written.
    pub(super) fn text(
        &mut self,
        (x, y): (u16, u16),
        text: &str,
        columns: u16,
        role: StyleRole,
    ) -> u16 {
        let style = self.style(role);
        self.styled((x, y), text, columns, style)
    }

    /// Like [`Canvas::text`], with a style.
    pub(super) fn styled(
        &mut self,
        (x, y): (u16, u16),
        text: &str,
        columns: u16,
        style: Style,
    ) -> u16 {
        let cut =
            text_layout::truncate_text(&text_layout::escape_controls(text), usize::from(columns));
        if !self.buf.area.contains((x, y).into()) {
            return 0;
        }
        let (end, _) = self.buf.set_stringn(x, y, cut, usize::from(columns), style);
        end.saturating_sub(x)
    }

    /// Writes text that ends before column `end`.
    pub(super) fn text_right(&mut self, end: u16, y: u16, text: &str, role: StyleRole) {
        let wide = u16::try_from(text_layout::display_width(text)).unwrap_or(u16::MAX);
        if let Some(x) = end.checked_sub(wide) {
            self.text((x, y), text, wide, role);
        }
    }

    /// Dims what is drawn in a cell, so that its colours no longer matter.
    pub(super) fn dim_cell(&mut self, at: (u16, u16)) {
        let (plain, on_bar) = (self.styles.dimmed(false), self.styles.dimmed(true));
        if let Some(cell) = self.buf.cell_mut(at) {
            let has_background = cell.bg != Color::Reset;
            cell.set_style(if has_background { on_bar } else { plain });
        }
    }

    /// Draws a box with a title. Returns its inside.
    pub(super) fn draw_box(
        &mut self,
        area: Rect,
        title: &[(String, StyleRole)],
        focused: bool,
    ) -> Rect {
        let frame = self.style(if focused {
            StyleRole::FocusedFrame
        } else {
            StyleRole::Frame
        });
        let spans: Vec<Span<'_>> = title
            .iter()
            .map(|(text, role)| Span::styled(text_layout::escape_controls(text), self.style(*role)))
            .collect();
        let set = if focused && !self.styles.has_color() {
            border::THICK
        } else {
            border::ROUNDED
        };
        let block = Block::bordered()
            .border_set(set)
            .border_style(frame)
            .title(Line::from(spans));
        let inner = block.inner(area);
        block.render(area, self.buf);
        inner
    }
}

/// Draws a scrollbar on the right border of a box.
pub(super) fn draw_scrollbar(
    canvas: &mut Canvas<'_>,
    area: Rect,
    first: usize,
    seen: usize,
    all: usize,
) {
    let track = usize::from(area.height.saturating_sub(2));
    if all <= seen || track == 0 || area.width == 0 {
        return;
    }
    let long = (track * seen / all).clamp(1, track);
    let top = ((track - long) * first)
        .div_ceil((all - seen).max(1))
        .min(track - long);
    let style = canvas.style(StyleRole::Dim);
    for line in top..top + long {
        let y = area.y + 1 + u16::try_from(line).unwrap_or(0);
        if let Some(cell) = canvas.buf.cell_mut((area.right() - 1, y)) {
            cell.set_symbol("\u{2590}").set_style(style);
        }
    }
}
