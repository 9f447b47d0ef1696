//! Wording of HTTP events and of those of the run as a whole.

use super::{EventSign, status_words, without_credentials};
use crate::trace::{EventKind, Phase, Trace};
use crate::tui::figures::count;
use crate::units::{Bytes, Untrusted};

#[expect(clippy::too_many_lines, reason = "one arm an event")]
pub(super) fn http_or_run_words(
    kind: &EventKind,
    trace: &Trace,
) -> (Option<Phase>, EventSign, String) {
    match kind {
        EventKind::RequestHead {
            version,
            method,
            target,
            headers,
            header_bytes,
            ..
        } => {
            let size = Bytes(*header_bytes);
            let text = format!(
                "{method} {} {version}, {}, {size}",
                target.escaped(),
                count(headers.len(), "field")
            );
            (Some(Phase::Send), EventSign::Out, text)
        }
        EventKind::PhaseBegan { .. } => (
            Some(Phase::Wait),
            EventSign::None,
            "request sent; waiting for the first byte".to_owned(),
        ),
        EventKind::Informational {
            status, headers, ..
        } => (
            Some(Phase::Wait),
            EventSign::In,
            format!(
                "{}, {}",
                status_words(*status, &Untrusted::default()),
                count(headers.len(), "field")
            ),
        ),
        EventKind::ResponseHead {
            version,
            status,
            reason,
            headers,
            header_bytes,
            ..
        } => {
            let size = Bytes(*header_bytes);
            let status = status_words(*status, reason);
            (
                Some(Phase::Receive),
                EventSign::In,
                format!(
                    "{status} {version}, {}, {size}",
                    count(headers.len(), "field")
                ),
            )
        }
        EventKind::Trailers { headers, .. } => (
            Some(Phase::Receive),
            EventSign::In,
            format!("trailers, {}", count(headers.len(), "field")),
        ),
        EventKind::Redirected { to, .. } => (
            Some(Phase::Receive),
            EventSign::None,
            format!("redirected to {}", to.escaped()),
        ),
        EventKind::LinkSet { link } => (None, EventSign::None, format!("link: {link}")),
        EventKind::Delayed { length, .. } => (
            None,
            EventSign::None,
            format!("waiting for {length} before the next request (--interval)"),
        ),
        EventKind::ExchangeStarted { method, url, .. } => (
            None,
            EventSign::None,
            format!("{method} {}", without_credentials(url)),
        ),
        EventKind::ExchangeEnded { exchange } => {
            (None, EventSign::None, exchange_end_words(trace, *exchange))
        }
        EventKind::CaptureOpened {
            interface,
            link_type,
        } => (
            None,
            EventSign::None,
            format!("capturing packets on {interface} ({link_type})"),
        ),
        EventKind::CaptureUnavailable { reason, .. } => (
            None,
            EventSign::Bad,
            format!("packets cannot be captured: {reason}"),
        ),
        EventKind::CaptureOff => (None, EventSign::None, "packet capture is off".to_owned()),
        EventKind::CaptureClosed { received, dropped } => (
            None,
            EventSign::None,
            format!("capture closed: {received} packets, {dropped} dropped by the kernel"),
        ),
        EventKind::Dropped { count } => (
            None,
            EventSign::Bad,
            format!("{count} events were lost: the channel was full"),
        ),
        EventKind::Note { text, .. } => (None, EventSign::None, text.escaped().into_owned()),
        EventKind::ControlMeasured {
            total, error: None, ..
        } => (
            None,
            EventSign::None,
            format!("an ordinary client took {total} for the same request"),
        ),
        EventKind::ControlMeasured {
            error: Some(error), ..
        } => (
            None,
            EventSign::Bad,
            format!("an ordinary client failed: {}", error.escaped()),
        ),
        _ => (None, EventSign::None, String::new()),
    }
}

fn exchange_end_words(trace: &Trace, exchange: crate::trace::ExchangeId) -> String {
    let Some(exchange) = trace.exchange(exchange) else {
        return String::new();
    };
    let total = exchange
        .total()
        .map(|total| format!(" after {total}"))
        .unwrap_or_default();
    match &exchange.failure {
        Some(_) => format!("failed{total}"),
        None => format!(
            "complete{total}, body {}",
            Bytes(exchange.response_body.transferred)
        ),
    }
}
