//! The screen one begins with: what is typed, and what is chosen of the catalogue. It is kept while
//! a run is looked at, so that one comes back to where one was.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::address::Address;
use super::catalogue::Catalogue;
use super::state::Front;
use super::view::StartAreas;
use super::{Effect, Outcome, State, Suggestion};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// The field.
    pub(super) address: Address,
    /// What was typed. It narrows the catalogue, also while the field shows the URL of what is
    /// chosen.
    pub(super) typed: String,
    /// Whether the field's text stands there to be run or replaced: a letter begins anew, and what
    /// moves the cursor edits it.
    pub(super) taken: bool,
    /// The offer that Enter runs, by its place among all of them; without one it runs what the
    /// field holds.
    pub(super) chosen: Option<usize>,
}

impl Start {
    /// The URL that Enter runs.
    fn wanted(&self, offers: &[Suggestion]) -> String {
        let offer = self.chosen.and_then(|place| offers.get(place));
        offer.map_or_else(|| self.address.text(), |offer| offer.url.clone())
    }

    /// Takes in that the field's text is another. What is no host's name is a word to look for, and
    /// the first that has it is chosen.
    fn retyped(&mut self, offers: &[Suggestion]) {
        self.typed = self.address.text();
        let looking = !self.typed.is_empty() && !names_a_host(&self.typed, offers);
        self.chosen = if looking {
            Catalogue::of(offers, &self.typed).first()
        } else {
            None
        };
    }

    /// Shows an offer in the field and has Enter run it.
    pub(super) fn choose(&mut self, place: usize, offers: &[Suggestion]) {
        let Some(offer) = offers.get(place) else {
            return;
        };
        self.chosen = Some(place);
        self.address = Address::of(&offer.url);
        self.taken = true;
    }

    /// Takes an editing key.
    fn press(&mut self, key: KeyEvent, offers: &[Suggestion]) {
        let before = self.address.text();
        if self.taken
            && matches!(key.code, KeyCode::Char(_))
            && !key.modifiers.contains(KeyModifiers::CONTROL)
        {
            self.address = Address::default();
        }
        if self.address.press(key) {
            self.taken = false;
        }
        if self.address.text() != before {
            self.retyped(offers);
        }
    }

    fn paste(&mut self, text: &str, offers: &[Suggestion]) {
        if std::mem::take(&mut self.taken) {
            self.address = Address::default();
        }
        self.address.insert(text);
        self.retyped(offers);
    }

    /// Shows all offers again; what is chosen stays so.
    fn widen(&mut self) {
        self.typed.clear();
        self.address = Address::default();
        self.taken = false;
    }
}

/// `a.test`, `localhost:8080/x`, `https://…`: what one types to go somewhere rather than to look for something. A part of an offer's
/// host is still looked for: `expired.lab` will be `expired.lab.test`.
fn names_a_host(text: &str, offers: &[Suggestion]) -> bool {
    let dotted = text
        .split('/')
        .next()
        .is_some_and(|host| host.contains(['.', ':']));
    let is_part = |offer: &Suggestion| {
        host(&offer.url).is_some_and(|host| host != text && host.contains(text))
    };
    text.contains("://") || (dotted && !offers.iter().any(is_part))
}

/// A URL's host, without its port.
fn host(url: &str) -> Option<&str> {
    url.split_once("://")
        .and_then(|(_, rest)| rest.split(['/', ':']).next())
}

impl State {
    pub(super) fn press_at_start(&mut self, key: KeyEvent) -> Vec<Effect> {
        let page = isize::try_from(StartAreas::of(self.screen(), self).seen())
            .unwrap_or(1)
            .max(1);
        match key.code {
            KeyCode::Esc => return self.leave_start(),
            KeyCode::Enter => return self.go(self.start.wanted(&self.settings.suggestions)),
            KeyCode::F(2) => self.open_link_panel(),
            KeyCode::Down | KeyCode::Tab => self.choose_by(1),
            KeyCode::Up | KeyCode::BackTab => self.choose_by(-1),
            KeyCode::PageDown => self.choose_by(page),
            KeyCode::PageUp => self.choose_by(-page),
            KeyCode::Home if self.has_catalogue() => self.choose_end(-1),
            KeyCode::End if self.has_catalogue() => self.choose_end(1),
            _ => self.start.press(key, &self.settings.suggestions),
        }
        Vec::new()
    }

    pub(super) fn paste_at_start(&mut self, text: &str) {
        self.start.paste(text, &self.settings.suggestions);
    }

    /// Back to the catalogue, where one was.
    pub(super) fn return_to_start(&mut self) {
        self.start.taken = !self.start.address.text().is_empty();
        self.front = Front::Start;
    }

    /// Shows all of the catalogue again; then goes back to the run, or where there is none, quits.
    fn leave_start(&mut self) -> Vec<Effect> {
        if !self.start.typed.is_empty() {
            self.start.widen();
        } else if self.has_run() {
            self.front = Front::Panels;
        } else {
            return self.leave(Outcome::Quit);
        }
        Vec::new()
    }

    /// Chooses `by` offers further down, or up where negative.
    pub(super) fn choose_by(&mut self, by: isize) {
        let catalogue = Catalogue::of(&self.settings.suggestions, &self.start.typed);
        if let Some(place) = catalogue.moved(self.start.chosen, by) {
            self.start.choose(place, &self.settings.suggestions);
        }
    }

    /// The last one, or the first where `way` is negative.
    fn choose_end(&mut self, way: isize) {
        self.start.chosen = None;
        self.choose_by(-way);
    }

    /// Runs the next offer, or the one before, without a way back over the catalogue.
    pub(super) fn run_next(&mut self, by: isize) -> Vec<Effect> {
        let catalogue = Catalogue::of(&self.settings.suggestions, &self.start.typed);
        let next = catalogue
            .moved(self.start.chosen, by)
            .filter(|&next| self.start.chosen != Some(next));
        let Some(next) = next else {
            if self.has_catalogue() {
                self.notice = Some(format!(
                    "That was the {} of the catalogue.",
                    if by > 0 { "last" } else { "first" }
                ));
            }
            return Vec::new();
        };
        self.start.choose(next, &self.settings.suggestions);
        self.go(self.start.wanted(&self.settings.suggestions))
    }

    pub(super) const fn has_catalogue(&self) -> bool {
        !self.settings.suggestions.is_empty()
    }

    /// Whether anything was run yet.
    pub(super) fn has_run(&self) -> bool {
        !self.url.is_empty()
    }
}
