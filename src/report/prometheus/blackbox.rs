//! The metrics that `blackbox_exporter` has, under its names.

use super::{Family, Sample, Target};
use crate::trace::{Cause, HttpVersion, Phase};

/// In the order in which they are written.
pub(super) const FAMILIES: [Family; 14] = [
    Family {
        name: "probe_success",
        help: "Displays whether or not the probe was a success",
        of: |target| vec![Sample::of(if target.succeeded() { 1.0 } else { 0.0 })],
    },
    Family {
        name: "probe_duration_seconds",
        help: "Returns how long the probe took to complete in seconds",
        of: |target| one(target.latest.total().map(Sample::time)),
    },
    Family {
        name: "probe_dns_lookup_time_seconds",
        help: "Returns the time taken for probe dns lookup in seconds",
        of: |target| one(target.latest.phase(Phase::Dns).map(Sample::time)),
    },
    Family {
        name: "probe_ip_protocol",
        help: "Specifies whether probe ip protocol is IP4 or IP6",
        of: ip_protocol,
    },
    Family {
        name: "probe_http_duration_seconds",
        help: "Duration of http request by phase, summed over all redirects",
        of: |target| {
            PHASES
                .iter()
                .filter_map(|(name, phases)| {
                    Some(Sample::time(target.time_in(phases)?).with("phase", name))
                })
                .collect()
        },
    },
    Family {
        name: "probe_http_status_code",
        help: "Response HTTP status code",
        of: |target| {
            one(target
                .response()
                .map(|response| Sample::count(response.status.into())))
        },
    },
    Family {
        name: "probe_http_version",
        help: "Returns the version of HTTP of the probe response",
        of: http_version,
    },
    Family {
        name: "probe_http_redirects",
        help: "The number of redirects",
        of: |target| {
            vec![Sample::count(
                target
                    .latest
                    .hops()
                    .iter()
                    .filter(|hop| hop.cause == Cause::Redirect)
                    .map(|_| 1)
                    .sum(),
            )]
        },
    },
    Family {
        name: "probe_http_content_length",
        help: "Length of http content response",
        of: |target| {
            one(target
                .response()
                .and(target.last())
                .map(|last| Sample::count(last.response_body.transferred)))
        },
    },
    Family {
        name: "probe_http_uncompressed_body_length",
        help: "Length of uncompressed response body",
        of: |target| {
            one(target
                .response()
                .and(target.last())
                .map(|last| Sample::count(last.response_body.decoded)))
        },
    },
    Family {
        name: "probe_http_ssl",
        help: "Indicates if SSL was used for the final redirect",
        of: |target| {
            one(target
                .connection()
                .map(|connection| Sample::count(u64::from(connection.tls.is_some()))))
        },
    },
    Family {
        name: "probe_ssl_earliest_cert_expiry",
        help: "Returns earliest SSL cert expiry in unixtime",
        of: earliest_expiry,
    },
    Family {
        name: "probe_ssl_last_chain_info",
        help: "Contains SSL leaf certificate information",
        of: leaf,
    },
    Family {
        name: "probe_tls_version_info",
        help: "Returns the TLS version used or NaN when unknown",
        of: tls_version,
    },
];

/// Its phases, and which of ours they are. What a proxy takes is part of connecting there.
const PHASES: [(&str, &[Phase]); 5] = [
    ("resolve", &[Phase::Dns]),
    ("connect", &[Phase::Connect, Phase::Proxy]),
    ("tls", &[Phase::Tls]),
    ("processing", &[Phase::Send, Phase::Wait]),
    ("transfer", &[Phase::Receive]),
];

fn one(sample: Option<Sample>) -> Vec<Sample> {
    sample.into_iter().collect()
}

/// Of the address that was connected, else of the one that was tried last.
fn ip_protocol(target: &Target) -> Vec<Sample> {
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
    one(remote
        .and_then(crate::trace::Endpoint::ip)
        .map(|address| Sample::count(if address.is_ipv6() { 6 } else { 4 })))
}

fn http_version(target: &Target) -> Vec<Sample> {
    let version = target.response().map(|response| match response.version {
        HttpVersion::Http10 => 1.0,
        HttpVersion::Http11 => 1.1,
        HttpVersion::Http2 => 2.0,
        HttpVersion::Http3 => 3.0,
    });
    one(version.map(Sample::of))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the format has no other numbers; 2^53 s are a while"
)]
fn earliest_expiry(target: &Target) -> Vec<Sample> {
    let ends = target.tls().and_then(|tls| {
        tls.certificates
            .iter()
            .map(|certificate| certificate.not_after)
            .min()
    });
    one(ends.map(|end| Sample::of(end as f64)))
}

fn leaf(target: &Target) -> Vec<Sample> {
    let leaf = target.tls().and_then(|tls| tls.certificates.first());
    one(leaf.map(|leaf| {
        let names: Vec<_> = leaf
            .names
            .iter()
            .map(crate::units::Untrusted::raw)
            .collect();
        let sample = Sample::of(1.0)
            .with("fingerprint_sha256", &leaf.sha256)
            .with("subject", leaf.subject.raw());
        sample
            .with("issuer", leaf.issuer.raw())
            .with("subjectalternative", &names.join(","))
    }))
}

fn tls_version(target: &Target) -> Vec<Sample> {
    let agreed = target.tls().and_then(|tls| tls.handshake.as_ref());
    one(agreed
        .map(|agreed| Sample::of(1.0).with("version", &agreed.version.replace("TLSv", "TLS "))))
}
