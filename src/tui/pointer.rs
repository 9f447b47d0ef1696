//! The mouse.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::cursor::Cursor;
use super::state::{Front, Panel, View};
use super::view::{
    Listing, StartAreas, conversation_at, dial_at, inside_timeline, link_panel_area, moment_at,
    rungs, view_at,
};
use super::{Effect, State};
use crate::dissect::Rung;
use crate::tui::talk::talk_at;
use crate::units::Moment;

/// Lines the wheel moves.
const WHEEL: isize = 3;

impl State {
    pub(super) fn point(&mut self, mouse: MouseEvent, now: Moment) -> Vec<Effect> {
        let at = Position {
            x: mouse.column,
            y: mouse.row,
        };
        if self.link_panel.is_some() {
            return self.point_at_link_panel(mouse.kind, at);
        }
        match (mouse.kind, &mut self.front) {
            (MouseEventKind::ScrollDown, Front::Help(_)) => self.scroll_help(1),
            (MouseEventKind::ScrollUp, Front::Help(_)) => self.scroll_help(-1),
            (MouseEventKind::ScrollDown, Front::Panels) => self.wheel(at, 1, now),
            (MouseEventKind::ScrollUp, Front::Panels) => self.wheel(at, -1, now),
            (MouseEventKind::Down(MouseButton::Left), Front::Panels) => self.click(at, now),
            (MouseEventKind::ScrollDown, Front::Start) => self.choose_by(WHEEL),
            (MouseEventKind::ScrollUp, Front::Start) => self.choose_by(-WHEEL),
            (MouseEventKind::Down(MouseButton::Left), Front::Start) => {
                return self.click_at_start(at);
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
            Some(Panel::Events) if self.view() == View::Conversations => {
                self.go_by_conversations(down * WHEEL, now);
            }
            Some(Panel::Events) if self.sight.view.is_of_packets() => {
                self.go_by_packets(down * WHEEL, now);
            }
            Some(Panel::Events) => {
                let cursor = self
                    .sight
                    .cursor
                    .moved_by_events(self.shown(now).0, down * WHEEL);
                self.select(cursor, now);
            }
            None => {}
        }
    }

    /// Gives the panel the keyboard, and selects what is under the pointer.
    fn click(&mut self, at: Position, now: Moment) {
        self.notice = None;
        let areas = self.areas(now);
        if areas.tabs.contains(at) {
            if let Some(view) = view_at(areas.tabs, self.views(), at.x) {
                self.show(view);
            }
            return;
        }
        let Some(panel) = areas.panel_at(at) else {
            return;
        };
        let run = self.shown(now).0;
        let cursor = match panel {
            Panel::Timeline => {
                let inside = inside_timeline(areas.timeline, areas.boxed());
                let row = inside
                    .contains(at)
                    .then(|| self.plan(now).row_at(at.y))
                    .flatten();
                row.map(|(id, lane)| Cursor::Lane(id, lane))
            }
            Panel::Events if self.view() == View::Conversations => {
                return self.click_conversation(at, now);
            }
            Panel::Events if self.sight.view == View::Ladder => self.packet_at(at, now),
            Panel::Events if self.sight.view == View::Segments => self.packet_under(at, now),
            Panel::Events => Listing::of(run, self, areas.events)
                .event_at(run, areas.events, at.y)
                .map(Cursor::Event),
            Panel::Explain => None,
        };
        self.sight.panel = panel;
        if let Some(cursor) = cursor {
            self.select(cursor, now);
        }
    }

    /// The first click chooses, the second shows what was said.
    fn click_conversation(&mut self, at: Position, now: Moment) {
        let areas = self.areas(now);
        self.sight.panel = Panel::Events;
        match conversation_at(self, &areas, at.y) {
            Some(flow) if self.sight.cursor == Cursor::Flow(flow) => self.show(View::Ladder),
            Some(flow) => self.select(Cursor::Flow(flow), now),
            None => {}
        }
    }

    /// The packet whose arrow is at a place, or which ends the silence that is told of there.
    fn packet_at(&self, at: Position, now: Moment) -> Option<Cursor> {
        let areas = self.areas(now);
        let talk = talk_at(self.shown(now).0, self.sight.cursor)?;
        let (_, rung) = rungs(self, &talk, areas.main, areas.boxed(), now)
            .into_iter()
            .find(|(y, _)| *y == at.y)?;
        let (Rung::Packet(place) | Rung::Idle { before: place, .. }) = rung;
        Some(Cursor::Packet(talk.flow.key, place))
    }

    /// The packet that passed nearest to the instant under a place.
    fn packet_under(&self, at: Position, now: Moment) -> Option<Cursor> {
        let areas = self.areas(now);
        let run = self.shown(now).0;
        let wall =
            run.trace
                .clock()
                .wall_of(moment_at(self, areas.main, areas.boxed(), at.x, now)?)?;
        let talk = talk_at(run, self.sight.cursor)?;
        let packets = talk.flow.packets();
        let after = packets.partition_point(|packet| packet.wall < wall);
        let near = [after.checked_sub(1), Some(after)]
            .into_iter()
            .flatten()
            .filter(|place| *place < packets.len());
        let place = near.min_by_key(|place| {
            packets
                .get(*place)
                .map(|packet| packet.wall.0.abs_diff(wall.0))
        })?;
        Some(Cursor::Packet(talk.flow.key, place))
    }

    /// The first click chooses, the second runs.
    fn click_at_start(&mut self, at: Position) -> Vec<Effect> {
        let Some(place) = StartAreas::of(self.screen(), self).offer_at(self, at) else {
            return Vec::new();
        };
        if self.start.chosen == Some(place) {
            let url = self
                .settings
                .suggestions
                .get(place)
                .map(|offer| offer.url.clone())
                .unwrap_or_default();
            return self.go(url);
        }
        self.start.choose(place, &self.settings.suggestions);
        Vec::new()
    }

    /// A click chooses a setting, beside the panel it closes it; the wheel sets what is chosen.
    fn point_at_link_panel(&mut self, kind: MouseEventKind, at: Position) -> Vec<Effect> {
        let area = link_panel_area(self.screen());
        match (kind, &mut self.link_panel) {
            (MouseEventKind::ScrollDown, _) => self.turn(false),
            (MouseEventKind::ScrollUp, _) => self.turn(true),
            (MouseEventKind::Down(MouseButton::Left), Some(panel)) => {
                match dial_at(area, panel, at) {
                    Some(place) => panel.pick(place),
                    None if area.contains(at) => {}
                    None => self.link_panel = None,
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn moment_under(&self, at: Position, now: Moment) -> Option<Moment> {
        let (run, shown_at) = self.shown(now);
        self.plan(now)
            .moment_at(at.x, self.sight.zoom.window(run.whole(shown_at)))
    }
}
