//! The panel in which the link is set.

use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};

use super::canvas::Canvas;
use crate::trace::LinkCounts;
use crate::tui::dial::Dial;
use crate::tui::fit::{first_that_fits, width, wrap};
use crate::tui::link_panel::{LinkPanel, Linkage};
use crate::tui::theme::Role;
use crate::units::grouped;

const WIDTH: u16 = 74;
/// Settings, counts and words in two lines each, a line of air between them, and the border.
const HEIGHT: u16 = DIALS + 8;
const DIALS: u16 = 8;
/// Where the values begin, and what they take.
const VALUE: u16 = 13;
const VALUE_WIDTH: u16 = 18;

/// Where the panel is.
pub(in crate::tui) fn area(screen: Rect) -> Rect {
    let (width, height) = (
        WIDTH.min(screen.width),
        HEIGHT.min(screen.height.saturating_sub(1)),
    );
    Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height.saturating_sub(1) - height) / 2,
        width,
        height,
    }
}

/// The setting at a place of the screen, by its place among all of them.
pub(in crate::tui) fn dial_at(area: Rect, panel: &LinkPanel, at: Position) -> Option<usize> {
    let inside = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    };
    let line = usize::from(at.y.checked_sub(inside.y).filter(|_| inside.contains(at))?);
    (line < usize::from(seen(inside)))
        .then(|| first(inside, panel) + line)
        .filter(|place| *place < Dial::ALL.len())
}

/// Lines for settings: where there are few lines, the words below go first.
const fn seen(inside: Rect) -> u16 {
    if inside.height < DIALS {
        inside.height
    } else {
        DIALS
    }
}

/// The first setting that is seen, so that the chosen one is.
fn first(inside: Rect, panel: &LinkPanel) -> usize {
    let chosen = Dial::ALL
        .iter()
        .position(|&dial| dial == panel.dial)
        .unwrap_or(0);
    (chosen + 1).saturating_sub(usize::from(seen(inside)))
}

/// Draws the panel over the picture.
pub(super) fn draw(canvas: &mut Canvas<'_>, screen: Rect, panel: &LinkPanel, linkage: &Linkage) {
    let popup = area(screen);
    if popup.height < 3 {
        return;
    }
    Clear.render(popup, canvas.buf);
    let inside = canvas.boxed(popup, &[(" The link ".to_owned(), Role::Strong)], true);
    for (y, dial) in
        (inside.y..inside.y + seen(inside)).zip(Dial::ALL.into_iter().skip(first(inside, panel)))
    {
        draw_dial(
            canvas,
            Rect {
                y,
                height: 1,
                ..inside
            },
            dial,
            panel,
            linkage,
        );
    }
    let y = inside.y + DIALS + 1;
    let below = Rect {
        y,
        height: inside.bottom().saturating_sub(y),
        ..inside
    };
    draw_counts(canvas, below, &linkage.counts);
    let y = y + 3;
    if y < inside.bottom() {
        draw_words(
            canvas,
            Rect {
                y,
                height: inside.bottom() - y,
                ..inside
            },
            panel,
        );
    } else if panel.complaint.is_some() {
        let last = Rect {
            y: inside.bottom() - 1,
            height: 1,
            ..inside
        };
        Clear.render(last, canvas.buf);
        draw_words(canvas, last, panel);
    }
}

fn draw_dial(
    canvas: &mut Canvas<'_>,
    line: Rect,
    dial: Dial,
    panel: &LinkPanel,
    linkage: &Linkage,
) {
    let chosen = dial == panel.dial;
    if chosen {
        let style = canvas.look.selected(true);
        canvas.buf.set_style(line, style);
        canvas.text((line.x, line.y), "\u{25b8}", 1, Role::Accent);
    }
    let room = |x: u16| line.right().saturating_sub(x);
    canvas.text(
        (line.x + 2, line.y),
        dial.name(),
        room(line.x + 2).min(VALUE - 2),
        Role::Text,
    );
    let x = line.x + VALUE;
    let typed = chosen && !panel.typed.is_empty();
    let value = if typed {
        format!("{}_", panel.typed)
    } else {
        dial.shown(linkage.link())
    };
    if chosen && !typed {
        let less = if dial.stepped(linkage.link(), false).is_some() {
            "\u{25c2}"
        } else {
            " "
        };
        let more = if dial.stepped(linkage.link(), true).is_some() {
            "\u{25b8}"
        } else {
            " "
        };
        canvas.text((x, line.y), less, room(x).min(1), Role::Accent);
        let end = x + 3 + u16::try_from(width(&value)).unwrap_or(VALUE_WIDTH);
        canvas.text((end, line.y), more, room(end).min(1), Role::Accent);
    }
    canvas.text(
        (x + 2, line.y),
        &value,
        room(x + 2).min(if typed { VALUE_WIDTH + 8 } else { VALUE_WIDTH }),
        Role::Strong,
    );
    let x = x + 2 + VALUE_WIDTH + 1;
    if !typed {
        canvas.text((x, line.y), dial.means(), room(x + 1), Role::Dim);
    }
}

/// What the link has done, over both directions, in two lines.
fn draw_counts(canvas: &mut Canvas<'_>, area: Rect, counts: &LinkCounts) {
    let lines = [
        [
            ("passed", counts.passed),
            ("lost", counts.lost),
            ("lost in a full queue", counts.overflowed),
        ],
        [
            ("twice", counts.duplicated),
            ("held back", counts.reordered),
            ("stopped by a firewall", counts.firewalled),
        ],
    ];
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        let mut x = area.x + 2;
        for ((name, number), wide) in line.into_iter().zip([22, 20, 30]) {
            let number = grouped(number);
            let room = area.right().saturating_sub(x);
            let used = canvas.text((x, y), &number, room, Role::Text);
            canvas.text(
                (x + used + 1, y),
                name,
                room.saturating_sub(used + 1),
                Role::Dim,
            );
            x += wide;
        }
    }
}

/// What was wrong with what was typed, else what may be typed.
fn draw_words(canvas: &mut Canvas<'_>, area: Rect, panel: &LinkPanel) {
    let columns = area.width.saturating_sub(4);
    let (lines, role) = match &panel.complaint {
        Some(why) if area.height == 1 => (vec![why.clone()], Role::Warning),
        Some(why) => (wrap(why, usize::from(columns)), Role::Warning),
        None if panel.typed.is_empty() => {
            let ways = [
                format!(
                    "\u{2190}\u{2192} changes it at once; or type a value, such as {}.",
                    panel.dial.example()
                ),
                format!("Or type a value: {}.", panel.dial.example()),
            ];
            (
                first_that_fits(&ways, usize::from(columns))
                    .map(str::to_owned)
                    .into_iter()
                    .collect(),
                Role::Dim,
            )
        }
        None => (
            vec!["Enter takes it, Esc leaves it as it is.".to_owned()],
            Role::Dim,
        ),
    };
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        canvas.text((area.x + 2, y), &line, columns, role);
    }
}
