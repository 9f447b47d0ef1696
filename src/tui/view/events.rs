//! The event list, one event per line.

use ratatui::layout::Rect;

use super::canvas::{Canvas, draw_scrollbar};
use crate::tui::ScreenState;
use crate::tui::event_wording::{EventSign, event_sentence};
use crate::tui::figures::{DurationFormat, format_millis};
use crate::tui::screen_run::ScreenRun;
use crate::tui::state::Panel;
use crate::tui::theme::StyleRole;
use crate::units::{Moment, Nanos};

/// Scroll position of the list.
pub(in crate::tui) struct EventScroll {
    /// First visible row.
    pub(in crate::tui) first: usize,
    /// Number of visible rows.
    pub(in crate::tui) seen: usize,
    /// Row under the cursor.
    pub(in crate::tui) selected: Option<usize>,
}

impl EventScroll {
    /// Centres the row under the cursor if there is more on both sides; without a cursor shows the
    /// end.
    pub(in crate::tui) fn new(run: &ScreenRun, state: &ScreenState, area: Rect) -> Self {
        let seen = usize::from(area.height.saturating_sub(2));
        let most = run.listed_events.len().saturating_sub(seen);
        let selected = state
            .view_state
            .cursor
            .event(run)
            .map(|index| run.listed_events.partition_point(|&listed| listed < index));
        let first = selected.map_or(most, |index| index.saturating_sub(seen / 2).min(most));
        Self {
            first,
            seen,
            selected,
        }
    }

    /// Returns the log index of the event on a line of the screen.
    pub(in crate::tui) fn event_at(&self, run: &ScreenRun, area: Rect, y: u16) -> Option<usize> {
        let line = usize::from(y.checked_sub(area.y + 1)?);
        if line >= self.seen {
            return None;
        }
        run.listed_events.get(self.first + line).copied()
    }
}

/// Draws the panel.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &ScreenState, now: Moment) {
    let (run, now) = state.displayed_run(now);
    let focused = state.view_state.panel == Panel::Main;
    let count = run.listed_events.len();
    let inner = canvas.draw_box(
        area,
        &[
            (" Events ".to_owned(), StyleRole::Strong),
            (format!("\u{2500} {count} "), StyleRole::Dim),
        ],
        focused,
    );
    let listing = EventScroll::new(run, state, area);
    let precise = DurationFormat::for_longest(run.full_window(now).length())
        == DurationFormat::for_longest(Nanos::from_millis(1))
        || now.from_start() < Nanos::from_millis(10);
    let times = format_millis(now, precise).len().max(7);
    for (y, index) in (inner.y..inner.bottom()).zip(listing.first..) {
        let Some(event) = run
            .listed_events
            .get(index)
            .and_then(|&index| run.event(index))
        else {
            break;
        };
        let selected = listing.selected == Some(index);
        if selected {
            let style = canvas.styles.selected(focused);
            canvas.buf.set_style(
                Rect {
                    y,
                    height: 1,
                    ..inner
                },
                style,
            );
            canvas.text((inner.x, y), "\u{25b8}", 1, StyleRole::Accent);
        }
        draw_line(
            canvas,
            Rect {
                y,
                height: 1,
                ..inner
            },
            &event_sentence(event, &run.trace),
            &format_millis(event.at, precise),
            times,
        );
    }
    draw_scrollbar(canvas, area, listing.first, listing.seen, count);
}

fn draw_line(
    canvas: &mut Canvas<'_>,
    line: Rect,
    sentence: &crate::tui::event_wording::EventSentence,
    time: &str,
    times: usize,
) {
    let times = u16::try_from(times).unwrap_or(7);
    let mut x = line.x + 1 + times;
    canvas.text_right(x, line.y, time, StyleRole::Dim);
    x += 2;
    canvas.text(
        (x, line.y),
        sentence.layer,
        6,
        sentence.phase.map_or(StyleRole::Dim, StyleRole::Phase),
    );
    x += 6;
    let sign = match sentence.sign {
        EventSign::Good => StyleRole::Success,
        EventSign::Bad => StyleRole::Failure,
        _ => StyleRole::Dim,
    };
    canvas.text((x, line.y), sentence.sign.symbol(), 1, sign);
    x += 2;
    let role = if sentence.sign == EventSign::Bad {
        StyleRole::Failure
    } else {
        StyleRole::Text
    };
    canvas.text(
        (x, line.y),
        &sentence.text,
        line.right().saturating_sub(x),
        role,
    );
}
