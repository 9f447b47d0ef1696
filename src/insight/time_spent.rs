//! Which phase a run's time went to, on whose side, and what nothing passed for in a phase, by the
//! packets.

use super::{IdleCause, IdleTotal, LEAST_IDLE, idle_totals_within};
use crate::trace::{Exchange, Phase, PhaseSpan, Trace};
use crate::units::Nanos;

/// The phase that took most of an exchange's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongestPhase {
    /// Which one.
    pub phase: Phase,
    /// How long.
    pub took: Nanos,
    /// What it went to.
    pub reason: String,
}

/// The phase that took most of an exchange's time, and what for; `None` where none has ended.
pub fn longest_phase(trace: &Trace, exchange: &Exchange) -> Option<LongestPhase> {
    let (took, phase) = exchange
        .phases
        .iter()
        .filter_map(|(phase, span)| Some((span.duration()?, phase)))
        .max()?;
    let whose = dominant_idle_time(trace, exchange, phase)
        .unwrap_or_else(|| usual_reason(phase, exchange).to_owned());
    Some(LongestPhase {
        phase,
        took,
        reason: whose,
    })
}

/// On whose side the time of a phase mostly is spent.
const fn usual_reason(phase: Phase, exchange: &Exchange) -> &'static str {
    match phase {
        Phase::Connect if exchange.attempts.len() > 1 => "the addresses that were tried first",
        Phase::Dns => "the name server's answer",
        Phase::Connect => "the distance to the server",
        Phase::Proxy => "the proxy on the way",
        Phase::Tls => "the distance again, and the work on both sides",
        Phase::Send => "the upload",
        Phase::Wait => "the server's own work, and one round trip",
        Phase::Receive => "the download",
    }
}

/// A connection of more packets is not looked through for every picture.
const MAX_PACKETS: usize = 50_000;

/// What was waited for within a phase, the longest first; nothing where no packets tell of it.
fn idle_totals_in_phase(trace: &Trace, exchange: &Exchange, phase: Phase) -> Vec<IdleTotal> {
    let flow = exchange
        .connection
        .and_then(|id| trace.connection(id))
        .and_then(|connection| trace.flow_of(connection));
    let span = exchange
        .phases
        .get(phase)
        .and_then(|span| Some((span.began, span.ended?)));
    let (Some(_), Some((began, ended))) = (
        flow.filter(|flow| flow.packets().len() <= MAX_PACKETS),
        span,
    ) else {
        return Vec::new();
    };
    idle_totals_within(trace, exchange, began, ended).unwrap_or_default()
}

/// What made a phase as long as it was, where that is nothing usual.
fn dominant_idle_time(trace: &Trace, exchange: &Exchange, phase: Phase) -> Option<String> {
    let took = exchange.phases.get(phase).and_then(PhaseSpan::duration)?;
    let most = idle_totals_in_phase(trace, exchange, phase)
        .into_iter()
        .find(|waited| is_unusual(waited.cause))?;
    (most.total >= Nanos(took.0 / 4))
        .then(|| format!("{} of that went on {}", most.total, most.cause.label()))
}

const fn is_unusual(cause: IdleCause) -> bool {
    !matches!(
        cause,
        IdleCause::Handshake | IdleCause::Server { .. } | IdleCause::Client
    )
}

/// What nothing passed for in a phase, in sentences.
pub fn describe_idle_times(trace: &Trace, exchange: &Exchange, phase: Phase) -> Vec<String> {
    let all = idle_totals_in_phase(trace, exchange, phase);
    let seen = all
        .first()
        .map_or(Nanos::ZERO, |first| Nanos(first.total.0 / 20))
        .max(LEAST_IDLE);
    let told = all.iter().filter(|waited| waited.total >= seen);
    told.map(|waited| {
        let network = match waited.cause {
            IdleCause::Server { .. } if waited.network > Nanos::ZERO => {
                format!(
                    "; {} of it was the network's round trip, {} the server's own",
                    waited.network,
                    waited.without_network()
                )
            }
            _ => String::new(),
        };
        format!(
            "Nothing passed for {}, {}{network} (inferred).",
            waited.total,
            waited.cause.description()
        )
    })
    .collect()
}
