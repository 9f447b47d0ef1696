//! The list of suggestions, one per line.

use ratatui::layout::Rect;

use super::canvas::{Canvas, draw_scrollbar};
use crate::tui::ScreenState;
use crate::tui::catalogue::CatalogueRow;
use crate::tui::figures::count;
use crate::tui::text_layout::{display_width, truncate_middle};
use crate::tui::theme::StyleRole;

/// Draws a title and, below it, as many rows as fit from `first` on.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    state: &ScreenState,
    rows: &[CatalogueRow<'_>],
    first: usize,
) {
    let suggestions = &state.settings.suggestions;
    if suggestions.is_empty() || area.height < 2 {
        return;
    }
    let left = rows
        .iter()
        .filter(|row| matches!(row, CatalogueRow::Suggestion(_)))
        .count();
    draw_title(canvas, area, state, left);
    if left == 0 {
        let says = format!(
            "Nothing matches \u{201c}{}\u{201d}.",
            state.start_screen.typed
        );
        canvas.text(
            (area.x + 1, area.y + 1),
            &says,
            area.width.saturating_sub(2),
            StyleRole::Text,
        );
        return;
    }
    let indent = if suggestions
        .iter()
        .any(|suggestion| !suggestion.group.is_empty())
    {
        3
    } else {
        1
    };
    let widest = suggestions
        .iter()
        .map(|suggestion| display_width(&suggestion.url))
        .max()
        .unwrap_or(0)
        .min(usize::from(area.width) / 2);
    let columns = (indent, u16::try_from(widest).unwrap_or(0));
    for (y, row) in (area.y + 1..area.bottom()).zip(rows.iter().skip(first)) {
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        match row {
            CatalogueRow::Gap => {}
            CatalogueRow::Heading(group) => drop(canvas.text(
                (line.x + 1, y),
                group,
                line.width.saturating_sub(2),
                StyleRole::Strong,
            )),
            CatalogueRow::Suggestion(index) => {
                draw_suggestion(canvas, line, state, *index, columns);
            }
        }
    }
    let seen = usize::from(area.height - 1);
    draw_scrollbar(
        canvas,
        Rect {
            height: area.height + 1,
            ..area
        },
        first,
        seen,
        rows.len(),
    );
}

/// Draws the heading, and how many suggestions match.
fn draw_title(canvas: &mut Canvas<'_>, area: Rect, state: &ScreenState, left: usize) {
    let heading = if state.link_state.is_some() {
        "Places in this lab"
    } else {
        "Worth a look, no network needed"
    };
    let used = canvas.text(
        (area.x + 1, area.y),
        heading,
        area.width.saturating_sub(1),
        StyleRole::Dim,
    );
    let all = state.settings.suggestions.len();
    let says = if left < all {
        format!("{left} of {all}")
    } else {
        count(all, "place")
    };
    if usize::from(area.width.saturating_sub(used)) > display_width(&says) + 4 {
        canvas.text_right(
            area.right().saturating_sub(1),
            area.y,
            &says,
            if left < all {
                StyleRole::Accent
            } else {
                StyleRole::Dim
            },
        );
    }
}

fn draw_suggestion(
    canvas: &mut Canvas<'_>,
    line: Rect,
    state: &ScreenState,
    index: usize,
    (indent, widest): (u16, u16),
) {
    let Some(suggestion) = state.settings.suggestions.get(index) else {
        return;
    };
    if state.start_screen.chosen == Some(index) {
        let style = canvas.styles.selected(true);
        canvas.buf.set_style(line, style);
        canvas.text((line.x, line.y), "\u{25b8}", 1, StyleRole::Accent);
    }
    canvas.text(
        (line.x + indent, line.y),
        &truncate_middle(&suggestion.url, usize::from(widest)),
        widest,
        StyleRole::Accent,
    );
    let x = line.x + indent + widest + 2;
    canvas.text(
        (x, line.y),
        &suggestion.description,
        (line.right().saturating_sub(1)).saturating_sub(x),
        StyleRole::Text,
    );
}
