//! TLS: the negotiated parameters, the server's certificates, and the handshake messages.

use super::page::{HtmlCell, HtmlPage, HtmlRow};
use crate::insight::tls_version_name;
use crate::trace::{Certificate, Exchange, Tls, Verification};
use crate::units::Bytes;
use crate::wire::Side;

const MAX_MESSAGES: usize = 60;
const MAX_CERTIFICATES: usize = 10;
const MAX_NAMES: usize = 20;

/// Writes the connection's TLS section, if it has one.
pub(super) fn write(page: &mut HtmlPage<'_>, exchange: &Exchange, level: u8) {
    let connection = exchange
        .connection
        .and_then(|id| page.trace().connection(id));
    let Some(tls) = connection.and_then(|connection| connection.tls.as_ref()) else {
        return;
    };
    page.section(
        &format!("tls-{}", exchange.id.0),
        level,
        "TLS and certificates",
    );
    write_handshake(page, tls);
    let rows: Vec<HtmlRow> = tls
        .certificates
        .iter()
        .take(MAX_CERTIFICATES)
        .enumerate()
        .map(certificate_row)
        .collect();
    page.table(
        "",
        "Certificates sent by the server, its own first",
        &["", "Subject", "Issuer", "Valid", "For", "SHA-256"],
        &rows,
    );
    let rows: Vec<HtmlRow> = tls
        .messages
        .iter()
        .take(MAX_MESSAGES)
        .map(|(at, message)| {
            let from = if message.from == Side::Client {
                "client \u{2192}"
            } else {
                "\u{2190} server"
            };
            let detail = message
                .detail
                .as_ref()
                .map(|detail| detail.escaped().into_owned())
                .unwrap_or_default();
            let size = HtmlCell::figure(Bytes(message.bytes).to_string(), Some(message.bytes));
            vec![
                HtmlCell::words(message.name.clone()),
                HtmlCell::words(from),
                HtmlCell::time(Some(at.from_start())),
                size,
                HtmlCell::words(detail),
            ]
        })
        .map(HtmlRow::new)
        .collect();
    page.table(
        "",
        "Handshake messages",
        &["Message", "From", "At (app)", "Bytes", "Detail"],
        &rows,
    );
    page.close();
}

fn write_handshake(page: &mut HtmlPage<'_>, tls: &Tls) {
    let handshake = tls.handshake.as_ref();
    let verified = tls.verification.as_ref().map(|(verification, took)| {
        let result = match verification {
            Verification::Trusted => {
                "trusted: issued by a trusted authority, and for this host".to_owned()
            }
            Verification::Rejected(why) => format!("rejected: {}", why.escaped()),
            Verification::Ignored(why) => {
                format!("invalid, but accepted as requested: {}", why.escaped())
            }
        };
        format!("{result} (checked in {took})")
    });
    let handshake_value =
        |pick: fn(&crate::trace::Handshake) -> String| handshake.map(pick).unwrap_or_default();
    page.facts(&[
        (
            "Version",
            handshake_value(|handshake| tls_version_name(&handshake.version)),
        ),
        (
            "Cipher suite",
            handshake_value(|handshake| handshake.cipher_suite.clone()),
        ),
        (
            "Key exchange",
            handshake_value(|handshake| handshake.key_exchange.clone().unwrap_or_default()),
        ),
        (
            "Application protocol (ALPN)",
            handshake_value(|handshake| {
                handshake
                    .alpn
                    .as_ref()
                    .map(|alpn| alpn.escaped().into_owned())
                    .unwrap_or_default()
            }),
        ),
        (
            "Handshake",
            handshake_value(|handshake| handshake.kind.replace('_', " ")),
        ),
        ("Certificate", verified.unwrap_or_default()),
    ]);
}

fn certificate_row((n, certificate): (usize, &Certificate)) -> HtmlRow {
    let names: Vec<_> = certificate
        .names
        .iter()
        .take(MAX_NAMES)
        .map(crate::units::Untrusted::escaped)
        .collect();
    let more = certificate.names.len().saturating_sub(names.len());
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    HtmlRow::new(vec![
        HtmlCell::words(if n == 0 { "server" } else { "issuer" }),
        HtmlCell::code(certificate.subject.escaped()),
        HtmlCell::code(certificate.issuer.escaped()),
        HtmlCell::words(format!(
            "{} to {}",
            format_day(certificate.not_before),
            format_day(certificate.not_after)
        )),
        HtmlCell::code(format!("{}{more}", names.join(" "))),
        HtmlCell::code(certificate.sha256.clone()),
    ])
}

fn format_day(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| "?".to_owned(), |time| time.strftime("%F").to_string())
}
