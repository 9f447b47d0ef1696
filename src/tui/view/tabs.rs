//! The tabs: names of the available views, with the current one highlighted.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::tui::state::View;
use crate::tui::theme::StyleRole;

/// Draws the line.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, views: [View; 4], shown: View) {
    if area.height == 0 {
        return;
    }
    let mut x = area.x + 1;
    for view in views {
        let key = view.key().to_string();
        let name = view.name();
        let role = if view == shown {
            StyleRole::Strong
        } else {
            StyleRole::Dim
        };
        let start = x;
        x += canvas.text((x, area.y), &key, 1, StyleRole::Accent) + 1;
        x += canvas.text((x, area.y), name, area.right().saturating_sub(x), role);
        if view == shown {
            let style = canvas.styles.selected(true);
            canvas.buf.set_style(
                Rect {
                    x: start.saturating_sub(1),
                    y: area.y,
                    width: (x - start) + 2,
                    height: 1,
                },
                style,
            );
        }
        x += 2;
    }
}

/// Returns the view whose name is at a column.
pub(in crate::tui) fn view_at(area: Rect, views: [View; 4], x: u16) -> Option<View> {
    let mut end = area.x;
    views.into_iter().find(|view| {
        end += u16::try_from(view.name().len()).unwrap_or(0) + 4;
        x < end
    })
}
