//! Cookie options: `-b`, `-c`, `-j`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

use url::Url;

use super::masked_text;
use crate::cli::args::RequestArgs;
use crate::cli::exit::UsageError;
use crate::probe::cookies::{CookieFileOptions, CookieStore, SkippedCookies, seconds_since_1970};
use crate::probe::spec::CookieOptions;
use crate::units::Secret;

/// Maximum size of a cookie file.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Cookie files, read anew for every spec. The content of a pipe is cached, since it can be read
/// only once.
#[derive(Default)]
pub(in crate::cli) struct CookieFiles(Mutex<HashMap<String, Vec<u8>>>);

impl CookieFiles {
    /// The cookies for a transfer to `url`. As in curl, an argument that contains `=` is cookies;
    /// anything else names a file.
    ///
    /// # Errors
    /// An existing file cannot be read.
    pub(super) fn cookies(
        &self,
        args: &RequestArgs,
        url: &Url,
    ) -> Result<CookieOptions, UsageError> {
        if args.cookie.is_empty() && args.cookie_jar.is_none() {
            return Ok(CookieOptions::default());
        }
        let (texts, files): (Vec<&String>, Vec<&String>) =
            args.cookie.iter().partition(|given| given.contains('='));
        let own = texts
            .iter()
            .map(|text| text.as_str())
            .collect::<Vec<_>>()
            .join("; ");
        let mut cookies = CookieOptions {
            user_pairs: (!texts.is_empty()).then(|| Secret::new(own)),
            ..CookieOptions::default()
        };
        let mut jar = CookieStore::default();
        let reading = CookieFileOptions {
            origin_url: url,
            now: seconds_since_1970(),
            without_session_cookies: args.junk_session_cookies,
        };
        for name in files.into_iter().filter(|name| !name.is_empty()) {
            match self.read(name) {
                Ok(text) => cookies
                    .notes
                    .extend(skipped_notes(name, jar.read(&text, reading))),
                // As in curl, the name of a missing file only enables cookies.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    cookies.notes.push(format!(
                        "there is no cookie file '{}'; the run starts without cookies",
                        masked_text(name)
                    ));
                }
                Err(error) => {
                    return Err(UsageError::new(format!(
                        "-b: '{}' cannot be read: {error}",
                        masked_text(name)
                    )));
                }
            }
        }
        cookies.store = Some(jar);
        Ok(cookies)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut pipes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = pipes.get(name) {
            return Ok(text.clone());
        }
        let (text, is_file) = if name == "-" {
            (read_limited(io::stdin().lock())?, false)
        } else {
            let file = File::open(name)?;
            let is_file = file.metadata()?.is_file();
            (read_limited(file)?, is_file)
        };
        if !is_file {
            pipes.insert(name.to_owned(), text.clone());
        }
        Ok(text)
    }
}

fn read_limited(from: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    from.take(MAX_FILE_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it is larger than 16 MiB",
        ));
    }
    Ok(text)
}

/// Notes about lines that were skipped.
fn skipped_notes(name: &str, skipped: SkippedCookies) -> Vec<String> {
    let SkippedCookies {
        lines,
        first,
        beyond_limit,
    } = skipped;
    let name = masked_text(name);
    let bad = match lines {
        0 => None,
        1 => Some(format!(
            "line {first} of the cookie file '{name}' is not a cookie and was skipped"
        )),
        lines => Some(format!(
            "{lines} lines of the cookie file '{name}' are not cookies and were skipped; the \
             first is line {first}"
        )),
    };
    let many = (beyond_limit > 0).then(|| {
        format!(
            "{beyond_limit} cookies of '{name}' were not used: at most 180 per domain and 3,000 \
             in total are kept"
        )
    });
    bad.into_iter().chain(many).collect()
}
