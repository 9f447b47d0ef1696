//! Which phase a run's time went to, on whose side, and what nothing passed for in a phase, by the
//! packets.

use super::{IdleCause, LEAST_IDLE, Waited, waited_within};
use crate::trace::{Exchange, Phase, PhaseSpan, Trace};
use crate::units::Nanos;

/// The phase that took most of an exchange's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Longest {
    /// Which one.
    pub phase: Phase,
    /// How long.
    pub took: Nanos,
    /// What it went to.
    pub whose: String,
}

/// The phase that took most of an exchange's time, and what for; `None` where none has ended.
pub fn longest(trace: &Trace, exchange: &Exchange) -> Option<Longest> {
    let (took, phase) = exchange
        .phases
        .iter()
        .filter_map(|(phase, span)| Some((span.duration()?, phase)))
        .max()?;
    let whose =
        dominant(trace, exchange, phase).unwrap_or_else(|| whose(phase, exchange).to_owned());
    Some(Longest { phase, took, whose })
}

/// On whose side the time of a phase mostly is spent.
const fn whose(phase: Phase, exchange: &Exchange) -> &'static str {
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
const MOST_PACKETS: usize = 50_000;

/// What was waited for within a phase, the longest first; nothing where no packets tell of it.
fn within(trace: &Trace, exchange: &Exchange, phase: Phase) -> Vec<Waited> {
    let flow = exchange
        .connection
        .and_then(|id| trace.connection(id))
        .and_then(|connection| trace.flow_of(connection));
    let span = exchange
        .phases
        .get(phase)
        .and_then(|span| Some((span.began, span.ended?)));
    let (Some(_), Some((began, ended))) = (
        flow.filter(|flow| flow.packets().len() <= MOST_PACKETS),
        span,
    ) else {
        return Vec::new();
    };
    waited_within(trace, exchange, began, ended).unwrap_or_default()
}

/// What made a phase as long as it was, where that is nothing usual.
fn dominant(trace: &Trace, exchange: &Exchange, phase: Phase) -> Option<String> {
    let took = exchange.phases.get(phase).and_then(PhaseSpan::duration)?;
    let most = within(trace, exchange, phase)
        .into_iter()
        .find(|waited| is_peculiar(waited.cause))?;
    (most.total >= Nanos(took.0 / 4))
        .then(|| format!("{} of that went on {}", most.total, most.cause.whom()))
}

const fn is_peculiar(cause: IdleCause) -> bool {
    !matches!(
        cause,
        IdleCause::Handshake | IdleCause::Server { .. } | IdleCause::Client
    )
}

/// What nothing passed for in a phase, in sentences.
pub fn silence(trace: &Trace, exchange: &Exchange, phase: Phase) -> Vec<String> {
    let all = within(trace, exchange, phase);
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
                    waited.own()
                )
            }
            _ => String::new(),
        };
        format!(
            "Nothing passed for {}, {}{network} (inferred).",
            waited.total,
            waited.cause.says()
        )
    })
    .collect()
}
