//! HTTP POST with retries, through an ordinary HTTP client.

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use thiserror::Error;

use super::destination::Destination;
use crate::probe;

/// Number of attempts, including the first.
const MAX_TRIES: u32 = 4;
/// Delay before the second attempt; it doubles for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest `Retry-After` that is honoured; a longer one ends the retries.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// Bytes of a response body that are read.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// Why a delivery failed.
#[derive(Debug, Error)]
pub(super) enum PostError {
    /// No HTTP client could be created.
    #[error("no HTTP client could be created: {0}")]
    NoClient(String),
    /// No response arrived.
    #[error("{why} ({})", format_tries(*.after))]
    Unanswered { why: String, after: u32 },
    /// The receiver refused it.
    #[error("it responded {status} ({})", format_tries(*.after))]
    Refused { status: StatusCode, after: u32 },
    /// The receiver asked for a delay longer than [`MAX_PAUSE`].
    #[error("it responded {status} and asked for a retry after {} s", .wait.as_secs())]
    RetryTooLong { status: StatusCode, wait: Duration },
}

fn format_tries(count: u32) -> String {
    if count == 1 {
        "1 attempt".to_owned()
    } else {
        format!("{count} attempts")
    }
}

/// A receiver, and which of its statuses are worth a retry.
pub(super) struct RetryingPost<'a> {
    to: &'a Destination,
    is_temporary: fn(StatusCode) -> bool,
}

/// Returns true for statuses that may change: too many requests, and server errors.
pub(super) fn is_temporary(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// Returns true for statuses that OTLP calls retryable; others must not be retried.
pub(super) fn is_retryable_by_otlp(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

/// The result of one attempt.
enum PostOutcome {
    /// Accepted; with the receiver's complaint, if it rejected part of the data.
    Delivered(Option<String>),
    /// A retry may succeed, after the delay that the receiver asked for.
    Retry(PostError, Option<Duration>),
    /// A retry would fail in the same way.
    GiveUp(PostError),
}

impl<'a> RetryingPost<'a> {
    pub(super) const fn new(to: &'a Destination, temporary: fn(StatusCode) -> bool) -> Self {
        Self {
            to,
            is_temporary: temporary,
        }
    }

    /// Sends a JSON document, with retries. Returns the receiver's complaint if it accepted only
    /// part of the data.
    pub(super) async fn send(&self, body: &str) -> Result<Option<String>, PostError> {
        let client = self.client()?;
        let mut after = 0;
        loop {
            after += 1;
            match self.attempt(&client, body, after).await {
                PostOutcome::Delivered(complaint) => return Ok(complaint),
                PostOutcome::GiveUp(error) => return Err(error),
                PostOutcome::Retry(error, _) if after == MAX_TRIES => return Err(error),
                PostOutcome::Retry(_, requested) => {
                    tokio::time::sleep(retry_delay(after, requested)).await;
                }
            }
        }
    }

    /// Creates the client. It trusts the same certificates as the probe's own auxiliary requests,
    /// and does not follow redirects, which would send header fields elsewhere.
    fn client(&self) -> Result<Client, PostError> {
        let no_client = |error: &dyn std::error::Error| PostError::NoClient(error_chain(error));
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .timeout(self.to.timeout)
            .referer(false);
        builder = builder.user_agent(concat!("tapline/", env!("CARGO_PKG_VERSION")));
        let tls = probe::auxiliary_tls_config(self.to.certificate.as_deref())
            .map_err(PostError::NoClient)?;
        builder
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|error| no_client(&error))
    }

    async fn attempt(&self, client: &Client, body: &str, after: u32) -> PostOutcome {
        let request = client
            .post(self.to.url.clone())
            .headers(self.to.headers.clone());
        let sent = request
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_owned())
            .send()
            .await;
        let response = match sent {
            Ok(response) => response,
            Err(error) => {
                let error = error.without_url();
                let unanswered = PostError::Unanswered {
                    why: error_chain(&error),
                    after,
                };
                return if is_not_trusted(&error) {
                    PostOutcome::GiveUp(unanswered)
                } else {
                    PostOutcome::Retry(unanswered, None)
                };
            }
        };
        let status = response.status();
        let requested = retry_after(&response, SystemTime::now());
        if status.is_success() {
            return PostOutcome::Delivered(partial_success_message(response).await);
        }
        let refused = PostError::Refused { status, after };
        match requested {
            _ if !(self.is_temporary)(status) => PostOutcome::GiveUp(refused),
            Some(wait) if wait > MAX_PAUSE => {
                PostOutcome::GiveUp(PostError::RetryTooLong { status, wait })
            }
            _ => PostOutcome::Retry(refused, requested),
        }
    }
}

/// The delay before the next attempt: what the receiver asked for, or else exponential backoff. A
/// quarter of random jitter keeps many clients from retrying at the same moment.
fn retry_delay(after: u32, requested: Option<Duration>) -> Duration {
    if let Some(requested) = requested {
        return requested;
    }
    let full = FIRST_PAUSE * 2_u32.saturating_pow(after - 1);
    let mut chance = [0];
    // Without random bytes there is no jitter, which does no other harm.
    let _ = aws_lc_rs::rand::fill(&mut chance);
    full * 3 / 4 + full * u32::from(chance[0]) / 512
}

/// Parses `Retry-After` (RFC 9110 §10.2.3): a number of seconds, or a date.
fn retry_after(response: &Response, now: SystemTime) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(value)
        .ok()?;
    Some(
        SystemTime::from(date)
            .duration_since(now)
            .unwrap_or_default(),
    )
}

/// The error message of a partial success (OTLP: `partialSuccess`).
async fn partial_success_message(mut response: Response) -> Option<String> {
    let mut answer = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        answer.extend_from_slice(&piece);
        if answer.len() > MAX_ANSWER_BYTES {
            return None;
        }
    }
    let answer: serde_json::Value = serde_json::from_slice(&answer).ok()?;
    let message = answer
        .get("partialSuccess")?
        .get("errorMessage")?
        .as_str()
        .filter(|message| !message.is_empty())?;
    Some(crate::units::Untrusted::new(message).escaped().into_owned())
}

/// Returns true if the server's certificate was rejected, which a retry would not change.
fn is_not_trusted(error: &reqwest::Error) -> bool {
    let mut causes = std::iter::successors(error.source(), |cause| next_cause(*cause));
    causes.any(|cause| {
        matches!(
            cause.downcast_ref(),
            Some(rustls::Error::InvalidCertificate(_))
        )
    })
}

/// The next error in the chain. An [`std::io::Error`] wraps another error without exposing it as
/// its source.
fn next_cause<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a (dyn std::error::Error + 'static)> {
    match error.downcast_ref::<std::io::Error>() {
        Some(outer) => outer.get_ref().map(|within| within as _),
        None => error.source(),
    }
}

/// An error's message followed by those of its causes.
fn error_chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
