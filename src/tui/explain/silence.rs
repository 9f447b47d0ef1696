//! What nothing passed for in a phase, by the packets.

use crate::insight::{IdleCause, Waited, waited_within};
use crate::trace::{Exchange, Phase};
use crate::tui::run::Run;
use crate::units::Nanos;

/// A connection of more packets is not looked through for every picture.
const MOST_PACKETS: usize = 50_000;

/// What was waited for within a phase, the longest first; nothing where no packets tell of it.
fn within(run: &Run, exchange: &Exchange, phase: Phase) -> Vec<Waited> {
    let flow = exchange.connection.and_then(|id| run.trace.connection(id)).and_then(|connection| run.trace.flow_of(connection));
    let span = exchange.phases.get(phase).and_then(|span| Some((span.began, span.ended?)));
    let (Some(_), Some((began, ended))) = (flow.filter(|flow| flow.packets().len() <= MOST_PACKETS), span) else { return Vec::new() };
    waited_within(&run.trace, exchange, began, ended).unwrap_or_default()
}

/// What made a phase as long as it was, where that is nothing usual.
pub(super) fn dominant(run: &Run, exchange: &Exchange, phase: Phase) -> Option<String> {
    let took = exchange.phases.get(phase)?.duration()?;
    let most = within(run, exchange, phase).into_iter().find(|waited| is_peculiar(waited.cause))?;
    (most.total >= Nanos(took.0 / 4)).then(|| format!("{} of that went on {}", most.total, most.cause.whom()))
}

const fn is_peculiar(cause: IdleCause) -> bool {
    !matches!(cause, IdleCause::Handshake | IdleCause::Server { .. } | IdleCause::Client)
}

/// What nothing passed for in a phase, in sentences.
pub(super) fn sentences(run: &Run, exchange: &Exchange, phase: Phase) -> Vec<String> {
    let all = within(run, exchange, phase);
    let seen = all.first().map_or(Nanos::ZERO, |first| Nanos(first.total.0 / 20));
    let told = all.iter().filter(|waited| waited.total >= seen);
    told.map(|waited| {
        let network = match waited.cause {
            IdleCause::Server { .. } if waited.network > Nanos::ZERO => {
                format!("; {} of it was the network's round trip, {} the server's own", waited.network, waited.own())
            }
            _ => String::new(),
        };
        format!("Nothing passed for {}, {}{network} (inferred).", waited.total, waited.cause.says())
    })
    .collect()
}
