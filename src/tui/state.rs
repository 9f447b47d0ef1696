//! State of the screen.

use ratatui::layout::{Rect, Size};

use super::conversations::ConversationList;
use super::cursor::Cursor;
use super::inspected_packet::InspectedPacket;
use super::link_panel::{LinkPanel, LinkState};
use super::owner_selection::OwnerSelection;
use super::screen_run::ScreenRun;
use super::start_screen::StartScreen;
use super::text_input::TextInput;
use super::{Settings, Theme};
use crate::timeline::Zoom;
use crate::trace::{Flow, FlowKey, Trace};
use crate::units::Moment;

/// A panel that can be focused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Panel {
    Timeline,
    #[default]
    Main,
    Explain,
}

impl Panel {
    /// Returns the previous panel.
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

/// A view of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum View {
    /// Phases on a time axis.
    #[default]
    Timeline,
    /// List of conversations: in a capture it replaces the timeline.
    Conversations,
    /// Sequence diagram of packets.
    Ladder,
    /// Layers and bytes of a packet.
    Layers,
    /// Plots of segment sizes and sequence numbers.
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

    /// Returns the key that shows it.
    pub(super) const fn key(self) -> char {
        match self {
            Self::Timeline | Self::Conversations => '1',
            Self::Ladder => '2',
            Self::Layers => '3',
            Self::Segments => '4',
        }
    }

    /// Returns true if it steps from packet to packet.
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

/// Receiver of key events: the panels, or a modal dialog over them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum InputMode {
    #[default]
    Panels,
    /// The help page, with its scroll position.
    Help(usize),
    /// Filter words for the conversations, being typed.
    Filter(TextInput),
    /// A new URL, being typed over the run.
    Edit(TextInput),
    /// The start screen.
    Start,
}

/// State of the requested run, beyond what its trace says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum RequestState {
    #[default]
    Idle,
    /// A run was requested; it has not started yet.
    Requested,
    /// The user cancelled it.
    Cancelled,
}

/// Selection, view and scroll positions.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ViewState {
    pub(super) view: View,
    pub(super) cursor: Cursor,
    pub(super) panel: Panel,
    pub(super) zoom: Zoom,
    /// The selected part of the bar of owners.
    pub(super) owner: Option<OwnerSelection>,
    /// Scroll position of the explanation in lines; larger than any page: stick to its end as it
    /// grows.
    pub(super) explanation_scroll: usize,
    /// Scroll position of the hex dump in lines.
    pub(super) bytes_scroll: usize,
}

/// A paused display.
#[derive(Debug)]
pub(super) struct Paused {
    pub(super) run: ScreenRun,
    pub(super) at: Moment,
}

/// State from which frames are drawn.
#[derive(Debug)]
pub struct ScreenState {
    pub(super) settings: Settings,
    pub(super) size: Size,
    pub(super) run: ScreenRun,
    pub(super) paused: Option<Paused>,
    pub(super) request_state: RequestState,
    /// URL of the run, as the user typed it.
    pub(super) url: String,
    pub(super) mode: InputMode,
    pub(super) view_state: ViewState,
    /// The list of conversations of a capture.
    pub(super) conversations: ConversationList,
    /// The start screen, shown or not.
    pub(super) start_screen: StartScreen,
    /// The lab's link; `None` without a lab.
    pub(super) link_state: Option<LinkState>,
    /// The link panel, if it is open.
    pub(super) link_panel: Option<LinkPanel>,
    /// The packet whose layers are shown.
    pub(super) inspected_packet: InspectedPacket,
    /// Conversation whose dissection was requested and has not arrived.
    pub(super) pending_dissection: Option<FlowKey>,
    /// Notice to the user until the next key.
    pub(super) notice: Option<String>,
}

impl ScreenState {
    /// Creates the state before anything happened.
    pub fn new(settings: Settings, size: Size) -> Self {
        let front = if settings.url.is_some() || settings.opened.is_some() {
            InputMode::Panels
        } else {
            InputMode::Start
        };
        let mut start = StartScreen::default();
        if let Some(index) = settings
            .suggestions
            .iter()
            .position(|suggestion| Some(&suggestion.url) == settings.url.as_ref())
        {
            start.choose(index, &settings.suggestions);
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

    /// Returns the URL with secrets masked.
    pub(super) fn masked_url(&self) -> String {
        self.settings.masking.redactor().sentence(&self.url)
    }

    /// Returns the trace of the run.
    pub const fn trace(&self) -> &Trace {
        &self.run.trace
    }

    /// Returns true if frames change by themselves: a run is in progress and the display is not
    /// paused.
    pub fn is_animating(&self) -> bool {
        self.is_busy() && self.paused.is_none()
    }

    /// Returns the flows if a capture of other programs' traffic is shown.
    pub(super) fn capture_flows(&self) -> Option<&[Flow]> {
        self.paused
            .as_ref()
            .map_or(&self.run, |paused| &paused.run)
            .capture_flows(self.settings.opened.is_some())
    }

    /// Returns the view that is shown.
    pub(super) fn view(&self) -> View {
        match self.view_state.view {
            View::Timeline if self.capture_flows().is_some() => View::Conversations,
            view => view,
        }
    }

    /// Returns the available views.
    pub(super) fn views(&self) -> [View; 4] {
        if self.capture_flows().is_some() {
            View::FOR_CAPTURE
        } else {
            View::FOR_RUN
        }
    }

    /// Returns the colour theme.
    pub const fn theme(&self) -> Theme {
        self.settings.theme
    }

    /// Returns true if a run is in progress or was requested.
    pub(super) fn is_busy(&self) -> bool {
        self.run.under_way || self.request_state != RequestState::Idle
    }

    /// Returns the area of the whole screen.
    pub(super) const fn full_area(&self) -> Rect {
        Rect {
            x: 0,
            y: 0,
            width: self.size.width,
            height: self.size.height,
        }
    }

    /// Returns the run to show and the instant: the current ones, or those at which the display was
    /// paused.
    pub(super) fn displayed_run(&self, now: Moment) -> (&ScreenRun, Moment) {
        self.paused.as_ref().map_or_else(
            || (&self.run, self.run.drawn_until(now)),
            |paused| (&paused.run, paused.at),
        )
    }
}
