//! Posting, again and again where that may help, by the ordinary client.

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use thiserror::Error;

use super::destination::Destination;
use crate::probe;

/// Tries, the first one included.
const MOST_TRIES: u32 = 4;
/// Before the second try; twice that before the third, and so on.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// A receiver that wants to be left alone for longer is.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Bytes of an answer that are read.
const MOST_ANSWER: usize = 64 << 10;

/// Why something did not arrive.
#[derive(Debug, Error)]
pub(super) enum Undelivered {
    /// There is no client to send it with.
    #[error("no client for it: {0}")]
    NoClient(String),
    /// Nobody answered.
    #[error("{why} ({})", tries(*.after))]
    Unanswered { why: String, after: u32 },
    /// The answer was no.
    #[error("it answered {status} ({})", tries(*.after))]
    Refused { status: StatusCode, after: u32 },
    /// It asked for more patience than there is.
    #[error("it answered {status} and wants to be asked again in {} s", .wait.as_secs())]
    Later { status: StatusCode, wait: Duration },
}

fn tries(count: u32) -> String {
    if count == 1 {
        "1 try".to_owned()
    } else {
        format!("{count} tries")
    }
}

/// A receiver, and what of its answers is worth another try.
pub(super) struct Post<'a> {
    to: &'a Destination,
    temporary: fn(StatusCode) -> bool,
}

/// Too many at once, or a fault on the other side.
pub(super) fn temporary(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// What OTLP calls retryable; others must not be tried again.
pub(super) fn temporary_by_otlp(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

/// What came of a try.
enum Tried {
    /// It arrived; what the receiver has to say.
    Arrived(Option<String>),
    /// It may help to try again, after what the receiver asked for.
    Again(Undelivered, Option<Duration>),
    /// It will not.
    Never(Undelivered),
}

impl<'a> Post<'a> {
    pub(super) const fn to(to: &'a Destination, temporary: fn(StatusCode) -> bool) -> Self {
        Self { to, temporary }
    }

    /// Sends a JSON document. What the receiver complains of though it took it is returned.
    pub(super) async fn send(&self, body: &str) -> Result<Option<String>, Undelivered> {
        let client = self.client()?;
        let mut after = 0;
        loop {
            after += 1;
            match self.attempt(&client, body, after).await {
                Tried::Arrived(complaint) => return Ok(complaint),
                Tried::Never(error) => return Err(error),
                Tried::Again(error, _) if after == MOST_TRIES => return Err(error),
                Tried::Again(_, asked) => tokio::time::sleep(pause(after, asked)).await,
            }
        }
    }

    /// With the trust of the probe's own side traffic. Redirects are not followed: they would carry
    /// fields elsewhere.
    fn client(&self) -> Result<Client, Undelivered> {
        let no_client = |error: &dyn std::error::Error| Undelivered::NoClient(sentence(error));
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .timeout(self.to.timeout)
            .referer(false);
        builder = builder.user_agent(concat!("tapline/", env!("CARGO_PKG_VERSION")));
        let tls = probe::side_traffic_tls(self.to.certificate.as_deref())
            .map_err(Undelivered::NoClient)?;
        builder
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|error| no_client(&error))
    }

    async fn attempt(&self, client: &Client, body: &str, after: u32) -> Tried {
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
                let unanswered = Undelivered::Unanswered {
                    why: sentence(&error),
                    after,
                };
                return if is_not_trusted(&error) {
                    Tried::Never(unanswered)
                } else {
                    Tried::Again(unanswered, None)
                };
            }
        };
        let (status, asked) = (response.status(), retry_after(&response, SystemTime::now()));
        if status.is_success() {
            return Tried::Arrived(complaint(response).await);
        }
        let refused = Undelivered::Refused { status, after };
        match asked {
            _ if !(self.temporary)(status) => Tried::Never(refused),
            Some(wait) if wait > LONGEST_PAUSE => Tried::Never(Undelivered::Later { status, wait }),
            _ => Tried::Again(refused, asked),
        }
    }
}

/// How long to wait: what was asked for, else twice as long as before, give or take a quarter so
/// that many do not come back at once.
fn pause(after: u32, asked: Option<Duration>) -> Duration {
    if let Some(asked) = asked {
        return asked;
    }
    let full = FIRST_PAUSE * 2_u32.saturating_pow(after - 1);
    let mut chance = [0];
    // Without chance they come back at once, that is all.
    let _ = aws_lc_rs::rand::fill(&mut chance);
    full * 3 / 4 + full * u32::from(chance[0]) / 512
}

/// RFC 9110 §10.2.3: seconds, or a date.
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

/// What a collector says that it took not all of (OTLP: `partialSuccess`).
async fn complaint(mut response: Response) -> Option<String> {
    let mut answer = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        answer.extend_from_slice(&piece);
        if answer.len() > MOST_ANSWER {
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

/// Whether it is the other side's certificate, which will be the same next time.
fn is_not_trusted(error: &reqwest::Error) -> bool {
    let mut causes = std::iter::successors(error.source(), |cause| beneath(*cause));
    causes.any(|cause| {
        matches!(
            cause.downcast_ref(),
            Some(rustls::Error::InvalidCertificate(_))
        )
    })
}

/// The next cause. An input/output error holds another one, but does not call that its source.
fn beneath<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a (dyn std::error::Error + 'static)> {
    match error.downcast_ref::<std::io::Error>() {
        Some(outer) => outer.get_ref().map(|within| within as _),
        None => error.source(),
    }
}

/// An error with its causes.
fn sentence(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
