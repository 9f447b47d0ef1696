//! curl's numbers for failures, so that scripts that know them agree.

use crate::trace::{Code, Exchange, Phase, Verification};

/// curl's exit code for how an exchange ended (`man curl`, EXIT CODES): that of the kind of
/// failure, else that of the phase.
pub(super) fn exit_code(exchange: &Exchange) -> u64 {
    let Some((phase, failure)) = &exchange.failure else {
        return 0;
    };
    let socks = exchange
        .proxy
        .first()
        .is_some_and(|(_, step)| step.kind.starts_with("socks"));
    of_kind(failure.code).unwrap_or_else(|| of_phase(*phase, socks))
}

const fn of_kind(code: Code) -> Option<u64> {
    Some(match code {
        Code::ConnectTimeout
        | Code::ProxyTimeout
        | Code::TlsTimeout
        | Code::SendTimeout
        | Code::WaitTimeout
        | Code::BodyTimeout => 28,
        Code::TlsCertificateExpired
        | Code::TlsCertificateNotYetValid
        | Code::TlsCertificateWrongHost
        | Code::TlsCertificateSelfSigned
        | Code::TlsCertificateUnknownIssuer
        | Code::TlsCertificateIncompleteChain
        | Code::TlsCertificateRevoked
        | Code::TlsCertificateInvalid => 60,
        Code::HttpMalformed | Code::HttpConflictingLengths | Code::HttpHeadTooLarge => 8,
        Code::Http2Protocol => 16,
        Code::BodyShort => 18,
        Code::BodyDecoding | Code::BodyDecodingLimit => 61,
        Code::OutputFailed => 23,
        Code::TooManyRedirects => 47,
        Code::BadRedirect => 3,
        // curl sends the body; this is its number where it cannot send it again.
        Code::RedirectWantsBody | Code::RedirectLosesTls => 65,
        Code::HttpStatus => 22,
        Code::Interrupted => 42,
        Code::Internal => 2,
        _ => return None,
    })
}

const fn of_phase(phase: Phase, socks: bool) -> u64 {
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

/// OpenSSL's number for the check of the server's chain, 0 where it passed or there was none (`man
/// x509_verify`). Where the user said to go on in spite of it, the reason has no number of its own.
pub(super) fn verify_result(exchange: &Exchange, verification: Option<&Verification>) -> u64 {
    const UNSPECIFIED: u64 = 1;
    match (
        exchange.failure.as_ref().map(|(_, failure)| failure.code),
        verification,
    ) {
        (Some(Code::TlsCertificateNotYetValid), _) => 9,
        (Some(Code::TlsCertificateExpired), _) => 10,
        (Some(Code::TlsCertificateSelfSigned), _) => 18,
        (Some(Code::TlsCertificateUnknownIssuer), _) => 20,
        (Some(Code::TlsCertificateIncompleteChain), _) => 21,
        (Some(Code::TlsCertificateRevoked), _) => 23,
        (Some(Code::TlsCertificateWrongHost), _) => 62,
        (Some(Code::TlsCertificateInvalid), _)
        | (_, Some(Verification::Rejected(_) | Verification::Ignored(_))) => UNSPECIFIED,
        _ => 0,
    }
}
