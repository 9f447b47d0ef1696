//! Changes in TLS: version, kind of handshake, parameters, certificates.

use jiff::Timestamp;

use super::{ChangeFinder, describe_round_trips};
use crate::insight::diff::change::{ChangeKind, TimingEffect};
use crate::insight::diff::facts::ExchangeFacts;
use crate::insight::tls_version_name;
use crate::trace::{Certificate, Handshake, Phase, Verification};
use crate::units::Untrusted;

pub(super) fn find_tls_changes(found: &mut ChangeFinder<'_>) {
    let before = found.before;
    let after = found.after;
    let secured =
        |facts: &ExchangeFacts| facts.handshake.is_some() || facts.phase(Phase::Tls).app.is_some();
    if !before.reused && !after.reused && before.cause.is_some() {
        match (secured(before), secured(after)) {
            (false, true) => found.add(
                ChangeKind::Tls,
                Phase::Tls,
                TimingEffect::Longer,
                "over TLS; in cleartext before",
            ),
            (true, false) if after.failure.is_none() => {
                found.add(
                    ChangeKind::Tls,
                    Phase::Tls,
                    TimingEffect::Shorter,
                    "in cleartext; over TLS before",
                );
            }
            _ => {}
        }
    }
    if let (Some(was), Some(is)) = (&before.handshake, &after.handshake) {
        compare_handshakes(found, (before, was), (after, is));
        compare_parameters(found, was, is);
    }
    if let (Some(was), Some(is)) = (before.certificates.first(), after.certificates.first()) {
        compare_certificates(found, was, is);
    }
    let was = before.certificates.len();
    let is = after.certificates.len();
    if was != is && was > 0 && is > 0 {
        found.add(
            ChangeKind::Certificate,
            Phase::Tls,
            TimingEffect::from_increase(is > was),
            format!("{is} certificates, {was} before"),
        );
    }
    compare_verifications(
        found,
        before.verification.as_ref(),
        after.verification.as_ref(),
    );
}

/// Reports another version or kind of handshake, with its cost in round trips.
fn compare_handshakes(
    found: &mut ChangeFinder<'_>,
    (before, was): (&ExchangeFacts, &Handshake),
    (after, is): (&ExchangeFacts, &Handshake),
) {
    let mut why = Vec::new();
    if was.version != is.version {
        let short = |version: &str| version.trim_start_matches("TLSv").to_owned();
        why.push(format!(
            "{} instead of {}",
            tls_version_name(&is.version),
            short(&was.version)
        ));
    }
    if was.kind != is.kind {
        why.push(describe_kind_change(&was.kind, &is.kind));
    }
    if why.is_empty() {
        return;
    }
    let counts = before.tls_round_trips().zip(after.tls_round_trips());
    let effect = match counts.map(|(was, is)| is.cmp(&was)) {
        Some(std::cmp::Ordering::Greater) => TimingEffect::Longer,
        Some(std::cmp::Ordering::Less) => TimingEffect::Shorter,
        // A full handshake sends and verifies certificates.
        _ if is.kind == "full" && was.kind == "resumed" => TimingEffect::Longer,
        _ if was.kind == "full" && is.kind == "resumed" => TimingEffect::Shorter,
        _ => TimingEffect::Unknown,
    };
    let cost = counts.and_then(|(was, is)| describe_round_trips(was, is));
    found.add(
        ChangeKind::HandshakeTrips,
        Phase::Tls,
        effect,
        cost.into_iter().chain(why).collect::<Vec<_>>().join(", "),
    );
}

fn describe_kind_change(was: &str, is: &str) -> String {
    let name = |kind: &str| match kind {
        "full" => "a full handshake".to_owned(),
        "hello_retry" => "a HelloRetryRequest".to_owned(),
        "early_data" => "early data".to_owned(),
        other => other.to_owned(),
    };
    match (was, is) {
        ("full", "hello_retry") => "HelloRetryRequest".to_owned(),
        ("hello_retry", "full") => "no HelloRetryRequest".to_owned(),
        _ => format!("{} before, {} now", name(was), name(is)),
    }
}

fn compare_parameters(found: &mut ChangeFinder<'_>, was: &Handshake, is: &Handshake) {
    if was.cipher_suite != is.cipher_suite && was.version == is.version {
        let words = format!("{} instead of {}", is.cipher_suite, was.cipher_suite);
        found.add(ChangeKind::Parameters, None, TimingEffect::Unknown, words);
    }
    let none = || "none".to_owned();
    if was.key_exchange != is.key_exchange {
        let [was, is] =
            [&was.key_exchange, &is.key_exchange].map(|group| group.clone().unwrap_or_else(none));
        found.add(
            ChangeKind::Parameters,
            None,
            TimingEffect::Unknown,
            format!("key exchange {is} instead of {was}"),
        );
    }
    if was.alpn != is.alpn {
        let [was, is] = [&was.alpn, &is.alpn].map(|alpn| {
            alpn.as_ref()
                .map_or_else(none, |alpn| alpn.raw().to_owned())
        });
        found.add(
            ChangeKind::Parameters,
            None,
            TimingEffect::Unknown,
            format!("ALPN {is} instead of {was}"),
        );
    }
}

fn compare_certificates(found: &mut ChangeFinder<'_>, was: &Certificate, is: &Certificate) {
    if was.sha256 == is.sha256 {
        return;
    }
    let until = |certificate: &Certificate| {
        Timestamp::from_second(certificate.not_after).map_or_else(
            |_| "at an invalid date".to_owned(),
            |end| end.strftime("%Y-%m-%d").to_string(),
        )
    };
    let mut words = format!(
        "certificate changed (expires {}, {} before)",
        until(is),
        until(was)
    );
    let differs = |of: fn(&Certificate) -> &Untrusted, name: &str| {
        (of(was) != of(is))
            .then(|| format!(", {name} {} instead of {}", of(is).raw(), of(was).raw()))
    };
    words.extend(differs(|it| &it.subject, "subject"));
    words.extend(differs(|it| &it.issuer, "issuer"));
    found.add(ChangeKind::Certificate, None, TimingEffect::Unknown, words);
}

fn compare_verifications(
    found: &mut ChangeFinder<'_>,
    was: Option<&Verification>,
    is: Option<&Verification>,
) {
    let (Some(was), Some(is)) = (was, is) else {
        return;
    };
    let words = |verification: &Verification| match verification {
        Verification::Trusted => "verified".to_owned(),
        Verification::Rejected(why) | Verification::Ignored(why) => {
            format!("not verified: {}", why.raw())
        }
    };
    if was != is {
        let words = match (was, is) {
            (Verification::Trusted, _) => format!("the certificate is {}", words(is)),
            (_, Verification::Trusted) => {
                format!(
                    "the certificate is verified now; before it was {}",
                    words(was)
                )
            }
            _ => format!(
                "the certificate is {}; before it was {}",
                words(is),
                words(was)
            ),
        };
        found.add(ChangeKind::Verification, None, TimingEffect::Unknown, words);
    }
}
