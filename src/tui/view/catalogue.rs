//! The catalogue, a line an offer.

use ratatui::layout::Rect;

use super::canvas::{Canvas, scroll_mark};
use crate::tui::State;
use crate::tui::catalogue::Row;
use crate::tui::figures::count;
use crate::tui::fit::{cut_middle, width};
use crate::tui::theme::Role;

/// Draws a title and below it as many of the lines as there is room for, from `first` on.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    state: &State,
    rows: &[Row<'_>],
    first: usize,
) {
    let offers = &state.settings.suggestions;
    if offers.is_empty() || area.height < 2 {
        return;
    }
    let left = rows
        .iter()
        .filter(|row| matches!(row, Row::Offer(_)))
        .count();
    draw_title(canvas, area, state, left);
    if left == 0 {
        let says = format!(
            "Nothing here has \u{201c}{}\u{201d} in it.",
            state.start.typed
        );
        canvas.text(
            (area.x + 1, area.y + 1),
            &says,
            area.width.saturating_sub(2),
            Role::Text,
        );
        return;
    }
    let indent = if offers.iter().any(|offer| !offer.group.is_empty()) {
        3
    } else {
        1
    };
    let widest = offers
        .iter()
        .map(|offer| width(&offer.url))
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
            Row::Gap => {}
            Row::Heading(group) => drop(canvas.text(
                (line.x + 1, y),
                group,
                line.width.saturating_sub(2),
                Role::Strong,
            )),
            Row::Offer(place) => draw_offer(canvas, line, state, *place, columns),
        }
    }
    let seen = usize::from(area.height - 1);
    scroll_mark(
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

/// What this is, and how much of it is left.
fn draw_title(canvas: &mut Canvas<'_>, area: Rect, state: &State, left: usize) {
    let heading = if state.linkage.is_some() {
        "Places of this lab"
    } else {
        "Worth a look, without a network"
    };
    let used = canvas.text(
        (area.x + 1, area.y),
        heading,
        area.width.saturating_sub(1),
        Role::Dim,
    );
    let all = state.settings.suggestions.len();
    let says = if left < all {
        format!("{left} of {all}")
    } else {
        count(all, "place")
    };
    if usize::from(area.width.saturating_sub(used)) > width(&says) + 4 {
        canvas.right(
            area.right().saturating_sub(1),
            area.y,
            &says,
            if left < all { Role::Accent } else { Role::Dim },
        );
    }
}

fn draw_offer(
    canvas: &mut Canvas<'_>,
    line: Rect,
    state: &State,
    place: usize,
    (indent, widest): (u16, u16),
) {
    let Some(offer) = state.settings.suggestions.get(place) else {
        return;
    };
    if state.start.chosen == Some(place) {
        let style = canvas.look.selected(true);
        canvas.buf.set_style(line, style);
        canvas.text((line.x, line.y), "\u{25b8}", 1, Role::Accent);
    }
    canvas.text(
        (line.x + indent, line.y),
        &cut_middle(&offer.url, usize::from(widest)),
        widest,
        Role::Accent,
    );
    let x = line.x + indent + widest + 2;
    canvas.text(
        (x, line.y),
        &offer.shows,
        (line.right().saturating_sub(1)).saturating_sub(x),
        Role::Text,
    );
}
