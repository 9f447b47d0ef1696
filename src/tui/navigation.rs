//! Navigation: moving the cursor, changing panels and views, zooming the time axis.

use super::keymap::Action;
use super::state::{Panel, Paused, View};
use super::view::{
    EventScroll, PanelAreas, TimelineLayout, dump_rows, inside_timeline, max_explanation_scroll,
    visible_page,
};
use super::{ScreenEffect, ScreenState};
use crate::timeline::Zoom;
use crate::tui::cursor::conversation_of_cursor;
use crate::tui::cursor::{Cursor, CursorAnchor};
use crate::units::Moment;

/// Share of the visible time axis that one key press moves by.
const PAN_FRACTION: f64 = 0.25;
/// A distance beyond the end of any list.
const TO_THE_END: isize = isize::MAX / 2;

impl ScreenState {
    pub(super) fn navigate(&mut self, action: Action, now: Moment) {
        match action {
            Action::Up => self.move_by(-1, now),
            Action::Down => self.move_by(1, now),
            Action::PageUp => self.move_by(-self.page_length(now), now),
            Action::PageDown => self.move_by(self.page_length(now), now),
            Action::First => self.move_by(isize::MIN / 2, now),
            Action::Last => self.move_to_end(now),
            Action::NextPanel => self.view_state.panel = self.view_state.panel.next(self.view()),
            Action::PreviousPanel => {
                self.view_state.panel = self.view_state.panel.previous(self.view());
            }
            Action::ShowTimeline => self.show_view(View::Timeline),
            Action::ShowLadder => self.show_view(View::Ladder),
            Action::ShowLayers => self.show_view(View::Layers),
            Action::ShowSegments => self.show_view(View::Segments),
            Action::Explain
                if self.view() == View::Conversations
                    && self.view_state.panel != Panel::Explain =>
            {
                self.show_view(View::Ladder);
            }
            Action::Explain => self.view_state.panel = Panel::Explain,
            Action::NextOwner => self.step_owner(true, now),
            Action::PreviousOwner => self.step_owner(false, now),
            Action::Sort => self.next_sort_order(),
            Action::Filter => self.open_filter(),
            Action::Back => self.go_back(now),
            Action::ZoomIn => self.zoom(0.5, None, now),
            Action::ZoomOut => self.zoom(2.0, None, now),
            Action::Left if self.view_state.view == View::Layers => self.scroll_bytes(-1, now),
            Action::Right if self.view_state.view == View::Layers => self.scroll_bytes(1, now),
            Action::Left => self.pan(-PAN_FRACTION, now),
            Action::Right => self.pan(PAN_FRACTION, now),
            Action::ZoomOff => self.view_state.zoom = Zoom::default(),
            _ => {}
        }
    }

    /// Returns the current layout of the panels.
    pub(super) fn areas(&self, now: Moment) -> PanelAreas {
        PanelAreas::new(self.full_area(), self, now)
    }

    /// Moves the cursor within the focused panel.
    pub(super) fn move_by(&mut self, by: isize, now: Moment) {
        match self.view_state.panel {
            Panel::Main | Panel::Timeline if self.view_state.view.is_packet_view() => {
                self.move_by_packets(by, now);
            }
            Panel::Main | Panel::Timeline if self.view() == View::Conversations => {
                self.move_by_conversations(by, now);
            }
            Panel::Explain => self.scroll(by, now),
            Panel::Main => {
                let cursor = self
                    .view_state
                    .cursor
                    .moved_by_events(self.displayed_run(now).0, by);
                self.select(cursor, now);
            }
            Panel::Timeline => {
                let layout = self.timeline_layout(now);
                let cursor = self.view_state.cursor.moved_by_rows(
                    self.displayed_run(now).0,
                    &layout.rows,
                    by,
                );
                self.select(cursor, now);
            }
        }
    }

    /// Shows a view; the selection is kept.
    pub(super) fn show_view(&mut self, view: View) {
        match (
            view.is_packet_view(),
            self.capture_flows().is_some(),
            self.view_state.cursor.flow(),
        ) {
            (true, true, None) => self.select_first_conversation(),
            // The conversation list knows conversations only, so a selected packet becomes its
            // conversation.
            (false, true, Some(flow)) => self.view_state.cursor = Cursor::Flow(flow),
            _ => {}
        }
        self.view_state.view = view;
        self.view_state.panel = Panel::Main;
        self.view_state.explanation_scroll = 0;
    }

    pub(super) fn move_by_packets(&mut self, by: isize, now: Moment) {
        let run = self.displayed_run(now).0;
        let Some(conversation) = conversation_of_cursor(run, self.view_state.cursor) else {
            return;
        };
        let Some(last) = conversation.flow.packets().len().checked_sub(1) else {
            return;
        };
        let here = match self.view_state.view {
            View::Layers => self.inspected_index(&conversation, now),
            _ => self.view_state.cursor.packet(run).map(|(_, index)| index),
        };
        let index = match here {
            Some(index) => index.saturating_add_signed(by).min(last),
            None if by < 0 || by == TO_THE_END => last,
            None => 0,
        };
        let cursor = Cursor::Packet(conversation.flow.key, index);
        self.select(cursor, now);
    }

    /// Moves to the last row; in the event list of a live run, follows new events.
    fn move_to_end(&mut self, now: Moment) {
        if self.view_state.panel == Panel::Main
            && self.run.under_way
            && self.capture_flows().is_none()
        {
            self.select(Cursor::Run, now);
        } else {
            self.move_by(TO_THE_END, now);
        }
    }

    fn go_back(&mut self, now: Moment) {
        let selected = self.lit_time(now).is_some();
        if self.view_state.owner.take().is_some() && selected {
            if self.view_state.panel == Panel::Explain {
                self.view_state.panel = Panel::Main;
            }
        } else if self.view_state.panel == Panel::Explain {
            self.view_state.panel = Panel::Main;
        } else if self.capture_flows().is_some() && self.view() != View::Conversations {
            self.show_view(View::Timeline);
        } else if self.capture_flows().is_some() && self.conversations.is_filtered() {
            self.filter_conversations("");
        } else if self.view_state.cursor == Cursor::Run && self.has_catalogue() {
            self.return_to_start();
        } else {
            self.view_state.cursor = Cursor::Run;
        }
        self.view_state.explanation_scroll = 0;
    }

    pub(super) fn scroll(&mut self, by: isize, now: Moment) {
        let areas = self.areas(now);
        let most = max_explanation_scroll(&visible_page(self, &areas, now), areas.explain);
        let wanted = self
            .view_state
            .explanation_scroll
            .min(most)
            .saturating_add_signed(by);
        // Scrolling past the end sticks to the end while the page grows.
        self.view_state.explanation_scroll = if wanted > most { usize::MAX } else { wanted };
    }

    /// Selects an item and scrolls the time axis so that it is visible.
    pub(super) fn select(&mut self, cursor: Cursor, now: Moment) {
        let (run, at) = self.displayed_run(now);
        let zoom = cursor.moment(run).map(|moment| {
            self.view_state
                .zoom
                .scrolled_to(run.full_window(at), moment)
        });
        self.view_state.cursor = cursor;
        if let Some(selection) = &mut self.view_state.owner {
            selection.is_explained = false;
        }
        self.view_state.explanation_scroll = 0;
        self.view_state.zoom = zoom.unwrap_or(self.view_state.zoom);
    }

    /// Zooms around an instant: the given one, otherwise the cursor's, otherwise the middle of the
    /// window.
    pub(super) fn zoom(&mut self, factor: f64, around: Option<Moment>, now: Moment) {
        let (run, at) = self.displayed_run(now);
        let whole = run.full_window(at);
        let window = self.view_state.zoom.window(whole);
        let around = around
            .or_else(|| self.view_state.cursor.moment(run))
            .unwrap_or_else(|| window.at_fraction(0.5));
        self.view_state.zoom = self.view_state.zoom.scaled(whole, factor, around);
    }

    /// Scrolls the hex dump of the packet by half a page.
    fn scroll_bytes(&mut self, way: isize, now: Moment) {
        let area = self.areas(now).main;
        let all = self.inspected_packet.bytes().map_or(0, |bytes| {
            dump_rows(bytes.len(), area.width.saturating_sub(2))
        });
        let page = isize::try_from((area.height / 2).max(1)).unwrap_or(1);
        self.view_state.bytes_scroll = self
            .view_state
            .bytes_scroll
            .saturating_add_signed(way * page)
            .min(all.saturating_sub(1));
    }

    fn pan(&mut self, fraction: f64, now: Moment) {
        let (run, at) = self.displayed_run(now);
        let whole = run.full_window(at);
        if self.view_state.zoom.is_zoomed() {
            self.view_state.zoom = self.view_state.zoom.panned(whole, fraction);
        } else {
            self.notice = Some("The whole run is visible; + zooms in.".to_owned());
        }
    }

    /// Returns the current layout of the timeline.
    pub(super) fn timeline_layout(&self, now: Moment) -> TimelineLayout {
        let areas = self.areas(now);
        let (run, at) = self.displayed_run(now);
        let owner = self.view_state.owner.map(|selection| selection.owner);
        TimelineLayout::new(
            run,
            (self.view_state.cursor, owner),
            at,
            inside_timeline(areas.timeline, areas.have_borders()),
        )
    }

    fn page_length(&self, now: Moment) -> isize {
        let areas = self.areas(now);
        let lines = match self.view_state.panel {
            Panel::Timeline | Panel::Main if self.view_state.view.is_packet_view() => {
                areas.main.height.saturating_sub(3)
            }
            Panel::Timeline | Panel::Main if self.view() == View::Conversations => {
                areas.main.height.saturating_sub(4)
            }
            Panel::Timeline => areas.timeline.height / 2,
            Panel::Main => {
                u16::try_from(EventScroll::new(self.displayed_run(now).0, self, areas.events).seen)
                    .unwrap_or(u16::MAX)
            }
            Panel::Explain => areas.explain.height.saturating_sub(2),
        };
        isize::try_from(lines.max(1)).unwrap_or(1)
    }

    /// Pauses or resumes the display. The run itself continues.
    pub(super) fn toggle_pause(&mut self, now: Moment) {
        self.paused = match self.paused.take() {
            Some(paused) => {
                self.restore_cursor(&CursorAnchor::new(self.view_state.cursor, &paused.run));
                self.rebuild_conversations();
                None
            }
            None if self.settings.opened.is_some() && !self.run.under_way => None,
            None => Some(Paused {
                run: self.run.clone(),
                at: self.run.drawn_until(now),
            }),
        };
    }

    pub(super) fn copy_explanation(&mut self, now: Moment) -> Vec<ScreenEffect> {
        self.notice = Some("Copied the explanation to the clipboard.".to_owned());
        vec![ScreenEffect::Copy(
            visible_page(self, &self.areas(now), now).plain(),
        )]
    }
}
