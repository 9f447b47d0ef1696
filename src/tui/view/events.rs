//! What happened, a line each.

use ratatui::layout::Rect;

use super::canvas::{Canvas, scroll_mark};
use crate::tui::State;
use crate::tui::figures::{Figures, instant};
use crate::tui::run::Run;
use crate::tui::state::Panel;
use crate::tui::theme::Role;
use crate::tui::wording::{Way, sentence};
use crate::units::{Moment, Nanos};

/// Where the list is scrolled to.
pub(in crate::tui) struct Listing {
    /// The first line that is seen, as a place among what is listed.
    pub(in crate::tui) first: usize,
    /// How many are seen.
    pub(in crate::tui) seen: usize,
    /// The line under the cursor, as a place among what is listed.
    pub(in crate::tui) selected: Option<usize>,
}

impl Listing {
    /// The cursor's line is in the middle where there is more on both sides; without a cursor the
    /// end is seen.
    pub(in crate::tui) fn of(run: &Run, state: &State, area: Rect) -> Self {
        let seen = usize::from(area.height.saturating_sub(2));
        let most = run.listed.len().saturating_sub(seen);
        let selected = state
            .sight
            .cursor
            .event(run)
            .map(|place| run.listed.partition_point(|&listed| listed < place));
        let first = selected.map_or(most, |place| place.saturating_sub(seen / 2).min(most));
        Self {
            first,
            seen,
            selected,
        }
    }

    /// The place in the log of what is on a line of the screen.
    pub(in crate::tui) fn event_at(&self, run: &Run, area: Rect, y: u16) -> Option<usize> {
        let line = usize::from(y.checked_sub(area.y + 1)?);
        if line >= self.seen {
            return None;
        }
        run.listed.get(self.first + line).copied()
    }
}

/// Draws the panel.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, now: Moment) {
    let (run, now) = state.shown(now);
    let focused = state.sight.panel == Panel::Events;
    let count = run.listed.len();
    let inner = canvas.boxed(
        area,
        &[
            (" Events ".to_owned(), Role::Strong),
            (format!("\u{2500} {count} "), Role::Dim),
        ],
        focused,
    );
    let listing = Listing::of(run, state, area);
    let precise = Figures::reaching(run.whole(now).length())
        == Figures::reaching(Nanos::from_millis(1))
        || now.from_start() < Nanos::from_millis(10);
    let times = instant(now, precise).len().max(7);
    for (y, place) in (inner.y..inner.bottom()).zip(listing.first..) {
        let Some(event) = run.listed.get(place).and_then(|&place| run.event(place)) else {
            break;
        };
        let selected = listing.selected == Some(place);
        if selected {
            let style = canvas.look.selected(focused);
            canvas.buf.set_style(
                Rect {
                    y,
                    height: 1,
                    ..inner
                },
                style,
            );
            canvas.text((inner.x, y), "\u{25b8}", 1, Role::Accent);
        }
        draw_line(
            canvas,
            Rect {
                y,
                height: 1,
                ..inner
            },
            &sentence(event, &run.trace),
            &instant(event.at, precise),
            times,
        );
    }
    scroll_mark(canvas, area, listing.first, listing.seen, count);
}

fn draw_line(
    canvas: &mut Canvas<'_>,
    line: Rect,
    said: &crate::tui::wording::Sentence,
    time: &str,
    times: usize,
) {
    let times = u16::try_from(times).unwrap_or(7);
    let mut x = line.x + 1 + times;
    canvas.right(x, line.y, time, Role::Dim);
    x += 2;
    canvas.text(
        (x, line.y),
        said.layer,
        6,
        said.phase.map_or(Role::Dim, Role::Phase),
    );
    x += 6;
    let sign = match said.way {
        Way::Good => Role::Success,
        Way::Bad => Role::Failure,
        _ => Role::Dim,
    };
    canvas.text((x, line.y), said.way.sign(), 1, sign);
    x += 2;
    let role = if said.way == Way::Bad {
        Role::Failure
    } else {
        Role::Text
    };
    canvas.text(
        (x, line.y),
        &said.text,
        line.right().saturating_sub(x),
        role,
    );
}
