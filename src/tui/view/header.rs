//! The first lines: what was asked, what came, over what, how long it took.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::insight::version_name;
use crate::trace::{CaptureState, Exchange};
use crate::tui::State;
use crate::tui::fit::{cut, cut_middle, width};
use crate::tui::run::Run;
use crate::tui::state::Errand;
use crate::tui::theme::Role;
use crate::tui::wording::{status_words, without_credentials};
use crate::units::{Bytes, Moment, Untrusted};

/// A piece of a line, and its colour.
pub(super) type Piece = (String, Role);

/// Columns between two pieces.
const GAP: u16 = 1;

/// Draws one line or two.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, state: &State, now: Moment) {
    if state.of_others().is_some() {
        return super::capture_header::draw(canvas, area, state, now);
    }
    let (run, now) = state.shown(now);
    let exchange = state
        .sight
        .cursor
        .exchange(run)
        .and_then(|id| run.trace.exchange(id));
    if area.height == 0 {
        return;
    }
    let right: Vec<Piece> = [standing(state, run, exchange), total(run, exchange, now)]
        .into_iter()
        .flatten()
        .collect();
    let left = asked_and_answered(state, exchange, usize::from(area.width), &right);
    line(canvas, Rect { height: 1, ..area }, left, right);
    if area.height > 1 {
        let second = Rect {
            y: area.y + 1,
            height: 1,
            ..area
        };
        line(
            canvas,
            second,
            facts(run, exchange),
            capture(run).into_iter().collect(),
        );
    }
    if area.height > 2
        && let Some(linkage) = &state.linkage
    {
        super::link::draw(
            canvas,
            Rect {
                y: area.y + 2,
                height: 1,
                ..area
            },
            linkage,
        );
    }
}

/// Pieces from the left, pieces from the right; what does not fit between is left out from the end.
pub(super) fn line(canvas: &mut Canvas<'_>, area: Rect, left: Vec<Piece>, right: Vec<Piece>) {
    let mut end = area.right().saturating_sub(1);
    for (text, role) in right.into_iter().rev() {
        let wide = u16::try_from(width(&text)).unwrap_or(u16::MAX);
        let Some(x) = end.checked_sub(wide).filter(|&x| x > area.x) else {
            break;
        };
        canvas.text((x, area.y), &text, wide, role);
        end = x.saturating_sub(2);
    }
    let mut x = area.x + 1;
    for (text, role) in left {
        let wide = u16::try_from(width(&text)).unwrap_or(u16::MAX);
        if x.saturating_add(wide) > end {
            break;
        }
        x += canvas.text((x, area.y), &text, wide, role) + GAP;
    }
}

fn asked_and_answered(
    state: &State,
    exchange: Option<&Exchange>,
    columns: usize,
    right: &[Piece],
) -> Vec<Piece> {
    let method = exchange
        .map(|exchange| format!("{} ", exchange.method))
        .unwrap_or_default();
    let url = exchange.map_or_else(
        || without_credentials(&Untrusted::new(state.shown_url())),
        |exchange| without_credentials(&exchange.url),
    );
    let answer = exchange.and_then(answer);
    let taken: usize = right
        .iter()
        .chain(&answer)
        .map(|(text, _)| width(text) + 2)
        .sum();
    let room = columns.saturating_sub(taken + method.len() + 4);
    let named = room.saturating_sub(9) >= width(&url);
    let room = if named { room.saturating_sub(9) } else { room };
    let mut pieces = Vec::new();
    if named {
        pieces.push(("tapline".to_owned(), Role::Accent));
    }
    pieces.push((format!("{method}{}", cut_middle(&url, room)), Role::Strong));
    pieces.extend(answer);
    pieces
}

fn answer(exchange: &Exchange) -> Option<Piece> {
    if let Some(response) = &exchange.response {
        let role = match response.status {
            _ if exchange.failure.is_some() => Role::Failure,
            200..400 => Role::Success,
            _ => Role::Warning,
        };
        return Some((
            cut(&status_words(response.status, &response.reason), 24),
            role,
        ));
    }
    exchange
        .failure
        .as_ref()
        .map(|(phase, _)| (format!("\u{2717} failed: {}", phase.label()), Role::Failure))
}

/// What is going on.
fn standing(state: &State, run: &Run, exchange: Option<&Exchange>) -> Option<Piece> {
    if state.held.is_some() {
        return Some(("\u{2016} paused".to_owned(), Role::Warning));
    }
    if state.errand == Errand::Cancelled {
        return Some(("cancelling".to_owned(), Role::Warning));
    }
    if !state.is_busy() {
        return None;
    }
    let open = exchange
        .and_then(|exchange| exchange.phases.open())
        .filter(|_| run.under_way);
    Some(open.map_or_else(
        || ("\u{25cf} starting".to_owned(), Role::Accent),
        |phase| (format!("\u{25cf} {}", phase.label()), Role::Phase(phase)),
    ))
}

fn total(run: &Run, exchange: Option<&Exchange>, now: Moment) -> Option<Piece> {
    let exchange = exchange?;
    let took = exchange
        .ended
        .unwrap_or(if run.under_way {
            now
        } else {
            run.trace.latest()
        })
        .since(exchange.started);
    Some((took.to_string(), Role::Strong))
}

/// Version, TLS, addresses, size.
fn facts(run: &Run, exchange: Option<&Exchange>) -> Vec<Piece> {
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
        tls.map(|tls| version_name(&tls.version)),
        connection.map(|connection| connection.remote.to_string()),
        exchange
            .response
            .as_ref()
            .map(|_| Bytes(exchange.response_body.transferred).to_string()),
        tls.and_then(|tls| tls.key_exchange.clone()),
        tls.map(|tls| tls.cipher_suite.clone()),
    ];
    let mut pieces = Vec::new();
    for part in parts.into_iter().flatten() {
        let part = if pieces.is_empty() {
            part
        } else {
            format!("\u{00b7} {part}")
        };
        pieces.push((part, Role::Dim));
    }
    pieces
}

/// Where the figures come from.
fn capture(run: &Run) -> Option<Piece> {
    let capture = run.trace.capture();
    match &capture.state {
        CaptureState::On => {
            let interface = capture.interface.clone().unwrap_or_default();
            let lost = capture
                .dropped
                .filter(|&lost| lost > 0)
                .map(|lost| format!(", {lost} lost"))
                .unwrap_or_default();
            Some((
                format!(
                    "\u{25cf} capture {interface}, {} packets{lost}",
                    capture.packets
                ),
                Role::Success,
            ))
        }
        CaptureState::Unavailable { .. } => Some((
            "\u{25cb} no capture: kernel figures".to_owned(),
            Role::Warning,
        )),
        CaptureState::Off if run.trace.exchanges().is_empty() => None,
        CaptureState::Off => Some(("\u{25cb} capture off".to_owned(), Role::Dim)),
    }
}
