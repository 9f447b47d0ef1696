//! Cookies in header fields whose secrets are already masked (RFC 6265).

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::Serialize;

use crate::report::timestamps;
use crate::trace::HttpHeader;
use crate::units::{Untrusted, WallTime};

/// A cookie as sent or received.
#[derive(Default, Serialize)]
pub(super) struct HarCookie {
    name: Untrusted,
    value: Untrusted,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Untrusted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<Untrusted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(rename = "httpOnly", skip_serializing_if = "Option::is_none")]
    http_only: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secure: Option<bool>,
    #[serde(rename = "_sameSite", skip_serializing_if = "Option::is_none")]
    same_site: Option<Untrusted>,
}

/// The cookies of `Cookie` fields.
pub(super) fn sent_cookies(headers: &[HttpHeader]) -> Vec<HarCookie> {
    let values = headers
        .iter()
        .filter(|header| header.is("cookie"))
        .flat_map(|header| header.value.raw().split(';'));
    values
        .filter(|pair| !pair.trim().is_empty())
        .map(parse_pair)
        .collect()
}

/// The cookies of `Set-Cookie` fields, received at `at`.
pub(super) fn received_cookies(headers: &[HttpHeader], at: Option<WallTime>) -> Vec<HarCookie> {
    headers
        .iter()
        .filter(|header| header.is("set-cookie"))
        .map(|header| parse_set_cookie(header.value.raw(), at))
        .collect()
}

/// Parses `name=value`. A cookie without `=` has an empty name.
fn parse_pair(pair: &str) -> HarCookie {
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    HarCookie {
        name: name.trim().into(),
        value: value.trim().into(),
        ..HarCookie::default()
    }
}

/// Parses a `Set-Cookie` field (RFC 6265 §5.2): the last attribute of a name counts, and `Max-Age`
/// has precedence over `Expires`.
fn parse_set_cookie(field: &str, at: Option<WallTime>) -> HarCookie {
    let mut parts = field.split(';');
    let mut cookie = parse_pair(parts.next().unwrap_or_default());
    (cookie.http_only, cookie.secure) = (Some(false), Some(false));
    let mut lasts = None;
    let mut until = None;
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "path" => cookie.path = Some(value.into()),
            "domain" => cookie.domain = Some(value.into()),
            "expires" => until = parse_date(value).or(until),
            "max-age" => lasts = value.parse::<i64>().ok().or(lasts),
            "httponly" => cookie.http_only = Some(true),
            "secure" => cookie.secure = Some(true),
            "samesite" => cookie.same_site = Some(value.into()),
            _ => {}
        }
    }
    let until = match (lasts, at) {
        (Some(seconds), Some(at)) => i64::try_from(at.unix_seconds())
            .ok()
            .map(|now| now.saturating_add(seconds.max(0))),
        (Some(_), None) => None,
        (None, _) => until,
    };
    cookie.expires = until.and_then(timestamps::rfc3339_seconds);
    cookie
}

/// Parses a date as servers write it, including the older form with dashes, to seconds since 1970.
fn parse_date(value: &str) -> Option<i64> {
    let parsed: Option<Timestamp> = rfc2822::DateTimeParser::new()
        .parse_timestamp(value.replace('-', " "))
        .ok();
    parsed.map(Timestamp::as_second)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn written(cookies: &[HarCookie]) -> Value {
        serde_json::to_value(cookies).unwrap()
    }

    #[test]
    fn pairs_are_parsed() {
        let cookies = sent_cookies(&[
            HttpHeader::new("Cookie", "a=1; b = 2=3 ;; bare"),
            HttpHeader::new("cookie", "c="),
            HttpHeader::new("X", "d=4"),
        ]);
        let pair = |name: &str, value: &str| json!({ "name": name, "value": value });
        assert_eq!(
            written(&cookies),
            json!([
                pair("a", "1"),
                pair("b", "2=3"),
                pair("", "bare"),
                pair("c", "")
            ])
        );
    }

    #[test]
    fn attributes_are_case_insensitive_and_invalid_ones_ignored() {
        let field = "id=x; PATH=/a; Domain=h; expires=Wed, 21-Oct-2026 07:28:00 GMT; httponly; \
            Secure; SameSite=Lax; Odd=1; max-age=soon";
        let all = json!({
            "name": "id", "value": "x", "path": "/a", "domain": "h",
            "expires": "2026-10-21T07:28:00Z",
            "httpOnly": true, "secure": true, "_sameSite": "Lax",
        });
        assert_eq!(
            written(&received_cookies(
                &[HttpHeader::new("Set-Cookie", field)],
                None
            )),
            json!([all])
        );
    }

    #[test]
    fn an_age_counts_from_the_response_and_goes_before_a_date() {
        let expires = |field: &str, at| {
            written(&received_cookies(
                &[HttpHeader::new("set-cookie", field)],
                at,
            ))[0]["expires"]
                .clone()
        };
        let at = Some(WallTime(1_795_176_000_000_000_420));
        assert_eq!(
            expires("a=1; Max-Age=60; Expires=Wed, 21 Oct 2026 07:28:00 GMT", at),
            "2026-11-20T12:01:00Z"
        );
        assert_eq!(expires("a=1; Max-Age=-5", at), "2026-11-20T12:00:00Z");
        assert_eq!(expires("a=1; Max-Age=60", None), Value::Null);
        assert_eq!(
            expires(&format!("a=1; Max-Age={}", i64::MAX), at),
            Value::Null
        );
        assert_eq!(expires("a=1; Expires=yesterday", at), Value::Null);
    }
}
