//! The explanation panel, and the panel with the contents of what is selected.

use ratatui::layout::Rect;

use super::canvas::{Canvas, draw_scrollbar};
use super::layout::PanelAreas;
use crate::tui::ScreenState;
use crate::tui::cursor::Cursor;
use crate::tui::explain::{ExplanationPage, explanation_page, owner_page, selected_content};
use crate::tui::state::Panel;
use crate::tui::theme::StyleRole;
use crate::units::Moment;

/// Returns the page of the panel, including the contents of what is selected unless they have a
/// panel of their own.
pub(in crate::tui) fn visible_page(
    state: &ScreenState,
    areas: &PanelAreas,
    now: Moment,
) -> ExplanationPage {
    let (run, now) = state.displayed_run(now);
    let cursor = state.view_state.cursor;
    if state.explains_owner(now)
        && let Some(lit) = state.lit_time(now)
    {
        return owner_page(run, &lit);
    }
    let page = explanation_page(run, cursor, now);
    // An event of the run itself has no further contents, and a packet's page is complete.
    let of_the_run =
        cursor.flow().is_some() || matches!(cursor, Cursor::Event(_)) && cursor.lane(run).is_none();
    if areas.content.width > 0 || of_the_run {
        page
    } else {
        page.followed_by(selected_content(run, cursor))
    }
}

/// Returns the maximum scroll position of a page.
pub(in crate::tui) fn max_explanation_scroll(page: &ExplanationPage, area: Rect) -> usize {
    let (columns, lines) = page_size(area);
    page.height(columns).saturating_sub(lines)
}

/// Draws one panel, or both.
pub(super) fn draw(canvas: &mut Canvas<'_>, areas: &PanelAreas, state: &ScreenState, now: Moment) {
    let focused = state.view_state.panel == Panel::Explain;
    let scrolled = state.view_state.explanation_scroll;
    if areas.explain.width > 0 {
        draw_page(
            canvas,
            areas.explain,
            &visible_page(state, areas, now),
            focused,
            scrolled,
        );
    }
    if areas.content.width > 0 {
        let (run, _) = state.displayed_run(now);
        draw_page(
            canvas,
            areas.content,
            &selected_content(run, state.view_state.cursor),
            false,
            0,
        );
    }
}

const fn page_size(area: Rect) -> (usize, usize) {
    (
        area.width.saturating_sub(4) as usize,
        area.height.saturating_sub(2) as usize,
    )
}

fn draw_page(
    canvas: &mut Canvas<'_>,
    area: Rect,
    page: &ExplanationPage,
    focused: bool,
    scrolled: usize,
) {
    let title = crate::tui::text_layout::truncate_text(
        &page.title,
        usize::from(area.width).saturating_sub(6),
    );
    let inner = canvas.draw_box(area, &[(format!(" {title} "), StyleRole::Strong)], focused);
    let (columns, lines) = page_size(area);
    let height = page.height(columns);
    let first = scrolled.min(height.saturating_sub(lines));
    for (y, line) in (inner.y..).zip(page.lines(columns, first, lines)) {
        let mut x = inner.x + 1;
        for (text, role) in line {
            x += canvas.text((x, y), &text, (inner.right()).saturating_sub(x), role);
        }
    }
    draw_scrollbar(canvas, area, first, lines, height);
}
