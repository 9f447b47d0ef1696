//! Metrics with the names of `blackbox_exporter`.

use super::{MetricFamily, MetricSample, MetricTarget};
use crate::trace::{ExchangeCause, HttpVersion, Phase};

/// In output order.
pub(super) const FAMILIES: [MetricFamily; 14] = [
    MetricFamily {
        name: "probe_success",
        help: "Displays whether or not the probe was a success",
        samples: |target| {
            vec![MetricSample::new(if target.succeeded() {
                1.0
            } else {
                0.0
            })]
        },
    },
    MetricFamily {
        name: "probe_duration_seconds",
        help: "Returns how long the probe took to complete in seconds",
        samples: |target| optional_sample(target.latest.total().map(MetricSample::time)),
    },
    MetricFamily {
        name: "probe_dns_lookup_time_seconds",
        help: "Returns the time taken for probe dns lookup in seconds",
        samples: |target| optional_sample(target.latest.phase(Phase::Dns).map(MetricSample::time)),
    },
    MetricFamily {
        name: "probe_ip_protocol",
        help: "Specifies whether probe ip protocol is IP4 or IP6",
        samples: ip_protocol,
    },
    MetricFamily {
        name: "probe_http_duration_seconds",
        help: "Duration of http request by phase, summed over all redirects",
        samples: |target| {
            PHASES
                .iter()
                .filter_map(|(name, phases)| {
                    Some(MetricSample::time(target.time_in(phases)?).with("phase", name))
                })
                .collect()
        },
    },
    MetricFamily {
        name: "probe_http_status_code",
        help: "Response HTTP status code",
        samples: |target| {
            optional_sample(
                target
                    .response()
                    .map(|response| MetricSample::count(response.status.into())),
            )
        },
    },
    MetricFamily {
        name: "probe_http_version",
        help: "Returns the version of HTTP of the probe response",
        samples: http_version,
    },
    MetricFamily {
        name: "probe_http_redirects",
        help: "The number of redirects",
        samples: |target| {
            vec![MetricSample::count(target.latest.sum(
                |sums| sums.redirects,
                |hop| u64::from(hop.cause == ExchangeCause::Redirect),
            ))]
        },
    },
    MetricFamily {
        name: "probe_http_content_length",
        help: "Length of http content response",
        samples: |target| {
            optional_sample(
                target
                    .response()
                    .and(target.last())
                    .map(|last| MetricSample::count(last.response_body.transferred)),
            )
        },
    },
    MetricFamily {
        name: "probe_http_uncompressed_body_length",
        help: "Length of uncompressed response body",
        samples: |target| {
            optional_sample(
                target
                    .response()
                    .and(target.last())
                    .map(|last| MetricSample::count(last.response_body.decoded)),
            )
        },
    },
    MetricFamily {
        name: "probe_http_ssl",
        help: "Indicates if SSL was used for the final redirect",
        samples: |target| {
            optional_sample(
                target
                    .connection()
                    .map(|connection| MetricSample::count(u64::from(connection.tls.is_some()))),
            )
        },
    },
    MetricFamily {
        name: "probe_ssl_earliest_cert_expiry",
        help: "Returns earliest SSL cert expiry in unixtime",
        samples: earliest_expiry,
    },
    MetricFamily {
        name: "probe_ssl_last_chain_info",
        help: "Contains SSL leaf certificate information",
        samples: leaf_certificate_info,
    },
    MetricFamily {
        name: "probe_tls_version_info",
        help: "Returns the TLS version used or NaN when unknown",
        samples: tls_version,
    },
];

/// The exporter's phases, and which of ours they correspond to. Time in a proxy counts as
/// connecting there.
const PHASES: [(&str, &[Phase]); 5] = [
    ("resolve", &[Phase::Dns]),
    ("connect", &[Phase::Connect, Phase::Proxy]),
    ("tls", &[Phase::Tls]),
    ("processing", &[Phase::Send, Phase::Wait]),
    ("transfer", &[Phase::Receive]),
];

fn optional_sample(sample: Option<MetricSample>) -> Vec<MetricSample> {
    sample.into_iter().collect()
}

/// The IP version of the connected address, or else of the last one tried.
fn ip_protocol(target: &MetricTarget) -> Vec<MetricSample> {
    let tried = || {
        target
            .last()?
            .attempts
            .last()
            .map(|attempt| &attempt.remote)
    };
    let remote = target
        .connection()
        .map(|connection| &connection.remote)
        .or_else(tried);
    optional_sample(
        remote
            .and_then(crate::trace::Endpoint::ip)
            .map(|address| MetricSample::count(if address.is_ipv6() { 6 } else { 4 })),
    )
}

fn http_version(target: &MetricTarget) -> Vec<MetricSample> {
    let version = target.response().map(|response| match response.version {
        HttpVersion::Http10 => 1.0,
        HttpVersion::Http11 => 1.1,
        HttpVersion::Http2 => 2.0,
        HttpVersion::Http3 => 3.0,
    });
    optional_sample(version.map(MetricSample::new))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the format has no other numbers; 2^53 s are a while"
)]
fn earliest_expiry(target: &MetricTarget) -> Vec<MetricSample> {
    let ends = target.tls().and_then(|tls| {
        tls.certificates
            .iter()
            .map(|certificate| certificate.not_after)
            .min()
    });
    optional_sample(ends.map(|end| MetricSample::new(end as f64)))
}

fn leaf_certificate_info(target: &MetricTarget) -> Vec<MetricSample> {
    let leaf = target.tls().and_then(|tls| tls.certificates.first());
    optional_sample(leaf.map(|leaf| {
        let names: Vec<_> = leaf
            .names
            .iter()
            .map(crate::units::Untrusted::raw)
            .collect();
        let sample = MetricSample::new(1.0)
            .with("fingerprint_sha256", &leaf.sha256)
            .with("subject", leaf.subject.raw());
        sample
            .with("issuer", leaf.issuer.raw())
            .with("subjectalternative", &names.join(","))
    }))
}

fn tls_version(target: &MetricTarget) -> Vec<MetricSample> {
    let agreed = target.tls().and_then(|tls| tls.handshake.as_ref());
    optional_sample(agreed.map(|agreed| {
        MetricSample::new(1.0).with("version", &agreed.version.replace("TLSv", "TLS "))
    }))
}
