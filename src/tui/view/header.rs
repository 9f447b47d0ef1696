//! The header: request, response, connection, time.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::insight::tls_version_name;
use crate::trace::{CaptureState, Exchange};
use crate::tui::ScreenState;
use crate::tui::event_wording::{status_words, without_credentials};
use crate::tui::screen_run::ScreenRun;
use crate::tui::state::RequestState;
use crate::tui::text_layout::{display_width, truncate_middle, truncate_text};
use crate::tui::theme::StyleRole;
use crate::units::{Bytes, Moment, Untrusted};

/// Text of the header, and its role.
pub(super) type StyledText = (String, StyleRole);

/// Columns between two texts.
const GAP: u16 = 1;

/// Draws one or two lines.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &ScreenState, now: Moment) {
    if state.capture_flows().is_some() {
        return super::capture_header::draw(canvas, area, state, now);
    }
    let (run, now) = state.displayed_run(now);
    let exchange = state
        .view_state
        .cursor
        .exchange(run)
        .and_then(|id| run.trace.exchange(id));
    if area.height == 0 {
        return;
    }
    let right: Vec<StyledText> = [
        status_text(state, run, exchange),
        total_time_text(run, exchange, now),
    ]
    .into_iter()
    .flatten()
    .collect();
    let left = request_and_response(state, exchange, usize::from(area.width), &right);
    draw_line(canvas, Rect { height: 1, ..area }, left, right);
    if area.height > 1 {
        let second = Rect {
            y: area.y + 1,
            height: 1,
            ..area
        };
        draw_line(
            canvas,
            second,
            connection_texts(run, exchange),
            capture_text(run).into_iter().collect(),
        );
    }
    if area.height > 2
        && let Some(link_state) = &state.link_state
    {
        super::link_line::draw(
            canvas,
            Rect {
                y: area.y + 2,
                height: 1,
                ..area
            },
            link_state,
        );
    }
}

/// Draws texts from the left and from the right; those that do not fit between are left out, the
/// last ones first.
pub(super) fn draw_line(
    canvas: &mut Canvas<'_>,
    area: Rect,
    left: Vec<StyledText>,
    right: Vec<StyledText>,
) {
    let mut end = area.right().saturating_sub(1);
    for (text, role) in right.into_iter().rev() {
        let wide = u16::try_from(display_width(&text)).unwrap_or(u16::MAX);
        let Some(x) = end.checked_sub(wide).filter(|&x| x > area.x) else {
            break;
        };
        canvas.text((x, area.y), &text, wide, role);
        end = x.saturating_sub(2);
    }
    let mut x = area.x + 1;
    for (text, role) in left {
        let wide = u16::try_from(display_width(&text)).unwrap_or(u16::MAX);
        if x.saturating_add(wide) > end {
            break;
        }
        x += canvas.text((x, area.y), &text, wide, role) + GAP;
    }
}

fn request_and_response(
    state: &ScreenState,
    exchange: Option<&Exchange>,
    columns: usize,
    right: &[StyledText],
) -> Vec<StyledText> {
    let method = exchange
        .map(|exchange| format!("{} ", exchange.method))
        .unwrap_or_default();
    let url = exchange.map_or_else(
        || without_credentials(&Untrusted::new(state.masked_url())),
        |exchange| without_credentials(&exchange.url),
    );
    let answer = exchange.and_then(response_text);
    let taken: usize = right
        .iter()
        .chain(&answer)
        .map(|(text, _)| display_width(text) + 2)
        .sum();
    let room = columns.saturating_sub(taken + method.len() + 4);
    let named = room.saturating_sub(9) >= display_width(&url);
    let room = if named { room.saturating_sub(9) } else { room };
    let mut texts = Vec::new();
    if named {
        texts.push(("tapline".to_owned(), StyleRole::Accent));
    }
    texts.push((
        format!("{method}{}", truncate_middle(&url, room)),
        StyleRole::Strong,
    ));
    texts.extend(answer);
    texts
}

fn response_text(exchange: &Exchange) -> Option<StyledText> {
    if let Some(response) = &exchange.response {
        let role = match response.status {
            _ if exchange.failure.is_some() => StyleRole::Failure,
            200..400 => StyleRole::Success,
            _ => StyleRole::Warning,
        };
        return Some((
            truncate_text(&status_words(response.status, &response.reason), 24),
            role,
        ));
    }
    exchange.failure.as_ref().map(|(phase, _)| {
        (
            format!("\u{2717} failed: {}", phase.label()),
            StyleRole::Failure,
        )
    })
}

/// Returns what is in progress.
fn status_text(
    state: &ScreenState,
    run: &ScreenRun,
    exchange: Option<&Exchange>,
) -> Option<StyledText> {
    if state.paused.is_some() {
        return Some(("\u{2016} paused".to_owned(), StyleRole::Warning));
    }
    if state.request_state == RequestState::Cancelled {
        return Some(("cancelling".to_owned(), StyleRole::Warning));
    }
    if !state.is_busy() {
        return None;
    }
    let open = exchange
        .and_then(|exchange| exchange.phases.current())
        .filter(|_| run.under_way);
    Some(open.map_or_else(
        || ("\u{25cf} starting".to_owned(), StyleRole::Accent),
        |phase| {
            (
                format!("\u{25cf} {}", phase.label()),
                StyleRole::Phase(phase),
            )
        },
    ))
}

fn total_time_text(
    run: &ScreenRun,
    exchange: Option<&Exchange>,
    now: Moment,
) -> Option<StyledText> {
    let exchange = exchange?;
    let took = exchange
        .ended
        .unwrap_or(if run.under_way {
            now
        } else {
            run.trace.latest()
        })
        .since(exchange.started);
    Some((took.to_string(), StyleRole::Strong))
}

/// Returns version, TLS, addresses and size.
fn connection_texts(run: &ScreenRun, exchange: Option<&Exchange>) -> Vec<StyledText> {
    let Some(exchange) = exchange else {
        return Vec::new();
    };
    let connection = exchange.connection.and_then(|id| run.trace.connection(id));
    let tls = connection
        .and_then(|connection| connection.tls.as_ref())
        .and_then(|tls| tls.handshake.as_ref());
    let version = exchange
        .response
        .as_ref()
        .map(|response| response.version)
        .or(exchange.request.as_ref().map(|request| request.version));
    let parts = [
        version.map(|version| version.name().to_owned()),
        tls.map(|tls| tls_version_name(&tls.version)),
        connection.map(|connection| connection.remote.to_string()),
        exchange
            .response
            .as_ref()
            .map(|_| Bytes(exchange.response_body.transferred).to_string()),
        tls.and_then(|tls| tls.key_exchange.clone()),
        tls.map(|tls| tls.cipher_suite.clone()),
    ];
    let mut texts = Vec::new();
    for part in parts.into_iter().flatten() {
        let part = if texts.is_empty() {
            part
        } else {
            format!("\u{00b7} {part}")
        };
        texts.push((part, StyleRole::Dim));
    }
    texts
}

/// Returns where the figures come from.
fn capture_text(run: &ScreenRun) -> Option<StyledText> {
    let capture = run.trace.capture();
    match &capture.state {
        CaptureState::On => {
            let interface = capture.interface.clone().unwrap_or_default();
            let lost = capture
                .dropped
                .filter(|&lost| lost > 0)
                .map(|lost| format!(", {lost} dropped"))
                .unwrap_or_default();
            Some((
                format!(
                    "\u{25cf} capture {interface}, {} packets{lost}",
                    capture.packets
                ),
                StyleRole::Success,
            ))
        }
        CaptureState::Unavailable { .. } => Some((
            "\u{25cb} no capture: kernel figures".to_owned(),
            StyleRole::Warning,
        )),
        CaptureState::Off if run.trace.exchanges().is_empty() => None,
        CaptureState::Off => Some(("\u{25cb} capture off".to_owned(), StyleRole::Dim)),
    }
}
