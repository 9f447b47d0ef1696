//! The start screen: what is typed, and which suggestion is chosen. It is kept while a run is
//! shown, so that the user returns to the same state.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::catalogue::Catalogue;
use super::state::InputMode;
use super::text_input::TextInput;
use super::view::StartAreas;
use super::{ExitReason, ScreenEffect, ScreenState, Suggestion};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StartScreen {
    /// The text field.
    pub(super) input: TextInput,
    /// What was typed. It filters the suggestions, also while the field shows the URL of the chosen
    /// one.
    pub(super) typed: String,
    /// Whether the text is replaced by the next character typed. A key that moves the cursor edits
    /// the text instead.
    pub(super) replaced_on_typing: bool,
    /// Index of the chosen suggestion, which Enter runs; without one Enter runs the text of the
    /// field.
    pub(super) chosen: Option<usize>,
}

impl StartScreen {
    /// Returns the URL that Enter runs.
    fn target_url(&self, suggestions: &[Suggestion]) -> String {
        let suggestion = self.chosen.and_then(|index| suggestions.get(index));
        suggestion.map_or_else(|| self.input.text(), |suggestion| suggestion.url.clone())
    }

    /// Updates filter and choice after the text changed. Text that is not a host name is a search
    /// word, and the first match is chosen.
    fn update_filter(&mut self, suggestions: &[Suggestion]) {
        self.typed = self.input.text();
        let looking = !self.typed.is_empty() && !looks_like_host(&self.typed, suggestions);
        self.chosen = if looking {
            Catalogue::filtered(suggestions, &self.typed).first()
        } else {
            None
        };
    }

    /// Chooses a suggestion and shows it in the field.
    pub(super) fn choose(&mut self, index: usize, suggestions: &[Suggestion]) {
        let Some(suggestion) = suggestions.get(index) else {
            return;
        };
        self.chosen = Some(index);
        self.input = TextInput::with_text(&suggestion.url);
        self.replaced_on_typing = true;
    }

    /// Handles an editing key.
    fn handle_key(&mut self, key: KeyEvent, suggestions: &[Suggestion]) {
        let before = self.input.text();
        if self.replaced_on_typing
            && matches!(key.code, KeyCode::Char(_))
            && !key.modifiers.contains(KeyModifiers::CONTROL)
        {
            self.input = TextInput::default();
        }
        if self.input.handle_key(key) {
            self.replaced_on_typing = false;
        }
        if self.input.text() != before {
            self.update_filter(suggestions);
        }
    }

    fn paste(&mut self, text: &str, suggestions: &[Suggestion]) {
        if std::mem::take(&mut self.replaced_on_typing) {
            self.input = TextInput::default();
        }
        self.input.insert(text);
        self.update_filter(suggestions);
    }

    /// Clears the filter; the choice is kept.
    fn clear_filter(&mut self) {
        self.typed.clear();
        self.input = TextInput::default();
        self.replaced_on_typing = false;
    }
}

/// Returns true for `a.test`, `localhost:8080/x`, `https://…`: text that is a destination rather
/// than a search word. A part of a suggestion's host is still a search word: `expired.lab` will
/// become `expired.lab.test`.
fn looks_like_host(text: &str, suggestions: &[Suggestion]) -> bool {
    let dotted = text
        .split('/')
        .next()
        .is_some_and(|host| host.contains(['.', ':']));
    let is_part = |suggestion: &Suggestion| {
        host_of_url(&suggestion.url).is_some_and(|host| host != text && host.contains(text))
    };
    text.contains("://") || (dotted && !suggestions.iter().any(is_part))
}

/// Returns the host of a URL, without its port.
fn host_of_url(url: &str) -> Option<&str> {
    url.split_once("://")
        .and_then(|(_, rest)| rest.split(['/', ':']).next())
}

impl ScreenState {
    pub(super) fn handle_start_key(&mut self, key: KeyEvent) -> Vec<ScreenEffect> {
        let page = isize::try_from(StartAreas::new(self.full_area(), self).visible_rows())
            .unwrap_or(1)
            .max(1);
        match key.code {
            KeyCode::Esc => return self.leave_start(),
            KeyCode::Enter => {
                return self
                    .run_typed_url(self.start_screen.target_url(&self.settings.suggestions));
            }
            KeyCode::F(2) => self.open_link_panel(),
            KeyCode::Down | KeyCode::Tab => self.choose_by(1),
            KeyCode::Up | KeyCode::BackTab => self.choose_by(-1),
            KeyCode::PageDown => self.choose_by(page),
            KeyCode::PageUp => self.choose_by(-page),
            KeyCode::Home if self.has_catalogue() => self.choose_first_or_last(-1),
            KeyCode::End if self.has_catalogue() => self.choose_first_or_last(1),
            _ => self
                .start_screen
                .handle_key(key, &self.settings.suggestions),
        }
        Vec::new()
    }

    pub(super) fn paste_at_start(&mut self, text: &str) {
        self.start_screen.paste(text, &self.settings.suggestions);
    }

    /// Returns to the suggestions, where the user left them.
    pub(super) fn return_to_start(&mut self) {
        self.start_screen.replaced_on_typing = !self.start_screen.input.text().is_empty();
        self.mode = InputMode::Start;
    }

    /// Clears the filter; without one returns to the run, or quits if there is none.
    fn leave_start(&mut self) -> Vec<ScreenEffect> {
        if !self.start_screen.typed.is_empty() {
            self.start_screen.clear_filter();
        } else if self.has_requested_run() {
            self.mode = InputMode::Panels;
        } else {
            return self.quit_with(ExitReason::Quit);
        }
        Vec::new()
    }

    /// Moves the choice by `by` suggestions, down if positive.
    pub(super) fn choose_by(&mut self, by: isize) {
        let catalogue = Catalogue::filtered(&self.settings.suggestions, &self.start_screen.typed);
        if let Some(index) = catalogue.moved_by(self.start_screen.chosen, by) {
            self.start_screen.choose(index, &self.settings.suggestions);
        }
    }

    /// Chooses the last suggestion, or the first if `way` is negative.
    fn choose_first_or_last(&mut self, way: isize) {
        self.start_screen.chosen = None;
        self.choose_by(-way);
    }

    /// Runs the next or previous suggestion without returning to the start screen.
    pub(super) fn run_suggestion_by(&mut self, by: isize) -> Vec<ScreenEffect> {
        let catalogue = Catalogue::filtered(&self.settings.suggestions, &self.start_screen.typed);
        let next = catalogue
            .moved_by(self.start_screen.chosen, by)
            .filter(|&next| self.start_screen.chosen != Some(next));
        let Some(next) = next else {
            if self.has_catalogue() {
                self.notice = Some(format!(
                    "That was the {} place in the list.",
                    if by > 0 { "last" } else { "first" }
                ));
            }
            return Vec::new();
        };
        self.start_screen.choose(next, &self.settings.suggestions);
        self.run_typed_url(self.start_screen.target_url(&self.settings.suggestions))
    }

    pub(super) const fn has_catalogue(&self) -> bool {
        !self.settings.suggestions.is_empty()
    }

    /// Returns true if anything was requested yet.
    pub(super) fn has_requested_run(&self) -> bool {
        !self.url.is_empty()
    }
}
