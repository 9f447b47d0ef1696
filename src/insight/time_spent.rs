//! Distribution of an exchange's time: its longest phase with the reason, and the idle times of a
//! phase.

use super::{IdleCause, IdleTotal, MIN_IDLE, idle_totals_within};
use crate::trace::{Exchange, Phase, PhaseSpan, Trace};
use crate::units::Nanos;

/// The phase that took the most time of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongestPhase {
    /// The phase.
    pub phase: Phase,
    /// Its duration.
    pub took: Nanos,
    /// The reason: what the time was spent on.
    pub reason: String,
}

/// The longest phase of an exchange and the reason; `None` if no phase has ended.
pub fn longest_phase(trace: &Trace, exchange: &Exchange) -> Option<LongestPhase> {
    let (took, phase) = exchange
        .phases
        .iter()
        .filter_map(|(phase, span)| Some((span.duration()?, phase)))
        .max()?;
    let reason = dominant_idle_time(trace, exchange, phase)
        .unwrap_or_else(|| usual_reason(phase, exchange).to_owned());
    Some(LongestPhase {
        phase,
        took,
        reason,
    })
}

/// Returns the usual reason for the duration of a phase.
const fn usual_reason(phase: Phase, exchange: &Exchange) -> &'static str {
    match phase {
        Phase::Connect if exchange.attempts.len() > 1 => "the addresses that were tried before",
        Phase::Dns => "the name server's answer",
        Phase::Connect => "the round trip to the server",
        Phase::Proxy => "the proxy",
        Phase::Tls => "one round trip and the key exchange",
        Phase::Send => "the upload",
        Phase::Wait => "the server's processing and one round trip",
        Phase::Receive => "the download",
    }
}

/// Connections with more packets are not analysed, since this runs for every screen update.
const MAX_PACKETS: usize = 50_000;

/// The idle totals within a phase, longest first; empty without packets.
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

/// The idle cause that dominated a phase, if it is an unusual one.
fn dominant_idle_time(trace: &Trace, exchange: &Exchange, phase: Phase) -> Option<String> {
    let took = exchange.phases.get(phase).and_then(PhaseSpan::duration)?;
    let most = idle_totals_in_phase(trace, exchange, phase)
        .into_iter()
        .find(|idle| is_unusual(idle.cause))?;
    (most.total >= Nanos(took.0 / 4))
        .then(|| format!("{} of that waiting for {}", most.total, most.cause.label()))
}

const fn is_unusual(cause: IdleCause) -> bool {
    !matches!(
        cause,
        IdleCause::Handshake | IdleCause::Server { .. } | IdleCause::Client
    )
}

/// Describes the idle times of a phase in sentences.
pub fn describe_idle_times(trace: &Trace, exchange: &Exchange, phase: Phase) -> Vec<String> {
    let all = idle_totals_in_phase(trace, exchange, phase);
    let least = all
        .first()
        .map_or(Nanos::ZERO, |first| Nanos(first.total.0 / 20))
        .max(MIN_IDLE);
    let listed = all.iter().filter(|idle| idle.total >= least);
    listed
        .map(|idle| {
            let network = match idle.cause {
                IdleCause::Server { .. } if idle.network > Nanos::ZERO => {
                    format!(
                        "; {} of it was the network's round trip, {} the server's own time",
                        idle.network,
                        idle.without_network()
                    )
                }
                _ => String::new(),
            };
            format!(
                "No packets for {}: {}{network} (inferred).",
                idle.total,
                idle.cause.description()
            )
        })
        .collect()
}
