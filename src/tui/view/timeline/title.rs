//! The timeline's title: whose connection, and what the request took in round trips.

use crate::insight::{RoundTrips, round_trips};
use crate::trace::Exchange;
use crate::tui::State;
use crate::tui::fit;
use crate::tui::run::Run;
use crate::tui::theme::Role;

/// Round trips shorter than this say nothing about the network: they are this machine's own work.
const LOCAL: u64 = 1_000_000;

/// The parts of the title that fit.
pub(super) fn of(run: &Run, state: &State, columns: usize) -> Vec<(String, Role)> {
    let Some(exchange) = state
        .sight
        .cursor
        .exchange(run)
        .and_then(|id| run.trace.exchange(id))
    else {
        return vec![(" Timeline ".to_owned(), Role::Strong)];
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
    let trips = in_round_trips(run, exchange);
    let zoomed = state
        .sight
        .zoom
        .is_on()
        .then(|| "\u{2500} zoomed, 0 shows all ".to_owned());
    let held = state.held.is_some().then(|| "\u{2500} paused ".to_owned());
    let mut left = columns;
    let mut parts = Vec::new();
    let wanted = [
        (held, Role::Warning, 0),
        (Some(format!(" {host} ")), Role::Strong, 1),
        (zoomed, Role::Warning, 4),
        (trips, Role::Text, 3),
        (connection, Role::Dim, 2),
    ];
    for (text, role, place) in wanted {
        let Some(text) = text.map(|text| {
            if place == 1 {
                fit::cut(&text, columns)
            } else {
                text
            }
        }) else {
            continue;
        };
        if let Some(rest) = left.checked_sub(fit::width(&text)) {
            left = rest;
            parts.push((place, text, role));
        }
    }
    // The order of importance decides what fits, the order of reading how it is shown.
    parts.sort_by_key(|(place, ..)| if *place == 0 { 5 } else { *place });
    parts
        .into_iter()
        .map(|(_, text, role)| (text, role))
        .collect()
}

fn in_round_trips(run: &Run, exchange: &Exchange) -> Option<String> {
    exchange.ended?;
    if exchange.failure.is_some() {
        return None;
    }
    let RoundTrips { rtt, used, least } = round_trips(&run.trace, exchange)?;
    if rtt.duration.0 < LOCAL {
        return Some(format!(
            "\u{2500} round trip {} ({}): too near to count in round trips ",
            rtt.duration,
            rtt.clock.name()
        ));
    }
    Some(format!(
        "\u{2500} this took {used:.1} round trips of {} ({}); {least} would do ",
        rtt.duration,
        rtt.clock.name()
    ))
}

/// The host of a URL, for reading.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
        .to_owned()
}
