//! Parsing of certificates for display and diagnosis.

use aws_lc_rs::digest;
use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::trace::Certificate;
use crate::units::Untrusted;

/// Maximum number of certificates of a chain that are parsed.
pub(super) const MAX_CERTIFICATES: usize = 16;
/// Maximum number of names kept of a certificate.
const MAX_NAMES: usize = 200;

/// Parses the certificates of a chain. One that cannot be parsed is represented by its digest.
pub(super) fn describe_chain<'a>(
    chain: impl Iterator<Item = &'a CertificateDer<'a>>,
) -> Vec<Certificate> {
    chain
        .take(MAX_CERTIFICATES)
        .map(|der| parse_certificate(der).unwrap_or_else(|| unreadable_certificate(der)))
        .collect()
}

fn parse_certificate(der: &[u8]) -> Option<Certificate> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.map(|extension| {
        extension
            .value
            .general_names
            .iter()
            .take(MAX_NAMES)
            .filter_map(general_name_text)
            .collect()
    });
    Some(Certificate {
        subject: certificate.subject().to_string().into(),
        issuer: certificate.issuer().to_string().into(),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        sha256: sha256_hex(der),
        names: names.unwrap_or_default(),
    })
}

fn unreadable_certificate(der: &[u8]) -> Certificate {
    Certificate {
        subject: "(unreadable)".into(),
        issuer: Untrusted::default(),
        not_before: 0,
        not_after: 0,
        sha256: sha256_hex(der),
        names: Vec::new(),
    }
}

fn general_name_text(name: &GeneralName<'_>) -> Option<Untrusted> {
    match name {
        GeneralName::DNSName(name) | GeneralName::RFC822Name(name) | GeneralName::URI(name) => {
            Some((*name).into())
        }
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes)
                .ok()
                .map(|bytes| std::net::Ipv4Addr::from(bytes).to_string().into()),
            16 => <[u8; 16]>::try_from(*bytes)
                .ok()
                .map(|bytes| std::net::Ipv6Addr::from(bytes).to_string().into()),
            _ => None,
        },
        _ => None,
    }
}

fn sha256_hex(der: &[u8]) -> String {
    digest::digest(&digest::SHA256, der).as_ref().iter().fold(
        String::with_capacity(64),
        |mut text, byte| {
            use std::fmt::Write as _;
            let _ = write!(text, "{byte:02x}");
            text
        },
    )
}

/// Returns true if a certificate names itself as its issuer.
pub(super) fn is_self_issued(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, certificate)| {
        certificate.subject().as_raw() == certificate.issuer().as_raw()
    })
}

/// Returns true if the issuer of `child` has the name of `parent`. Signatures are not checked.
pub(super) fn is_issued_by(child: &[u8], parent: &[u8]) -> bool {
    let (Ok((_, child)), Ok((_, parent))) = (
        X509Certificate::from_der(child),
        X509Certificate::from_der(parent),
    ) else {
        return false;
    };
    child.issuer().as_raw() == parent.subject().as_raw()
}

/// Returns true if a time, in seconds since 1970, lies within a certificate's validity period.
pub(super) fn is_valid_at(der: &[u8], seconds: u64) -> bool {
    let at = i64::try_from(seconds).unwrap_or(i64::MAX);
    parse_certificate(der)
        .is_some_and(|certificate| (certificate.not_before..=certificate.not_after).contains(&at))
}
