//! The rows that an exchange takes up on a timeline.

use crate::trace::{AttemptOutcome, Exchange, Phase};

/// A row of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// A collapsed exchange: all phases in one row.
    Folded,
    /// One phase on the app clock.
    Phase(Phase),
    /// One phase on the wire clock.
    Wire(Phase),
    /// A DNS query, by its index in the resolution.
    Query(usize),
    /// A connection attempt, by its index in the exchange.
    Attempt(usize),
    /// The durations that the server reports (`Server-Timing`).
    ServerTiming,
    /// The progress of a body being transferred: bytes, rate, time left.
    Progress,
}

impl Lane {
    /// The phase that the row belongs to; `None` for a collapsed exchange.
    pub const fn phase(self) -> Option<Phase> {
        match self {
            Self::Folded => None,
            Self::Phase(phase) | Self::Wire(phase) => Some(phase),
            Self::Query(_) => Some(Phase::Dns),
            Self::Attempt(_) => Some(Phase::Connect),
            Self::ServerTiming => Some(Phase::Wait),
            Self::Progress => Some(Phase::Receive),
        }
    }
}

/// Which optional rows to show, as space allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each stands for a kind of row that is there or not"
)]
pub struct LaneOptions {
    /// Rows for phases on the wire clock.
    pub wire: bool,
    /// Rows for DNS queries, if there are several.
    pub queries: bool,
    /// Rows for connection attempts, unless a single one succeeded at once.
    pub attempts: bool,
    /// A row for `Server-Timing`.
    pub server_timing: bool,
    /// A row for the progress of a body being transferred.
    pub progress: bool,
}

/// The rows of an exchange from top to bottom: each phase that has begun, followed by its details.
/// `on_the_wire` returns whether a phase was seen on the wire.
pub fn exchange_lanes(
    exchange: &Exchange,
    detail: LaneOptions,
    on_the_wire: impl Fn(Phase) -> bool,
) -> Vec<Lane> {
    let mut rows = Vec::with_capacity(16);
    for (phase, _) in exchange.phases.iter() {
        rows.push(Lane::Phase(phase));
        if detail.wire && on_the_wire(phase) {
            rows.push(Lane::Wire(phase));
        }
        match phase {
            Phase::Dns if detail.queries => rows.extend(query_lanes(exchange)),
            Phase::Connect if detail.attempts => rows.extend(attempt_lanes(exchange)),
            Phase::Wait if detail.server_timing => rows.push(Lane::ServerTiming),
            Phase::Receive if detail.progress => rows.push(Lane::Progress),
            _ => {}
        }
    }
    rows
}

/// Rows of one kind that are shown; a hostile name server may cause hundreds of queries.
const MAX_ROWS: usize = 12;

fn query_lanes(exchange: &Exchange) -> impl Iterator<Item = Lane> {
    let count = exchange
        .resolution
        .as_ref()
        .map_or(0, |resolution| resolution.queries.len());
    (0..if count > 1 { count.min(MAX_ROWS) } else { 0 }).map(Lane::Query)
}

fn attempt_lanes(exchange: &Exchange) -> impl Iterator<Item = Lane> {
    let tries = &exchange.attempts;
    let plain = tries.len() < 2
        && tries
            .iter()
            .all(|attempt| matches!(attempt.outcome, None | Some(AttemptOutcome::Connected)));
    (0..if plain { 0 } else { tries.len().min(MAX_ROWS) }).map(Lane::Attempt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{AttemptId, Event, EventKind, ExchangeCause, ExchangeId, Trace};
    use crate::units::{Moment, Untrusted};

    const EXCHANGE: ExchangeId = ExchangeId(0);

    fn trace(whats: Vec<EventKind>) -> Trace {
        let start = EventKind::ExchangeStarted {
            exchange: EXCHANGE,
            cause: ExchangeCause::Asked,
            method: "GET".to_owned(),
            url: Untrusted::new("http://a.test/"),
        };
        Trace::from_events(std::iter::once(start).chain(whats).map(|what| Event {
            at: Moment(0),
            kind: what,
        }))
    }

    fn began(phase: Phase) -> EventKind {
        EventKind::PhaseBegan {
            exchange: EXCHANGE,
            phase,
            position: None,
        }
    }

    fn attempt(number: u32, outcome: AttemptOutcome) -> [EventKind; 2] {
        let address = std::net::SocketAddr::from(([192, 0, 2, 1], 80));
        [
            EventKind::AttemptStarted {
                exchange: EXCHANGE,
                attempt: AttemptId(number),
                remote: address.into(),
                local: None,
            },
            EventKind::AttemptEnded {
                exchange: EXCHANGE,
                attempt: AttemptId(number),
                outcome,
            },
        ]
    }

    fn all() -> LaneOptions {
        LaneOptions {
            wire: true,
            queries: true,
            attempts: true,
            server_timing: true,
            progress: true,
        }
    }

    #[test]
    fn only_phases_that_began_have_a_row() {
        let trace = trace(vec![began(Phase::Connect), began(Phase::Wait)]);
        let rows = exchange_lanes(&trace.exchanges()[0], all(), |phase| {
            phase == Phase::Connect
        });
        assert_eq!(
            rows,
            [
                Lane::Phase(Phase::Connect),
                Lane::Wire(Phase::Connect),
                Lane::Phase(Phase::Wait),
                Lane::ServerTiming
            ]
        );
        assert_eq!(
            exchange_lanes(&trace.exchanges()[0], LaneOptions::default(), |_| true),
            [Lane::Phase(Phase::Connect), Lane::Phase(Phase::Wait)]
        );
    }

    #[test]
    fn attempts_have_rows_if_there_are_several_or_one_failed() {
        let one = trace(
            [
                vec![began(Phase::Connect)],
                attempt(0, AttemptOutcome::Connected).to_vec(),
            ]
            .concat(),
        );
        assert_eq!(
            exchange_lanes(&one.exchanges()[0], all(), |_| false),
            [Lane::Phase(Phase::Connect)]
        );
        let refused = trace(
            [
                vec![began(Phase::Connect)],
                attempt(0, AttemptOutcome::Refused).to_vec(),
            ]
            .concat(),
        );
        assert_eq!(
            exchange_lanes(&refused.exchanges()[0], all(), |_| false),
            [Lane::Phase(Phase::Connect), Lane::Attempt(0)]
        );
    }
}
