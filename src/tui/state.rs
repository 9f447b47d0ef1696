//! What the screen remembers.

use ratatui::layout::{Rect, Size};

use super::address::Address;
use super::conversations::Conversations;
use super::cursor::Cursor;
use super::link_panel::{LinkPanel, Linkage};
use super::run::Run;
use super::specimen::Specimen;
use super::start::Start;
use super::{Settings, Theme};
use crate::timeline::Zoom;
use crate::trace::{Flow, FlowKey, Trace};
use crate::units::Moment;

/// A panel that can have the keyboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Panel {
    Timeline,
    #[default]
    Events,
    Explain,
}

impl Panel {
    /// The panel before.
    pub(super) const fn previous(self, view: View) -> Self {
        match view {
            View::Timeline => self.next(view).next(view),
            View::Conversations | View::Ladder | View::Layers | View::Segments => self.next(view),
        }
    }

    pub(super) const fn next(self, view: View) -> Self {
        match (self, view) {
            (Self::Timeline, View::Timeline) => Self::Events,
            (Self::Explain, View::Timeline) => Self::Timeline,
            (Self::Events | Self::Timeline, _) => Self::Explain,
            (Self::Explain, _) => Self::Events,
        }
    }
}

/// A way to look at a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum View {
    /// Where the time went.
    #[default]
    Timeline,
    /// Who talked with whom: in a capture of others it stands in for the timeline.
    Conversations,
    /// What was said.
    Ladder,
    /// What a packet is made of.
    Layers,
    /// In which pieces.
    Segments,
}

impl View {
    pub(super) const OF_RUNS: [Self; 4] =
        [Self::Timeline, Self::Ladder, Self::Layers, Self::Segments];
    pub(super) const OF_OTHERS: [Self; 4] = [
        Self::Conversations,
        Self::Ladder,
        Self::Layers,
        Self::Segments,
    ];

    /// The key that shows it.
    pub(super) const fn key(self) -> char {
        match self {
            Self::Timeline | Self::Conversations => '1',
            Self::Ladder => '2',
            Self::Layers => '3',
            Self::Segments => '4',
        }
    }

    /// Whether it walks from packet to packet.
    pub(super) const fn is_of_packets(self) -> bool {
        matches!(self, Self::Ladder | Self::Layers | Self::Segments)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Timeline => "Timeline",
            Self::Conversations => "Conversations",
            Self::Ladder => "Ladder",
            Self::Layers => "Layers",
            Self::Segments => "Segments",
        }
    }
}

/// What takes the keys before the panels do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Front {
    #[default]
    Panels,
    /// The keys and signs, scrolled by some lines.
    Help(usize),
    /// Words that narrow the list of conversations, being typed.
    Filter(Address),
    /// A new URL over the run.
    Edit(Address),
    /// The screen one begins with.
    Start,
}

/// How the request under way stands, beyond what its trace says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Errand {
    #[default]
    None,
    /// A run was asked for; nothing came of it yet.
    Asked,
    /// The user wants it to end.
    Cancelled,
}

/// What is looked at, and how closely.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sight {
    pub(super) view: View,
    pub(super) cursor: Cursor,
    pub(super) panel: Panel,
    pub(super) zoom: Zoom,
    /// Lines by which the explanation is scrolled; more than there are: to its end, also as it
    /// grows.
    pub(super) scrolled: usize,
    /// Lines by which a packet's bytes are.
    pub(super) dump: usize,
}

/// A picture that was held.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) run: Run,
    pub(super) at: Moment,
}

/// All that the screen is drawn from.
#[derive(Debug)]
pub struct State {
    pub(super) settings: Settings,
    pub(super) size: Size,
    pub(super) run: Run,
    pub(super) held: Option<Held>,
    pub(super) errand: Errand,
    /// Where the run goes, as the user wrote it.
    pub(super) url: String,
    pub(super) front: Front,
    pub(super) sight: Sight,
    /// Which conversations are listed, in a capture of others.
    pub(super) conversations: Conversations,
    /// The start screen, shown or not.
    pub(super) start: Start,
    /// The lab's link; without a private network there is none.
    pub(super) linkage: Option<Linkage>,
    /// Over everything else, where it is open.
    pub(super) link_panel: Option<LinkPanel>,
    /// The packet that is looked at from inside.
    pub(super) specimen: Specimen,
    /// The conversation that was asked for last and is not there yet.
    pub(super) taking_apart: Option<FlowKey>,
    /// Something to tell the user until the next key.
    pub(super) notice: Option<String>,
}

impl State {
    /// The screen as it is before anything happened.
    pub fn new(settings: Settings, size: Size) -> Self {
        let front = if settings.url.is_some() || settings.opened.is_some() {
            Front::Panels
        } else {
            Front::Start
        };
        let mut start = Start::default();
        if let Some(place) = settings
            .suggestions
            .iter()
            .position(|offer| Some(&offer.url) == settings.url.as_ref())
        {
            start.choose(place, &settings.suggestions);
        }
        Self {
            url: settings.url.clone().unwrap_or_default(),
            front,
            size,
            run: Run::within(
                settings.limits,
                settings.opened.is_none() || settings.limits.keeps_latest,
            ),
            settings,
            held: None,
            errand: Errand::None,
            sight: Sight::default(),
            conversations: Conversations::default(),
            start,
            linkage: None,
            link_panel: None,
            specimen: Specimen::None,
            taking_apart: None,
            notice: None,
        }
    }

    /// Where the run goes, without what is secret in it.
    pub(super) fn shown_url(&self) -> String {
        self.settings.masking.redactor().sentence(&self.url)
    }

    /// The run as far as it is known.
    pub const fn trace(&self) -> &Trace {
        &self.run.trace
    }

    /// Whether the picture changes by itself: a run is under way and is being looked at.
    pub fn is_growing(&self) -> bool {
        self.is_busy() && self.held.is_none()
    }

    /// The flows, where what is looked at is a capture of others' traffic.
    pub(super) fn of_others(&self) -> Option<&[Flow]> {
        self.held
            .as_ref()
            .map_or(&self.run, |held| &held.run)
            .of_others(self.settings.opened.is_some())
    }

    /// The view that is shown.
    pub(super) fn view(&self) -> View {
        match self.sight.view {
            View::Timeline if self.of_others().is_some() => View::Conversations,
            view => view,
        }
    }

    /// The views there are.
    pub(super) fn views(&self) -> [View; 4] {
        if self.of_others().is_some() {
            View::OF_OTHERS
        } else {
            View::OF_RUNS
        }
    }

    /// The colours in use.
    pub const fn theme(&self) -> Theme {
        self.settings.theme
    }

    /// Whether a run is under way or was asked for.
    pub(super) fn is_busy(&self) -> bool {
        self.run.under_way || self.errand != Errand::None
    }

    /// All of the screen.
    pub(super) const fn screen(&self) -> Rect {
        Rect {
            x: 0,
            y: 0,
            width: self.size.width,
            height: self.size.height,
        }
    }

    /// What is shown: the run as it is now, or as it was when the picture was held.
    pub(super) fn shown(&self, now: Moment) -> (&Run, Moment) {
        self.held.as_ref().map_or_else(
            || (&self.run, self.run.until(now)),
            |held| (&held.run, held.at),
        )
    }
}
