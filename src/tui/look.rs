//! Moving the cursor, the panels and the axis.

use super::keymap::Action;
use super::state::{Held, Panel, View};
use super::view::{Areas, Listing, Plan, dump_rows, inside_timeline, most_scrolled, page};
use super::{Effect, State};
use crate::timeline::Zoom;
use crate::tui::cursor::{Anchor, Cursor};
use crate::tui::talk::talk_at;
use crate::units::Moment;

/// How much of the axis one key press moves or leaves.
const STEP: f64 = 0.25;
/// More lines than there are anywhere.
const TO_THE_END: isize = isize::MAX / 2;

impl State {
    pub(super) fn look(&mut self, action: Action, now: Moment) {
        match action {
            Action::Up => self.go_by(-1, now),
            Action::Down => self.go_by(1, now),
            Action::PageUp => self.go_by(-self.page_length(now), now),
            Action::PageDown => self.go_by(self.page_length(now), now),
            Action::First => self.go_by(isize::MIN / 2, now),
            Action::Last => self.go_to_end(now),
            Action::NextPanel => self.sight.panel = self.sight.panel.next(self.view()),
            Action::PreviousPanel => self.sight.panel = self.sight.panel.previous(self.view()),
            Action::ShowTimeline => self.show(View::Timeline),
            Action::ShowLadder => self.show(View::Ladder),
            Action::ShowLayers => self.show(View::Layers),
            Action::ShowSegments => self.show(View::Segments),
            Action::Read
                if self.view() == View::Conversations && self.sight.panel != Panel::Explain =>
            {
                self.show(View::Ladder);
            }
            Action::Read => self.sight.panel = Panel::Explain,
            Action::Sort => self.sort(),
            Action::Filter => self.begin_filter(),
            Action::Back => self.step_back(),
            Action::ZoomIn => self.zoom(0.5, None, now),
            Action::ZoomOut => self.zoom(2.0, None, now),
            Action::Left if self.sight.view == View::Layers => self.move_dump(-1, now),
            Action::Right if self.sight.view == View::Layers => self.move_dump(1, now),
            Action::Left => self.pan(-STEP, now),
            Action::Right => self.pan(STEP, now),
            Action::ZoomOff => self.sight.zoom = Zoom::default(),
            _ => {}
        }
    }

    /// The panels as they are now.
    pub(super) fn areas(&self, now: Moment) -> Areas {
        Areas::of(self.screen(), self, now)
    }

    /// Moves within the panel that has the keyboard.
    pub(super) fn go_by(&mut self, by: isize, now: Moment) {
        match self.sight.panel {
            Panel::Events | Panel::Timeline if self.sight.view.is_of_packets() => {
                self.go_by_packets(by, now);
            }
            Panel::Events | Panel::Timeline if self.view() == View::Conversations => {
                self.go_by_conversations(by, now);
            }
            Panel::Explain => self.scroll(by, now),
            Panel::Events => {
                let cursor = self.sight.cursor.moved_by_events(self.shown(now).0, by);
                self.select(cursor, now);
            }
            Panel::Timeline => {
                let plan = self.plan(now);
                let cursor = self
                    .sight
                    .cursor
                    .moved_by_rows(self.shown(now).0, &plan.rows, by);
                self.select(cursor, now);
            }
        }
    }

    /// Shows a view; what is selected stays selected.
    pub(super) fn show(&mut self, view: View) {
        match (
            view.is_of_packets(),
            self.of_others().is_some(),
            self.sight.cursor.flow(),
        ) {
            (true, true, None) => self.choose_first(),
            // Of a packet its conversation is what the list knows.
            (false, true, Some(flow)) => self.sight.cursor = Cursor::Flow(flow),
            _ => {}
        }
        self.sight.view = view;
        self.sight.panel = Panel::Events;
        self.sight.scrolled = 0;
    }

    pub(super) fn go_by_packets(&mut self, by: isize, now: Moment) {
        let run = self.shown(now).0;
        let Some(talk) = talk_at(run, self.sight.cursor) else {
            return;
        };
        let Some(last) = talk.flow.packets().len().checked_sub(1) else {
            return;
        };
        let here = match self.sight.view {
            View::Layers => self.specimen_place(&talk, now),
            _ => self.sight.cursor.packet(run).map(|(_, place)| place),
        };
        let place = match here {
            Some(place) => place.saturating_add_signed(by).min(last),
            None if by < 0 || by == TO_THE_END => last,
            None => 0,
        };
        let cursor = Cursor::Packet(talk.flow.key, place);
        self.select(cursor, now);
    }

    /// The last line; in the list that is following what comes.
    fn go_to_end(&mut self, now: Moment) {
        if self.sight.panel == Panel::Events && self.run.under_way && self.of_others().is_none() {
            self.select(Cursor::Run, now);
        } else {
            self.go_by(TO_THE_END, now);
        }
    }

    fn step_back(&mut self) {
        if self.sight.panel == Panel::Explain {
            self.sight.panel = Panel::Events;
        } else if self.of_others().is_some() && self.view() != View::Conversations {
            self.show(View::Timeline);
        } else if self.of_others().is_some() && self.conversations.is_narrowed() {
            self.narrow("");
        } else if self.sight.cursor == Cursor::Run && self.has_catalogue() {
            self.return_to_start();
        } else {
            self.sight.cursor = Cursor::Run;
        }
        self.sight.scrolled = 0;
    }

    pub(super) fn scroll(&mut self, by: isize, now: Moment) {
        let areas = self.areas(now);
        let most = most_scrolled(&page(self, &areas, now), areas.explain);
        let wanted = self.sight.scrolled.min(most).saturating_add_signed(by);
        // Who goes past the end stays at the end while the page grows.
        self.sight.scrolled = if wanted > most { usize::MAX } else { wanted };
    }

    /// Selects something, and sees to it that it is seen.
    pub(super) fn select(&mut self, cursor: Cursor, now: Moment) {
        let (run, at) = self.shown(now);
        let zoom = cursor
            .moment(run)
            .map(|moment| self.sight.zoom.showing(run.whole(at), moment));
        self.sight.cursor = cursor;
        self.sight.scrolled = 0;
        self.sight.zoom = zoom.unwrap_or(self.sight.zoom);
    }

    /// Zooms around an instant: the pointer's, else the cursor's, else the window's middle.
    pub(super) fn zoom(&mut self, factor: f64, around: Option<Moment>, now: Moment) {
        let (run, at) = self.shown(now);
        let whole = run.whole(at);
        let window = self.sight.zoom.window(whole);
        let around = around
            .or_else(|| self.sight.cursor.moment(run))
            .unwrap_or_else(|| window.at(0.5));
        self.sight.zoom = self.sight.zoom.scaled(whole, factor, around);
    }

    /// Shows other bytes of the packet, half a page further on or back.
    fn move_dump(&mut self, way: isize, now: Moment) {
        let area = self.areas(now).main;
        let all = self.specimen.bytes().map_or(0, |bytes| {
            dump_rows(bytes.len(), area.width.saturating_sub(2))
        });
        let page = isize::try_from((area.height / 2).max(1)).unwrap_or(1);
        self.sight.dump = self
            .sight
            .dump
            .saturating_add_signed(way * page)
            .min(all.saturating_sub(1));
    }

    fn pan(&mut self, fraction: f64, now: Moment) {
        let (run, at) = self.shown(now);
        let whole = run.whole(at);
        if self.sight.zoom.is_on() {
            self.sight.zoom = self.sight.zoom.moved(whole, fraction);
        } else {
            self.notice = Some("The whole run is in view: + zooms in.".to_owned());
        }
    }

    /// The timeline's rows as they are now.
    pub(super) fn plan(&self, now: Moment) -> Plan {
        let areas = self.areas(now);
        let (run, at) = self.shown(now);
        Plan::of(
            run,
            self.sight.cursor,
            at,
            inside_timeline(areas.timeline, areas.boxed()),
        )
    }

    fn page_length(&self, now: Moment) -> isize {
        let areas = self.areas(now);
        let lines = match self.sight.panel {
            Panel::Timeline | Panel::Events if self.sight.view.is_of_packets() => {
                areas.main.height.saturating_sub(3)
            }
            Panel::Timeline | Panel::Events if self.view() == View::Conversations => {
                areas.main.height.saturating_sub(4)
            }
            Panel::Timeline => areas.timeline.height / 2,
            Panel::Events => u16::try_from(Listing::of(self.shown(now).0, self, areas.events).seen)
                .unwrap_or(u16::MAX),
            Panel::Explain => areas.explain.height.saturating_sub(2),
        };
        isize::try_from(lines.max(1)).unwrap_or(1)
    }

    /// Holds the picture, or lets it go on. The run itself is not held.
    pub(super) fn pause(&mut self, now: Moment) {
        self.held = match self.held.take() {
            Some(held) => {
                self.return_to(&Anchor::of(self.sight.cursor, &held.run));
                self.arrange();
                None
            }
            None if self.settings.opened.is_some() && !self.run.under_way => None,
            None => Some(Held {
                run: self.run.clone(),
                at: self.run.until(now),
            }),
        };
    }

    pub(super) fn copy(&mut self, now: Moment) -> Vec<Effect> {
        self.notice = Some("Copied what is explained to the clipboard.".to_owned());
        vec![Effect::Copy(page(self, &self.areas(now), now).plain())]
    }
}
