//! One exchange.

use serde::Serialize;

use super::{dns, ledger, message, run, tcp, tls};
use crate::insight::redact::Redactor;
use crate::insight::{CurlMarks, curl_marks, exchange_round_trips, wire_phase};
use crate::trace::{self, Endpoint, ExchangeCause, Phase, PhaseSpan, Trace};
use crate::units::{Nanos, Untrusted};

#[derive(Serialize)]
pub(super) struct JsonExchange<'a> {
    url: Untrusted,
    method: &'a str,
    cause: ExchangeCause,
    status: Option<u16>,
    http_version: Option<&'static str>,
    reused_connection: bool,
    connection: Option<u32>,
    local: Option<&'a Endpoint>,
    remote: Option<&'a Endpoint>,
    start_ns: i64,
    duration_ns: Option<u64>,
    phases: Vec<JsonPhase>,
    curl: JsonCurlTimes,
    dns: Option<dns::JsonDns<'a>>,
    tcp: Option<tcp::JsonTcp<'a>>,
    proxy: Option<Vec<JsonProxyStep<'a>>>,
    tls: Option<tls::JsonTls<'a>>,
    request: Option<message::JsonRequest>,
    response: Option<message::JsonResponse>,
    redirect: Option<JsonRedirect<'a>>,
    /// Whose time it was and what would change it, in sentences.
    verdict: Option<String>,
    time_spent: Vec<ledger::JsonLedgerEntry>,
    round_trips: Option<JsonRoundTrips>,
    segments: Option<tcp::JsonSegments>,
    failure: Option<JsonPhaseFailure>,
}

impl<'a> JsonExchange<'a> {
    pub(super) fn new(trace: &'a Trace, exchange: &'a trace::Exchange, redactor: Redactor) -> Self {
        let connection = exchange.connection.and_then(|id| trace.connection(id));
        let response = exchange.response.as_ref();
        let proxy: Vec<_> = exchange
            .proxy
            .iter()
            .map(|(at, step)| JsonProxyStep::new(*at, step, redactor))
            .collect();
        Self {
            url: redactor.text(&exchange.url),
            method: &exchange.method,
            cause: exchange.cause,
            status: response.map(|response| response.status),
            http_version: response
                .map(|response| response.version)
                .or(exchange.request.as_ref().map(|request| request.version))
                .map(trace::HttpVersion::name),
            reused_connection: exchange.reused_connection,
            connection: exchange.connection.map(|id| id.0),
            local: connection.and_then(|connection| connection.local.if_specified()),
            remote: connection.map(|connection| &connection.remote),
            start_ns: exchange.started.0,
            duration_ns: exchange.total().map(|total| total.0),
            phases: phase_entries(trace, exchange),
            curl: JsonCurlTimes::new(&curl_marks(exchange), exchange),
            dns: exchange.resolution.as_ref().map(dns::JsonDns::new),
            tcp: tcp::JsonTcp::new(trace, exchange),
            proxy: (!proxy.is_empty()).then_some(proxy),
            tls: connection
                .and_then(|connection| connection.tls.as_ref())
                .map(tls::JsonTls::new),
            request: exchange
                .request
                .as_ref()
                .map(|request| message::JsonRequest::new(request, exchange, redactor)),
            response: response
                .map(|response| message::JsonResponse::new(response, exchange, redactor)),
            redirect: exchange
                .redirected
                .as_ref()
                .map(|(to, withheld)| JsonRedirect {
                    to: redactor.text(to),
                    withheld,
                }),
            verdict: ledger::verdict(trace, exchange),
            time_spent: ledger::ledger_entries(trace, exchange),
            round_trips: JsonRoundTrips::new(trace, exchange),
            segments: tcp::JsonSegments::new(trace, exchange),
            failure: exchange
                .failure
                .as_ref()
                .map(|(phase, failure)| JsonPhaseFailure::new(*phase, failure, redactor)),
        }
    }
}

#[derive(Serialize)]
pub(in crate::report) struct JsonPhase {
    name: &'static str,
    start_ns: i64,
    duration_ns: Option<u64>,
    clock: &'static str,
}

/// The phases, each on both clocks.
pub(in crate::report) fn phase_entries(
    trace: &Trace,
    exchange: &trace::Exchange,
) -> Vec<JsonPhase> {
    exchange
        .phases
        .iter()
        .flat_map(|(phase, span)| both_clocks(trace, exchange, phase, span))
        .collect()
}

/// A phase on the app clock and, if the packets show it, on the wire clock.
fn both_clocks(
    trace: &Trace,
    exchange: &trace::Exchange,
    phase: Phase,
    span: &PhaseSpan,
) -> impl Iterator<Item = JsonPhase> + use<> {
    let name = phase.name();
    let app = JsonPhase {
        name,
        start_ns: span.began.0,
        duration_ns: span.duration().map(|took| took.0),
        clock: trace::Clock::App.name(),
    };
    let wire = wire_phase(trace, exchange, phase);
    let wire = wire.map(|span| JsonPhase {
        name,
        start_ns: span.began.0,
        duration_ns: Some(span.duration().0),
        clock: trace::Clock::Wire.name(),
    });
    std::iter::once(app).chain(wire)
}

#[derive(Serialize)]
struct JsonCurlTimes {
    time_namelookup: f64,
    time_connect: f64,
    time_appconnect: f64,
    time_pretransfer: f64,
    time_posttransfer: f64,
    time_starttransfer: f64,
    time_total: f64,
    time_redirect: f64,
    num_connects: u32,
}

impl JsonCurlTimes {
    fn new(marks: &CurlMarks, exchange: &trace::Exchange) -> Self {
        let [
            namelookup,
            connect,
            appconnect,
            pretransfer,
            posttransfer,
            starttransfer,
            total,
            redirect,
        ] = [
            marks.namelookup,
            marks.connect,
            marks.appconnect,
            marks.pretransfer,
            marks.posttransfer,
            marks.starttransfer,
            marks.total,
            marks.redirect,
        ]
        .map(Nanos::as_secs_f64);
        Self {
            time_namelookup: namelookup,
            time_connect: connect,
            time_appconnect: appconnect,
            time_pretransfer: pretransfer,
            time_posttransfer: posttransfer,
            time_starttransfer: starttransfer,
            time_total: total,
            time_redirect: redirect,
            num_connects: u32::from(exchange.connection.is_some() && !exchange.reused_connection),
        }
    }
}

#[derive(Serialize)]
struct JsonProxyStep<'a> {
    at_ns: i64,
    kind: &'a str,
    text: Untrusted,
}

impl<'a> JsonProxyStep<'a> {
    fn new(at: crate::units::Moment, step: &'a trace::ProxyStep, redactor: Redactor) -> Self {
        Self {
            at_ns: at.0,
            kind: &step.kind,
            text: redactor.text(&step.text),
        }
    }
}

#[derive(Serialize)]
struct JsonRedirect<'a> {
    to: Untrusted,
    withheld: &'a [Untrusted],
}

#[derive(Serialize)]
pub(in crate::report) struct JsonRoundTrips {
    used: f64,
    least: u32,
    rtt_ns: u64,
    rtt_source: &'static str,
}

impl JsonRoundTrips {
    pub(in crate::report) fn new(trace: &Trace, exchange: &trace::Exchange) -> Option<Self> {
        let trips = exchange_round_trips(trace, exchange)?;
        Some(Self {
            used: (trips.used * 1000.0).round() / 1000.0,
            least: trips.minimum,
            rtt_ns: trips.rtt.duration.0,
            rtt_source: trips.rtt.clock.name(),
        })
    }
}

#[derive(Serialize)]
pub(in crate::report) struct JsonPhaseFailure {
    phase: Phase,
    #[serde(flatten)]
    cause: run::JsonFailure,
}

impl JsonPhaseFailure {
    pub(in crate::report) fn new(
        phase: Phase,
        failure: &trace::Failure,
        redactor: Redactor,
    ) -> Self {
        Self {
            phase,
            cause: run::JsonFailure::new(failure, redactor),
        }
    }
}
