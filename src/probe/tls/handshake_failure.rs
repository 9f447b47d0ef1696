//! Failures of a TLS handshake other than those of the certificate, with their messages.

use std::io;

use rustls::{AlertDescription, Error, InvalidMessage, PeerIncompatible};

use super::HandshakeTarget;
use super::by_record::RecordFlood;
use super::handshake_monitor::HandshakeMonitor;
use crate::probe::PhaseFailure;
use crate::trace::{FailureCode, Phase};
use crate::units::Untrusted;
use crate::wire::tls::alert_name;

/// Returns the failure for a host name that no certificate can have.
pub(super) fn invalid_name_failure(target: &HandshakeTarget<'_>) -> PhaseFailure {
    let message = format!(
        "\"{}\" is not a host name that a certificate can contain",
        target.host
    );
    PhaseFailure::new(
        target.phase,
        FailureCode::TlsCertificateWrongHost,
        message,
        "use a DNS name or an IP address in the URL",
    )
}

/// Returns the failure of a handshake that reached its time limit.
pub(super) fn timeout_failure(
    target: &HandshakeTarget<'_>,
    limit: &str,
    monitor: &HandshakeMonitor,
) -> PhaseFailure {
    let got = monitor.last_received().map_or_else(
        || "nothing was received".to_owned(),
        |name| format!("the last message received was {name}"),
    );
    let message = format!(
        "the TLS handshake with {} did not finish in time; the limit was {limit}, and {got}",
        target.host
    );
    let hint = "a firewall may drop large packets, or the server does not speak TLS on this port";
    let code = if target.phase == Phase::Proxy {
        FailureCode::ProxyTimeout
    } else {
        FailureCode::TlsTimeout
    };
    PhaseFailure::new(target.phase, code, message, hint)
}

/// Returns the failure of a handshake that failed for a reason other than the certificate.
pub(super) fn handshake_failure(
    target: &HandshakeTarget<'_>,
    error: &io::Error,
    monitor: &HandshakeMonitor,
) -> PhaseFailure {
    let fault = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    if let Some(failed) = record_flood_failure(error, target.phase) {
        return failed;
    }
    let first = monitor.first_received();
    if !first.is_empty() && !looks_like_tls(&first) {
        return not_tls_failure(target, &first);
    }
    match fault {
        Some(Error::AlertReceived(description)) => alert_failure(target.phase, *description),
        Some(Error::PeerIncompatible(reason)) => incompatible_peer_failure(target, reason),
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            not_tls_failure(target, &first)
        }
        Some(error) => {
            let message = format!("the server violated the TLS protocol: {error}");
            PhaseFailure::new(
                target.phase,
                FailureCode::TlsProtocol,
                message,
                "try another TLS version with --tls-max 1.2, and check the server's log",
            )
        }
        None => closed_failure(target, error, monitor),
    }
}

fn looks_like_tls(first: &[u8]) -> bool {
    matches!(first, [20..=24, 3, ..] | [20..=24])
}

fn not_tls_failure(target: &HandshakeTarget<'_>, first: &[u8]) -> PhaseFailure {
    let known: [(&[u8], &str, &str); 6] = [
        (
            b"HTTP/",
            "it looks like plain HTTP",
            "use http:// for this port",
        ),
        (
            b"<",
            "it looks like HTML without an HTTP head",
            "use http:// for this port",
        ),
        (b"SSH-", "it looks like SSH", "this is an SSH server's port"),
        (
            b"220",
            "it looks like SMTP or FTP",
            "such servers start TLS only after a command (STARTTLS); use their TLS port",
        ),
        (
            b"* OK",
            "it looks like IMAP",
            "use the server's TLS port, 993",
        ),
        (
            b"+OK",
            "it looks like POP3",
            "use the server's TLS port, 995",
        ),
    ];
    let fits = known.iter().find(|(begin, _, _)| first.starts_with(begin));
    let (looks_like, hint) = fits.map_or(
        ("", "check the port: its server does not speak TLS"),
        |(_, looks_like, hint)| (*looks_like, *hint),
    );
    let begin: Vec<u8> = first
        .iter()
        .copied()
        .take_while(|byte| *byte != b'\n')
        .collect();
    let looks_like = if looks_like.is_empty() {
        String::new()
    } else {
        format!("{looks_like}; ")
    };
    let message = format!(
        "the response is not TLS: {looks_like}it begins with \"{}\"",
        Untrusted::from_bytes(begin.trim_ascii_end()).raw()
    );
    PhaseFailure::new(target.phase, FailureCode::TlsNotTls, message, hint)
}

fn incompatible_peer_failure(
    target: &HandshakeTarget<'_>,
    reason: &PeerIncompatible,
) -> PhaseFailure {
    let about_versions = matches!(
        reason,
        PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::SupportedVersionsExtensionRequired
    );
    if about_versions {
        let message = format!("the server chose a TLS version that is not accepted ({reason:?})");
        let hint = "TLS 1.2 and 1.3 are supported; check --tlsv1.3 and --tls-max, and what the \
            server supports";
        return PhaseFailure::new(target.phase, FailureCode::TlsVersion, message, hint);
    }
    let message = format!("the server and this program share no TLS parameters ({reason:?})");
    PhaseFailure::new(
        target.phase,
        FailureCode::TlsProtocol,
        message,
        "check which cipher suites and groups the server allows",
    )
}

fn closed_failure(
    target: &HandshakeTarget<'_>,
    error: &io::Error,
    monitor: &HandshakeMonitor,
) -> PhaseFailure {
    let how = match error.kind() {
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionAborted => "reset".to_owned(),
        io::ErrorKind::UnexpectedEof => "closed".to_owned(),
        _ => format!("lost ({error})"),
    };
    let when = monitor.last_received().map_or_else(
        || "before any response".to_owned(),
        |name| format!("after its {name}"),
    );
    let message = format!("the connection was {how} during the TLS handshake, {when}");
    let hint = "the server may not know this host name, may require a client certificate, or may \
        not speak TLS on this port";
    let code = if target.phase == Phase::Proxy {
        FailureCode::ProxyClosed
    } else {
        FailureCode::TlsClosed
    };
    PhaseFailure::new(target.phase, code, message, hint)
}

fn record_flood_failure(error: &io::Error, phase: Phase) -> Option<PhaseFailure> {
    let flood = error.get_ref()?.downcast_ref::<RecordFlood>()?;
    let hint = "the server or a proxy in front of it sends empty records, session tickets or key \
        updates without end";
    Some(PhaseFailure::new(
        phase,
        FailureCode::TlsProtocol,
        flood.to_string(),
        hint,
    ))
}

/// Returns the failure for a record flood anywhere among an error's causes.
pub(in crate::probe) fn record_flood_failure_in(
    error: &(dyn std::error::Error + 'static),
    phase: Phase,
) -> Option<PhaseFailure> {
    let mut sources = std::iter::successors(Some(error), |&error| error.source());
    sources.find_map(|source| record_flood_failure(source.downcast_ref::<io::Error>()?, phase))
}

/// Returns the failure of `phase` for a TLS alert among an error's causes. TLS 1.3 servers reject a
/// client certificate only after the handshake is over on the client's side, so an alert can come
/// in any phase.
pub(in crate::probe) fn alert_failure_in(
    error: &(dyn std::error::Error + 'static),
    phase: Phase,
) -> Option<PhaseFailure> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|source| {
        let inner = source
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        match inner.and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(Error::AlertReceived(description)) => Some(alert_failure(phase, *description)),
            _ => None,
        }
    })
}

fn alert_failure(phase: Phase, description: AlertDescription) -> PhaseFailure {
    let name =
        alert_name(description.into()).map_or_else(|| format!("{description:?}"), str::to_owned);
    let (code, meaning, hint) = match description {
        AlertDescription::ProtocolVersion => (
            FailureCode::TlsVersion,
            "it accepts none of the TLS versions offered",
            "TLS 1.2 and 1.3 are supported; check --tlsv1.3 and --tls-max, and what the server \
                supports",
        ),
        AlertDescription::CertificateRequired | AlertDescription::NoCertificate => (
            FailureCode::TlsClientCertificate,
            "it requires a client certificate",
            "give one with --cert and --key",
        ),
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => (
            FailureCode::TlsClientCertificate,
            "it does not accept the client certificate, or requires one",
            "check that the certificate of --cert is valid and issued by a CA that the server \
                trusts",
        ),
        AlertDescription::UnrecognisedName => (
            FailureCode::TlsAlert,
            "it does not serve this host name",
            "check the host name; with --resolve or --connect-to the server may be a different one",
        ),
        AlertDescription::NoApplicationProtocol => (
            FailureCode::TlsAlert,
            "it supports none of the application protocols offered",
            "try --http1.1 or --http2",
        ),
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => (
            FailureCode::TlsAlert,
            "it shares no cipher suite or group with this program, or requires a client \
                certificate",
            "check what the server allows",
        ),
        _ => (
            FailureCode::TlsAlert,
            "it aborted the connection",
            "check the server's log",
        ),
    };
    PhaseFailure::new(
        phase,
        code,
        format!("the server sent the TLS alert {name}: {meaning}"),
        hint,
    )
}
