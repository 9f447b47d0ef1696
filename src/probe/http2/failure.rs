//! Failures of an HTTP/2 exchange, with their messages.

use std::io;

use super::watch::Http2Monitor;
use crate::probe::PhaseFailure;
use crate::trace::{FailureCode, Phase};
use crate::units::{Bytes, Untrusted, group_digits};
use crate::wire::http1::MAX_HEAD_BYTES;

/// Size in bytes from which a refused head is taken to be too large. h2 reports a head above the
/// limit with the same error as a malformed one; compressed (RFC 7541), a head above the limit
/// still has at least about this size.
const LARGE_PACKED_HEAD: u64 = MAX_HEAD_BYTES as u64 / 4;

/// Received and expected size of the response's body.
#[derive(Clone, Copy)]
pub(super) struct BodyProgress {
    pub(super) received: u64,
    pub(super) expected: Option<u64>,
}

impl BodyProgress {
    fn describe(self) -> String {
        let of_expected = self
            .expected
            .map_or_else(String::new, |expected| format!(" of {}", Bytes(expected)));
        format!("{}{of_expected}", Bytes(self.received))
    }
}

/// Returns the failure of the current phase.
pub(super) fn http2_failure(
    monitor: &Http2Monitor,
    error: &h2::Error,
    progress: BodyProgress,
) -> PhaseFailure {
    let phase = monitor
        .with(|exchange| exchange.phases.phase())
        .unwrap_or(Phase::Send);
    if let Some(failed) = not_http2_failure(monitor, phase) {
        return failed;
    }
    if let Some(io) = error.get_io() {
        return monitor
            .alert()
            .unwrap_or_else(|| connection_lost_failure(phase, io, progress, monitor));
    }
    let short = phase == Phase::Receive
        && error.is_library()
        && progress
            .expected
            .is_some_and(|expected| progress.received != expected);
    if short && error.reason() == Some(h2::Reason::PROTOCOL_ERROR) {
        return body_short_failure(progress);
    }
    if phase == Phase::Wait
        && error.is_library()
        && monitor
            .with(|exchange| exchange.head_bytes())
            .unwrap_or_default()
            > LARGE_PACKED_HEAD
    {
        return head_too_large_failure();
    }
    protocol_error_failure(phase, error, progress)
}

/// Returns a failure if the peer's first frame is not SETTINGS (RFC 9113 §3.4).
fn not_http2_failure(monitor: &Http2Monitor, phase: Phase) -> Option<PhaseFailure> {
    let first = monitor.first_received();
    if first.get(3).is_none_or(|kind| *kind == 4) {
        return None;
    }
    let line: Vec<u8> = first
        .iter()
        .copied()
        .take_while(|byte| *byte != b'\n')
        .collect();
    let message = format!(
        "the response is not HTTP/2: it begins with \"{}\"",
        Untrusted::from_bytes(line.trim_ascii_end()).raw()
    );
    let hint = "the server does not support HTTP/2 on this port; use --http1.1";
    Some(PhaseFailure::new(
        phase,
        FailureCode::Http2Protocol,
        message,
        hint,
    ))
}

fn connection_lost_failure(
    phase: Phase,
    error: &io::Error,
    progress: BodyProgress,
    monitor: &Http2Monitor,
) -> PhaseFailure {
    let was_reset = matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
    );
    let how = if was_reset { "reset" } else { "closed" };
    match phase {
        Phase::Receive if was_reset => {
            let message = format!(
                "the connection was reset in the middle of the body: {} had arrived",
                progress.describe()
            );
            PhaseFailure::new(
                phase,
                FailureCode::BodyReset,
                message,
                "check the server's log, and whether a device in between drops connections",
            )
        }
        Phase::Receive => body_short_failure(progress),
        Phase::Send => {
            let written = Bytes(
                monitor
                    .with(|exchange| exchange.all_written())
                    .unwrap_or_default(),
            );
            let message = format!(
                "the server {how} the connection while the request was being sent; {written} of \
                    it had been sent"
            );
            let hint = "the server may not accept a request of this size or kind; check its log, \
                or try a smaller one";
            PhaseFailure::new(phase, FailureCode::SendClosed, message, hint)
        }
        _ => {
            let message = format!("the server {how} the connection without a response");
            let hint = "the server or a proxy in front of it ended the connection; check its log \
                for a crash or a limit";
            PhaseFailure::new(phase, FailureCode::WaitClosed, message, hint)
        }
    }
}

fn body_short_failure(progress: BodyProgress) -> PhaseFailure {
    let message = format!(
        "the stream was closed before the body was complete: {} had arrived",
        progress.describe()
    );
    let hint = "the server or a proxy in front of it stopped in the middle; compare the announced \
        length with what it sends";
    PhaseFailure::new(Phase::Receive, FailureCode::BodyShort, message, hint)
}

fn protocol_error_failure(phase: Phase, error: &h2::Error, progress: BodyProgress) -> PhaseFailure {
    let name = error
        .reason()
        .map_or_else(|| error.to_string(), |reason| format!("{reason:?}"));
    let what = match (error.is_remote(), error.is_go_away()) {
        (true, true) => format!("the server ended the connection with GOAWAY {name}"),
        (true, false) => format!("the server reset the stream with {name}"),
        (false, _) => format!("the server violated HTTP/2 ({name}: {error})"),
    };
    let so_far = if phase == Phase::Receive {
        format!("; {} of the body had arrived", progress.describe())
    } else {
        String::new()
    };
    let flooded = !error.is_remote() && error.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM);
    let hint = if flooded {
        FLOOD_HINT
    } else {
        hint_for_reason(error.reason())
    };
    PhaseFailure::new(
        phase,
        FailureCode::Http2Protocol,
        format!("{what}{so_far}"),
        hint,
    )
}

/// Hint for a peer that sends excessive frames without content (RFC 9113 §10.5).
const FLOOD_HINT: &str = "the server or a proxy in front of it sends control frames or empty \
    frames without end; compare with --http1.1";

const fn hint_for_reason(reason: Option<h2::Reason>) -> &'static str {
    match reason {
        Some(h2::Reason::REFUSED_STREAM) => {
            "the server did not process the request, so it can safely be sent again"
        }
        Some(h2::Reason::ENHANCE_YOUR_CALM) => {
            "the server considers this client's load excessive; send less, or later"
        }
        Some(h2::Reason::HTTP_1_1_REQUIRED) => {
            "the server requires HTTP/1.1 for this: use \
            --http1.1"
        }
        Some(h2::Reason::INADEQUATE_SECURITY) => {
            "the server does not accept this TLS version or cipher suite for HTTP/2; use \
                --http1.1 or check its cipher suites"
        }
        Some(h2::Reason::INTERNAL_ERROR) => "the server has an internal error; check its log",
        _ => "compare with --http1.1, and check the server's log",
    }
}

/// Returns the failure of a head above the announced limit.
pub(super) fn head_too_large_failure() -> PhaseFailure {
    let message = format!(
        "the response's head exceeds the limit of {} KiB",
        MAX_HEAD_BYTES / 1024
    );
    PhaseFailure::new(
        Phase::Wait,
        FailureCode::HttpHeadTooLarge,
        message,
        "look for a field that grows with every request, often Set-Cookie",
    )
}

/// Returns the failure of too many informational responses.
pub(super) fn endless_informational_failure(most: usize) -> PhaseFailure {
    let message = format!("more than {most} informational responses arrived, but no final one");
    PhaseFailure::new(
        Phase::Wait,
        FailureCode::HttpMalformed,
        message,
        "the server sends 1xx responses without end; check its log",
    )
}

/// Returns the failure of too many frames that carry nothing of the response.
pub(super) fn frame_flood_failure(phase: Phase, most: u32) -> PhaseFailure {
    let message = format!(
        "more than {} frames in a row contained nothing of the response, which is the limit",
        group_digits(most.into())
    );
    PhaseFailure::new(phase, FailureCode::Http2Protocol, message, FLOOD_HINT)
}
