//! The title of the timeline: host, connection, and the time in round trips.

use crate::insight::{RoundTrips, round_trips};
use crate::trace::Exchange;
use crate::tui::ScreenState;
use crate::tui::screen_run::ScreenRun;
use crate::tui::text_layout;
use crate::tui::theme::StyleRole;

/// Round trips shorter than this say nothing about the network: this machine's own work dominates
/// them.
const MIN_ROUND_TRIP: u64 = 1_000_000;

/// Returns the parts of the title that fit.
pub(super) fn title_parts(
    run: &ScreenRun,
    state: &ScreenState,
    columns: usize,
) -> Vec<(String, StyleRole)> {
    let Some(exchange) = state
        .view_state
        .cursor
        .exchange(run)
        .and_then(|id| run.trace.exchange(id))
    else {
        return vec![(" Timeline ".to_owned(), StyleRole::Strong)];
    };
    let host = host_of(&exchange.url.escaped());
    let connection = exchange.connection.map(|id| {
        format!(
            "\u{2500} connection {}{} ",
            id.0,
            if exchange.reused_connection {
                ", reused"
            } else {
                ""
            }
        )
    });
    let trips = round_trips_text(run, exchange);
    let zoomed = state
        .view_state
        .zoom
        .is_zoomed()
        .then(|| "\u{2500} zoomed, 0 shows all ".to_owned());
    let paused = state
        .paused
        .is_some()
        .then(|| "\u{2500} paused ".to_owned());
    let mut left = columns;
    let mut parts = Vec::new();
    let wanted = [
        (paused, StyleRole::Warning, 0),
        (Some(format!(" {host} ")), StyleRole::Strong, 1),
        (zoomed, StyleRole::Warning, 4),
        (trips, StyleRole::Text, 3),
        (connection, StyleRole::Dim, 2),
    ];
    for (text, role, index) in wanted {
        let Some(text) = text.map(|text| {
            if index == 1 {
                text_layout::truncate_text(&text, columns)
            } else {
                text
            }
        }) else {
            continue;
        };
        if let Some(rest) = left.checked_sub(text_layout::display_width(&text)) {
            left = rest;
            parts.push((index, text, role));
        }
    }
    // Parts are chosen in order of importance, and shown in reading order.
    parts.sort_by_key(|(index, ..)| if *index == 0 { 5 } else { *index });
    parts
        .into_iter()
        .map(|(_, text, role)| (text, role))
        .collect()
}

fn round_trips_text(run: &ScreenRun, exchange: &Exchange) -> Option<String> {
    exchange.ended?;
    if exchange.failure.is_some() {
        return None;
    }
    let RoundTrips {
        rtt,
        used,
        minimum: least,
    } = round_trips(&run.trace, exchange, &run.ledger(exchange).whole)?;
    if rtt.duration.0 < MIN_ROUND_TRIP {
        return Some(format!(
            "\u{2500} round trip {} ({}): too close to count in round trips ",
            rtt.duration,
            rtt.clock.name()
        ));
    }
    Some(format!(
        "\u{2500} {used:.1} round trips of {} ({}); at least {least} needed ",
        rtt.duration,
        rtt.clock.name()
    ))
}

/// Returns the host of a URL.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
        .to_owned()
}
