//! Message in, effects out.

use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent, KeyEventKind};
use ratatui::layout::Size;

use super::address::{self, Address};
use super::cursor::{Anchor, Cursor};
use super::keymap::{self, Action};
use super::state::{Errand, Front, View};
use super::{Effect, Message, Outcome, Signal, State};
use crate::trace::{Event, What};
use crate::units::Moment;

impl State {
    /// What shall happen first: the run that was asked for on the command line.
    pub fn start(&mut self) -> Vec<Effect> {
        if self.settings.url.is_some() {
            self.run_to(self.url.clone())
        } else {
            Vec::new()
        }
    }

    /// Takes in what arrived at an instant of the run. Returns what shall happen outside.
    pub fn update(&mut self, message: Message, now: Moment) -> Vec<Effect> {
        let mut effects = self.take_in(message, now);
        effects.extend(self.want_specimen(now));
        effects.extend(self.want_dissection(now));
        effects
    }

    fn take_in(&mut self, message: Message, now: Moment) -> Vec<Effect> {
        match message {
            Message::Terminal(event) => return self.terminal_says(event, now),
            Message::Trace(event) => self.take(event),
            Message::PacketRead { stored, read } => self.hear_of_packet(stored, read),
            Message::Link { link, counts } => self.hear_of_link(link, counts),
            Message::LinkRefused(why) => self.link_refused(why),
            Message::Named(names) => self.hear_names(names),
            Message::TakenApart(flow, dissection) => self.hear_of_dissection(flow, *dissection),
            Message::Saved(Ok(sentence) | Err(sentence)) => self.notice = Some(sentence),
            Message::Signal(signal) => return self.signalled(signal),
            Message::RunFailed(why) => {
                self.errand = Errand::None;
                self.run.under_way = false;
                self.run.trouble = Some(why.clone());
                self.notice = Some(why);
            }
        }
        Vec::new()
    }

    fn terminal_says(&mut self, event: TerminalEvent, now: Moment) -> Vec<Effect> {
        match event {
            TerminalEvent::Key(key) if key.kind != KeyEventKind::Release => {
                return self.press(key, now);
            }
            TerminalEvent::Mouse(mouse) => return self.point(mouse, now),
            TerminalEvent::Paste(text) => self.paste(&text),
            TerminalEvent::Resize(width, height) => self.size = Size::new(width, height),
            _ => {}
        }
        Vec::new()
    }

    fn take(&mut self, event: Event) {
        match event.what {
            What::RunStarted { .. } => {
                self.held = None;
                self.specimen = super::specimen::Specimen::None;
                self.sight.cursor = Cursor::default();
                self.sight.zoom = crate::timeline::Zoom::default();
                self.sight.scrolled = 0;
                self.conversations.forget();
                if self.errand == Errand::Asked {
                    self.errand = Errand::None;
                }
            }
            What::RunEnded if self.errand == Errand::Cancelled => self.errand = Errand::None,
            _ => {}
        }
        let anchor = self
            .held
            .is_none()
            .then(|| Anchor::of(self.sight.cursor, &self.run));
        if self.run.is_about_to_retire() {
            let run = self.held.as_ref().map_or(&self.run, |held| &held.run);
            let looked_at = self.sight.cursor.lane(run).map(|(id, _)| id);
            self.run.keep(looked_at);
        }
        let flows = self.run.trace.forgotten().flows;
        self.run.take(event, &mut self.settings.masking);
        if !self.run.under_way || self.run.trace.forgotten().flows != flows {
            self.arrange();
        }
        if let Some(anchor) = anchor {
            self.return_to(&anchor);
        }
    }

    /// Puts the cursor back on what it was on, which may have another place by now, or be gone.
    pub(super) fn return_to(&mut self, anchor: &Anchor) {
        if let Some(cursor) = anchor.found_in(&self.run) {
            self.sight.cursor = cursor;
            return;
        }
        if self.sight.cursor.flow().is_some() && self.of_others().is_some() {
            self.show(View::Timeline);
            self.notice =
                Some("The conversation is no longer listed: newer ones took its place.".to_owned());
        }
        self.sight.cursor = Cursor::Run;
    }

    fn signalled(&mut self, signal: Signal) -> Vec<Effect> {
        match signal {
            Signal::Terminate => self.leave(Outcome::Terminated),
            Signal::HangUp => self.leave(Outcome::HungUp),
            Signal::Abort => self.leave(Outcome::Aborted),
            Signal::Interrupt => self.interrupt(),
            Signal::Stop => vec![Effect::Suspend],
            Signal::Continue => vec![Effect::Redraw],
        }
    }

    fn press(&mut self, key: KeyEvent, now: Moment) -> Vec<Effect> {
        self.notice = None;
        match (keymap::action(key), &mut self.front) {
            (Some(Action::Interrupt), _) => self.interrupt(),
            (Some(Action::Suspend), _) => vec![Effect::Suspend],
            (Some(Action::Redraw), _) => vec![Effect::Redraw],
            _ if self.link_panel.is_some() => self.press_in_link_panel(key),
            (_, Front::Edit(_)) => self.press_in_edit(key),
            (_, Front::Filter(_)) => self.press_in_filter(key, now),
            (_, Front::Start) => self.press_at_start(key),
            (Some(action), Front::Help(_)) => {
                match action {
                    Action::Down => self.scroll_help(1),
                    Action::Up => self.scroll_help(-1),
                    Action::Quit | Action::Help | Action::Back => self.front = Front::Panels,
                    _ => {}
                }
                Vec::new()
            }
            (Some(action), Front::Panels) => self.act(action, now),
            (None, _) => Vec::new(),
        }
    }

    fn act(&mut self, action: Action, now: Moment) -> Vec<Effect> {
        match action {
            Action::RunAgain | Action::Edit | Action::NextOffer | Action::PreviousOffer
                if self.settings.opened.is_some() => {}
            Action::RunAgain => return self.run_to(self.url.clone()),
            Action::Copy => return self.copy(now),
            Action::Save => return self.save(),
            Action::Quit => return self.leave(Outcome::Quit),
            Action::Edit => self.front = Front::Edit(Address::of(&self.url)),
            Action::Help => self.front = Front::Help(0),
            Action::Pause => self.pause(now),
            Action::NextTheme => self.next_theme(),
            Action::Link => self.open_link_panel(),
            Action::NextOffer => return self.run_next(1),
            Action::PreviousOffer => return self.run_next(-1),
            _ => self.look(action, now),
        }
        Vec::new()
    }

    /// Saves the run, where one has begun: what was opened is a file already.
    fn save(&mut self) -> Vec<Effect> {
        if self.settings.opened.is_some() || self.trace().started_at().is_none() {
            return Vec::new();
        }
        self.notice = Some("Saving \u{2026}".to_owned());
        vec![Effect::Save]
    }

    fn press_in_edit(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Front::Edit(field) = &mut self.front else {
            return Vec::new();
        };
        match key.code {
            KeyCode::Esc => self.front = Front::Panels,
            KeyCode::Enter => {
                let text = field.text();
                return self.go(text);
            }
            _ => {
                field.press(key);
            }
        }
        Vec::new()
    }

    fn paste(&mut self, text: &str) {
        match &mut self.front {
            _ if self.link_panel.is_some() => self.paste_in_link_panel(text),
            Front::Edit(address) => address.insert(text),
            Front::Filter(field) => {
                field.insert(text);
                let words = field.text();
                self.narrow(&words);
            }
            Front::Panels | Front::Help(_) if self.settings.opened.is_some() => {}
            Front::Start => self.paste_at_start(text),
            Front::Panels if address::check(text.trim()).is_ok() => {
                self.front = Front::Edit(Address::of(text.trim()));
            }
            Front::Panels | Front::Help(_) => {}
        }
    }

    pub(super) fn scroll_help(&mut self, by: isize) {
        let most = super::view::help_height(self)
            .saturating_sub(usize::from(self.size.height.saturating_sub(3)));
        if let Front::Help(scrolled) = &mut self.front {
            *scrolled = scrolled.saturating_add_signed(by).min(most);
        }
    }

    /// Runs to an address that was typed, if it is one.
    pub(super) fn go(&mut self, text: String) -> Vec<Effect> {
        match address::check(&text) {
            Ok(()) => {
                self.front = Front::Panels;
                self.run_to(text)
            }
            // The field itself says what is wrong with its text.
            Err(_) => Vec::new(),
        }
    }

    fn run_to(&mut self, url: String) -> Vec<Effect> {
        self.url.clone_from(&url);
        self.held = None;
        self.errand = Errand::Asked;
        vec![Effect::Run { url }]
    }

    /// Cancels the run under way. Where there is none, or it was cancelled and does not end,
    /// leaves.
    fn interrupt(&mut self) -> Vec<Effect> {
        if self.errand == Errand::Cancelled || !self.is_busy() || self.settings.opened.is_some() {
            return self.leave(Outcome::Interrupted);
        }
        self.errand = Errand::Cancelled;
        self.notice = Some("Cancelling. Ctrl-C once more quits.".to_owned());
        vec![Effect::Cancel]
    }

    pub(super) fn leave(&self, outcome: Outcome) -> Vec<Effect> {
        let cancel = self.is_busy() && self.errand != Errand::Cancelled;
        cancel
            .then_some(Effect::Cancel)
            .into_iter()
            .chain([Effect::Quit(outcome)])
            .collect()
    }

    fn next_theme(&mut self) {
        let place = super::Theme::ALL
            .iter()
            .position(|&theme| theme == self.settings.theme)
            .unwrap_or(0);
        self.settings.theme = super::Theme::ALL[(place + 1) % super::Theme::ALL.len()];
        self.notice = Some(if self.settings.color {
            format!("Theme: {}", self.settings.theme.name())
        } else {
            "Colours are off (NO_COLOR), so all themes look alike.".to_owned()
        });
    }
}
