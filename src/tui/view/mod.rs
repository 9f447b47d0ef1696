//! Drawing: a frame is a function of the state and the instant.

mod ascii;
mod canvas;
mod capture_header;
mod catalogue;
mod conversations;
mod events;
mod explain;
mod header;
mod help;
mod key_hints;
mod ladder;
mod layers;
mod layout;
mod link_line;
mod link_panel;
mod lit_columns;
mod logo;
mod segments;
mod start_screen;
mod tabs;
mod timeline;
mod url_field;

use ratatui::Frame;
use ratatui::layout::Rect;

use self::canvas::Canvas;
use super::ScreenState;
use super::state::{InputMode, View};
use super::theme::{StyleRole, Styles};
use crate::units::Moment;

pub(super) use conversations::conversation_at;
pub(super) use events::EventScroll;
pub(super) use explain::{max_explanation_scroll, visible_page};
pub(super) use help::help_height;
pub(super) use ladder::visible_ladder_rows;
pub(super) use layers::dump_rows;
pub(super) use layout::PanelAreas;
pub(super) use link_panel::{link_panel_area, link_setting_at};
pub(super) use segments::segments_moment_at;
pub(super) use start_screen::StartAreas;
pub(super) use tabs::view_at;
pub(super) use timeline::{TimelineLayout, inside_borders as inside_timeline};

/// Timeline texts that other panels use too.
pub(super) mod timeline_words {
    pub(in crate::tui) use super::timeline::body_progress_texts;
}

/// Minimum size for anything useful.
const MIN_SIZE: (u16, u16) = (20, 3);

/// Draws a frame of the state at an instant of the run.
pub fn draw(frame: &mut Frame<'_>, state: &ScreenState, now: Moment) {
    let area = frame.area();
    let mut canvas = Canvas {
        buf: frame.buffer_mut(),
        styles: Styles::new(&state.settings),
    };
    if area.width < MIN_SIZE.0 || area.height < MIN_SIZE.1 {
        draw_too_small(&mut canvas, area);
    } else if state.mode == InputMode::Start {
        start_screen::draw(&mut canvas, area, state);
        key_hints::draw(
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
    if let Some((panel, link_state)) = state.link_panel.as_ref().zip(state.link_state.as_ref()) {
        link_panel::draw(&mut canvas, area, panel, link_state);
    }
    if state.settings.ascii {
        ascii::convert_to_ascii(canvas.buf);
    }
}

fn draw_run(canvas: &mut Canvas<'_>, area: Rect, state: &ScreenState, now: Moment) {
    let areas = PanelAreas::new(area, state, now);
    header::draw(canvas, areas.header, state, now);
    tabs::draw(canvas, areas.tabs, state.views(), state.view());
    match state.view() {
        View::Conversations => {
            conversations::draw(canvas, areas.main, areas.have_borders(), state, now);
        }
        View::Timeline => timeline::draw(canvas, areas.timeline, areas.have_borders(), state, now),
        View::Ladder => ladder::draw(canvas, areas.main, areas.have_borders(), state, now),
        View::Layers => layers::draw(canvas, areas.main, areas.have_borders(), state, now),
        View::Segments => segments::draw(canvas, areas.main, areas.have_borders(), state, now),
    }
    if areas.events.width > 0 {
        events::draw(canvas, areas.events, state, now);
    }
    explain::draw(canvas, &areas, state, now);
    key_hints::draw(canvas, areas.keys, state);
    match &state.mode {
        InputMode::Help(scrolled) => help::draw(
            canvas,
            Rect {
                height: area.height - areas.keys.height,
                ..area
            },
            state,
            *scrolled,
        ),
        InputMode::Edit(address) => {
            url_field::draw_popup(canvas, area, address, &state.settings.masking);
        }
        InputMode::Panels | InputMode::Filter(_) | InputMode::Start => {}
    }
}

fn draw_too_small(canvas: &mut Canvas<'_>, area: Rect) {
    for way in [
        "terminal too small for tapline",
        "terminal too small",
        "too small",
        "small",
    ] {
        if way.len() <= usize::from(area.width) {
            canvas.text((area.x, area.y), way, area.width, StyleRole::Dim);
            return;
        }
    }
}
