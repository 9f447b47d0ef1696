//! The parts of the document about the run as a whole.

use serde::Serialize;

use crate::insight::budget;
use crate::insight::redact::Redactor;
use crate::report;
use crate::trace::{self, CaptureState, ClockMap, Evicted, FailureCode, OtherFrames, Trace};
use crate::units::Untrusted;

#[derive(Serialize)]
pub(super) struct JsonOutcome {
    status: &'static str,
    failed_phase: Option<&'static str>,
    error: Option<JsonFailure>,
}

#[derive(Serialize)]
pub(super) struct JsonFailure {
    code: FailureCode,
    message: Untrusted,
    hint: String,
}

impl JsonOutcome {
    pub(super) fn new(trace: &Trace, redactor: Redactor) -> Self {
        let outcome = report::run_outcome(trace);
        let (failed_phase, error) = match outcome {
            report::RunOutcome::Failed(phase, failure) => (
                Some(phase.name()),
                Some(JsonFailure::new(failure, redactor)),
            ),
            _ => (None, None),
        };
        Self {
            status: outcome.name(),
            failed_phase,
            error,
        }
    }
}

impl JsonFailure {
    pub(super) fn new(failure: &trace::Failure, redactor: Redactor) -> Self {
        // jq -r prints the sentence unescaped, and it may quote text from outside.
        let message = Untrusted::new(redactor.text(&failure.message).escaped());
        Self {
            code: failure.code,
            message,
            hint: redactor.sentence(&failure.hint),
        }
    }
}

#[derive(Serialize)]
pub(super) struct JsonCapture<'a> {
    state: &'static str,
    reason: Option<&'a str>,
    remedy: Option<&'a str>,
    interface: Option<&'a str>,
    link_type: Option<&'a str>,
    packets: Option<u64>,
    dropped: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_frames: Option<JsonOtherFrames>,
    #[serde(skip_serializing_if = "Option::is_none")]
    no_longer_listed: Option<JsonNoLongerListed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beyond_conversations: Option<u64>,
}

/// Packets that are neither TCP nor UDP.
#[derive(Serialize)]
struct JsonOtherFrames {
    arp: u64,
    icmp: u64,
    fragments: u64,
    unreadable: u64,
    other: u64,
}

impl JsonOtherFrames {
    fn new(frames: OtherFrames) -> Option<Self> {
        let OtherFrames {
            arp,
            icmp,
            fragments,
            unreadable,
            other,
        } = frames;
        (frames.total() > 0).then_some(Self {
            arp,
            icmp,
            fragments,
            unreadable,
            other,
        })
    }
}

/// Entries that were dropped to make room for later ones.
#[derive(Serialize)]
struct JsonNoLongerListed {
    packets: u64,
    conversations: u64,
}

impl JsonNoLongerListed {
    const fn new(forgotten: Evicted) -> Self {
        Self {
            packets: forgotten.packets,
            conversations: forgotten.flows,
        }
    }
}

impl<'a> JsonCapture<'a> {
    pub(super) fn new(capture: &'a trace::Capture, forgotten: Evicted) -> Self {
        let (state, reason, remedy) = match &capture.state {
            CaptureState::On => ("on", None, None),
            CaptureState::Off => ("off", None, None),
            CaptureState::Unavailable { reason, remedy } => {
                ("unavailable", Some(reason.as_str()), Some(remedy.as_str()))
            }
        };
        let packets =
            (capture.state == CaptureState::On || capture.packets > 0).then_some(capture.packets);
        let interface = capture.interface.as_deref();
        let link_type = capture.link_type.as_deref();
        Self {
            state,
            reason,
            remedy,
            interface,
            link_type,
            packets,
            dropped: capture.dropped,
            other_frames: JsonOtherFrames::new(capture.other_frames),
            no_longer_listed: (forgotten.packets > 0 || forgotten.flows > 0)
                .then_some(JsonNoLongerListed::new(forgotten)),
            beyond_conversations: (capture.packets_beyond_flow_limit > 0)
                .then_some(capture.packets_beyond_flow_limit),
        }
    }
}

#[derive(Serialize)]
pub(super) struct JsonClock {
    residual_ns: Option<i64>,
    uncertainty_ns: Option<u64>,
}

impl JsonClock {
    pub(super) fn new(clock: &ClockMap) -> Self {
        Self {
            residual_ns: clock.drift(),
            uncertainty_ns: clock.uncertainty().map(|uncertainty| uncertainty.0),
        }
    }
}

#[derive(Serialize)]
pub(super) struct JsonEventCounts {
    pub(super) dropped: u64,
    pub(super) unlogged: u64,
}

#[derive(Serialize)]
pub(super) struct JsonControl {
    status: Option<u16>,
    headers_ns: u64,
    total_ns: u64,
    error: Option<Untrusted>,
}

impl JsonControl {
    pub(super) fn new(control: &trace::ControlMeasurement, redactor: Redactor) -> Self {
        let error = control.error.as_ref().map(|error| redactor.text(error));
        Self {
            status: control.status,
            headers_ns: control.headers.0,
            total_ns: control.total.0,
            error,
        }
    }
}

/// The same as in the event, except for the bandwidth, which is `null` if the link is not limited.
#[derive(Serialize)]
pub(super) struct JsonLink<'a> {
    round_trip_ns: u64,
    jitter_ns: u64,
    loss_millionths: u32,
    reorder_millionths: u32,
    duplicate_millionths: u32,
    bandwidth_bits_per_second: Option<u64>,
    mtu: u16,
    congestion: &'a str,
    seed: u64,
}

impl<'a> JsonLink<'a> {
    pub(super) fn new(link: &'a trace::LinkConfig) -> Self {
        Self {
            round_trip_ns: link.round_trip.0,
            jitter_ns: link.jitter.0,
            loss_millionths: link.loss.millionths(),
            reorder_millionths: link.reorder.millionths(),
            duplicate_millionths: link.duplicate.millionths(),
            bandwidth_bits_per_second: link.bandwidth.map(|rate| rate.0),
            mtu: link.mtu,
            congestion: &link.congestion,
            seed: link.seed,
        }
    }
}

#[derive(Serialize)]
pub(in crate::report) struct JsonVerdict {
    rule: String,
    measure: &'static str,
    statistic: Option<String>,
    limit: u64,
    figure: Option<u64>,
    #[serde(rename = "verdict")]
    outcome: &'static str,
    exceeded_by: Option<u64>,
    measured: usize,
    transfers: usize,
}

impl JsonVerdict {
    pub(in crate::report) fn new(verdict: &budget::BudgetVerdict) -> Self {
        Self {
            rule: verdict.rule.to_string(),
            measure: verdict.rule.metric.name(),
            statistic: verdict
                .rule
                .statistic
                .map(|statistic| statistic.to_string()),
            limit: verdict.rule.limit,
            figure: verdict.figure,
            outcome: verdict.outcome.name(),
            exceeded_by: verdict.outcome.excess(),
            measured: verdict.measured,
            transfers: verdict.transfers,
        }
    }
}
