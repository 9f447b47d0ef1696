//! HTTP caching: validators and freshness (RFC 9110 §13, RFC 9111).

use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{
    AGE, CACHE_CONTROL, ETAG, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use hyper::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};

use super::super::handler::IncomingRequest;
use super::super::response::ServerResponse;
use super::USERS;

/// Freshness lifetime, and the interval at which a new copy is made.
const LIFETIME: Duration = Duration::from_secs(60);

/// The copies of `/cache`: the first is made when the lab starts, then a new one each minute.
pub(super) struct CachedCopies {
    first: Timestamp,
    since: Instant,
}

impl Default for CachedCopies {
    fn default() -> Self {
        Self {
            first: Timestamp::now(),
            since: Instant::now(),
        }
    }
}

impl CachedCopies {
    /// When the current copy was made, and its age in whole seconds.
    fn current(&self) -> (Timestamp, u64) {
        let passed = self.since.elapsed().as_secs();
        let lifetime = LIFETIME.as_secs();
        let age = passed % lifetime;
        (
            self.first
                .saturating_add(Duration::from_secs(passed - age))
                .unwrap_or(self.first),
            age,
        )
    }
}

/// `/etag`: a page whose entity tag is its digest.
pub(super) fn etag_page(request: &IncomingRequest) -> ServerResponse {
    let digest = digest::digest(&digest::SHA256, USERS.as_bytes());
    let tag = format!("\"{}\"", STANDARD.encode(digest));
    let response = if matches_etag(request.headers(), &tag) {
        ServerResponse::empty(StatusCode::NOT_MODIFIED)
    } else {
        ServerResponse::json(USERS)
    };
    response
        .with_text_header(ETAG, &tag)
        .with_header(CACHE_CONTROL, HeaderValue::from_static("no-cache"))
}

/// Returns true if `If-None-Match` matches the tag (RFC 9110 §13.1.2, weak comparison).
fn matches_etag(headers: &HeaderMap, tag: &str) -> bool {
    let tags = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    tags.map(str::trim)
        .any(|listed| listed == "*" || listed.trim_start_matches("W/") == tag)
}

/// `/cache`: a copy that is fresh for a minute, with its age.
pub(super) fn cache_page(request: &IncomingRequest, copies: &CachedCopies) -> ServerResponse {
    let (made, age) = copies.current();
    let client_date = request
        .headers()
        .get(IF_MODIFIED_SINCE)
        .and_then(|value| value.to_str().ok());
    // HTTP dates have whole seconds, so the comparison has, too.
    let is_known = client_date
        .and_then(|date| DateTimeParser::new().parse_timestamp(date).ok())
        .is_some_and(|client_date| client_date.as_second() >= made.as_second());
    let response = if is_known {
        ServerResponse::empty(StatusCode::NOT_MODIFIED)
    } else {
        ServerResponse::json(USERS)
    };
    let made = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&made)
        .unwrap_or_default();
    response
        .with_text_header(
            CACHE_CONTROL,
            &format!("public, max-age={}", LIFETIME.as_secs()),
        )
        .with_header(AGE, HeaderValue::from(age))
        .with_text_header(LAST_MODIFIED, &made)
}
