//! What went wrong on an HTTP/2 connection, in a sentence.

use std::io;

use super::watch::Watch;
use crate::probe::Failed;
use crate::trace::{Code, Phase};
use crate::units::{Bytes, Untrusted, grouped};
use crate::wire::http1::MOST_HEAD;

/// h2 refuses a head above the limit with the same error as a malformed one. Packed (RFC 7541),
/// such a head still has this much.
const LARGE_HEAD: u64 = MOST_HEAD as u64 / 4;

/// How much of the body had come, for its failures.
#[derive(Clone, Copy)]
pub(super) struct Progress {
    pub(super) received: u64,
    pub(super) expected: Option<u64>,
}

impl Progress {
    fn text(self) -> String {
        let of = self
            .expected
            .map_or_else(String::new, |expected| format!(" of {}", Bytes(expected)));
        format!("{}{of}", Bytes(self.received))
    }
}

/// A failure of the phase that is under way.
pub(super) fn failure(watch: &Watch, error: &h2::Error, progress: Progress) -> Failed {
    let phase = watch
        .with(|passing| passing.stage.phase())
        .unwrap_or(Phase::Send);
    if let Some(failed) = no_http2(watch, phase) {
        return failed;
    }
    if let Some(io) = error.get_io() {
        return watch
            .alert()
            .unwrap_or_else(|| lost(phase, io, progress, watch));
    }
    let short = phase == Phase::Receive
        && error.is_library()
        && progress
            .expected
            .is_some_and(|expected| progress.received != expected);
    if short && error.reason() == Some(h2::Reason::PROTOCOL_ERROR) {
        return body_short(progress);
    }
    if phase == Phase::Wait
        && error.is_library()
        && watch
            .with(|passing| passing.head_bytes())
            .unwrap_or_default()
            > LARGE_HEAD
    {
        return head_too_large();
    }
    ended_by_error(phase, error, progress)
}

/// The peer's first frame has to be SETTINGS (RFC 9113 §3.4).
fn no_http2(watch: &Watch, phase: Phase) -> Option<Failed> {
    let first = watch.first_received();
    if first.get(3).is_none_or(|kind| *kind == 4) {
        return None;
    }
    let line: Vec<u8> = first
        .iter()
        .copied()
        .take_while(|byte| *byte != b'\n')
        .collect();
    let message = format!(
        "the answer is not HTTP/2: it begins with \"{}\"",
        Untrusted::from_bytes(line.trim_ascii_end()).raw()
    );
    let hint = "the server does not speak HTTP/2 here; use --http1.1";
    Some(Failed::new(phase, Code::Http2Protocol, message, hint))
}

fn lost(phase: Phase, error: &io::Error, progress: Progress, watch: &Watch) -> Failed {
    let was_reset = matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
    );
    let how = if was_reset { "reset" } else { "closed" };
    match phase {
        Phase::Receive if was_reset => {
            let message = format!(
                "the connection was reset within the body: {} had come",
                progress.text()
            );
            Failed::new(
                phase,
                Code::BodyReset,
                message,
                "look into the server's log, and for a device between that drops connections",
            )
        }
        Phase::Receive => body_short(progress),
        Phase::Send => {
            let written = Bytes(
                watch
                    .with(|passing| passing.all_written())
                    .unwrap_or_default(),
            );
            let message = format!(
                "the server {how} the connection while the request was being sent; {written} of \
                    it were written"
            );
            let hint = "the server may not want a request this large or of this kind; its log \
                will say, and a smaller one may pass";
            Failed::new(phase, Code::SendClosed, message, hint)
        }
        _ => {
            let message = format!("the server {how} the connection without an answer");
            let hint = "the server, or something before it, ended the connection; look into its \
                log for a crash or a limit";
            Failed::new(phase, Code::WaitClosed, message, hint)
        }
    }
}

fn body_short(progress: Progress) -> Failed {
    let message = format!(
        "the stream was closed before the body had its end: {} had come",
        progress.text()
    );
    let hint = "the server, or something before it, stopped in the middle; compare its stated \
        length with what it sends";
    Failed::new(Phase::Receive, Code::BodyShort, message, hint)
}

fn ended_by_error(phase: Phase, error: &h2::Error, progress: Progress) -> Failed {
    let name = error
        .reason()
        .map_or_else(|| error.to_string(), |reason| format!("{reason:?}"));
    let what = match (error.is_remote(), error.is_go_away()) {
        (true, true) => format!("the server ended the connection with GOAWAY {name}"),
        (true, false) => format!("the server reset the stream with {name}"),
        (false, _) => format!("the server broke HTTP/2 ({name}: {error})"),
    };
    let so_far = if phase == Phase::Receive {
        format!("; {} of the body had come", progress.text())
    } else {
        String::new()
    };
    let flooded = !error.is_remote() && error.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM);
    let hint = if flooded { FLOOD } else { hint(error.reason()) };
    Failed::new(phase, Code::Http2Protocol, format!("{what}{so_far}"), hint)
}

/// What is to be done about a peer that sends too much for nothing (RFC 9113 §10.5).
const FLOOD: &str = "the server, or something before it, repeats control frames or empty ones \
    without end; compare with --http1.1";

const fn hint(reason: Option<h2::Reason>) -> &'static str {
    match reason {
        Some(h2::Reason::REFUSED_STREAM) => {
            "the server did nothing with the request, so it can safely be sent again"
        }
        Some(h2::Reason::ENHANCE_YOUR_CALM) => {
            "the server finds this client too busy; send less, or later"
        }
        Some(h2::Reason::HTTP_1_1_REQUIRED) => "the server wants HTTP/1.1 for this: use --http1.1",
        Some(h2::Reason::INADEQUATE_SECURITY) => {
            "the server does not accept this TLS for HTTP/2; use --http1.1 or look at its cipher \
                suites"
        }
        Some(h2::Reason::INTERNAL_ERROR) => "the fault is inside the server; its log will say",
        _ => "compare with --http1.1; the server's log will say more",
    }
}

/// A head larger than what was announced as the limit.
pub(super) fn head_too_large() -> Failed {
    let message = format!(
        "the response's head is larger than {} KiB, the limit here",
        MOST_HEAD / 1024
    );
    Failed::new(
        Phase::Wait,
        Code::HttpHeadTooLarge,
        message,
        "look for a field that grows with every request, often Set-Cookie",
    )
}

/// Preliminaries that do not end.
pub(super) fn endless_preliminaries(most: usize) -> Failed {
    let message = format!("more than {most} informational responses came, and no final one");
    Failed::new(
        Phase::Wait,
        Code::HttpMalformed,
        message,
        "the server repeats 1xx responses without end; its log will say why",
    )
}

/// Frames without end that are none of the response's.
pub(super) fn flood(phase: Phase, most: u32) -> Failed {
    let message = format!(
        "more than {} frames came in a row with nothing of the response in them, the limit here",
        grouped(most.into())
    );
    Failed::new(phase, Code::Http2Protocol, message, FLOOD)
}
