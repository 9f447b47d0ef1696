//! The panel in which the lab's link is configured while it is in use.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::link_setting::LinkSetting;
use super::{ScreenEffect, ScreenState};
use crate::trace::{LinkConfig, LinkCounts};
use crate::units::is_unsafe_for_terminal;

/// State of the lab's link as far as the screen knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LinkState {
    /// Configuration that the lab last reported.
    reported: LinkConfig,
    /// Configurations that were requested since and are neither reported nor refused; the last one
    /// counts.
    requested: Vec<LinkConfig>,
    /// Its packet counters.
    pub(super) counts: LinkCounts,
}

impl LinkState {
    /// Maximum number of pending requests. Nobody steps faster than the lab answers, but it may not
    /// answer at all.
    const MAX_REQUESTED: usize = 64;

    const fn new(told: LinkConfig, counts: LinkCounts) -> Self {
        Self {
            reported: told,
            requested: Vec::new(),
            counts,
        }
    }

    /// Returns its configuration, including pending requests.
    pub(super) fn current(&self) -> &LinkConfig {
        self.requested.last().unwrap_or(&self.reported)
    }

    fn request(&mut self, link: LinkConfig) {
        if self.requested.len() == Self::MAX_REQUESTED {
            self.requested.remove(0);
        }
        self.requested.push(link);
    }

    /// Handles a report. One that was sent before the latest request does not revert that request.
    fn receive(&mut self, link: LinkConfig, counts: LinkCounts) {
        self.counts = counts;
        // A report of a requested configuration confirms it and all requests before it. Another
        // report that differs from the last one means that somebody else configured the link, so
        // pending requests are obsolete; one that repeats it was sent before the requests arrived.
        match self.requested.iter().position(|asked| *asked == link) {
            Some(index) => drop(self.requested.drain(..=index)),
            None if link != self.reported => self.requested.clear(),
            None => {}
        }
        self.reported = link;
    }
}

/// The open panel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LinkPanel {
    /// The selected setting.
    pub(super) setting: LinkSetting,
    /// The value as typed so far.
    pub(super) input: String,
    /// Why the last value was not accepted.
    pub(super) error: Option<String>,
}

impl LinkPanel {
    /// Maximum length of a typed value.
    const MAX_INPUT_BYTES: usize = 24;

    fn select_by(&mut self, by: isize) {
        let here = LinkSetting::ALL
            .iter()
            .position(|&setting| setting == self.setting)
            .unwrap_or(0);
        self.select(
            here.saturating_add_signed(by)
                .min(LinkSetting::ALL.len() - 1),
        );
    }

    /// Selects a setting by its index.
    pub(super) fn select(&mut self, index: usize) {
        if let Some(&setting) = LinkSetting::ALL.get(index) {
            *self = Self {
                setting,
                ..Self::default()
            };
        }
    }

    /// Adds a character to the typed value.
    fn type_char(&mut self, c: char) {
        if self.input.len() < Self::MAX_INPUT_BYTES
            && !is_unsafe_for_terminal(c)
            && !(self.input.is_empty() && c == ' ')
        {
            self.input.push(c);
        }
    }
}

impl ScreenState {
    /// Handles a report of the link's configuration and counters.
    pub(super) fn receive_link(&mut self, link: LinkConfig, counts: LinkCounts) {
        match &mut self.link_state {
            Some(link_state) => link_state.receive(link, counts),
            None => self.link_state = Some(LinkState::new(link, counts)),
        }
    }

    /// Handles the refusal of a requested configuration.
    pub(super) fn receive_link_error(&mut self, why: String) {
        if let Some(link_state) = &mut self.link_state {
            link_state.requested.clear();
        }
        match &mut self.link_panel {
            Some(panel) => panel.error = Some(why),
            None => self.notice = Some(why),
        }
    }

    pub(super) fn open_link_panel(&mut self) {
        if self.link_state.is_some() {
            self.link_panel = Some(LinkPanel::default());
        } else {
            self.notice.clone_from(&self.settings.notice);
        }
    }

    /// Handles a key while the panel is open.
    pub(super) fn handle_link_panel_key(&mut self, key: KeyEvent) -> Vec<ScreenEffect> {
        let Some(panel) = &mut self.link_panel else {
            return Vec::new();
        };
        let idle = panel.input.is_empty();
        match key.code {
            KeyCode::Up | KeyCode::BackTab => panel.select_by(-1),
            KeyCode::Down | KeyCode::Tab => panel.select_by(1),
            KeyCode::Left => return self.step_setting(false),
            KeyCode::Right => return self.step_setting(true),
            KeyCode::Enter if !idle => return self.apply_input(),
            KeyCode::Esc if !idle => panel.select(
                LinkSetting::ALL
                    .iter()
                    .position(|&setting| setting == panel.setting)
                    .unwrap_or(0),
            ),
            KeyCode::Enter | KeyCode::Esc | KeyCode::F(2) => self.link_panel = None,
            KeyCode::Char('l') if idle && key.modifiers.is_empty() => self.link_panel = None,
            KeyCode::Backspace => {
                panel.input.pop();
                panel.error = None;
            }
            KeyCode::Char(c)
                if !key
                    .modifiers
                    .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) =>
            {
                panel.type_char(c);
                panel.error = None;
            }
            _ => {}
        }
        Vec::new()
    }

    pub(super) fn paste_in_link_panel(&mut self, text: &str) {
        if let Some(panel) = &mut self.link_panel {
            text.trim().chars().for_each(|c| panel.type_char(c));
        }
    }

    /// Changes the selected setting by a step, up or down.
    pub(super) fn step_setting(&mut self, further: bool) -> Vec<ScreenEffect> {
        let Some((panel, link_state)) = self.link_panel.as_mut().zip(self.link_state.as_ref())
        else {
            return Vec::new();
        };
        *panel = LinkPanel {
            setting: panel.setting,
            ..LinkPanel::default()
        };
        let changed = panel.setting.stepped(link_state.current(), further);
        changed.map_or_else(Vec::new, |link| self.set_link(link))
    }

    fn apply_input(&mut self) -> Vec<ScreenEffect> {
        let Some((panel, link_state)) = self.link_panel.as_mut().zip(self.link_state.as_ref())
        else {
            return Vec::new();
        };
        match panel.setting.parse(&panel.input, link_state.current()) {
            Ok(link) => {
                *panel = LinkPanel {
                    setting: panel.setting,
                    ..LinkPanel::default()
                };
                self.set_link(link)
            }
            Err(why) => {
                panel.error = Some(why);
                Vec::new()
            }
        }
    }

    fn set_link(&mut self, link: LinkConfig) -> Vec<ScreenEffect> {
        let Some(link_state) = self
            .link_state
            .as_mut()
            .filter(|link_state| *link_state.current() != link)
        else {
            return Vec::new();
        };
        link_state.request(link.clone());
        vec![ScreenEffect::SetLink(link)]
    }
}
