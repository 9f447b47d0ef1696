//! Cookies (RFC 6265bis): parsing, storing, sending, and cookie files.
//!
//! Section numbers are those of draft-ietf-httpbis-rfc6265bis.

mod date;
mod netscape;
mod persistent;
mod rejection;
#[cfg(test)]
mod rfc6265bis_cases;
mod scope;
mod set_cookie;
mod store;

pub use netscape::{CookieFileOptions, SkippedCookies};
pub use persistent::PersistentCookies;
pub use store::CookieStore;

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the current time in seconds since 1970.
pub fn seconds_since_1970() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or(0)
}
