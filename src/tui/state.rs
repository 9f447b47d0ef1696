//! What the screen remembers.

use ratatui::layout::{Rect, Size};

use super::conversations::ConversationList;
use super::cursor::Cursor;
use super::inspected_packet::InspectedPacket;
use super::link_panel::{LinkPanel, LinkState};
use super::screen_run::ScreenRun;
use super::start_screen::StartScreen;
use super::text_input::TextInput;
use super::{Settings, Theme};
use crate::timeline::Zoom;
use crate::trace::{Flow, FlowKey, Trace};
use crate::units::Moment;

/// A panel that can have the keyboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Panel {
    Timeline,
    #[default]
    Main,
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
            (Self::Timeline, View::Timeline) => Self::Main,
            (Self::Explain, View::Timeline) => Self::Timeline,
            (Self::Main | Self::Timeline, _) => Self::Explain,
            (Self::Explain, _) => Self::Main,
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
    pub(super) const FOR_RUN: [Self; 4] =
        [Self::Timeline, Self::Ladder, Self::Layers, Self::Segments];
    pub(super) const FOR_CAPTURE: [Self; 4] = [
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
    pub(super) const fn is_packet_view(self) -> bool {
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
pub(super) enum InputMode {
    #[default]
    Panels,
    /// The keys and signs, scrolled by some lines.
    Help(usize),
    /// Words that narrow the list of conversations, being typed.
    Filter(TextInput),
    /// A new URL over the run.
    Edit(TextInput),
    /// The screen one begins with.
    Start,
}

/// How the request under way stands, beyond what its trace says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum RequestState {
    #[default]
    Idle,
    /// A run was asked for; nothing came of it yet.
    Requested,
    /// The user wants it to end.
    Cancelled,
}

/// What is looked at, and how closely.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ViewState {
    pub(super) view: View,
    pub(super) cursor: Cursor,
    pub(super) panel: Panel,
    pub(super) zoom: Zoom,
    /// Lines by which the explanation is scrolled; more than there are: to its end, also as it
    /// grows.
    pub(super) explanation_scroll: usize,
    /// Lines by which a packet's bytes are.
    pub(super) bytes_scroll: usize,
}

/// A picture that was held.
#[derive(Debug)]
pub(super) struct Paused {
    pub(super) run: ScreenRun,
    pub(super) at: Moment,
}

/// All that the screen is drawn from.
#[derive(Debug)]
pub struct ScreenState {
    pub(super) settings: Settings,
    pub(super) size: Size,
    pub(super) run: ScreenRun,
    pub(super) paused: Option<Paused>,
    pub(super) request_state: RequestState,
    /// Where the run goes, as the user wrote it.
    pub(super) url: String,
    pub(super) mode: InputMode,
    pub(super) view_state: ViewState,
    /// Which conversations are listed, in a capture of others.
    pub(super) conversations: ConversationList,
    /// The start screen, shown or not.
    pub(super) start_screen: StartScreen,
    /// The lab's link; without a private network there is none.
    pub(super) link_state: Option<LinkState>,
    /// Over everything else, where it is open.
    pub(super) link_panel: Option<LinkPanel>,
    /// The packet that is looked at from inside.
    pub(super) inspected_packet: InspectedPacket,
    /// The conversation that was asked for last and is not there yet.
    pub(super) pending_dissection: Option<FlowKey>,
    /// Something to tell the user until the next key.
    pub(super) notice: Option<String>,
}

impl ScreenState {
    /// The screen as it is before anything happened.
    pub fn new(settings: Settings, size: Size) -> Self {
        let front = if settings.url.is_some() || settings.opened.is_some() {
            InputMode::Panels
        } else {
            InputMode::Start
        };
        let mut start = StartScreen::default();
        if let Some(place) = settings
            .suggestions
            .iter()
            .position(|offer| Some(&offer.url) == settings.url.as_ref())
        {
            start.choose(place, &settings.suggestions);
        }
        Self {
            url: settings.url.clone().unwrap_or_default(),
            mode: front,
            size,
            run: ScreenRun::with_limits(
                settings.limits,
                settings.opened.is_none() || settings.limits.keeps_latest,
            ),
            settings,
            paused: None,
            request_state: RequestState::Idle,
            view_state: ViewState::default(),
            conversations: ConversationList::default(),
            start_screen: start,
            link_state: None,
            link_panel: None,
            inspected_packet: InspectedPacket::None,
            pending_dissection: None,
            notice: None,
        }
    }

    /// Where the run goes, without what is secret in it.
    pub(super) fn masked_url(&self) -> String {
        self.settings.masking.redactor().sentence(&self.url)
    }

    /// The run as far as it is known.
    pub const fn trace(&self) -> &Trace {
        &self.run.trace
    }

    /// Whether the picture changes by itself: a run is under way and is being looked at.
    pub fn is_animating(&self) -> bool {
        self.is_busy() && self.paused.is_none()
    }

    /// The flows, where what is looked at is a capture of others' traffic.
    pub(super) fn capture_flows(&self) -> Option<&[Flow]> {
        self.paused
            .as_ref()
            .map_or(&self.run, |held| &held.run)
            .capture_flows(self.settings.opened.is_some())
    }

    /// The view that is shown.
    pub(super) fn view(&self) -> View {
        match self.view_state.view {
            View::Timeline if self.capture_flows().is_some() => View::Conversations,
            view => view,
        }
    }

    /// The views there are.
    pub(super) fn views(&self) -> [View; 4] {
        if self.capture_flows().is_some() {
            View::FOR_CAPTURE
        } else {
            View::FOR_RUN
        }
    }

    /// The colours in use.
    pub const fn theme(&self) -> Theme {
        self.settings.theme
    }

    /// Whether a run is under way or was asked for.
    pub(super) fn is_busy(&self) -> bool {
        self.run.under_way || self.request_state != RequestState::Idle
    }

    /// All of the screen.
    pub(super) const fn full_area(&self) -> Rect {
        Rect {
            x: 0,
            y: 0,
            width: self.size.width,
            height: self.size.height,
        }
    }

    /// What is shown: the run as it is now, or as it was when the picture was held.
    pub(super) fn displayed_run(&self, now: Moment) -> (&ScreenRun, Moment) {
        self.paused.as_ref().map_or_else(
            || (&self.run, self.run.drawn_until(now)),
            |held| (&held.run, held.at),
        )
    }
}
