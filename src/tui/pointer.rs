//! The mouse.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::cursor::Cursor;
use super::state::{Front, Panel};
use super::view::{Listing, StartAreas, inside_timeline};
use super::{Effect, State};
use crate::units::Moment;

/// Lines the wheel moves.
const WHEEL: isize = 3;

impl State {
    pub(super) fn point(&mut self, mouse: MouseEvent, now: Moment) -> Vec<Effect> {
        let at = Position { x: mouse.column, y: mouse.row };
        match (mouse.kind, &mut self.front) {
            (MouseEventKind::ScrollDown, Front::Help(_)) => self.scroll_help(1),
            (MouseEventKind::ScrollUp, Front::Help(_)) => self.scroll_help(-1),
            (MouseEventKind::ScrollDown, Front::Panels) => self.wheel(at, 1, now),
            (MouseEventKind::ScrollUp, Front::Panels) => self.wheel(at, -1, now),
            (MouseEventKind::Down(MouseButton::Left), Front::Panels) => self.click(at, now),
            (MouseEventKind::Down(MouseButton::Left), Front::Start { chosen, .. }) => {
                let chosen = *chosen;
                return self.click_at_start(at, chosen);
            }
            _ => {}
        }
        Vec::new()
    }

    /// Scrolls what is under the pointer; the axis it zooms, around the pointer.
    fn wheel(&mut self, at: Position, down: isize, now: Moment) {
        match self.areas(now).panel_at(at) {
            Some(Panel::Timeline) => {
                let around = self.moment_under(at, now);
                self.zoom(if down > 0 { 1.25 } else { 0.8 }, around, now);
            }
            Some(Panel::Explain) => self.scroll(down * WHEEL, now),
            Some(Panel::Events) => {
                let cursor = self.sight.cursor.moved_by_events(self.shown(now).0, down * WHEEL);
                self.select(cursor, now);
            }
            None => {}
        }
    }

    /// Gives the panel the keyboard, and selects what is under the pointer.
    fn click(&mut self, at: Position, now: Moment) {
        self.notice = None;
        let areas = self.areas(now);
        let Some(panel) = areas.panel_at(at) else { return };
        let run = self.shown(now).0;
        let cursor = match panel {
            Panel::Timeline => {
                let inside = inside_timeline(areas.timeline, areas.boxed());
                let row = inside.contains(at).then(|| self.plan(now).row_at(at.y)).flatten();
                row.map(|(id, lane)| Cursor::Lane(id, lane))
            }
            Panel::Events => Listing::of(run, self, areas.events).event_at(run, areas.events, at.y).map(Cursor::Event),
            Panel::Explain => None,
        };
        self.sight.panel = panel;
        if let Some(cursor) = cursor {
            self.select(cursor, now);
        }
    }

    fn click_at_start(&mut self, at: Position, chosen: Option<usize>) -> Vec<Effect> {
        let area = Rect { x: 0, y: 0, width: self.size.width, height: self.size.height.saturating_sub(1) };
        let offers = self.settings.suggestions.len();
        let Some(place) = StartAreas::of(area).suggestion_at(at.x, at.y, offers, chosen) else { return Vec::new() };
        if chosen == Some(place) {
            let url = self.settings.suggestions.get(place).map(|offer| offer.url.clone()).unwrap_or_default();
            return self.go(url);
        }
        self.choose(Some(place));
        Vec::new()
    }

    fn moment_under(&self, at: Position, now: Moment) -> Option<Moment> {
        let (run, shown_at) = self.shown(now);
        self.plan(now).moment_at(at.x, self.sight.zoom.window(run.whole(shown_at)))
    }
}
