//! The update function: message in, effects out.

use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent, KeyEventKind};
use ratatui::layout::Size;

use super::cursor::{Cursor, CursorAnchor};
use super::keymap::{self, Action};
use super::state::{InputMode, RequestState, View};
use super::text_input::{self, TextInput};
use super::{ExitReason, ProcessSignal, ScreenEffect, ScreenMessage, ScreenState};
use crate::trace::{Event, EventKind};
use crate::units::Moment;

impl ScreenState {
    /// Returns the first effects: the run that was requested on the command line.
    pub fn initial_effects(&mut self) -> Vec<ScreenEffect> {
        if self.settings.url.is_some() {
            self.request_run(self.url.clone())
        } else {
            Vec::new()
        }
    }

    /// Handles a message that arrived at an instant of the run. Returns the effects to perform.
    pub fn update(&mut self, message: ScreenMessage, now: Moment) -> Vec<ScreenEffect> {
        let mut effects = self.handle_message(message, now);
        effects.extend(self.request_inspected_packet(now));
        effects.extend(self.request_dissection(now));
        effects
    }

    fn handle_message(&mut self, message: ScreenMessage, now: Moment) -> Vec<ScreenEffect> {
        match message {
            ScreenMessage::Terminal(event) => return self.handle_terminal_event(event, now),
            ScreenMessage::Trace(event) => self.apply_event(event),
            ScreenMessage::PacketRead { stored, read } => self.receive_packet_bytes(stored, read),
            ScreenMessage::Link { link, counts } => self.receive_link(link, counts),
            ScreenMessage::LinkRefused(why) => self.receive_link_error(why),
            ScreenMessage::ServerNames(names) => self.receive_names(names),
            ScreenMessage::Dissected(flow, dissection) => {
                self.receive_dissection(flow, *dissection);
            }
            ScreenMessage::Saved(Ok(sentence) | Err(sentence)) => self.notice = Some(sentence),
            ScreenMessage::Signal(signal) => return self.handle_signal(signal),
            ScreenMessage::RunFailed(why) => {
                self.request_state = RequestState::Idle;
                self.run.under_way = false;
                self.run.error = Some(why.clone());
                self.notice = Some(why);
            }
        }
        Vec::new()
    }

    fn handle_terminal_event(&mut self, event: TerminalEvent, now: Moment) -> Vec<ScreenEffect> {
        match event {
            TerminalEvent::Key(key) if key.kind != KeyEventKind::Release => {
                return self.handle_key(key, now);
            }
            TerminalEvent::Mouse(mouse) => return self.handle_mouse(mouse, now),
            TerminalEvent::Paste(text) => self.handle_paste(&text),
            TerminalEvent::Resize(width, height) => self.size = Size::new(width, height),
            _ => {}
        }
        Vec::new()
    }

    fn apply_event(&mut self, event: Event) {
        match event.kind {
            EventKind::RunStarted { .. } => {
                self.paused = None;
                self.inspected_packet = super::inspected_packet::InspectedPacket::None;
                self.view_state.cursor = Cursor::default();
                self.view_state.zoom = crate::timeline::Zoom::default();
                self.view_state.owner = None;
                self.view_state.explanation_scroll = 0;
                self.conversations.reset();
                if self.request_state == RequestState::Requested {
                    self.request_state = RequestState::Idle;
                }
            }
            EventKind::RunEnded if self.request_state == RequestState::Cancelled => {
                self.request_state = RequestState::Idle;
            }
            _ => {}
        }
        let anchor = self
            .paused
            .is_none()
            .then(|| CursorAnchor::new(self.view_state.cursor, &self.run));
        if self.run.is_about_to_retire() {
            let run = self.paused.as_ref().map_or(&self.run, |paused| &paused.run);
            let looked_at = self.view_state.cursor.lane(run).map(|(id, _)| id);
            self.run.keep_exchange(looked_at);
        }
        let flows = self.run.trace.evicted().flows;
        self.run.apply_event(event, &mut self.settings.masking);
        if !self.run.under_way || self.run.trace.evicted().flows != flows {
            self.rebuild_conversations();
        }
        if let Some(anchor) = anchor {
            self.restore_cursor(&anchor);
        }
    }

    /// Moves the cursor back to the item it was on, whose index may have changed, or which may be
    /// gone.
    pub(super) fn restore_cursor(&mut self, anchor: &CursorAnchor) {
        if let Some(cursor) = anchor.resolve(&self.run) {
            self.view_state.cursor = cursor;
            return;
        }
        if self.view_state.cursor.flow().is_some() && self.capture_flows().is_some() {
            self.show_view(View::Timeline);
            self.notice =
                Some("The conversation is no longer listed: newer ones replaced it.".to_owned());
        }
        self.view_state.cursor = Cursor::Run;
    }

    fn handle_signal(&mut self, signal: ProcessSignal) -> Vec<ScreenEffect> {
        match signal {
            ProcessSignal::Terminate => self.quit_with(ExitReason::Terminated),
            ProcessSignal::HangUp => self.quit_with(ExitReason::HungUp),
            ProcessSignal::Abort => self.quit_with(ExitReason::Aborted),
            ProcessSignal::Interrupt => self.interrupt(),
            ProcessSignal::Stop => vec![ScreenEffect::Suspend],
            ProcessSignal::Continue => vec![ScreenEffect::Redraw],
        }
    }

    fn handle_key(&mut self, key: KeyEvent, now: Moment) -> Vec<ScreenEffect> {
        self.notice = None;
        match (keymap::action_for_key(key), &mut self.mode) {
            (Some(Action::Interrupt), _) => self.interrupt(),
            (Some(Action::Suspend), _) => vec![ScreenEffect::Suspend],
            (Some(Action::Redraw), _) => vec![ScreenEffect::Redraw],
            _ if self.link_panel.is_some() => self.handle_link_panel_key(key),
            (_, InputMode::Edit(_)) => self.handle_edit_key(key),
            (_, InputMode::Filter(_)) => self.handle_filter_key(key, now),
            (_, InputMode::Start) => self.handle_start_key(key),
            (Some(action), InputMode::Help(_)) => {
                match action {
                    Action::Down => self.scroll_help(1),
                    Action::Up => self.scroll_help(-1),
                    Action::Quit | Action::Help | Action::Back => self.mode = InputMode::Panels,
                    _ => {}
                }
                Vec::new()
            }
            (Some(action), InputMode::Panels) => self.perform_action(action, now),
            (None, _) => Vec::new(),
        }
    }

    fn perform_action(&mut self, action: Action, now: Moment) -> Vec<ScreenEffect> {
        match action {
            Action::RunAgain
            | Action::Edit
            | Action::NextSuggestion
            | Action::PreviousSuggestion
                if self.settings.opened.is_some() => {}
            Action::RunAgain => return self.request_run(self.url.clone()),
            Action::Copy => return self.copy_explanation(now),
            Action::Save => return self.save_run(),
            Action::Quit => return self.quit_with(ExitReason::Quit),
            Action::Edit => self.mode = InputMode::Edit(TextInput::with_text(&self.url)),
            Action::Help => self.mode = InputMode::Help(0),
            Action::Pause => self.toggle_pause(now),
            Action::NextTheme => self.next_theme(),
            Action::Link => self.open_link_panel(),
            Action::NextSuggestion => return self.run_suggestion_by(1),
            Action::PreviousSuggestion => return self.run_suggestion_by(-1),
            _ => self.navigate(action, now),
        }
        Vec::new()
    }

    /// Saves the run, if one has begun. An opened capture is a file already.
    fn save_run(&mut self) -> Vec<ScreenEffect> {
        if self.settings.opened.is_some() || self.trace().started_at().is_none() {
            return Vec::new();
        }
        self.notice = Some("Saving \u{2026}".to_owned());
        vec![ScreenEffect::Save]
    }

    fn handle_edit_key(&mut self, key: KeyEvent) -> Vec<ScreenEffect> {
        let InputMode::Edit(field) = &mut self.mode else {
            return Vec::new();
        };
        match key.code {
            KeyCode::Esc => self.mode = InputMode::Panels,
            KeyCode::Enter => {
                let text = field.text();
                return self.run_typed_url(text);
            }
            _ => {
                field.handle_key(key);
            }
        }
        Vec::new()
    }

    fn handle_paste(&mut self, text: &str) {
        match &mut self.mode {
            _ if self.link_panel.is_some() => self.paste_in_link_panel(text),
            InputMode::Edit(address) => address.insert(text),
            InputMode::Filter(field) => {
                field.insert(text);
                let words = field.text();
                self.filter_conversations(&words);
            }
            InputMode::Panels | InputMode::Help(_) if self.settings.opened.is_some() => {}
            InputMode::Start => self.paste_at_start(text),
            InputMode::Panels if text_input::check_url(text.trim()).is_ok() => {
                self.mode = InputMode::Edit(TextInput::with_text(text.trim()));
            }
            InputMode::Panels | InputMode::Help(_) => {}
        }
    }

    pub(super) fn scroll_help(&mut self, by: isize) {
        let most = super::view::help_height(self)
            .saturating_sub(usize::from(self.size.height.saturating_sub(3)));
        if let InputMode::Help(scrolled) = &mut self.mode {
            *scrolled = scrolled.saturating_add_signed(by).min(most);
        }
    }

    /// Requests a run of a typed URL, if it is valid.
    pub(super) fn run_typed_url(&mut self, text: String) -> Vec<ScreenEffect> {
        match text_input::check_url(&text) {
            Ok(()) => {
                self.mode = InputMode::Panels;
                self.request_run(text)
            }
            // The field itself shows what is wrong with its text.
            Err(_) => Vec::new(),
        }
    }

    fn request_run(&mut self, url: String) -> Vec<ScreenEffect> {
        self.url.clone_from(&url);
        self.paused = None;
        self.request_state = RequestState::Requested;
        vec![ScreenEffect::Run { url }]
    }

    /// Cancels the run in progress. Without one, or if it was cancelled and does not end, leaves
    /// the screen.
    fn interrupt(&mut self) -> Vec<ScreenEffect> {
        if self.request_state == RequestState::Cancelled
            || !self.is_busy()
            || self.settings.opened.is_some()
        {
            return self.quit_with(ExitReason::Interrupted);
        }
        self.request_state = RequestState::Cancelled;
        self.notice = Some("Cancelling. Press Ctrl-C again to quit.".to_owned());
        vec![ScreenEffect::Cancel]
    }

    pub(super) fn quit_with(&self, outcome: ExitReason) -> Vec<ScreenEffect> {
        let cancel = self.is_busy() && self.request_state != RequestState::Cancelled;
        cancel
            .then_some(ScreenEffect::Cancel)
            .into_iter()
            .chain([ScreenEffect::Quit(outcome)])
            .collect()
    }

    fn next_theme(&mut self) {
        let index = super::Theme::ALL
            .iter()
            .position(|&theme| theme == self.settings.theme)
            .unwrap_or(0);
        self.settings.theme = super::Theme::ALL[(index + 1) % super::Theme::ALL.len()];
        self.notice = Some(if self.settings.color {
            format!("Theme: {}", self.settings.theme.name())
        } else {
            "Colours are off (NO_COLOR), so all themes look the same.".to_owned()
        });
    }
}
