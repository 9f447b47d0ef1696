//! Cookie files in Netscape's format, as curl reads and writes them: domain, whether subdomains are
//! included, path, whether Secure, expiry, name, value, separated by tabs. Lines with a
//! `Set-Cookie` field are read as well.

use std::io::{self, Write};

use url::Url;

use super::scope::strip_brackets;
use super::set_cookie::SameSite;
use super::store::{Cookie, CookieStore, MAX_COOKIES};

/// First line of a file, by which programs recognize the format.
const FILE_HEADER: &str = "# Netscape HTTP Cookie File\n# Written by tapline: domain, include \
    subdomains, path, Secure, expiry, name, value.\n\n";
/// Prefix of the line of an `HttpOnly` cookie; other programs take the line for a comment.
const HTTP_ONLY_PREFIX: &[u8] = b"#HttpOnly_";
/// Prefix of a line in the other format.
const SET_COOKIE_PREFIX: &[u8] = b"set-cookie:";
/// Number of columns of a line.
const COLUMN_COUNT: usize = 7;

/// Options for reading a cookie file.
#[derive(Clone, Copy, Debug)]
pub struct CookieFileOptions<'a> {
    /// The URL that cookies of `Set-Cookie` lines are taken to come from.
    pub origin_url: &'a Url,
    /// Current time in seconds since 1970.
    pub now: i64,
    /// Whether session cookies are skipped (`-j`).
    pub without_session_cookies: bool,
}

/// Counts of what was not read from a cookie file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SkippedCookies {
    /// Lines that are not cookies, or whose cookie must be ignored.
    pub lines: usize,
    /// Number of the first such line, counted from 1; 0 if there is none.
    pub first: usize,
    /// Cookies beyond the limits of the store.
    pub beyond_limit: usize,
}

impl CookieStore {
    /// Reads the cookies of a file. Invalid lines are skipped.
    pub fn read(&mut self, text: &[u8], reading: CookieFileOptions<'_>) -> SkippedCookies {
        let mut skipped = SkippedCookies::default();
        let evicted = self.evicted();
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if is_comment(line) {
                continue;
            }
            if self.len() >= MAX_COOKIES {
                skipped.beyond_limit += 1;
            } else if self.read_line(line, reading).is_none() {
                skipped.lines += 1;
                skipped.first = if skipped.first == 0 {
                    number + 1
                } else {
                    skipped.first
                };
            }
        }
        skipped.beyond_limit += self.evicted() - evicted;
        skipped
    }

    /// Writes the cookies that have not expired at `now`, the newest last. Returns the number of
    /// those that the format cannot represent because of a tab in their name or path.
    ///
    /// # Errors
    /// Fails if writing to `out` fails.
    pub fn write(&self, out: &mut dyn Write, now: i64) -> io::Result<usize> {
        let mut cookies: Vec<_> = self
            .iter()
            .filter(|(_, cookie)| !cookie.is_expired(now))
            .collect();
        cookies.sort_by_key(|(_, cookie)| cookie.created);
        out.write_all(FILE_HEADER.as_bytes())?;
        let mut left_out = 0;
        for (domain, cookie) in cookies {
            if cookie.name.contains(&b'\t') || cookie.path.contains(&b'\t') {
                left_out += 1;
            } else {
                cookie.write(domain, out)?;
            }
        }
        Ok(left_out)
    }

    /// Reads a line of either format; `None` if it is not a cookie.
    fn read_line(&mut self, line: &[u8], reading: CookieFileOptions<'_>) -> Option<()> {
        let CookieFileOptions {
            origin_url,
            now,
            without_session_cookies,
        } = reading;
        let is_field = line
            .get(..SET_COOKIE_PREFIX.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(SET_COOKIE_PREFIX));
        // Whether a field in a file came over a secure connection is unknown; the user who supplies
        // the file vouches for it.
        let (domain, cookie) = match line.get(SET_COOKIE_PREFIX.len()..).filter(|_| is_field) {
            Some(field) => Cookie::from_set_cookie(field, origin_url, now).ok()?,
            None => Cookie::from_netscape(line)?,
        };
        if !(without_session_cookies && cookie.expires.is_none()) {
            self.insert(domain, cookie, now);
        }
        Some(())
    }
}

impl Cookie {
    fn from_netscape(line: &[u8]) -> Option<(String, Self)> {
        let (line, http_only) = line
            .strip_prefix(HTTP_ONLY_PREFIX)
            .map_or((line, false), |rest| (rest, true));
        let mut columns = line.splitn(COLUMN_COUNT, |byte| *byte == b'\t');
        let mut next = || columns.next();
        let (domain, below, path, secure, expires, name) =
            (next()?, next()?, next()?, next()?, next()?, next()?);
        let value = next().unwrap_or_default();
        let host = std::str::from_utf8(domain).ok()?.trim();
        let host = strip_brackets(host.strip_prefix('.').unwrap_or(host)).to_ascii_lowercase();
        let is_text = |text: &[u8]| {
            text.iter()
                .all(|byte| !byte.is_ascii_control() || *byte == b'\t')
        };
        let is_pair = !(name.is_empty() && value.is_empty()) && is_text(name) && is_text(value);
        // A non-ASCII name cannot be the canonical form of a host (§5.1.2).
        if host.is_empty() || !host.is_ascii() || !is_pair || !path.starts_with(b"/") {
            return None;
        }
        let cookie = Self {
            name: name.to_vec(),
            value: value.to_vec(),
            host_only: !parse_flag(below)?,
            path: path.to_vec(),
            secure: parse_flag(secure)?,
            http_only,
            same_site: SameSite::Default,
            expires: Some(parse_expiry(expires)?).filter(|seconds| *seconds != 0),
            created: 0,
            last_used: 0,
        };
        cookie.check_prefix(true).ok()?;
        Some((host, cookie))
    }

    fn write(&self, domain: &str, out: &mut dyn Write) -> io::Result<()> {
        let word = |is: bool| if is { "TRUE" } else { "FALSE" };
        if self.http_only {
            out.write_all(HTTP_ONLY_PREFIX)?;
        }
        write!(
            out,
            "{}{domain}\t{}\t",
            if self.host_only { "" } else { "." },
            word(!self.host_only)
        )?;
        out.write_all(&self.path)?;
        write!(
            out,
            "\t{}\t{}\t",
            word(self.secure),
            self.expires.unwrap_or(0)
        )?;
        out.write_all(&self.name)?;
        out.write_all(b"\t")?;
        out.write_all(&self.value)?;
        out.write_all(b"\n")
    }
}

/// Returns true for an empty line or a comment.
fn is_comment(line: &[u8]) -> bool {
    line.trim_ascii().is_empty() || (line.starts_with(b"#") && !line.starts_with(HTTP_ONLY_PREFIX))
}

fn parse_flag(text: &[u8]) -> Option<bool> {
    match text.trim_ascii() {
        text if text.eq_ignore_ascii_case(b"true") => Some(true),
        text if text.eq_ignore_ascii_case(b"false") => Some(false),
        _ => None,
    }
}

/// Parses seconds since 1970, optionally with a fraction; 0 means the end of the session.
fn parse_expiry(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // A number out of range is further away than any time.
    Some(whole.parse().unwrap_or(if whole.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    }))
}
