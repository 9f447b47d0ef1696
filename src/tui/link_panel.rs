//! Setting the lab's link while it is in use.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::dial::Dial;
use super::{Effect, State};
use crate::trace::{Link, LinkCounts};
use crate::units::acts_on_a_terminal;

/// The lab's link as the screen knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Linkage {
    /// How it was when it was last heard of.
    told: Link,
    /// What was asked for since, and is neither told of nor refused yet; the last counts.
    asked: Vec<Link>,
    /// What it has done with packets.
    pub(super) counts: LinkCounts,
}

impl Linkage {
    /// Nobody turns faster than the lab answers; if it does not answer at all, so many steps are
    /// remembered.
    const MOST_ASKED: usize = 64;

    const fn new(told: Link, counts: LinkCounts) -> Self {
        Self {
            told,
            asked: Vec::new(),
            counts,
        }
    }

    /// How it is set, or was asked to be a moment ago.
    pub(super) fn link(&self) -> &Link {
        self.asked.last().unwrap_or(&self.told)
    }

    fn ask(&mut self, link: Link) {
        if self.asked.len() == Self::MOST_ASKED {
            self.asked.remove(0);
        }
        self.asked.push(link);
    }

    /// Word of the link that was sent before a step was taken does not undo the step.
    fn hear(&mut self, link: Link, counts: LinkCounts) {
        self.counts = counts;
        match self.asked.iter().position(|asked| *asked == link) {
            Some(place) => drop(self.asked.drain(..=place)),
            None if link != self.told => self.asked.clear(),
            None => {}
        }
        self.told = link;
    }
}

/// The panel over the picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LinkPanel {
    /// The setting that is chosen.
    pub(super) dial: Dial,
    /// An exact value as far as it is typed.
    pub(super) typed: String,
    /// Why the last one was not taken.
    pub(super) complaint: Option<String>,
}

impl LinkPanel {
    /// No value is longer than this.
    const LONGEST: usize = 24;

    fn choose(&mut self, by: isize) {
        let here = Dial::ALL
            .iter()
            .position(|&dial| dial == self.dial)
            .unwrap_or(0);
        self.pick(here.saturating_add_signed(by).min(Dial::ALL.len() - 1));
    }

    /// The setting at a place among all of them.
    pub(super) fn pick(&mut self, place: usize) {
        if let Some(&dial) = Dial::ALL.get(place) {
            *self = Self {
                dial,
                ..Self::default()
            };
        }
    }

    /// Takes a letter of an exact value.
    fn write(&mut self, c: char) {
        if self.typed.len() < Self::LONGEST
            && !acts_on_a_terminal(c)
            && !(self.typed.is_empty() && c == ' ')
        {
            self.typed.push(c);
        }
    }
}

impl State {
    /// Takes in how the link is.
    pub(super) fn hear_of_link(&mut self, link: Link, counts: LinkCounts) {
        match &mut self.linkage {
            Some(linkage) => linkage.hear(link, counts),
            None => self.linkage = Some(Linkage::new(link, counts)),
        }
    }

    /// Takes in that the link is not as it was asked to be.
    pub(super) fn link_refused(&mut self, why: String) {
        if let Some(linkage) = &mut self.linkage {
            linkage.asked.clear();
        }
        match &mut self.link_panel {
            Some(panel) => panel.complaint = Some(why),
            None => self.notice = Some(why),
        }
    }

    pub(super) fn open_link_panel(&mut self) {
        if self.linkage.is_some() {
            self.link_panel = Some(LinkPanel::default());
        } else {
            self.notice.clone_from(&self.settings.notice);
        }
    }

    /// A key while the panel is open.
    pub(super) fn press_in_link_panel(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(panel) = &mut self.link_panel else {
            return Vec::new();
        };
        let idle = panel.typed.is_empty();
        match key.code {
            KeyCode::Up | KeyCode::BackTab => panel.choose(-1),
            KeyCode::Down | KeyCode::Tab => panel.choose(1),
            KeyCode::Left => return self.turn(false),
            KeyCode::Right => return self.turn(true),
            KeyCode::Enter if !idle => return self.set_as_typed(),
            KeyCode::Esc if !idle => panel.pick(
                Dial::ALL
                    .iter()
                    .position(|&dial| dial == panel.dial)
                    .unwrap_or(0),
            ),
            KeyCode::Enter | KeyCode::Esc | KeyCode::F(2) => self.link_panel = None,
            KeyCode::Char('l') if idle && key.modifiers.is_empty() => self.link_panel = None,
            KeyCode::Backspace => {
                panel.typed.pop();
                panel.complaint = None;
            }
            KeyCode::Char(c)
                if !key
                    .modifiers
                    .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) =>
            {
                panel.write(c);
                panel.complaint = None;
            }
            _ => {}
        }
        Vec::new()
    }

    pub(super) fn paste_in_link_panel(&mut self, text: &str) {
        if let Some(panel) = &mut self.link_panel {
            text.trim().chars().for_each(|c| panel.write(c));
        }
    }

    /// Sets what is chosen a step further, or back.
    pub(super) fn turn(&mut self, further: bool) -> Vec<Effect> {
        let Some((panel, linkage)) = self.link_panel.as_mut().zip(self.linkage.as_ref()) else {
            return Vec::new();
        };
        *panel = LinkPanel {
            dial: panel.dial,
            ..LinkPanel::default()
        };
        let changed = panel.dial.stepped(linkage.link(), further);
        changed.map_or_else(Vec::new, |link| self.set_link(link))
    }

    fn set_as_typed(&mut self) -> Vec<Effect> {
        let Some((panel, linkage)) = self.link_panel.as_mut().zip(self.linkage.as_ref()) else {
            return Vec::new();
        };
        match panel.dial.read(&panel.typed, linkage.link()) {
            Ok(link) => {
                *panel = LinkPanel {
                    dial: panel.dial,
                    ..LinkPanel::default()
                };
                self.set_link(link)
            }
            Err(why) => {
                panel.complaint = Some(why);
                Vec::new()
            }
        }
    }

    fn set_link(&mut self, link: Link) -> Vec<Effect> {
        let Some(linkage) = self
            .linkage
            .as_mut()
            .filter(|linkage| *linkage.link() != link)
        else {
            return Vec::new();
        };
        linkage.ask(link.clone());
        vec![Effect::SetLink(link)]
    }
}
