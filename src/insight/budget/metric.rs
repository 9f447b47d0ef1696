//! The metrics that a budget can limit.

use super::metric_kind::MetricKind;
use crate::trace::{Cause, Owner, Phase};

/// A metric of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetMetric {
    /// Time in a phase on the program's clock, over all hops.
    Phase(Phase),
    /// Time in a phase on the wire's clock, over all hops.
    WirePhase(Phase),
    /// Time of an owner, by the ledger of all hops.
    Owner(Owner),
    /// Time of a cause of an owner, likewise.
    Cause(Owner, Cause),
    /// From the start of the first hop to the end of the last.
    Total,
    /// From the start of the first hop to the first byte of the final response.
    FirstByte,
    /// Round-trip time of the last hop's connection.
    Rtt,
    /// Round trips of all hops, without name resolution.
    RoundTrips,
    /// Round trips beyond the minimum that the protocols need.
    ExtraRoundTrips,
    /// Bytes of the final response's body, as transferred.
    Size,
    /// Bytes of the final response's body, decoded.
    DecodedBytes,
    /// Bytes of the final response's head.
    ResponseHeaderBytes,
    /// Bytes of the last request's head.
    RequestHeaderBytes,
    /// Bytes of the last request's body.
    RequestBodyBytes,
    /// Bytes of TCP payload sent on all connections used, retransmissions included.
    SentBytes,
    /// Bytes of TCP payload received, likewise.
    ReceivedBytes,
    /// Segments with payload sent on all connections used.
    SegmentsSent,
    /// Segments with payload received, likewise.
    SegmentsReceived,
    /// Segments retransmitted by this side.
    RetransmitsSent,
    /// Segments retransmitted by the other side; known from packets only.
    RetransmitsReceived,
    /// Status of the final response.
    Status,
    /// HTTP version of the final response.
    Version,
    /// TLS version of the last hop's connection.
    TlsVersion,
    /// Whole days until the first certificate of the chain expires; 0 if one has.
    CertDays,
    /// 1 if the transfer failed; for a run, the number of transfers that did.
    Failures,
}

impl BudgetMetric {
    /// The names that a budget may use. The first name of a metric is the one that reports use.
    pub(super) const NAMES: [(&'static str, Self); 68] = [
        ("dns", Self::Phase(Phase::Dns)),
        ("connect", Self::Phase(Phase::Connect)),
        ("proxy", Self::Phase(Phase::Proxy)),
        ("tls", Self::Phase(Phase::Tls)),
        ("send", Self::Phase(Phase::Send)),
        ("wait", Self::Phase(Phase::Wait)),
        ("receive", Self::Phase(Phase::Receive)),
        ("xfer", Self::Phase(Phase::Receive)),
        ("ttfb", Self::FirstByte),
        ("total", Self::Total),
        ("wire_dns", Self::WirePhase(Phase::Dns)),
        ("wire_connect", Self::WirePhase(Phase::Connect)),
        ("wire_proxy", Self::WirePhase(Phase::Proxy)),
        ("wire_tls", Self::WirePhase(Phase::Tls)),
        ("wire_send", Self::WirePhase(Phase::Send)),
        ("wire_wait", Self::WirePhase(Phase::Wait)),
        ("wire_receive", Self::WirePhase(Phase::Receive)),
        ("rtt", Self::Rtt),
        ("round_trips", Self::RoundTrips),
        ("extra_round_trips", Self::ExtraRoundTrips),
        ("size", Self::Size),
        ("response_body_bytes", Self::Size),
        ("response_decoded_bytes", Self::DecodedBytes),
        ("response_header_bytes", Self::ResponseHeaderBytes),
        ("request_header_bytes", Self::RequestHeaderBytes),
        ("request_body_bytes", Self::RequestBodyBytes),
        ("sent_bytes", Self::SentBytes),
        ("received_bytes", Self::ReceivedBytes),
        ("segments_sent", Self::SegmentsSent),
        ("segments_received", Self::SegmentsReceived),
        ("retransmits", Self::RetransmitsSent),
        ("retransmits_sent", Self::RetransmitsSent),
        ("retransmits_received", Self::RetransmitsReceived),
        ("status", Self::Status),
        ("http", Self::Version),
        ("http_version", Self::Version),
        ("tls_version", Self::TlsVersion),
        ("cert_days", Self::CertDays),
        ("failures", Self::Failures),
        ("failed", Self::Failures),
        ("client", Self::Owner(Owner::Client)),
        ("server", Self::Owner(Owner::Server)),
        ("network", Self::Owner(Owner::Network)),
        ("resolver", Self::Owner(Owner::Resolver)),
        ("unknown", Self::Owner(Owner::Unknown)),
        (
            "client.processing",
            Self::Cause(Owner::Client, Cause::Processing),
        ),
        ("client.delay", Self::Cause(Owner::Client, Cause::Delay)),
        ("client.queue", Self::Cause(Owner::Client, Cause::Queue)),
        ("client.shared", Self::Cause(Owner::Client, Cause::Shared)),
        ("client.window", Self::Cause(Owner::Client, Cause::Window)),
        (
            "client.flow_control",
            Self::Cause(Owner::Client, Cause::FlowControl),
        ),
        ("client.nagle", Self::Cause(Owner::Client, Cause::Nagle)),
        ("server.think", Self::Cause(Owner::Server, Cause::Think)),
        ("server.pause", Self::Cause(Owner::Server, Cause::Pause)),
        ("server.window", Self::Cause(Owner::Server, Cause::Window)),
        (
            "server.flow_control",
            Self::Cause(Owner::Server, Cause::FlowControl),
        ),
        ("server.nagle", Self::Cause(Owner::Server, Cause::Nagle)),
        (
            "network.round_trip",
            Self::Cause(Owner::Network, Cause::RoundTrip),
        ),
        (
            "network.congestion_window",
            Self::Cause(Owner::Network, Cause::CongestionWindow),
        ),
        (
            "network.bandwidth",
            Self::Cause(Owner::Network, Cause::Bandwidth),
        ),
        (
            "network.queueing",
            Self::Cause(Owner::Network, Cause::Queueing),
        ),
        ("network.loss", Self::Cause(Owner::Network, Cause::Loss)),
        (
            "network.timeout",
            Self::Cause(Owner::Network, Cause::Timeout),
        ),
        (
            "network.unanswered",
            Self::Cause(Owner::Network, Cause::Unanswered),
        ),
        (
            "resolver.lookup",
            Self::Cause(Owner::Resolver, Cause::Lookup),
        ),
        ("proxy.connect", Self::Cause(Owner::Proxy, Cause::Connect)),
        ("proxy.forward", Self::Cause(Owner::Proxy, Cause::Forward)),
        (
            "unknown.unexplained",
            Self::Cause(Owner::Unknown, Cause::Unexplained),
        ),
    ];

    /// The metric's name in budgets and reports.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, measure)| *measure == self)
            .map_or("", |(name, _)| name)
    }

    /// The metric with a name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, measure)| *measure)
    }

    /// The kind of its values.
    pub const fn kind(self) -> MetricKind {
        match self {
            Self::Phase(_)
            | Self::WirePhase(_)
            | Self::Owner(_)
            | Self::Cause(..)
            | Self::Total
            | Self::FirstByte
            | Self::Rtt => MetricKind::Time,
            Self::RoundTrips | Self::ExtraRoundTrips => MetricKind::RoundTrips,
            Self::Size
            | Self::DecodedBytes
            | Self::ResponseHeaderBytes
            | Self::RequestHeaderBytes
            | Self::RequestBodyBytes
            | Self::SentBytes
            | Self::ReceivedBytes => MetricKind::Size,
            Self::SegmentsSent
            | Self::SegmentsReceived
            | Self::RetransmitsSent
            | Self::RetransmitsReceived
            | Self::Failures => MetricKind::Count,
            Self::Status => MetricKind::Status,
            Self::Version | Self::TlsVersion => MetricKind::Version,
            Self::CertDays => MetricKind::Days,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_has_a_name_and_every_name_is_one_measures() {
        for (name, measure) in BudgetMetric::NAMES {
            assert_eq!(BudgetMetric::from_name(name), Some(measure));
            assert_eq!(BudgetMetric::from_name(measure.name()), Some(measure));
        }
    }

    #[test]
    fn owners_and_causes_have_the_names_of_the_ledger() {
        for (name, measure) in BudgetMetric::NAMES {
            match measure {
                BudgetMetric::Owner(owner) => assert_eq!(name, owner.name()),
                BudgetMetric::Cause(owner, cause) => {
                    assert_eq!(name, format!("{}.{}", owner.name(), cause.name()));
                }
                _ => assert!(!name.contains('.')),
            }
        }
        for cause in Cause::ALL {
            let is_limited = BudgetMetric::NAMES.iter().any(
                |(_, measure)| matches!(measure, BudgetMetric::Cause(_, known) if *known == cause),
            );
            assert_eq!(is_limited, cause != Cause::Idle, "{}", cause.name());
        }
        // A phase has had this name for longer than the owner.
        assert_eq!(
            BudgetMetric::from_name("proxy"),
            Some(BudgetMetric::Phase(Phase::Proxy))
        );
    }
}
