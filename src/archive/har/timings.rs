//! Phases of a HAR entry.
//!
//! `time` is the sum of the timings, and by the specification `ssl` is contained in `connect`. Some
//! proxies and older browsers write `ssl` in addition to `connect`: then the sum of both matches
//! `time`, or `ssl` is longer than `connect`.

use super::log::{HarEntry, HarPhase, HarTimings};
use crate::trace::Phase;
use crate::units::{Moment, Nanos};

/// The phases of an entry, in order, and its end.
pub(super) struct PhaseSpans {
    phases: Vec<(Phase, Moment, Moment)>,
    pub(super) ended: Moment,
}

impl PhaseSpans {
    /// The start and end of a phase.
    pub(super) fn get(&self, phase: Phase) -> Option<(Moment, Moment)> {
        self.phases
            .iter()
            .find(|(known, ..)| *known == phase)
            .map(|(_, began, ended)| (*began, *ended))
    }

    /// All phases.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Phase, Moment, Moment)> + '_ {
        self.phases.iter().copied()
    }

    /// Lays out the phases one after another from the start of the entry.
    pub(super) fn from_entry(began: Moment, entry: &HarEntry<'_>, answered: bool) -> Self {
        // Sums of fractions may differ by this much.
        const ROUNDING: Nanos = Nanos(1_000);
        let none = HarTimings::default();
        let timings = entry.timings.0.as_ref().unwrap_or(&none);
        let [blocked, dns, connect, ssl, send, wait, receive] = [
            timings.blocked,
            timings.dns,
            timings.connect,
            timings.ssl,
            timings.send,
            timings.wait,
            timings.receive,
        ]
        .map(|time| time.nanos().map(Nanos));
        let happened = |time: Option<Nanos>| time.filter(|time| *time > Nanos::ZERO);
        let [dns, connect, ssl] = [dns, connect, ssl].map(happened);
        let others: Nanos = [blocked, dns, send, wait, receive]
            .into_iter()
            .flatten()
            .sum();
        let time = entry.time.nanos().map(Nanos);
        let connect = match (connect, ssl) {
            (Some(connect), Some(ssl)) if !is_ssl_beside_connect(time, others, connect, ssl) => {
                Some(connect.saturating_sub(ssl))
            }
            _ => connect,
        };
        let [send, wait, receive] =
            [send, wait, receive].map(|time| if answered { time } else { happened(time) });
        let durations = [
            (Phase::Dns, dns),
            (Phase::Connect, connect),
            (Phase::Tls, ssl),
            (Phase::Send, send),
            (Phase::Wait, wait),
            (Phase::Receive, receive),
        ];
        let mut at = began + blocked.unwrap_or_default();
        let mut phases = Vec::new();
        for (phase, took) in durations {
            if let Some(took) = took.filter(|_| is_listed(entry, phase)) {
                phases.push((phase, at, at + took));
                at = at + took;
            }
        }
        let whole = began + time.unwrap_or_default();
        Self {
            phases,
            ended: if whole.since(at) > ROUNDING {
                whole
            } else {
                at
            },
        }
    }
}

/// Returns true if `ssl` was written in addition to `connect` and is not contained in it.
fn is_ssl_beside_connect(time: Option<Nanos>, others: Nanos, connect: Nanos, ssl: Nanos) -> bool {
    let off = |sum: Nanos| time.map(|time| time.0.abs_diff(sum.0));
    let within = off(others + connect);
    let beside = off(others + connect + ssl);
    ssl > connect
        || within
            .zip(beside)
            .is_some_and(|(within, beside)| beside < within)
}

/// Returns true if the entry had the phase. A HAR written by tapline lists its phases; in others
/// each phase with a duration counts.
fn is_listed(entry: &HarEntry<'_>, phase: Phase) -> bool {
    entry.phases.as_ref().is_none_or(|durations| {
        durations
            .items
            .iter()
            .any(|HarPhase { name }| name.0 == Some(phase))
    })
}
