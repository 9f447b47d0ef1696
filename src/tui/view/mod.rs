//! The picture: a function of the state and the instant.

mod address;
mod ascii;
mod canvas;
mod capture_header;
mod catalogue;
mod conversations;
mod events;
mod explain;
mod header;
mod help;
mod keys;
mod ladder;
mod layers;
mod layout;
mod link;
mod link_panel;
mod logo;
mod segments;
mod start;
mod tabs;
mod timeline;

use ratatui::Frame;
use ratatui::layout::Rect;

use self::canvas::Canvas;
use super::State;
use super::state::{Front, View};
use super::theme::{Look, Role};
use crate::units::Moment;

pub(super) use conversations::conversation_at;
pub(super) use events::Listing;
pub(super) use explain::{most_scrolled, page};
pub(super) use help::height as help_height;
pub(super) use ladder::rungs;
pub(super) use layers::dump_rows;
pub(super) use layout::Areas;
pub(super) use link_panel::{area as link_panel_area, dial_at};
pub(super) use segments::moment_at;
pub(super) use start::StartAreas;
pub(super) use tabs::view_at;
pub(super) use timeline::{Plan, inside as inside_timeline};

/// Words of the timeline that other panels use too.
pub(super) mod timeline_words {
    pub(in crate::tui) use super::timeline::progress;
}

/// Below this nothing useful fits.
const SMALLEST: (u16, u16) = (20, 3);

/// Draws the state as it is at an instant of the run.
pub fn draw(frame: &mut Frame<'_>, state: &State, now: Moment) {
    let area = frame.area();
    let mut canvas = Canvas {
        buf: frame.buffer_mut(),
        look: Look::of(&state.settings),
    };
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        draw_too_small(&mut canvas, area);
    } else if state.front == Front::Start {
        start::draw(&mut canvas, area, state);
        keys::draw(
            &mut canvas,
            Rect {
                y: area.bottom() - 1,
                height: 1,
                ..area
            },
            state,
        );
    } else {
        draw_run(&mut canvas, area, state, now);
    }
    if let Some((panel, linkage)) = state.link_panel.as_ref().zip(state.linkage.as_ref()) {
        link_panel::draw(&mut canvas, area, panel, linkage);
    }
    if state.settings.ascii {
        ascii::translate(canvas.buf);
    }
}

fn draw_run(canvas: &mut Canvas<'_>, area: Rect, state: &State, now: Moment) {
    let areas = Areas::of(area, state, now);
    header::draw(canvas, areas.header, state, now);
    tabs::draw(canvas, areas.tabs, state.views(), state.view());
    match state.view() {
        View::Conversations => conversations::draw(canvas, areas.main, areas.boxed(), state, now),
        View::Timeline => timeline::draw(canvas, areas.timeline, areas.boxed(), state, now),
        View::Ladder => ladder::draw(canvas, areas.main, areas.boxed(), state, now),
        View::Layers => layers::draw(canvas, areas.main, areas.boxed(), state, now),
        View::Segments => segments::draw(canvas, areas.main, areas.boxed(), state, now),
    }
    if areas.events.width > 0 {
        events::draw(canvas, areas.events, state, now);
    }
    explain::draw(canvas, &areas, state, now);
    keys::draw(canvas, areas.keys, state);
    match &state.front {
        Front::Help(scrolled) => help::draw(
            canvas,
            Rect {
                height: area.height - areas.keys.height,
                ..area
            },
            state,
            *scrolled,
        ),
        Front::Edit(address) => address::draw_over(canvas, area, address, &state.settings.masking),
        Front::Panels | Front::Filter(_) | Front::Start => {}
    }
}

fn draw_too_small(canvas: &mut Canvas<'_>, area: Rect) {
    for way in [
        "tapline needs more room",
        "more room, please",
        "more room",
        "small",
    ] {
        if way.len() <= usize::from(area.width) {
            canvas.text((area.x, area.y), way, area.width, Role::Dim);
            return;
        }
    }
}
