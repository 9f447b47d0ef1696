//! The cookie store that outlives transfers and is written to the file of `-c`.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use url::Url;

use super::seconds_since_1970;
use super::store::CookieStore;

/// Cookies to be written at the end of the run: those it began with, updated by the `Set-Cookie`
/// fields of every transfer in the order received. All clones share the same store. Transfers do
/// not send cookies from it, so repeats do not influence each other.
#[derive(Clone, Debug, Default)]
pub struct PersistentCookies(Arc<Mutex<CookieStore>>);

impl PersistentCookies {
    /// Adds the cookies that a transfer begins with, except those already known.
    pub fn add_initial(&self, store: &CookieStore) {
        self.with(|persistent| persistent.add_missing(store, seconds_since_1970()));
    }

    /// Stores the cookie of a `Set-Cookie` value. Rejections are ignored here: the transfer's own
    /// store has reported them.
    pub(in crate::probe) fn set(&self, text: &[u8], url: &Url, now: i64) {
        self.with(|persistent| {
            let _ = persistent.set(text, url, now);
        });
    }

    /// Writes the cookies in Netscape's format. Returns the number of those that the format cannot
    /// represent.
    ///
    /// # Errors
    /// Fails if writing to `out` fails.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<usize> {
        self.with(|persistent| persistent.write(out, seconds_since_1970()))
    }

    fn with<T>(&self, work: impl FnOnce(&mut CookieStore) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
