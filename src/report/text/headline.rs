//! The headline of an exchange: the request, its outcome, and the connection.

use super::TextContext;
use crate::report::styling::{Role, StyledLine, Styler};
use crate::report::wrapping::StyledWords;
use crate::trace::{Exchange, FailureCode, Handshake, Response, Tls, Verification};

/// `GET URL → 200 OK, HTTP/2, TLS 1.3 (X25519MLKEM768, AES-128-GCM), 10.7.0.10:443`. `place` is the
/// index of a hop and the number of hops.
pub(super) fn headline_lines(
    page: &TextContext,
    exchange: &Exchange,
    place: Option<(u64, u64)>,
) -> Vec<StyledLine> {
    let number = place
        .map(|(i, of)| format!("{i}/{of} "))
        .unwrap_or_default();
    let start = StyledLine::default().with(Role::Dim, number);
    let words = StyledWords::default()
        .add(Role::Strong, &exchange.method)
        .add(Role::Strong, &page.redactor.text(&exchange.url).escaped());
    let words = words.add(Role::Dim, page.styler.glyph("→", "->"));
    add_connection(page, exchange, add_outcome(page.styler, exchange, words))
        .wrap(start, page.width)
}

fn add_outcome(styler: Styler, exchange: &Exchange, words: StyledWords) -> StyledWords {
    match (&exchange.response, &exchange.failure) {
        (Some(response), None) => words.add(status_role(response.status), &status_line(response)),
        (Some(response), Some((_, failure))) => words
            .add(status_role(response.status), &status_line(response))
            .append(",")
            .add(
                Role::Bad,
                if failure.code == FailureCode::HttpStatus {
                    "counted as failed (--fail)"
                } else {
                    "then failed"
                },
            ),
        (None, Some(_)) => words.add(Role::Bad, "failed"),
        (None, None) if exchange.ended.is_some() => words.add(Role::Warning, "no response"),
        (None, None) => words.add(Role::Dim, styler.glyph("in progress…", "in progress...")),
    }
}

/// `200 OK`. HTTP/2 has no reason phrases, so the registered one is shown (RFC 9110 §15).
pub(in crate::report) fn status_line(response: &Response) -> String {
    let sent = response.reason.escaped();
    let reason = if sent.trim().is_empty() {
        http::StatusCode::from_u16(response.status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or_default()
            .into()
    } else {
        sent
    };
    format!("{} {reason}", response.status)
        .trim_end()
        .to_owned()
}

/// The role of a status.
pub(super) const fn status_role(status: u16) -> Role {
    match status {
        200..=299 => Role::Good,
        400.. => Role::Warning,
        _ => Role::Plain,
    }
}

fn add_connection(page: &TextContext, exchange: &Exchange, words: StyledWords) -> StyledWords {
    let connection = exchange.connection.and_then(|id| page.trace.connection(id));
    let mut facts = Vec::new();
    facts.extend(
        exchange
            .response
            .as_ref()
            .map(|response| response.version.name().to_owned()),
    );
    facts.extend(
        connection
            .and_then(|connection| connection.tls.as_ref())
            .and_then(tls_summary),
    );
    facts.extend(connection.map(|connection| connection.remote.to_string()));
    facts.extend(
        exchange
            .reused_connection
            .then(|| "on the same connection".to_owned()),
    );
    let listed = facts.into_iter().fold(words, |words, fact| {
        words.append(",").add(Role::Plain, &fact)
    });
    match connection
        .and_then(|connection| connection.tls.as_ref())
        .and_then(|tls| tls.verification.as_ref())
    {
        Some((Verification::Ignored(why), _)) => listed
            .append(",")
            .add(Role::Warning, &format!("not verified: {}", why.escaped())),
        _ => listed,
    }
}

pub(in crate::report) fn tls_summary(tls: &Tls) -> Option<String> {
    let Handshake {
        version,
        cipher_suite,
        key_exchange,
        kind,
        ..
    } = tls.handshake.as_ref()?;
    let how = match kind.as_str() {
        "full" => String::new(),
        "hello_retry" => ", after a HelloRetryRequest".to_owned(),
        "early_data" => ", with early data".to_owned(),
        other => format!(", {other}"),
    };
    let cipher = cipher_name(cipher_suite);
    let parameters = key_exchange
        .iter()
        .map(String::as_str)
        .chain([cipher.as_str()])
        .collect::<Vec<_>>()
        .join(", ");
    Some(format!(
        "{} ({parameters}{how})",
        version.replace("TLSv", "TLS ")
    ))
}

/// The cipher in a cipher suite: `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` → `AES-128-GCM`.
fn cipher_name(suite: &str) -> String {
    let cipher = suite
        .split_once("_WITH_")
        .map_or(suite.trim_start_matches("TLS_"), |(_, cipher)| cipher);
    let cipher = cipher
        .strip_suffix("_SHA256")
        .or_else(|| cipher.strip_suffix("_SHA384"))
        .unwrap_or(cipher);
    cipher.replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_named_by_their_cipher() {
        for (suite, name) in [
            ("TLS_AES_128_GCM_SHA256", "AES-128-GCM"),
            ("TLS_CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305"),
            ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "AES-256-GCM"),
            ("SOMETHING", "SOMETHING"),
        ] {
            assert_eq!(cipher_name(suite), name);
        }
    }
}
