//! The time marks of curl's `-w` option, as curl computes them.
//!
//! Each mark is the time from the start of a transfer to the end of a step; a mark that was not
//! reached is 0, as in curl. Over redirects curl *adds up* the marks of the hops, so their
//! differences are meaningless; reports therefore also list them per hop. Checked against curl 7.88
//! with redirects, reused connections, refused connections and untrusted certificates.

use super::Transfer;
use crate::trace::{Exchange, Phase, PhaseSpan};
use crate::units::{Moment, Nanos};

/// The marks of an exchange or of a transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CurlMarks {
    /// `time_namelookup`: the addresses are known.
    pub namelookup: Nanos,
    /// `time_connect`: the TCP connection is established. 0 on a reused connection.
    pub connect: Nanos,
    /// `time_appconnect`: TLS is established. 0 without TLS and on a reused connection.
    pub appconnect: Nanos,
    /// `time_pretransfer`: the request is about to be sent.
    pub pretransfer: Nanos,
    /// `time_posttransfer`: the last byte of the request is sent.
    pub posttransfer: Nanos,
    /// `time_starttransfer`: the first byte of the response has arrived.
    pub starttransfer: Nanos,
    /// `time_total`: the transfer is complete.
    pub total: Nanos,
    /// `time_redirect`: the duration of all exchanges before the last one.
    pub redirect: Nanos,
}

/// The marks of one exchange, from its own start.
pub fn curl_marks(exchange: &Exchange) -> CurlMarks {
    let since =
        |moment: Option<Moment>| moment.map_or(Nanos::ZERO, |at| at.since(exchange.started));
    let reached = |phase: Phase| since(completed_span(exchange, phase).and_then(|span| span.ended));
    CurlMarks {
        namelookup: since(addresses_known_at(exchange)),
        connect: reached(Phase::Connect),
        appconnect: reached(Phase::Tls),
        pretransfer: since(exchange.phases.get(Phase::Send).map(|span| span.began)),
        posttransfer: reached(Phase::Send),
        starttransfer: reached(Phase::Wait),
        total: since(exchange.ended),
        redirect: Nanos::ZERO,
    }
}

/// The marks of a transfer with all its hops, as `curl -L` reports them: sums, except for the
/// total.
pub fn transfer_curl_marks(transfer: &Transfer) -> CurlMarks {
    let retired = transfer
        .retired()
        .iter()
        .map(|hops| CurlMarks::from_sums(hops.sums.marks));
    let of_hops = transfer.hops().iter().map(curl_marks).chain(retired).fold(
        CurlMarks::default(),
        |sum, hop| CurlMarks {
            namelookup: sum.namelookup + hop.namelookup,
            connect: sum.connect + hop.connect,
            appconnect: sum.appconnect + hop.appconnect,
            pretransfer: sum.pretransfer + hop.pretransfer,
            posttransfer: sum.posttransfer + hop.posttransfer,
            starttransfer: sum.starttransfer + hop.starttransfer,
            ..sum
        },
    );
    let before_last = transfer
        .hops()
        .first()
        .zip(transfer.hops().last())
        .map(|(first, last)| last.started.since(first.started));
    CurlMarks {
        total: transfer.total().unwrap_or_default(),
        redirect: before_last.unwrap_or_default(),
        ..of_hops
    }
}

impl CurlMarks {
    /// The marks that curl adds up over redirects.
    pub(super) const fn sums(&self) -> [Nanos; 6] {
        [
            self.namelookup,
            self.connect,
            self.appconnect,
            self.pretransfer,
            self.posttransfer,
            self.starttransfer,
        ]
    }

    fn from_sums(sums: [Nanos; 6]) -> Self {
        let [
            namelookup,
            connect,
            appconnect,
            pretransfer,
            posttransfer,
            starttransfer,
        ] = sums;
        Self {
            namelookup,
            connect,
            appconnect,
            pretransfer,
            posttransfer,
            starttransfer,
            ..Self::default()
        }
    }
}

/// The span of a phase, unless the exchange failed in it.
fn completed_span(exchange: &Exchange, phase: Phase) -> Option<&PhaseSpan> {
    let failed = exchange
        .failure
        .as_ref()
        .is_some_and(|(failed, _)| *failed == phase);
    exchange.phases.get(phase).filter(|_| !failed)
}

/// When the addresses were known. curl sets this mark even if no lookup was needed; it is then the
/// start of the next phase.
fn addresses_known_at(exchange: &Exchange) -> Option<Moment> {
    match exchange.phases.get(Phase::Dns) {
        Some(_) => completed_span(exchange, Phase::Dns)?.ended,
        None => exchange.phases.iter().next().map(|(_, span)| span.began),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::group_into_transfers;
    use crate::insight::trace_builder::TraceBuilder;
    use crate::trace::{EventKind, ExchangeCause, ExchangeId, Failure, FailureCode, Trace};

    fn micros(marks: CurlMarks) -> [u64; 8] {
        let CurlMarks {
            namelookup,
            connect,
            appconnect,
            pretransfer,
            posttransfer,
            starttransfer,
            total,
            redirect,
        } = marks;
        [
            namelookup,
            connect,
            appconnect,
            pretransfer,
            posttransfer,
            starttransfer,
            total,
            redirect,
        ]
        .map(|mark| mark.0 / 1000)
    }

    /// A new connection, then a reused one.
    fn two_hops(cause: ExchangeCause) -> Trace {
        let first = TraceBuilder::new()
            .phase_without_position(Phase::Dns, 10, 100)
            .phase_without_position(Phase::Connect, 110, 200)
            .phase_without_position(Phase::Tls, 210, 300)
            .phase_without_position(Phase::Send, 310, 320)
            .phase_without_position(Phase::Wait, 320, 400)
            .phase_without_position(Phase::Receive, 400, 410)
            .ended(411);
        let second = first.start_because(500, ExchangeId(1), cause);
        second
            .phase_without_position(Phase::Send, 505, 506)
            .phase_without_position(Phase::Wait, 506, 600)
            .phase_without_position(Phase::Receive, 600, 640)
            .ended(650)
            .build()
    }

    #[test]
    fn marks_count_from_the_start_of_their_own_hop() {
        let trace = two_hops(ExchangeCause::Redirect);
        let marks: Vec<_> = trace
            .exchanges()
            .iter()
            .map(|hop| micros(curl_marks(hop)))
            .collect();
        assert_eq!(
            marks,
            [
                [100, 200, 300, 310, 320, 400, 411, 0],
                [5, 0, 0, 5, 6, 100, 150, 0]
            ]
        );
    }

    #[test]
    fn marks_except_the_total_are_summed_over_redirects() {
        let trace = two_hops(ExchangeCause::Redirect);
        let marks: Vec<_> = group_into_transfers(&trace)
            .map(|transfer| micros(transfer_curl_marks(&transfer)))
            .collect();
        assert_eq!(marks, [[105, 200, 300, 315, 326, 500, 650, 500]]);
        let repeated = two_hops(ExchangeCause::Repeat);
        assert_eq!(group_into_transfers(&repeated).count(), 2);
    }

    #[test]
    fn a_mark_that_is_not_reached_is_zero() {
        let failure = Failure {
            code: FailureCode::DnsTimeout,
            message: "no answer".into(),
            hint: String::new(),
        };
        let trace = TraceBuilder::new()
            .phase_without_position(Phase::Dns, 10, 90)
            .event(
                90,
                EventKind::Failed {
                    exchange: TraceBuilder::FIRST,
                    phase: Phase::Dns,
                    failure,
                },
            );
        let trace = trace.ended(95).build();
        assert_eq!(
            micros(curl_marks(&trace.exchanges()[0])),
            [0, 0, 0, 0, 0, 0, 95, 0]
        );
    }
}
