//! TLS: what was agreed on, who the server says it is, and what was said meanwhile.

use super::page::{Cell, Page, Row};
use crate::insight::version_name;
use crate::trace::{Certificate, Exchange, Side, Tls, Verification};
use crate::units::Bytes;

const MOST_MESSAGES: usize = 60;
const MOST_CERTIFICATES: usize = 10;
const MOST_NAMES: usize = 20;

/// The connection's TLS; nothing where it has none.
pub(super) fn write(page: &mut Page<'_>, exchange: &Exchange, level: u8) {
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
    agreed(page, tls);
    let rows: Vec<Row> = tls
        .certificates
        .iter()
        .take(MOST_CERTIFICATES)
        .enumerate()
        .map(certificate)
        .collect();
    page.table(
        "",
        "Certificates the server showed, its own first",
        &["", "Subject", "Issuer", "Valid", "For", "SHA-256"],
        &rows,
    );
    let rows: Vec<Row> = tls
        .messages
        .iter()
        .take(MOST_MESSAGES)
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
            let size = Cell::figure(Bytes(message.bytes).to_string(), Some(message.bytes));
            vec![
                Cell::words(message.name.clone()),
                Cell::words(from),
                Cell::time(Some(at.from_start())),
                size,
                Cell::words(detail),
            ]
        })
        .map(Row::new)
        .collect();
    page.table(
        "",
        "Messages of the handshake",
        &["Message", "From", "At (app)", "Bytes", "Detail"],
        &rows,
    );
    page.close();
}

fn agreed(page: &mut Page<'_>, tls: &Tls) {
    let handshake = tls.handshake.as_ref();
    let verified = tls.verification.as_ref().map(|(verification, took)| {
        let said = match verification {
            Verification::Trusted => "it leads to a trusted authority and fits the host".to_owned(),
            Verification::Rejected(why) => format!("not accepted: {}", why.escaped()),
            Verification::Ignored(why) => {
                format!("wrong, but accepted as asked: {}", why.escaped())
            }
        };
        format!("{said} (checked in {took})")
    });
    let of = |pick: fn(&crate::trace::Handshake) -> String| handshake.map(pick).unwrap_or_default();
    page.facts(&[
        ("Version", of(|handshake| version_name(&handshake.version))),
        (
            "Cipher suite",
            of(|handshake| handshake.cipher_suite.clone()),
        ),
        (
            "Key exchange",
            of(|handshake| handshake.key_exchange.clone().unwrap_or_default()),
        ),
        (
            "Application protocol (ALPN)",
            of(|handshake| {
                handshake
                    .alpn
                    .as_ref()
                    .map(|alpn| alpn.escaped().into_owned())
                    .unwrap_or_default()
            }),
        ),
        (
            "Handshake",
            of(|handshake| handshake.kind.replace('_', " ")),
        ),
        ("Certificate", verified.unwrap_or_default()),
    ]);
}

fn certificate((n, certificate): (usize, &Certificate)) -> Row {
    let names: Vec<_> = certificate
        .names
        .iter()
        .take(MOST_NAMES)
        .map(crate::units::Untrusted::escaped)
        .collect();
    let more = certificate.names.len().saturating_sub(names.len());
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    Row::new(vec![
        Cell::words(if n == 0 { "server" } else { "issuer" }),
        Cell::code(certificate.subject.escaped()),
        Cell::code(certificate.issuer.escaped()),
        Cell::words(format!(
            "{} to {}",
            day(certificate.not_before),
            day(certificate.not_after)
        )),
        Cell::code(format!("{}{more}", names.join(" "))),
        Cell::code(certificate.sha256.clone()),
    ])
}

fn day(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| "?".to_owned(), |time| time.strftime("%F").to_string())
}
