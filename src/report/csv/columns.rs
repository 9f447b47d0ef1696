//! The columns.

use super::cell::Cell;
use crate::insight::redact::Redactor;
use crate::insight::{self, kernel_segments, round_trips, segments, wire_phase};
use crate::report::time;
use crate::trace::{
    Connection, DnsQuery, Exchange, Handshake, HttpVersion, Phase, PhaseSpan, QueryOutcome,
    Response, Tls, Trace,
};
use crate::units::{Nanos, Untrusted};

/// What a row is about.
pub(super) struct Row<'a> {
    trace: &'a Trace,
    transfer: usize,
    exchange: &'a Exchange,
    redactor: Redactor<'a>,
    connection: Option<&'a Connection>,
    segments: Option<insight::Segments>,
}

/// A column's name, and what is in it.
pub(super) type Column = (&'static str, fn(&Row) -> Cell);

/// All columns, in order.
pub(super) const COLUMNS: [Column; 50] = [
    ("transfer", |row| Cell::plain(Some(row.transfer))),
    ("exchange", |row| Cell::plain(Some(row.exchange.id.0))),
    ("cause", |row| Cell::plain(Some(row.exchange.cause))),
    ("started_at", |row| {
        Cell::plain(time::wall_of(row.trace, row.exchange.started).and_then(time::of_wall))
    }),
    ("method", |row| {
        Cell::text(Some(row.exchange.method.clone().into()))
    }),
    ("url", |row| {
        Cell::text(Some(row.redactor.text(&row.exchange.url)))
    }),
    ("status", |row| {
        Cell::plain(row.response().map(|response| response.status))
    }),
    ("http_version", |row| {
        Cell::plain(
            row.response()
                .map(|response| response.version)
                .map(HttpVersion::name),
        )
    }),
    ("failed_phase", |row| {
        Cell::plain(row.exchange.failure.as_ref().map(|(phase, _)| phase.name()))
    }),
    ("error_code", |row| {
        Cell::plain(
            row.exchange
                .failure
                .as_ref()
                .map(|(_, failure)| failure.code),
        )
    }),
    ("error_message", |row| {
        Cell::text(
            row.exchange
                .failure
                .as_ref()
                .map(|(_, failure)| row.redactor.text(&failure.message)),
        )
    }),
    ("connection", |row| {
        Cell::plain(row.exchange.connection.map(|id| id.0))
    }),
    ("reused_connection", |row| {
        Cell::plain(
            row.exchange
                .connection
                .map(|_| row.exchange.reused_connection),
        )
    }),
    ("local", |row| {
        Cell::text(
            row.connection
                .and_then(|connection| connection.local.known())
                .map(|local| local.to_string().into()),
        )
    }),
    ("remote", |row| {
        Cell::text(
            row.connection
                .map(|connection| connection.remote.to_string().into()),
        )
    }),
    ("start_ns", |row| Cell::plain(Some(row.exchange.started.0))),
    ("total_ns", |row| Cell::time(row.exchange.total())),
    ("ttfb_ns", |row| Cell::time(row.first_byte())),
    ("dns_ns", |row| row.app(Phase::Dns)),
    ("connect_ns", |row| row.app(Phase::Connect)),
    ("proxy_ns", |row| row.app(Phase::Proxy)),
    ("tls_ns", |row| row.app(Phase::Tls)),
    ("send_ns", |row| row.app(Phase::Send)),
    ("wait_ns", |row| row.app(Phase::Wait)),
    ("receive_ns", |row| row.app(Phase::Receive)),
    ("wire_dns_ns", |row| row.wire(Phase::Dns)),
    ("wire_connect_ns", |row| row.wire(Phase::Connect)),
    ("wire_proxy_ns", |row| row.wire(Phase::Proxy)),
    ("wire_tls_ns", |row| row.wire(Phase::Tls)),
    ("wire_send_ns", |row| row.wire(Phase::Send)),
    ("wire_wait_ns", |row| row.wire(Phase::Wait)),
    ("wire_receive_ns", |row| row.wire(Phase::Receive)),
    ("request_header_bytes", |row| {
        Cell::plain(
            row.exchange
                .request
                .as_ref()
                .map(|request| request.header_bytes),
        )
    }),
    ("request_body_bytes", |row| {
        Cell::plain(
            row.exchange
                .request
                .as_ref()
                .map(|_| row.exchange.request_body.transferred),
        )
    }),
    ("response_header_bytes", |row| {
        Cell::plain(row.response().map(|response| response.header_bytes))
    }),
    ("response_body_bytes", |row| {
        Cell::plain(
            row.response()
                .map(|_| row.exchange.response_body.transferred),
        )
    }),
    ("response_decoded_bytes", |row| {
        Cell::plain(row.response().map(|_| row.exchange.response_body.decoded))
    }),
    ("content_type", |row| {
        Cell::text(
            row.response()
                .and_then(|response| response.header("content-type"))
                .map(|kind| row.redactor.text(kind)),
        )
    }),
    ("rtt_ns", |row| {
        Cell::time(insight::rtt(row.trace, row.exchange).map(|rtt| rtt.duration))
    }),
    ("rtt_source", |row| {
        Cell::plain(insight::rtt(row.trace, row.exchange).map(|rtt| rtt.clock.name()))
    }),
    ("round_trips", |row| {
        Cell::plain(round_trips(row.trace, row.exchange).map(|trips| format!("{:.3}", trips.used)))
    }),
    ("retransmits_sent", |row| Cell::plain(row.retransmits())),
    ("retransmits_received", |row| {
        Cell::plain(row.segments.map(|segments| segments.received.retransmitted))
    }),
    ("dns_server", |row| {
        Cell::plain(row.answered().map(|query| query.server.address))
    }),
    ("tls_version", |row| {
        Cell::text(row.agreed().map(|agreed| agreed.version.clone().into()))
    }),
    ("tls_cipher_suite", |row| {
        Cell::text(
            row.agreed()
                .map(|agreed| agreed.cipher_suite.clone().into()),
        )
    }),
    ("tls_key_exchange", |row| {
        Cell::text(
            row.agreed()
                .and_then(|agreed| agreed.key_exchange.clone())
                .map(Untrusted::from),
        )
    }),
    ("tls_alpn", |row| {
        Cell::text(row.agreed().and_then(|agreed| agreed.alpn.clone()))
    }),
    ("tls_handshake", |row| {
        Cell::text(row.agreed().map(|agreed| agreed.kind.clone().into()))
    }),
    ("tls_earliest_not_after", |row| {
        Cell::plain(row.certificate_ends().and_then(time::of_seconds))
    }),
];

impl<'a> Row<'a> {
    pub(super) fn of(
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
            segments: segments(trace, exchange),
        }
    }

    fn app(&self, phase: Phase) -> Cell {
        Cell::time(
            self.exchange
                .phases
                .get(phase)
                .and_then(PhaseSpan::duration),
        )
    }

    fn wire(&self, phase: Phase) -> Cell {
        Cell::time(wire_phase(self.trace, self.exchange, phase).map(|span| span.duration()))
    }

    const fn response(&self) -> Option<&'a Response> {
        self.exchange.response.as_ref()
    }

    /// From its start to the first byte of its response.
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

    /// By the packets, else by the kernel's count.
    fn retransmits(&self) -> Option<u64> {
        let by_packets = self.segments.map(|segments| segments.sent.retransmitted);
        by_packets.or_else(|| {
            kernel_segments(self.trace, self.exchange)?
                .sent
                .retransmitted
        })
    }

    /// The last question that was answered.
    fn answered(&self) -> Option<&'a DnsQuery> {
        let queries = &self.exchange.resolution.as_ref()?.queries;
        queries
            .iter()
            .rfind(|query| matches!(query.outcome, QueryOutcome::Answered(_)))
    }

    fn tls(&self) -> Option<&'a Tls> {
        self.connection?.tls.as_ref()
    }

    fn agreed(&self) -> Option<&'a Handshake> {
        self.tls()?.handshake.as_ref()
    }

    /// When the certificate of the chain ends that ends first, in seconds since 1970.
    fn certificate_ends(&self) -> Option<i64> {
        self.tls()?
            .certificates
            .iter()
            .map(|certificate| certificate.not_after)
            .min()
    }
}
