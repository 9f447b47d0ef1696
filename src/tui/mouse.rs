//! Mouse handling.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::cursor::Cursor;
use super::state::{InputMode, Panel, View};
use super::view::{
    EventScroll, StartAreas, conversation_at, inside_timeline, link_panel_area, link_setting_at,
    segments_moment_at, view_at, visible_ladder_rows,
};
use super::{ScreenEffect, ScreenState};
use crate::dissect::LadderRow;
use crate::tui::cursor::conversation_of_cursor;
use crate::units::Moment;

/// Lines that one step of the mouse wheel scrolls.
const WHEEL_LINES: isize = 3;

impl ScreenState {
    pub(super) fn handle_mouse(&mut self, mouse: MouseEvent, now: Moment) -> Vec<ScreenEffect> {
        let at = Position {
            x: mouse.column,
            y: mouse.row,
        };
        if self.link_panel.is_some() {
            return self.handle_link_panel_mouse(mouse.kind, at);
        }
        match (mouse.kind, &mut self.mode) {
            (MouseEventKind::ScrollDown, InputMode::Help(_)) => self.scroll_help(1),
            (MouseEventKind::ScrollUp, InputMode::Help(_)) => self.scroll_help(-1),
            (MouseEventKind::ScrollDown, InputMode::Panels) => self.scroll_at(at, 1, now),
            (MouseEventKind::ScrollUp, InputMode::Panels) => self.scroll_at(at, -1, now),
            (MouseEventKind::Down(MouseButton::Left), InputMode::Panels) => self.click(at, now),
            (MouseEventKind::ScrollDown, InputMode::Start) => self.choose_by(WHEEL_LINES),
            (MouseEventKind::ScrollUp, InputMode::Start) => self.choose_by(-WHEEL_LINES),
            (MouseEventKind::Down(MouseButton::Left), InputMode::Start) => {
                return self.click_at_start(at);
            }
            _ => {}
        }
        Vec::new()
    }

    /// Scrolls the panel under the pointer; over the timeline it zooms, around the pointer.
    fn scroll_at(&mut self, at: Position, down: isize, now: Moment) {
        match self.areas(now).panel_at(at) {
            Some(Panel::Timeline) => {
                let around = self.timeline_moment_at(at, now);
                self.zoom(if down > 0 { 1.25 } else { 0.8 }, around, now);
            }
            Some(Panel::Explain) => self.scroll(down * WHEEL_LINES, now),
            Some(Panel::Main) if self.view() == View::Conversations => {
                self.move_by_conversations(down * WHEEL_LINES, now);
            }
            Some(Panel::Main) if self.view_state.view.is_packet_view() => {
                self.move_by_packets(down * WHEEL_LINES, now);
            }
            Some(Panel::Main) => {
                let cursor = self
                    .view_state
                    .cursor
                    .moved_by_events(self.displayed_run(now).0, down * WHEEL_LINES);
                self.select(cursor, now);
            }
            None => {}
        }
    }

    /// Focuses the panel under the pointer, and selects what is there.
    fn click(&mut self, at: Position, now: Moment) {
        self.notice = None;
        let areas = self.areas(now);
        if areas.tabs.contains(at) {
            if let Some(view) = view_at(areas.tabs, self.views(), at.x) {
                self.show_view(view);
            }
            return;
        }
        let Some(panel) = areas.panel_at(at) else {
            return;
        };
        let run = self.displayed_run(now).0;
        let cursor = match panel {
            Panel::Timeline => {
                let inside = inside_timeline(areas.timeline, areas.have_borders());
                let row = inside
                    .contains(at)
                    .then(|| self.timeline_layout(now).row_at(at.y))
                    .flatten();
                row.map(|(id, lane)| Cursor::Lane(id, lane))
            }
            Panel::Main if self.view() == View::Conversations => {
                return self.click_conversation(at, now);
            }
            Panel::Main if self.view_state.view == View::Ladder => self.packet_at(at, now),
            Panel::Main if self.view_state.view == View::Segments => self.packet_near(at, now),
            Panel::Main => EventScroll::new(run, self, areas.events)
                .event_at(run, areas.events, at.y)
                .map(Cursor::Event),
            Panel::Explain => None,
        };
        self.view_state.panel = panel;
        if let Some(cursor) = cursor {
            self.select(cursor, now);
        }
    }

    /// The first click selects, the second opens the ladder.
    fn click_conversation(&mut self, at: Position, now: Moment) {
        let areas = self.areas(now);
        self.view_state.panel = Panel::Main;
        match conversation_at(self, &areas, at.y) {
            Some(flow) if self.view_state.cursor == Cursor::Flow(flow) => {
                self.show_view(View::Ladder);
            }
            Some(flow) => self.select(Cursor::Flow(flow), now),
            None => {}
        }
    }

    /// Returns the packet whose arrow is at a position, or the one that ends the idle period shown
    /// there.
    fn packet_at(&self, at: Position, now: Moment) -> Option<Cursor> {
        let areas = self.areas(now);
        let conversation =
            conversation_of_cursor(self.displayed_run(now).0, self.view_state.cursor)?;
        let (_, row) =
            visible_ladder_rows(self, &conversation, areas.main, areas.have_borders(), now)
                .into_iter()
                .find(|(y, _)| *y == at.y)?;
        let (LadderRow::Packet(index) | LadderRow::Idle { before: index, .. }) = row;
        Some(Cursor::Packet(conversation.flow.key, index))
    }

    /// Returns the packet nearest in time to a position of the plots.
    fn packet_near(&self, at: Position, now: Moment) -> Option<Cursor> {
        let areas = self.areas(now);
        let run = self.displayed_run(now).0;
        let wall = run.trace.clock().wall_of(segments_moment_at(
            self,
            areas.main,
            areas.have_borders(),
            at.x,
            now,
        )?)?;
        let conversation = conversation_of_cursor(run, self.view_state.cursor)?;
        let packets = conversation.flow.packets();
        let after = packets.partition_point(|packet| packet.wall < wall);
        let near = [after.checked_sub(1), Some(after)]
            .into_iter()
            .flatten()
            .filter(|index| *index < packets.len());
        let index = near.min_by_key(|index| {
            packets
                .get(*index)
                .map(|packet| packet.wall.0.abs_diff(wall.0))
        })?;
        Some(Cursor::Packet(conversation.flow.key, index))
    }

    /// The first click selects, the second runs.
    fn click_at_start(&mut self, at: Position) -> Vec<ScreenEffect> {
        let Some(index) = StartAreas::new(self.full_area(), self).suggestion_at(self, at) else {
            return Vec::new();
        };
        if self.start_screen.chosen == Some(index) {
            let url = self
                .settings
                .suggestions
                .get(index)
                .map(|suggestion| suggestion.url.clone())
                .unwrap_or_default();
            return self.run_typed_url(url);
        }
        self.start_screen.choose(index, &self.settings.suggestions);
        Vec::new()
    }

    /// A click selects a setting, or closes the panel if it is outside; the wheel changes the
    /// selected setting.
    fn handle_link_panel_mouse(&mut self, kind: MouseEventKind, at: Position) -> Vec<ScreenEffect> {
        let area = link_panel_area(self.full_area());
        match (kind, &mut self.link_panel) {
            (MouseEventKind::ScrollDown, _) => self.step_setting(false),
            (MouseEventKind::ScrollUp, _) => self.step_setting(true),
            (MouseEventKind::Down(MouseButton::Left), Some(panel)) => {
                match link_setting_at(area, panel, at) {
                    Some(index) => panel.select(index),
                    None if area.contains(at) => {}
                    None => self.link_panel = None,
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn timeline_moment_at(&self, at: Position, now: Moment) -> Option<Moment> {
        let (run, shown_at) = self.displayed_run(now);
        self.timeline_layout(now)
            .moment_at(at.x, self.view_state.zoom.window(run.full_window(shown_at)))
    }
}
