//! Parser of the `Server-Timing` field, in which servers report their own durations (W3C Server
//! Timing §3).
//!
//! `metric *( OWS ";" OWS name "=" value )`, metrics separated by commas, each value a token or a
//! quoted string. As the specification requires, invalid parts are skipped, and of repeated
//! parameters the first counts. A metric has a duration but no start: it happened at some time
//! within *wait*.

use crate::trace::{Exchange, HttpHeader};
use crate::units::{Nanos, Untrusted};

/// A metric of `Server-Timing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerTiming {
    /// Its name.
    pub name: Untrusted,
    /// Its duration (`dur`, in milliseconds on the wire).
    pub duration: Option<Nanos>,
    /// Its description (`desc`).
    pub description: Option<Untrusted>,
}

/// The metrics of a response, including those in its trailers.
pub fn server_timing(exchange: &Exchange) -> Vec<ServerTiming> {
    let fields = exchange
        .response
        .iter()
        .flat_map(|response| response.headers.iter().chain(&response.trailers));
    fields
        .filter(|field| field.is("server-timing"))
        .flat_map(parse_metrics)
        .collect()
}

fn parse_metrics(field: &HttpHeader) -> Vec<ServerTiming> {
    split_unquoted(field.value.raw(), ',')
        .into_iter()
        .filter_map(parse_metric)
        .collect()
}

fn parse_metric(text: &str) -> Option<ServerTiming> {
    let mut parts = split_unquoted(text, ';').into_iter().map(str::trim);
    let name = parts.next().filter(|name| is_token(name))?;
    let mut metric = ServerTiming {
        name: name.into(),
        duration: None,
        description: None,
    };
    let mut seen_duration = false;
    let mut seen_description = false;
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        let value = unquote_value(value.trim());
        if name.trim().eq_ignore_ascii_case("dur") && !std::mem::replace(&mut seen_duration, true) {
            metric.duration = parse_milliseconds(&value);
        } else if name.trim().eq_ignore_ascii_case("desc")
            && !std::mem::replace(&mut seen_description, true)
        {
            metric.description = Some(value.into());
        }
    }
    Some(metric)
}

/// Splits at separators outside of quoted strings.
fn split_unquoted(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |c| {
        let separates = c == separator && !quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        separates
    })
    .collect()
}

/// Returns true for tokens (RFC 9110 §5.6.2).
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

/// The value of a token or quoted string, with escapes resolved (RFC 9110 §5.6.4).
fn unquote_value(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else {
        return value.to_owned();
    };
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut escaped = false;
    inner
        .chars()
        .filter(|&c| {
            let keeps = escaped || c != '\\';
            escaped = !keeps;
            keeps
        })
        .collect()
}

fn parse_milliseconds(value: &str) -> Option<Nanos> {
    let duration: f64 = value.parse().ok()?;
    std::time::Duration::try_from_secs_f64(duration / 1e3)
        .ok()
        .map(Nanos::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Vec<(String, Option<u64>, Option<String>)> {
        let shown = |metric: ServerTiming| {
            (
                metric.name.raw().to_owned(),
                metric.duration.map(|ns| ns.0),
                metric.description.map(|text| text.raw().to_owned()),
            )
        };
        parse_metrics(&HttpHeader::new("Server-Timing", value))
            .into_iter()
            .map(shown)
            .collect()
    }

    #[test]
    fn names_durations_and_descriptions_are_read() {
        assert_eq!(
            read(r#"db;dur=53.2, cache; desc="hit, \"warm\"; all" ;dur=0 , miss"#),
            [
                ("db".into(), Some(53_200_000), None),
                ("cache".into(), Some(0), Some(r#"hit, "warm"; all"#.into())),
                ("miss".into(), None, None)
            ]
        );
    }

    #[test]
    fn the_first_of_duplicates_counts_and_unknown_parameters_are_ignored() {
        assert_eq!(
            read("a;DUR=1;dur=2;x=3;desc=p;desc=q"),
            [("a".into(), Some(1_000_000), Some("p".into()))]
        );
    }

    #[test]
    fn invalid_metrics_are_skipped() {
        assert_eq!(
            read(r#",, "quoted";dur=1, two words;dur=1, \u{1b};dur=2"#),
            []
        );
        for dur in ["abc", "-5", "NaN", "inf", "1e300", ""] {
            assert_eq!(
                read(&format!("a;dur={dur}")),
                [("a".into(), None, None)],
                "{dur}"
            );
        }
        assert_eq!(
            read(r#"a;desc="open, b;dur=1"#),
            [("a".into(), None, Some("open, b;dur=1".into()))]
        );
    }
}
