//! The failed phase, the reason, and what to try.

use super::TextContext;
use crate::report::styling::{Role, StyledLine};
use crate::report::wrapping::StyledWords;
use crate::trace::{Certificate, Exchange, Phase};

/// The failure of an exchange; empty if it did not fail.
pub(super) fn failure_lines(page: &TextContext, exchange: &Exchange) -> Vec<StyledLine> {
    let Some((phase, failure)) = &exchange.failure else {
        return Vec::new();
    };
    let after = exchange
        .phases
        .get(*phase)
        .and_then(crate::trace::PhaseSpan::duration);
    let after = after
        .map(|duration| format!(" after {}", page.styler.time(duration)))
        .unwrap_or_default();
    let sentence = page.redactor.text(&failure.message);
    let words = StyledWords::default()
        .add(Role::Bad, &format!("{} failed{after}:", phase.label()))
        .add(Role::Plain, &with_full_stop(&sentence.escaped()));
    let mut lines = words.wrap(StyledLine::indented(2), page.width);
    lines.extend(
        StyledWords::default()
            .add(Role::Strong, &capitalize(&failure.hint))
            .wrap(StyledLine::indented(2), page.width),
    );
    if *phase == Phase::Tls {
        lines.extend(chain(page, exchange));
    }
    lines
}

/// Ends a sentence with a period.
fn with_full_stop(sentence: &str) -> String {
    let sentence = sentence.trim_end();
    if sentence.ends_with(['.', '!', '?', ':']) {
        sentence.to_owned()
    } else {
        format!("{sentence}.")
    }
}

/// Capitalizes a sentence.
fn capitalize(sentence: &str) -> String {
    let mut rest = sentence.chars();
    rest.next()
        .map(|first| first.to_uppercase().chain(rest).collect())
        .unwrap_or_default()
}

/// Maximum number of names listed per certificate.
const MAX_NAMES: usize = 8;

/// The server's certificates, leaf first.
fn chain(page: &TextContext, exchange: &Exchange) -> Vec<StyledLine> {
    let tls = exchange
        .connection
        .and_then(|id| page.trace.connection(id))
        .and_then(|connection| connection.tls.as_ref());
    let certificates = tls.map_or(&[][..], |tls| &tls.certificates);
    let mut lines = Vec::new();
    for (i, certificate) in certificates.iter().enumerate() {
        if i == 0 {
            lines.push(StyledLine::default());
        }
        let label = if i == 0 { "certificate" } else { "issued by" };
        lines.extend(page.fact(label, certificate_words(certificate)));
    }
    lines
}

fn certificate_words(certificate: &Certificate) -> StyledWords {
    let date = |seconds: i64| {
        jiff::Timestamp::from_second(seconds)
            .map_or_else(|_| "?".to_owned(), |time| time.strftime("%F").to_string())
    };
    let valid = format!(
        "valid {} to {}",
        date(certificate.not_before),
        date(certificate.not_after)
    );
    let words = StyledWords::default()
        .add(Role::Plain, &certificate.subject.escaped())
        .append(",")
        .add_unbroken(Role::Plain, &valid);
    let own = certificate.subject == certificate.issuer;
    let issuer = if own {
        "self-issued".to_owned()
    } else {
        format!("from {}", certificate.issuer.escaped())
    };
    let words = words.append(",").add(Role::Dim, &issuer);
    let names: Vec<_> = certificate
        .names
        .iter()
        .take(MAX_NAMES)
        .map(crate::units::Untrusted::escaped)
        .collect();
    if names.is_empty() {
        return words;
    }
    let more = certificate.names.len().saturating_sub(names.len());
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    words
        .append(",")
        .add(Role::Dim, &format!("for {}{more}", names.join(" ")))
}
