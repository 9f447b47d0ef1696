//! The certificates in the format of curl's `%{certs}`: one name and value per line. Unrecorded
//! parts of a certificate (keys, extensions, PEM) are left out.

use jiff::Timestamp;

use crate::trace::Certificate;

/// A whole chain, leaf first.
pub(super) fn certificates_text(certificates: &[Certificate]) -> String {
    certificates.iter().map(certificate_text).collect()
}

fn certificate_text(certificate: &Certificate) -> String {
    let names: Vec<String> = certificate
        .names
        .iter()
        .map(|name| format!("DNS:{}", name.escaped()))
        .collect();
    let names = if names.is_empty() {
        String::new()
    } else {
        format!("X509v3 Subject Alternative Name:{}\n", names.join(", "))
    };
    format!(
        "Subject:{}\nIssuer:{}\n{names}Start date:{}\nExpire date:{}\nSHA256:{}\n",
        certificate.subject.escaped(),
        certificate.issuer.escaped(),
        format_date(certificate.not_before),
        format_date(certificate.not_after),
        certificate.sha256,
    )
}

/// `Nov 21 00:52:28 2026 GMT`
fn format_date(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(
        |_| "?".to_owned(),
        |time| time.strftime("%b %e %H:%M:%S %Y GMT").to_string(),
    )
}
