//! What a client need not ask for twice: validators and freshness (RFC 9110 §13, RFC 9111).

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

use super::super::answer::Answer;
use super::super::content::Request;
use super::USERS;

/// How long a copy is fresh, and how often a new one is made.
const LIFETIME: Duration = Duration::from_secs(60);

/// The copies of `/cache`: the first is made when the lab starts, and a new one each minute.
pub(super) struct Copies {
    first: Timestamp,
    since: Instant,
}

impl Default for Copies {
    fn default() -> Self {
        Self {
            first: Timestamp::now(),
            since: Instant::now(),
        }
    }
}

impl Copies {
    /// When the present copy was made, and its age in whole seconds.
    fn present(&self) -> (Timestamp, u64) {
        let (passed, lifetime) = (self.since.elapsed().as_secs(), LIFETIME.as_secs());
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
pub(super) fn etag(request: &Request) -> Answer {
    let digest = digest::digest(&digest::SHA256, USERS.as_bytes());
    let tag = format!("\"{}\"", STANDARD.encode(digest));
    let answer = if is_known(request.headers(), &tag) {
        Answer::empty(StatusCode::NOT_MODIFIED)
    } else {
        Answer::json(USERS)
    };
    answer
        .told(ETAG, &tag)
        .with(CACHE_CONTROL, HeaderValue::from_static("no-cache"))
}

/// Whether a client has the version with this tag (RFC 9110 §13.1.2, weak comparison).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let listed = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    listed
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// `/cache`: a copy that is fresh for a minute, and says how old it is.
pub(super) fn cache(request: &Request, copies: &Copies) -> Answer {
    let (made, age) = copies.present();
    let known = request
        .headers()
        .get(IF_MODIFIED_SINCE)
        .and_then(|value| value.to_str().ok());
    // A date has whole seconds, and so the comparison has too.
    let is_known = known
        .and_then(|date| DateTimeParser::new().parse_timestamp(date).ok())
        .is_some_and(|known| known.as_second() >= made.as_second());
    let answer = if is_known {
        Answer::empty(StatusCode::NOT_MODIFIED)
    } else {
        Answer::json(USERS)
    };
    let made = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&made)
        .unwrap_or_default();
    answer
        .told(
            CACHE_CONTROL,
            &format!("public, max-age={}", LIFETIME.as_secs()),
        )
        .with(AGE, HeaderValue::from(age))
        .told(LAST_MODIFIED, &made)
}
