//! A rate-limited page: a token bucket, and 429 (RFC 6585 §4) when it is empty.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::header::{HeaderValue, RETRY_AFTER};

use super::super::response::ServerResponse;
use super::USERS;

/// Burst size.
const CAPACITY: u32 = 5;

/// Time to refill one token.
const REFILL: Duration = Duration::from_secs(1);

/// One token bucket for all clients, full when the lab starts.
pub(super) struct TokenBucket(Mutex<Instant>);

impl Default for TokenBucket {
    fn default() -> Self {
        Self(Mutex::new(Instant::now()))
    }
}

impl TokenBucket {
    /// Takes a token; the error is the time until one is available.
    ///
    /// The bucket is stored as the time at which it will be full again: each token taken moves it
    /// by the time that refills one.
    fn take(&self, now: Instant) -> Result<(), Duration> {
        let mut full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let after = (*full_at).max(now) + REFILL;
        let excess = after.saturating_duration_since(now + REFILL * CAPACITY);
        if excess.is_zero() {
            *full_at = after;
            Ok(())
        } else {
            Err(excess)
        }
    }
}

/// `/rate-limited`.
pub(super) fn rate_limited_page(bucket: &TokenBucket) -> ServerResponse {
    match bucket.take(Instant::now()) {
        Ok(()) => ServerResponse::json(USERS),
        Err(wait) => {
            // Whole seconds (RFC 9110 §10.2.3), rounded up.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let text = format!(
                "{CAPACITY} requests at once, then one per second; try again in {seconds} s"
            );
            ServerResponse::text(StatusCode::TOO_MANY_REQUESTS, text)
                .with_header(RETRY_AFTER, HeaderValue::from(seconds))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_fit_and_then_one_at_a_time() {
        let bucket = TokenBucket::default();
        let start = Instant::now();
        for _ in 0..CAPACITY {
            assert!(bucket.take(start).is_ok());
        }
        assert!(bucket.take(start).is_err_and(|wait| wait <= REFILL));
        assert!(bucket.take(start + REFILL).is_ok());
        assert!(bucket.take(start + REFILL).is_err());
        assert!((0..CAPACITY).all(|_| bucket.take(start + REFILL * 100).is_ok()));
    }
}
