//! Setting the lab's link while it is in use.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::link_setting::LinkSetting;
use super::{ScreenEffect, ScreenState};
use crate::trace::{LinkConfig, LinkCounts};
use crate::units::is_unsafe_for_terminal;

/// The lab's link as the screen knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LinkState {
    /// How it was when it was last heard of.
    reported: LinkConfig,
    /// What was asked for since, and is neither told of nor refused yet; the last counts.
    requested: Vec<LinkConfig>,
    /// What it has done with packets.
    pub(super) counts: LinkCounts,
}

impl LinkState {
    /// Nobody turns faster than the lab answers; if it does not answer at all, so many steps are
    /// remembered.
    const MAX_REQUESTED: usize = 64;

    const fn new(told: LinkConfig, counts: LinkCounts) -> Self {
        Self {
            reported: told,
            requested: Vec::new(),
            counts,
        }
    }

    /// How it is set, or was asked to be a moment ago.
    pub(super) fn current(&self) -> &LinkConfig {
        self.requested.last().unwrap_or(&self.reported)
    }

    fn request(&mut self, link: LinkConfig) {
        if self.requested.len() == Self::MAX_REQUESTED {
            self.requested.remove(0);
        }
        self.requested.push(link);
    }

    /// Word of the link that was sent before a step was taken does not undo the step.
    fn receive(&mut self, link: LinkConfig, counts: LinkCounts) {
        self.counts = counts;
        match self.requested.iter().position(|asked| *asked == link) {
            Some(place) => drop(self.requested.drain(..=place)),
            None if link != self.reported => self.requested.clear(),
            None => {}
        }
        self.reported = link;
    }
}

/// The panel over the picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LinkPanel {
    /// The setting that is chosen.
    pub(super) setting: LinkSetting,
    /// An exact value as far as it is typed.
    pub(super) input: String,
    /// Why the last one was not taken.
    pub(super) error: Option<String>,
}

impl LinkPanel {
    /// No value is longer than this.
    const MAX_INPUT_BYTES: usize = 24;

    fn select_by(&mut self, by: isize) {
        let here = LinkSetting::ALL
            .iter()
            .position(|&dial| dial == self.setting)
            .unwrap_or(0);
        self.select(
            here.saturating_add_signed(by)
                .min(LinkSetting::ALL.len() - 1),
        );
    }

    /// The setting at a place among all of them.
    pub(super) fn select(&mut self, place: usize) {
        if let Some(&dial) = LinkSetting::ALL.get(place) {
            *self = Self {
                setting: dial,
                ..Self::default()
            };
        }
    }

    /// Takes a letter of an exact value.
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
    /// Takes in how the link is.
    pub(super) fn receive_link(&mut self, link: LinkConfig, counts: LinkCounts) {
        match &mut self.link_state {
            Some(linkage) => linkage.receive(link, counts),
            None => self.link_state = Some(LinkState::new(link, counts)),
        }
    }

    /// Takes in that the link is not as it was asked to be.
    pub(super) fn receive_link_error(&mut self, why: String) {
        if let Some(linkage) = &mut self.link_state {
            linkage.requested.clear();
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

    /// A key while the panel is open.
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
                    .position(|&dial| dial == panel.setting)
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

    /// Sets what is chosen a step further, or back.
    pub(super) fn step_setting(&mut self, further: bool) -> Vec<ScreenEffect> {
        let Some((panel, linkage)) = self.link_panel.as_mut().zip(self.link_state.as_ref()) else {
            return Vec::new();
        };
        *panel = LinkPanel {
            setting: panel.setting,
            ..LinkPanel::default()
        };
        let changed = panel.setting.stepped(linkage.current(), further);
        changed.map_or_else(Vec::new, |link| self.set_link(link))
    }

    fn apply_input(&mut self) -> Vec<ScreenEffect> {
        let Some((panel, linkage)) = self.link_panel.as_mut().zip(self.link_state.as_ref()) else {
            return Vec::new();
        };
        match panel.setting.parse(&panel.input, linkage.current()) {
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
        let Some(linkage) = self
            .link_state
            .as_mut()
            .filter(|linkage| *linkage.current() != link)
        else {
            return Vec::new();
        };
        linkage.request(link.clone());
        vec![ScreenEffect::SetLink(link)]
    }
}
