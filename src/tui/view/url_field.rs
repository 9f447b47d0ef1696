//! The URL field, over the run or on the start screen.

use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::widgets::{Clear, Widget};

use super::canvas::Canvas;
use crate::insight::redact::RedactionPolicy;
use crate::tui::text_input::{TextInput, check_url};
use crate::tui::text_layout::display_width;
use crate::tui::theme::StyleRole;

/// Draws the field over the run.
pub(super) fn draw_popup(
    canvas: &mut Canvas<'_>,
    area: Rect,
    address: &TextInput,
    masking: &RedactionPolicy,
) {
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
    let inner = canvas.draw_box(
        popup,
        &[(" Where to? ".to_owned(), StyleRole::Strong)],
        true,
    );
    draw_field(canvas, Rect { height: 1, ..inner }, address, masking);
    draw_validation(
        canvas,
        Rect {
            y: inner.y + 1,
            height: inner.height.saturating_sub(1),
            ..inner
        },
        address,
    );
}

/// Draws the text, scrolled so that the cursor is visible. Secrets are shown as asterisks, even
/// while they are typed.
pub(super) fn draw_field(
    canvas: &mut Canvas<'_>,
    area: Rect,
    address: &TextInput,
    masking: &RedactionPolicy,
) {
    let columns = usize::from(area.width).saturating_sub(2);
    if area.height == 0 || columns < 2 {
        return;
    }
    let (before, after) = address.split_at_cursor();
    let text = masking.mask_address(&[before, after].concat());
    let (before, after) = text.split_at_checked(before.len()).unwrap_or_default();
    let shown = suffix_within(before, columns - 1);
    let mut x = area.x + 1;
    x += canvas.text(
        (x, area.y),
        shown,
        area.right().saturating_sub(x),
        StyleRole::Strong,
    );
    let style = canvas
        .style(StyleRole::Text)
        .add_modifier(Modifier::REVERSED);
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
        StyleRole::Strong,
    );
}

/// Draws what is wrong with the text, if anything.
pub(super) fn draw_validation(canvas: &mut Canvas<'_>, area: Rect, address: &TextInput) {
    if area.height == 0 {
        return;
    }
    let (text, role) = match check_url(&address.text()) {
        Ok(()) => ("Press Enter to run it.".to_owned(), StyleRole::Dim),
        Err(why) => (why, StyleRole::Warning),
    };
    canvas.text(
        (area.x + 1, area.y),
        &text,
        area.width.saturating_sub(2),
        role,
    );
}

/// Returns the longest suffix that fits.
fn suffix_within(text: &str, columns: usize) -> &str {
    let mut start = 0;
    for (index, _) in text.char_indices() {
        start = index;
        if display_width(text.get(index..).unwrap_or_default()) <= columns {
            break;
        }
    }
    text.get(start..).unwrap_or_default()
}
