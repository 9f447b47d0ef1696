//! Drawing of the link panel.

use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};

use super::canvas::Canvas;
use crate::trace::LinkCounts;
use crate::tui::link_panel::{LinkPanel, LinkState};
use crate::tui::link_setting::LinkSetting;
use crate::tui::text_layout::{display_width, first_that_fits, wrap};
use crate::tui::theme::StyleRole;
use crate::units::group_digits;

const WIDTH: u16 = 74;
/// Settings, counters and hints in two lines each, a blank line between them, and the border.
const HEIGHT: u16 = SETTING_LINES + 8;
const SETTING_LINES: u16 = 8;
/// Column at which the values begin, and their width.
const VALUE_COLUMN: u16 = 13;
const VALUE_COLUMNS: u16 = 18;

/// Returns the area of the panel.
pub(in crate::tui) fn link_panel_area(screen: Rect) -> Rect {
    let width = WIDTH.min(screen.width);
    let height = HEIGHT.min(screen.height.saturating_sub(1));
    Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height.saturating_sub(1) - height) / 2,
        width,
        height,
    }
}

/// Returns the index of the setting at a position of the screen.
pub(in crate::tui) fn link_setting_at(
    area: Rect,
    panel: &LinkPanel,
    at: Position,
) -> Option<usize> {
    let inside = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    };
    let line = usize::from(at.y.checked_sub(inside.y).filter(|_| inside.contains(at))?);
    (line < usize::from(visible_settings(inside)))
        .then(|| first_visible_setting(inside, panel) + line)
        .filter(|index| *index < LinkSetting::ALL.len())
}

/// Returns the number of visible settings. On a low screen the lines below them are dropped first.
const fn visible_settings(inside: Rect) -> u16 {
    if inside.height < SETTING_LINES {
        inside.height
    } else {
        SETTING_LINES
    }
}

/// Returns the first visible setting, so that the selected one is visible.
fn first_visible_setting(inside: Rect, panel: &LinkPanel) -> usize {
    let chosen = LinkSetting::ALL
        .iter()
        .position(|&setting| setting == panel.setting)
        .unwrap_or(0);
    (chosen + 1).saturating_sub(usize::from(visible_settings(inside)))
}

/// Draws the panel over everything else.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    screen: Rect,
    panel: &LinkPanel,
    link_state: &LinkState,
) {
    let popup = link_panel_area(screen);
    if popup.height < 3 {
        return;
    }
    Clear.render(popup, canvas.buf);
    let inside = canvas.draw_box(
        popup,
        &[(" Link settings ".to_owned(), StyleRole::Strong)],
        true,
    );
    for (y, setting) in (inside.y..inside.y + visible_settings(inside)).zip(
        LinkSetting::ALL
            .into_iter()
            .skip(first_visible_setting(inside, panel)),
    ) {
        draw_setting(
            canvas,
            Rect {
                y,
                height: 1,
                ..inside
            },
            setting,
            panel,
            link_state,
        );
    }
    let y = inside.y + SETTING_LINES + 1;
    let below = Rect {
        y,
        height: inside.bottom().saturating_sub(y),
        ..inside
    };
    draw_counts(canvas, below, &link_state.counts);
    let y = y + 3;
    if y < inside.bottom() {
        draw_hint(
            canvas,
            Rect {
                y,
                height: inside.bottom() - y,
                ..inside
            },
            panel,
        );
    } else if panel.error.is_some() {
        let last = Rect {
            y: inside.bottom() - 1,
            height: 1,
            ..inside
        };
        Clear.render(last, canvas.buf);
        draw_hint(canvas, last, panel);
    }
}

fn draw_setting(
    canvas: &mut Canvas<'_>,
    line: Rect,
    setting: LinkSetting,
    panel: &LinkPanel,
    link_state: &LinkState,
) {
    let chosen = setting == panel.setting;
    if chosen {
        let style = canvas.styles.selected(true);
        canvas.buf.set_style(line, style);
        canvas.text((line.x, line.y), "\u{25b8}", 1, StyleRole::Accent);
    }
    let room = |x: u16| line.right().saturating_sub(x);
    canvas.text(
        (line.x + 2, line.y),
        setting.name(),
        room(line.x + 2).min(VALUE_COLUMN - 2),
        StyleRole::Text,
    );
    let x = line.x + VALUE_COLUMN;
    let typed = chosen && !panel.input.is_empty();
    let value = if typed {
        format!("{}_", panel.input)
    } else {
        setting.format_value(link_state.current())
    };
    if chosen && !typed {
        let less = if setting.stepped(link_state.current(), false).is_some() {
            "\u{25c2}"
        } else {
            " "
        };
        let more = if setting.stepped(link_state.current(), true).is_some() {
            "\u{25b8}"
        } else {
            " "
        };
        canvas.text((x, line.y), less, room(x).min(1), StyleRole::Accent);
        let end = x + 3 + u16::try_from(display_width(&value)).unwrap_or(VALUE_COLUMNS);
        canvas.text((end, line.y), more, room(end).min(1), StyleRole::Accent);
    }
    canvas.text(
        (x + 2, line.y),
        &value,
        room(x + 2).min(if typed {
            VALUE_COLUMNS + 8
        } else {
            VALUE_COLUMNS
        }),
        StyleRole::Strong,
    );
    let x = x + 2 + VALUE_COLUMNS + 1;
    if !typed {
        canvas.text(
            (x, line.y),
            setting.description(),
            room(x + 1),
            StyleRole::Dim,
        );
    }
}

/// Draws the counters of the link, over both directions, in two lines.
fn draw_counts(canvas: &mut Canvas<'_>, area: Rect, counts: &LinkCounts) {
    let lines = [
        [
            ("delivered", counts.passed),
            ("lost", counts.lost),
            ("dropped by a full queue", counts.overflowed),
        ],
        [
            ("duplicated", counts.duplicated),
            ("reordered", counts.reordered),
            ("dropped by a firewall", counts.firewalled),
        ],
    ];
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        let mut x = area.x + 2;
        for ((name, number), wide) in line.into_iter().zip([22, 20, 30]) {
            let number = group_digits(number);
            let room = area.right().saturating_sub(x);
            let used = canvas.text((x, y), &number, room, StyleRole::Text);
            canvas.text(
                (x + used + 1, y),
                name,
                room.saturating_sub(used + 1),
                StyleRole::Dim,
            );
            x += wide;
        }
    }
}

/// Draws what is wrong with the typed value, or what can be typed.
fn draw_hint(canvas: &mut Canvas<'_>, area: Rect, panel: &LinkPanel) {
    let columns = area.width.saturating_sub(4);
    let (lines, role) = match &panel.error {
        Some(why) if area.height == 1 => (vec![why.clone()], StyleRole::Warning),
        Some(why) => (wrap(why, usize::from(columns)), StyleRole::Warning),
        None if panel.input.is_empty() => {
            let wordings = [
                format!(
                    "\u{2190}\u{2192} changes it at once; or type a value, such as {}.",
                    panel.setting.example()
                ),
                format!("Or type a value: {}.", panel.setting.example()),
            ];
            (
                first_that_fits(&wordings, usize::from(columns))
                    .map(str::to_owned)
                    .into_iter()
                    .collect(),
                StyleRole::Dim,
            )
        }
        None => (
            vec!["Enter applies it, Esc discards it.".to_owned()],
            StyleRole::Dim,
        ),
    };
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        canvas.text((area.x + 2, y), &line, columns, role);
    }
}
