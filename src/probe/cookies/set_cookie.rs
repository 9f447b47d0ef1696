//! Parser for `Set-Cookie` fields (RFC 6265bis §5.6). Names and values stay raw bytes.

use super::date::parse_cookie_date;
use super::rejection::CookieRejection;

/// Maximum length of a cookie's name and value together, in bytes.
pub(super) const MAX_NAME_VALUE_BYTES: usize = 4096;
/// Maximum length of an attribute's value in bytes; longer attributes are ignored.
const MAX_ATTRIBUTE_BYTES: usize = 1024;
/// Maximum lifetime of a cookie in seconds: 400 days (§5.5).
const MAX_AGE_SECONDS: i64 = 400 * 24 * 60 * 60;

/// A parsed `Set-Cookie` field.
#[derive(Default)]
pub(super) struct SetCookie<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
    /// Expiry time in seconds since 1970: from the last `Max-Age`, else from the last `Expires`.
    /// `None` for a session cookie.
    pub(super) expires: Option<i64>,
    /// Value of the last `Domain` in lower case, without a leading dot; empty if there is none.
    pub(super) domain: Vec<u8>,
    /// Value of the last `Path`; `None` for the default path.
    pub(super) path: Option<&'a [u8]>,
    /// Whether there is a `Path` attribute, valid or not.
    pub(super) has_path_attribute: bool,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: SameSite,
}

/// Value of the `SameSite` attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SameSite {
    /// Absent or unknown.
    #[default]
    Default,
    None,
    Lax,
    Strict,
}

impl<'a> SetCookie<'a> {
    /// Parses a set-cookie-string received at `now`.
    ///
    /// # Errors
    /// Fails if it contains control characters, is too long, or is empty.
    pub(super) fn parse(text: &'a [u8], now: i64) -> Result<Self, CookieRejection> {
        // Step 1; §5.7 step 3 comes down to the same.
        if text
            .iter()
            .any(|byte| byte.is_ascii_control() && *byte != b'\t')
        {
            return Err(CookieRejection::ControlCharacter);
        }
        // Steps 2 to 4.
        let mut parts = text.split(|byte| *byte == b';');
        let pair = parts.next().unwrap_or_default();
        let (name, value) = split_at_equals(pair).unwrap_or((b"", pair.trim_space()));
        // Step 5, and §5.7 steps 2 and 4.
        if name.len() + value.len() > MAX_NAME_VALUE_BYTES {
            return Err(CookieRejection::TooLong);
        }
        if name.is_empty() && value.is_empty() {
            return Err(CookieRejection::Empty);
        }
        let mut cookie = Self {
            name,
            value,
            ..Self::default()
        };
        let mut max_age = None;
        let mut expires = None;
        for part in parts {
            let (key, value) = split_at_equals(part).unwrap_or((part.trim_space(), b""));
            if value.len() > MAX_ATTRIBUTE_BYTES {
                continue;
            }
            match key.to_ascii_lowercase().as_slice() {
                b"expires" => expires = parse_cookie_date(value).or(expires),
                b"max-age" => max_age = parse_max_age(value).or(max_age),
                b"domain" => {
                    cookie.domain = value
                        .strip_prefix(b".")
                        .unwrap_or(value)
                        .to_ascii_lowercase();
                }
                b"path" => {
                    cookie.has_path_attribute = true;
                    cookie.path = Some(value).filter(|path| path.starts_with(b"/"));
                }
                b"secure" => cookie.secure = true,
                b"httponly" => cookie.http_only = true,
                b"samesite" => cookie.same_site = parse_same_site(value),
                _ => {}
            }
        }
        // §5.7 step 6: `Max-Age` takes precedence over `Expires`, in whatever order they come.
        cookie.expires = match max_age {
            Some(seconds) if seconds <= 0 => Some(i64::MIN),
            Some(seconds) => Some(now.saturating_add(seconds.min(MAX_AGE_SECONDS))),
            None => expires.map(|at| at.min(now.saturating_add(MAX_AGE_SECONDS))),
        };
        Ok(cookie)
    }
}

/// Parses `Max-Age`: digits, optionally with a minus sign (§5.6.2). A number out of range becomes
/// the nearest one in range.
fn parse_max_age(value: &[u8]) -> Option<i64> {
    let (is_negative, digits) = value
        .strip_prefix(b"-")
        .map_or((false, value), |digits| (true, digits));
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let seconds = digits.iter().fold(0_i64, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
    });
    Some(if is_negative { -seconds } else { seconds })
}

/// Parses `SameSite` (§5.6.7).
fn parse_same_site(value: &[u8]) -> SameSite {
    let is = |word: &[u8]| value.eq_ignore_ascii_case(word);
    match () {
        () if is(b"none") => SameSite::None,
        () if is(b"lax") => SameSite::Lax,
        () if is(b"strict") => SameSite::Strict,
        () => SameSite::Default,
    }
}

/// Splits at the first `=` and trims both sides; `None` if there is no `=`.
fn split_at_equals(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let place = text.iter().position(|byte| *byte == b'=')?;
    let (name, rest) = text.split_at_checked(place)?;
    Some((
        name.trim_space(),
        rest.get(1..).unwrap_or_default().trim_space(),
    ))
}

/// Trimming of `WSP`: only spaces and tabs, not what Unicode or ASCII count as white space.
trait TrimSpace {
    /// The text without spaces and tabs around it.
    fn trim_space(&self) -> &Self;
}

impl TrimSpace for [u8] {
    fn trim_space(&self) -> &[u8] {
        let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
        let start = self.iter().position(is_text).unwrap_or(self.len());
        let end = self
            .iter()
            .rposition(is_text)
            .map_or(start, |last| last + 1);
        self.get(start..end).unwrap_or_default()
    }
}
