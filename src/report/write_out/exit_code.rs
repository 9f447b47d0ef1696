//! curl's numeric codes for failures, for scripts that depend on them.

use crate::trace::{Exchange, FailureCode, Phase, Verification};

/// The exit code that curl would have (`man curl`, EXIT CODES): by the kind of failure, or else by
/// its phase.
pub(super) fn exit_code(exchange: &Exchange) -> u64 {
    let Some((phase, failure)) = &exchange.failure else {
        return 0;
    };
    let socks = exchange
        .proxy
        .first()
        .is_some_and(|(_, step)| step.kind.starts_with("socks"));
    code_for_failure(failure.code).unwrap_or_else(|| code_for_phase(*phase, socks))
}

const fn code_for_failure(code: FailureCode) -> Option<u64> {
    Some(match code {
        FailureCode::ConnectTimeout
        | FailureCode::ProxyTimeout
        | FailureCode::TlsTimeout
        | FailureCode::SendTimeout
        | FailureCode::WaitTimeout
        | FailureCode::BodyTimeout => 28,
        FailureCode::TlsCertificateExpired
        | FailureCode::TlsCertificateNotYetValid
        | FailureCode::TlsCertificateWrongHost
        | FailureCode::TlsCertificateSelfSigned
        | FailureCode::TlsCertificateUnknownIssuer
        | FailureCode::TlsCertificateIncompleteChain
        | FailureCode::TlsCertificateRevoked
        | FailureCode::TlsCertificateInvalid => 60,
        FailureCode::HttpMalformed
        | FailureCode::HttpConflictingLengths
        | FailureCode::HttpHeadTooLarge => 8,
        FailureCode::Http2Protocol => 16,
        FailureCode::BodyShort => 18,
        FailureCode::BodyDecoding | FailureCode::BodyDecodingLimit => 61,
        FailureCode::OutputFailed => 23,
        FailureCode::TooManyRedirects => 47,
        FailureCode::BadRedirect => 3,
        // curl sends the body; this is its code for a body that cannot be sent again.
        FailureCode::RedirectWantsBody | FailureCode::RedirectLosesTls => 65,
        FailureCode::HttpStatus => 22,
        FailureCode::Interrupted => 42,
        FailureCode::Internal => 2,
        _ => return None,
    })
}

const fn code_for_phase(phase: Phase, socks: bool) -> u64 {
    match phase {
        Phase::Dns => 6,
        Phase::Connect => 7,
        Phase::Proxy if socks => 97,
        Phase::Tls => 35,
        Phase::Send => 55,
        Phase::Wait => 52,
        Phase::Proxy | Phase::Receive => 56,
    }
}

/// OpenSSL's verification result, 0 if verification succeeded or there was none (`man
/// x509_verify`). Ignored errors are recorded without a number of their own.
pub(super) fn verify_result(exchange: &Exchange, verification: Option<&Verification>) -> u64 {
    const UNSPECIFIED: u64 = 1;
    match (
        exchange.failure.as_ref().map(|(_, failure)| failure.code),
        verification,
    ) {
        (Some(FailureCode::TlsCertificateNotYetValid), _) => 9,
        (Some(FailureCode::TlsCertificateExpired), _) => 10,
        (Some(FailureCode::TlsCertificateSelfSigned), _) => 18,
        (Some(FailureCode::TlsCertificateUnknownIssuer), _) => 20,
        (Some(FailureCode::TlsCertificateIncompleteChain), _) => 21,
        (Some(FailureCode::TlsCertificateRevoked), _) => 23,
        (Some(FailureCode::TlsCertificateWrongHost), _) => 62,
        (Some(FailureCode::TlsCertificateInvalid), _)
        | (_, Some(Verification::Rejected(_) | Verification::Ignored(_))) => UNSPECIFIED,
        _ => 0,
    }
}
