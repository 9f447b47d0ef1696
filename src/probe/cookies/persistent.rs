//! The jar that outlives transfers, for `-c`.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use url::Url;

use super::seconds_since_1970;
use super::store::CookieStore;

/// What the run's cookies come to: those that it began with, and over them what every transfer was
/// sent, in the order it came. Every clone is the same jar. Transfers do not send what others were
/// given.
#[derive(Clone, Debug, Default)]
pub struct PersistentCookies(Arc<Mutex<CookieStore>>);

impl PersistentCookies {
    /// Takes what a transfer begins with, where nothing is known of it yet.
    pub fn add_initial(&self, jar: &CookieStore) {
        self.with(|kept| kept.add_missing(jar, seconds_since_1970()));
    }

    /// Takes a `Set-Cookie` value. Whether it is refused was said by the transfer's own jar.
    pub(in crate::probe) fn set(&self, text: &[u8], url: &Url, now: i64) {
        self.with(|kept| {
            let _ = kept.set(text, url, now);
        });
    }

    /// Writes them in Netscape's format. Returns how many cannot be told in it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<usize> {
        self.with(|kept| kept.write(out, seconds_since_1970()))
    }

    fn with<T>(&self, work: impl FnOnce(&mut CookieStore) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
