//! Layout of the panels.

use ratatui::layout::Rect;

use super::timeline::TimelineLayout;
use crate::tui::ScreenState;
use crate::tui::state::{Panel, View};
use crate::units::Moment;

/// Areas of the panels. A panel for which there is no room has an empty area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) struct PanelAreas {
    pub(in crate::tui) header: Rect,
    /// Names of the views, if there is a line for them.
    pub(in crate::tui) tabs: Rect,
    /// The view, unless it is the timeline.
    pub(in crate::tui) main: Rect,
    pub(in crate::tui) timeline: Rect,
    pub(in crate::tui) events: Rect,
    pub(in crate::tui) explain: Rect,
    /// Contents of what is selected, if there is room for them beside the explanation.
    pub(in crate::tui) content: Rect,
    pub(in crate::tui) keys: Rect,
}

/// Minimum size with borders: below it, they would take the room of figures.
const MIN_SIZE_WITH_BORDERS: (u16, u16) = (60, 20);
/// Minimum columns at which events and explanation are side by side.
const MIN_COLUMNS_FOR_TWO_PANELS: u16 = 100;
/// Minimum columns at which the explanation is beside a view, not below it.
const MIN_COLUMNS_BESIDE_VIEW: u16 = 116;
/// The same for the list of conversations, which has many columns.
const MIN_COLUMNS_BESIDE_LIST: u16 = 170;
/// Minimum lines at which the names of the views are shown.
const MIN_LINES_WITH_TABS: u16 = 30;
/// Minimum columns at which the contents of what is selected have a panel.
const MIN_COLUMNS_FOR_THREE_PANELS: u16 = 160;
/// Minimum lines of the panels below the timeline, including borders; fewer on a low screen.
const MIN_LINES_BELOW: u16 = 8;
const MIN_LINES_BELOW_SMALL: u16 = 6;
/// Lines for the bar of owners, its sentence, the axis, all phases of a usual request and a line of
/// packets, including borders.
const LINES_WITH_VERDICT: u16 = 14;
/// Lines for the axis and all phases of a usual request, including borders.
const USUAL_TIMELINE_LINES: u16 = 9;

impl PanelAreas {
    pub(in crate::tui) fn new(area: Rect, state: &ScreenState, now: Moment) -> Self {
        if area.width < MIN_SIZE_WITH_BORDERS.0 || area.height < MIN_SIZE_WITH_BORDERS.1 {
            return Self::small(area, state.view());
        }
        // A third line if there is a link.
        let header = Rect {
            height: 2 + u16::from(state.link_state.is_some()),
            ..area
        };
        let keys = Rect {
            y: area.bottom() - 1,
            height: 1,
            ..area
        };
        let tabs = Rect {
            y: header.bottom(),
            height: u16::from(area.height >= MIN_LINES_WITH_TABS),
            ..area
        };
        let body = Rect {
            y: tabs.bottom(),
            height: area.height - header.height - tabs.height - keys.height,
            ..area
        };
        match state.view() {
            View::Timeline => {}
            View::Conversations => {
                return Self {
                    header,
                    tabs,
                    keys,
                    ..Self::beside(body, MIN_COLUMNS_BESIDE_LIST)
                };
            }
            View::Ladder | View::Layers | View::Segments => {
                return Self {
                    header,
                    tabs,
                    keys,
                    ..Self::beside(body, MIN_COLUMNS_BESIDE_VIEW)
                };
            }
        }
        let (run, at) = state.displayed_run(now);
        let panel = state.view_state.panel;
        let most = max_timeline_height(body, panel);
        let owner = state.view_state.owner.map(|selection| selection.owner);
        let selected = (state.view_state.cursor, owner);
        let wanted = TimelineLayout::wanted_height(run, selected, at, body.width, most);
        let timeline = Rect {
            height: wanted.min(most),
            ..body
        };
        let below = Rect {
            y: timeline.bottom(),
            height: body.height - timeline.height,
            ..body
        };
        Self {
            header,
            tabs,
            timeline,
            keys,
            ..Self::below(below, panel == Panel::Explain || state.explains_owner(now))
        }
    }

    /// Lays out a view with the explanation beside it, or below it if there are fewer than `from`
    /// columns.
    fn beside(area: Rect, from: u16) -> Self {
        if area.width < from {
            let below = (area.height / 3).clamp(MIN_LINES_BELOW_SMALL, MIN_LINES_BELOW + 2);
            let main = Rect {
                height: area.height - below,
                ..area
            };
            return Self {
                main,
                explain: Rect {
                    y: main.bottom(),
                    height: below,
                    ..area
                },
                ..Self::default()
            };
        }
        let (main, explain) = split(area, area.width - (area.width * 3 / 10).min(60));
        Self {
            main,
            explain,
            ..Self::default()
        }
    }

    /// Lays out the panels below the timeline: one, two or three, as there is room. A single one is
    /// the explanation or the events.
    fn below(area: Rect, is_explaining: bool) -> Self {
        let nothing = Self::default();
        if area.width < MIN_COLUMNS_FOR_TWO_PANELS {
            return if is_explaining {
                Self {
                    explain: area,
                    ..nothing
                }
            } else {
                Self {
                    events: area,
                    ..nothing
                }
            };
        }
        if area.width < MIN_COLUMNS_FOR_THREE_PANELS {
            let (events, explain) = split(area, area.width * 11 / 20);
            return Self {
                events,
                explain,
                ..nothing
            };
        }
        let (events, rest) = split(area, area.width * 9 / 20);
        let (explain, content) = split(rest, rest.width / 2);
        Self {
            events,
            explain,
            content,
            ..nothing
        }
    }

    /// Lays out a small screen: a line of header, the view, a line of key hints; fewer of them if
    /// there is less room.
    fn small(area: Rect, view: View) -> Self {
        let nothing = Rect {
            x: area.x,
            y: area.y,
            width: 0,
            height: 0,
        };
        let header = Rect {
            height: u16::from(area.height >= 1),
            ..area
        };
        let keys_height = u16::from(area.height >= 4);
        let body = Rect {
            y: area.y + header.height,
            height: area.height - header.height - keys_height,
            ..area
        };
        let keys = Rect {
            y: body.y + body.height,
            height: keys_height,
            ..area
        };
        let (timeline, main) = if view == View::Timeline {
            (body, nothing)
        } else {
            (nothing, body)
        };
        Self {
            header,
            main,
            timeline,
            keys,
            ..Self::default()
        }
    }

    /// Returns true if the panels have borders.
    pub(in crate::tui) const fn have_borders(&self) -> bool {
        self.events.width > 0 || self.explain.width > 0
    }

    /// Returns the panel at a position.
    pub(in crate::tui) fn panel_at(&self, at: ratatui::layout::Position) -> Option<Panel> {
        let panels = [
            (self.timeline, Panel::Timeline),
            (self.main, Panel::Main),
            (self.events, Panel::Main),
            (self.explain, Panel::Explain),
            (self.content, Panel::Explain),
        ];
        panels
            .into_iter()
            .find(|(area, _)| area.contains(at))
            .map(|(_, panel)| panel)
    }
}

/// Returns the maximum height of the timeline. If the explanation is alone below it and focused,
/// the explanation has priority.
fn max_timeline_height(body: Rect, panel: Panel) -> u16 {
    let below = if body.height < 23 {
        MIN_LINES_BELOW_SMALL
    } else {
        MIN_LINES_BELOW
    };
    let share = (body.height * 3 / 5)
        .max(body.height.saturating_sub(13))
        .max(body.height.min(LINES_WITH_VERDICT));
    let most = share.min(body.height.saturating_sub(below));
    if body.width < MIN_COLUMNS_FOR_TWO_PANELS && panel == Panel::Explain {
        most.min(USUAL_TIMELINE_LINES)
    } else {
        most
    }
}

fn split(area: Rect, left: u16) -> (Rect, Rect) {
    (
        Rect {
            width: left,
            ..area
        },
        Rect {
            x: area.x + left,
            width: area.width - left,
            ..area
        },
    )
}
