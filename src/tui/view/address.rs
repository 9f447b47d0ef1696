//! The URL field: over the run, or on the start screen.

use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::widgets::{Clear, Widget};

use super::canvas::Canvas;
use crate::insight::redact::Masking;
use crate::tui::address::{Address, check};
use crate::tui::fit::width;
use crate::tui::theme::Role;

/// The field over the run.
pub(super) fn draw_over(canvas: &mut Canvas<'_>, area: Rect, address: &Address, masking: &Masking) {
    let columns = area.width.min(100);
    let height = 4.min(area.height);
    let popup = Rect {
        x: area.x + (area.width - columns) / 2,
        y: area.y + area.height.saturating_sub(height) / 3,
        width: columns,
        height,
    };
    Clear.render(popup, canvas.buf);
    if popup.height < 3 {
        return draw_field(
            canvas,
            Rect {
                height: popup.height.min(1),
                ..popup
            },
            address,
            masking,
        );
    }
    let inner = canvas.boxed(popup, &[(" Where to? ".to_owned(), Role::Strong)], true);
    draw_field(canvas, Rect { height: 1, ..inner }, address, masking);
    draw_verdict(
        canvas,
        Rect {
            y: inner.y + 1,
            height: inner.height.saturating_sub(1),
            ..inner
        },
        address,
    );
}

/// The text, scrolled so that the cursor is seen. What is secret in it is shown as asterisks, also
/// while it is typed.
pub(super) fn draw_field(
    canvas: &mut Canvas<'_>,
    area: Rect,
    address: &Address,
    masking: &Masking,
) {
    let columns = usize::from(area.width).saturating_sub(2);
    if area.height == 0 || columns < 2 {
        return;
    }
    let (before, after) = address.parts();
    let text = masking.blanked_address(&[before, after].concat());
    let (before, after) = text.split_at_checked(before.len()).unwrap_or_default();
    let shown = tail(before, columns - 1);
    let mut x = area.x + 1;
    x += canvas.text(
        (x, area.y),
        shown,
        area.right().saturating_sub(x),
        Role::Strong,
    );
    let style = canvas.style(Role::Text).add_modifier(Modifier::REVERSED);
    let under = after
        .chars()
        .next()
        .map_or_else(|| " ".to_owned(), String::from);
    x += canvas.styled((x, area.y), &under, 2, style);
    let rest = after
        .get(after.chars().next().map_or(0, char::len_utf8)..)
        .unwrap_or_default();
    canvas.text(
        (x, area.y),
        rest,
        area.right().saturating_sub(x + 1),
        Role::Strong,
    );
}

/// What is wrong with the text, if anything.
pub(super) fn draw_verdict(canvas: &mut Canvas<'_>, area: Rect, address: &Address) {
    if area.height == 0 {
        return;
    }
    let (text, role) = match check(&address.text()) {
        Ok(()) => ("Enter runs it.".to_owned(), Role::Dim),
        Err(why) => (why, Role::Warning),
    };
    canvas.text(
        (area.x + 1, area.y),
        &text,
        area.width.saturating_sub(2),
        role,
    );
}

/// As much of the end as fits.
fn tail(text: &str, columns: usize) -> &str {
    let mut start = 0;
    for (place, _) in text.char_indices() {
        start = place;
        if width(text.get(place..).unwrap_or_default()) <= columns {
            break;
        }
    }
    text.get(start..).unwrap_or_default()
}
