//! The explanation, and what the selected thing holds.

use ratatui::layout::Rect;

use super::canvas::{Canvas, scroll_mark};
use super::layout::Areas;
use crate::tui::State;
use crate::tui::cursor::Cursor;
use crate::tui::explain::{Page, content, explanation};
use crate::tui::state::Panel;
use crate::tui::theme::Role;
use crate::units::Moment;

/// The page in the panel: with what the thing holds, unless that has a panel of its own.
pub(in crate::tui) fn page(state: &State, areas: &Areas, now: Moment) -> Page {
    let (run, now) = state.shown(now);
    let cursor = state.sight.cursor;
    let page = explanation(run, cursor, now);
    // An event of the run itself holds nothing beyond its line, and of a packet all is said.
    let of_the_run =
        cursor.flow().is_some() || matches!(cursor, Cursor::Event(_)) && cursor.lane(run).is_none();
    if areas.content.width > 0 || of_the_run {
        page
    } else {
        page.followed_by(content(run, cursor))
    }
}

/// The lines by which the page can be scrolled at most.
pub(in crate::tui) fn most_scrolled(page: &Page, area: Rect) -> usize {
    let (columns, lines) = inside(area);
    page.height(columns).saturating_sub(lines)
}

/// Draws the panel, or both.
pub(super) fn draw(canvas: &mut Canvas<'_>, areas: &Areas, state: &State, now: Moment) {
    let focused = state.sight.panel == Panel::Explain;
    let scrolled = state.sight.scrolled;
    if areas.explain.width > 0 {
        draw_page(
            canvas,
            areas.explain,
            &page(state, areas, now),
            focused,
            scrolled,
        );
    }
    if areas.content.width > 0 {
        let (run, _) = state.shown(now);
        draw_page(
            canvas,
            areas.content,
            &content(run, state.sight.cursor),
            false,
            0,
        );
    }
}

const fn inside(area: Rect) -> (usize, usize) {
    (
        area.width.saturating_sub(4) as usize,
        area.height.saturating_sub(2) as usize,
    )
}

fn draw_page(canvas: &mut Canvas<'_>, area: Rect, page: &Page, focused: bool, scrolled: usize) {
    let title = crate::tui::fit::cut(&page.title, usize::from(area.width).saturating_sub(6));
    let inner = canvas.boxed(area, &[(format!(" {title} "), Role::Strong)], focused);
    let (columns, lines) = inside(area);
    let height = page.height(columns);
    let first = scrolled.min(height.saturating_sub(lines));
    for (y, line) in (inner.y..).zip(page.lines(columns, first, lines)) {
        let mut x = inner.x + 1;
        for (text, role) in line {
            x += canvas.text((x, y), &text, (inner.right()).saturating_sub(x), role);
        }
    }
    scroll_mark(canvas, area, first, lines, height);
}
