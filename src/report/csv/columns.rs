//! The columns of the report on a run.

use super::cell::CsvCell;
use crate::insight::redact::Redactor;
use crate::insight::{
    self, connection_segments, exchange_round_trips, kernel_segments, wire_phase,
};
use crate::report::timestamps;
use crate::trace::{
    Connection, DnsQuery, Exchange, Handshake, HttpVersion, Phase, PhaseSpan, QueryOutcome,
    Response, Tls, Trace,
};
use crate::units::{Nanos, Untrusted};

/// The exchange that a row is about.
pub(super) struct CsvRow<'a> {
    trace: &'a Trace,
    transfer: usize,
    exchange: &'a Exchange,
    redactor: Redactor<'a>,
    connection: Option<&'a Connection>,
    segments: Option<insight::ConnectionSegments>,
}

/// A column's name and its value in a row.
pub(super) type CsvColumn = (&'static str, fn(&CsvRow) -> CsvCell);

/// All columns, in order.
pub(super) const COLUMNS: [CsvColumn; 50] = [
    ("transfer", |row| CsvCell::plain(Some(row.transfer))),
    ("exchange", |row| CsvCell::plain(Some(row.exchange.id.0))),
    ("cause", |row| CsvCell::plain(Some(row.exchange.cause))),
    ("started_at", |row| {
        CsvCell::plain(
            timestamps::wall_time_of(row.trace, row.exchange.started)
                .and_then(timestamps::rfc3339_nanos),
        )
    }),
    ("method", |row| {
        CsvCell::text(Some(row.exchange.method.clone().into()))
    }),
    ("url", |row| {
        CsvCell::text(Some(row.redactor.text(&row.exchange.url)))
    }),
    ("status", |row| {
        CsvCell::plain(row.response().map(|response| response.status))
    }),
    ("http_version", |row| {
        CsvCell::plain(
            row.response()
                .map(|response| response.version)
                .map(HttpVersion::name),
        )
    }),
    ("failed_phase", |row| {
        CsvCell::plain(row.exchange.failure.as_ref().map(|(phase, _)| phase.name()))
    }),
    ("error_code", |row| {
        CsvCell::plain(
            row.exchange
                .failure
                .as_ref()
                .map(|(_, failure)| failure.code),
        )
    }),
    ("error_message", |row| {
        CsvCell::text(
            row.exchange
                .failure
                .as_ref()
                .map(|(_, failure)| row.redactor.text(&failure.message)),
        )
    }),
    ("connection", |row| {
        CsvCell::plain(row.exchange.connection.map(|id| id.0))
    }),
    ("reused_connection", |row| {
        CsvCell::plain(
            row.exchange
                .connection
                .map(|_| row.exchange.reused_connection),
        )
    }),
    ("local", |row| {
        CsvCell::text(
            row.connection
                .and_then(|connection| connection.local.if_specified())
                .map(|local| local.to_string().into()),
        )
    }),
    ("remote", |row| {
        CsvCell::text(
            row.connection
                .map(|connection| connection.remote.to_string().into()),
        )
    }),
    ("start_ns", |row| {
        CsvCell::plain(Some(row.exchange.started.0))
    }),
    ("total_ns", |row| CsvCell::time(row.exchange.total())),
    ("ttfb_ns", |row| CsvCell::time(row.first_byte())),
    ("dns_ns", |row| row.app_time(Phase::Dns)),
    ("connect_ns", |row| row.app_time(Phase::Connect)),
    ("proxy_ns", |row| row.app_time(Phase::Proxy)),
    ("tls_ns", |row| row.app_time(Phase::Tls)),
    ("send_ns", |row| row.app_time(Phase::Send)),
    ("wait_ns", |row| row.app_time(Phase::Wait)),
    ("receive_ns", |row| row.app_time(Phase::Receive)),
    ("wire_dns_ns", |row| row.wire_time(Phase::Dns)),
    ("wire_connect_ns", |row| row.wire_time(Phase::Connect)),
    ("wire_proxy_ns", |row| row.wire_time(Phase::Proxy)),
    ("wire_tls_ns", |row| row.wire_time(Phase::Tls)),
    ("wire_send_ns", |row| row.wire_time(Phase::Send)),
    ("wire_wait_ns", |row| row.wire_time(Phase::Wait)),
    ("wire_receive_ns", |row| row.wire_time(Phase::Receive)),
    ("request_header_bytes", |row| {
        CsvCell::plain(
            row.exchange
                .request
                .as_ref()
                .map(|request| request.header_bytes),
        )
    }),
    ("request_body_bytes", |row| {
        CsvCell::plain(
            row.exchange
                .request
                .as_ref()
                .map(|_| row.exchange.request_body.transferred),
        )
    }),
    ("response_header_bytes", |row| {
        CsvCell::plain(row.response().map(|response| response.header_bytes))
    }),
    ("response_body_bytes", |row| {
        CsvCell::plain(
            row.response()
                .map(|_| row.exchange.response_body.transferred),
        )
    }),
    ("response_decoded_bytes", |row| {
        CsvCell::plain(row.response().map(|_| row.exchange.response_body.decoded))
    }),
    ("content_type", |row| {
        CsvCell::text(
            row.response()
                .and_then(|response| response.header("content-type"))
                .map(|kind| row.redactor.text(kind)),
        )
    }),
    ("rtt_ns", |row| {
        CsvCell::time(insight::connection_rtt(row.trace, row.exchange).map(|rtt| rtt.duration))
    }),
    ("rtt_source", |row| {
        CsvCell::plain(insight::connection_rtt(row.trace, row.exchange).map(|rtt| rtt.clock.name()))
    }),
    ("round_trips", |row| {
        CsvCell::plain(
            exchange_round_trips(row.trace, row.exchange).map(|trips| format!("{:.3}", trips.used)),
        )
    }),
    ("retransmits_sent", |row| CsvCell::plain(row.retransmits())),
    ("retransmits_received", |row| {
        CsvCell::plain(row.segments.map(|segments| segments.received.retransmitted))
    }),
    ("dns_server", |row| {
        CsvCell::plain(row.last_answered_query().map(|query| query.server.address))
    }),
    ("tls_version", |row| {
        CsvCell::text(row.handshake().map(|agreed| agreed.version.clone().into()))
    }),
    ("tls_cipher_suite", |row| {
        CsvCell::text(
            row.handshake()
                .map(|agreed| agreed.cipher_suite.clone().into()),
        )
    }),
    ("tls_key_exchange", |row| {
        CsvCell::text(
            row.handshake()
                .and_then(|agreed| agreed.key_exchange.clone())
                .map(Untrusted::from),
        )
    }),
    ("tls_alpn", |row| {
        CsvCell::text(row.handshake().and_then(|agreed| agreed.alpn.clone()))
    }),
    ("tls_handshake", |row| {
        CsvCell::text(row.handshake().map(|agreed| agreed.kind.clone().into()))
    }),
    ("tls_earliest_not_after", |row| {
        CsvCell::plain(row.earliest_expiry().and_then(timestamps::rfc3339_seconds))
    }),
];

impl<'a> CsvRow<'a> {
    pub(super) fn new(
        trace: &'a Trace,
        transfer: usize,
        exchange: &'a Exchange,
        redactor: Redactor<'a>,
    ) -> Self {
        let connection = exchange.connection.and_then(|id| trace.connection(id));
        Self {
            trace,
            transfer,
            exchange,
            redactor,
            connection,
            segments: connection_segments(trace, exchange),
        }
    }

    fn app_time(&self, phase: Phase) -> CsvCell {
        CsvCell::time(
            self.exchange
                .phases
                .get(phase)
                .and_then(PhaseSpan::duration),
        )
    }

    fn wire_time(&self, phase: Phase) -> CsvCell {
        CsvCell::time(wire_phase(self.trace, self.exchange, phase).map(|span| span.duration()))
    }

    const fn response(&self) -> Option<&'a Response> {
        self.exchange.response.as_ref()
    }

    /// Time from the start to the first byte of the response.
    fn first_byte(&self) -> Option<Nanos> {
        self.response()?;
        Some(
            self.exchange
                .phases
                .get(Phase::Wait)?
                .ended?
                .since(self.exchange.started),
        )
    }

    /// Retransmissions counted from packets, or else by the kernel.
    fn retransmits(&self) -> Option<u64> {
        let by_packets = self.segments.map(|segments| segments.sent.retransmitted);
        by_packets.or_else(|| {
            kernel_segments(self.trace, self.exchange)?
                .sent
                .retransmitted
        })
    }

    /// The last query that was answered.
    fn last_answered_query(&self) -> Option<&'a DnsQuery> {
        let queries = &self.exchange.resolution.as_ref()?.queries;
        queries
            .iter()
            .rfind(|query| matches!(query.outcome, QueryOutcome::Answered(_)))
    }

    fn tls(&self) -> Option<&'a Tls> {
        self.connection?.tls.as_ref()
    }

    fn handshake(&self) -> Option<&'a Handshake> {
        self.tls()?.handshake.as_ref()
    }

    /// The earliest expiry of the certificates in the chain, in seconds since 1970.
    fn earliest_expiry(&self) -> Option<i64> {
        self.tls()?
            .certificates
            .iter()
            .map(|certificate| certificate.not_after)
            .min()
    }
}
