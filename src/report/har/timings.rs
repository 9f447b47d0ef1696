//! The timings of a HAR entry, in milliseconds.
//!
//! | HAR | phases |
//! |---|---|
//! | `blocked` | none: the rest of the total, which is this program's own work between phases |
//! | `dns` | dns |
//! | `connect` | connect, proxy and tls together |
//! | `ssl` | tls, a part of `connect` |
//! | `send`, `wait`, `receive` | the same |
//!
//! `-1` means that there was no such phase, for example on a reused connection. The last three
//! are mandatory, so they are 0 if the exchange failed earlier. `time` is the sum without `ssl`,
//! which equals the exchange's total.

use serde::Serialize;

use crate::insight::wire_phase;
use crate::trace::{Exchange, Phase, PhaseSpan, Trace};
use crate::units::Nanos;

/// Times on the app clock, in milliseconds.
#[derive(Serialize)]
pub(super) struct HarReportTimings {
    blocked: f64,
    dns: f64,
    connect: f64,
    ssl: f64,
    send: f64,
    wait: f64,
    receive: f64,
}

/// The value of a phase that did not take place.
const NOT_APPLICABLE: f64 = -1.0;

impl HarReportTimings {
    /// The timings, and their sum.
    pub(super) fn new(exchange: &Exchange) -> (Self, f64) {
        let took = |phase| exchange.phases.get(phase).and_then(PhaseSpan::duration);
        let [dns, tls, send, wait, receive] = [
            Phase::Dns,
            Phase::Tls,
            Phase::Send,
            Phase::Wait,
            Phase::Receive,
        ]
        .map(took);
        let connect = sum_known([took(Phase::Connect), took(Phase::Proxy), tls]);
        let phases = sum_known([dns, connect, send, wait, receive]).unwrap_or_default();
        let blocked = exchange.total().map(|total| total.saturating_sub(phases));
        let or_none = |time: Option<Nanos>| time.map_or(NOT_APPLICABLE, Nanos::as_millis_f64);
        let or_zero = |time: Option<Nanos>| time.unwrap_or_default().as_millis_f64();
        let timings = Self {
            blocked: or_none(blocked),
            dns: or_none(dns),
            connect: or_none(connect),
            ssl: or_none(tls),
            send: or_zero(send),
            wait: or_zero(wait),
            receive: or_zero(receive),
        };
        (
            timings,
            (phases + blocked.unwrap_or_default()).as_millis_f64(),
        )
    }
}

/// The sum of the known times.
fn sum_known<const N: usize>(times: [Option<Nanos>; N]) -> Option<Nanos> {
    times.into_iter().flatten().reduce(|sum, time| sum + time)
}

/// The same phases on the wire clock. What the packets do not show is absent.
#[derive(Serialize)]
pub(super) struct HarWireTimings {
    #[serde(skip_serializing_if = "Option::is_none")]
    dns: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ssl: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    send: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receive: Option<f64>,
}

impl HarWireTimings {
    /// Returns `None` if the packets show no phase.
    pub(super) fn new(trace: &Trace, exchange: &Exchange) -> Option<Self> {
        let took =
            |phase| wire_phase(trace, exchange, phase).map(|span| span.duration().as_millis_f64());
        let all = Phase::ALL.map(took);
        let [dns, connect, proxy, ssl, send, wait, receive] = all;
        all.iter().any(Option::is_some).then_some(Self {
            dns,
            connect,
            proxy,
            ssl,
            send,
            wait,
            receive,
        })
    }
}
