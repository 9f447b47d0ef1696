//! The cookie store: which cookies are kept, and to which requests they belong (RFC 6265bis §5.7
//! and §5.8).

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use url::Url;

use super::rejection::CookieRejection;
use super::scope::{
    canonical_host, default_path, domain_matches, is_public_suffix, is_secure, path_matches,
    strip_brackets,
};
use super::set_cookie::{SameSite, SetCookie};

/// Maximum number of cookies per domain, the same as in Chrome and Firefox.
pub(super) const MAX_COOKIES_PER_DOMAIN: usize = 180;
/// Maximum number of cookies in all (§5.7, §6.1).
pub(super) const MAX_COOKIES: usize = 3000;

/// Cookie store. Times are seconds since 1970.
#[derive(Clone, Default)]
pub struct CookieStore {
    /// Cookies by domain.
    domains: BTreeMap<String, Vec<Cookie>>,
    /// Number of cookies.
    count: usize,
    /// Logical clock, advanced by every change and use: it orders cookies of the same second.
    clock: u64,
    /// Number of cookies evicted because of the limits.
    evicted: usize,
}

/// A stored cookie.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Cookie {
    pub(super) name: Vec<u8>,
    pub(super) value: Vec<u8>,
    pub(super) host_only: bool,
    pub(super) path: Vec<u8>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    /// Stored, but never a reason to withhold the cookie: a request from a command line has no
    /// initiating site, so it and its redirects are same-site (§5.2).
    pub(super) same_site: SameSite,
    /// Expiry time; `None` for a session cookie.
    pub(super) expires: Option<i64>,
    /// Creation time on the store's logical clock.
    pub(super) created: u64,
    /// Time of last use on the store's logical clock.
    pub(super) last_used: u64,
}

impl CookieStore {
    /// Returns the number of cookies.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Returns the number of cookies evicted because of the limits.
    pub(super) const fn evicted(&self) -> usize {
        self.evicted
    }

    /// Returns true if there are no cookies.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Stores the cookie of a `Set-Cookie` value received from `url` at `now` (§5.7). A value that
    /// has already expired deletes the cookie it would replace.
    ///
    /// # Errors
    /// Fails if the cookie must be ignored.
    pub(in crate::probe) fn set(
        &mut self,
        text: &[u8],
        url: &Url,
        now: i64,
    ) -> Result<(), CookieRejection> {
        let (domain, cookie) = Cookie::from_set_cookie(text, url, now)?;
        // Step 13.
        if cookie.secure && !is_secure(url) {
            return Err(CookieRejection::NotSecure);
        }
        // Step 16.
        if !cookie.secure && !is_secure(url) && self.has_secure_before(&domain, &cookie) {
            return Err(CookieRejection::OverlaysSecure);
        }
        self.insert(domain, cookie, now);
        Ok(())
    }

    /// Returns the value of the `Cookie` field for a request to `url` at `now` (§5.8.3); `None` if
    /// no cookie matches.
    pub(in crate::probe) fn cookie_string(&mut self, url: &Url, now: i64) -> Option<Vec<u8>> {
        let host = canonical_host(url);
        let path = url.path().as_bytes();
        let secure = is_secure(url);
        self.clock += 1;
        let used = self.clock;
        let mut chosen: Vec<&mut Cookie> = Vec::new();
        for (domain, cookies) in self
            .domains
            .iter_mut()
            .filter(|(domain, _)| domain_matches(&host, domain))
        {
            let is_here = *domain == host;
            chosen.extend(cookies.iter_mut().filter(|cookie| {
                (is_here || !cookie.host_only)
                    && path_matches(path, &cookie.path)
                    && (secure || !cookie.secure)
                    && !cookie.is_expired(now)
            }));
        }
        chosen.sort_by_key(|cookie| (Reverse(cookie.path.len()), cookie.created));
        let mut text = Vec::new();
        for (number, cookie) in chosen.into_iter().enumerate() {
            cookie.last_used = used;
            if number > 0 {
                text.extend_from_slice(b"; ");
            }
            if !cookie.name.is_empty() {
                text.extend_from_slice(&cookie.name);
                text.push(b'=');
            }
            text.extend_from_slice(&cookie.value);
        }
        (!text.is_empty()).then_some(text)
    }

    /// Inserts a cookie, replacing the one with the same name, domain and path (§5.7 steps 23 and
    /// 24), and removes expired and excess cookies.
    pub(super) fn insert(&mut self, domain: String, mut cookie: Cookie, now: i64) {
        self.clock += 1;
        (cookie.created, cookie.last_used) = (self.clock, self.clock);
        let cookies = self.domains.entry(domain).or_default();
        let before = cookies.len();
        let is_same = |old: &Cookie| {
            old.name == cookie.name && old.host_only == cookie.host_only && old.path == cookie.path
        };
        if let Some(place) = cookies.iter().position(is_same) {
            cookie.created = cookies.remove(place).created;
        }
        cookies.push(cookie);
        cookies.retain(|cookie| !cookie.is_expired(now));
        if cookies.len() > MAX_COOKIES_PER_DOMAIN {
            evict_least_recently_used(cookies);
            self.evicted += 1;
        }
        self.count = self.count + cookies.len() - before;
        if self.count > MAX_COOKIES {
            self.evict_expired_or_oldest(now);
        }
    }

    /// Iterates over all cookies with their domains, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Cookie)> {
        self.domains.iter().flat_map(|(domain, cookies)| {
            cookies.iter().map(move |cookie| (domain.as_str(), cookie))
        })
    }

    /// Adds the cookies of `other` that are not in this store.
    pub(super) fn add_missing(&mut self, other: &Self, now: i64) {
        let mut others: Vec<_> = other.iter().collect();
        others.sort_by_key(|(_, cookie)| cookie.created);
        for (domain, cookie) in others {
            let is_same = |old: &Cookie| {
                old.name == cookie.name
                    && old.host_only == cookie.host_only
                    && old.path == cookie.path
            };
            if !self
                .domains
                .get(domain)
                .is_some_and(|cookies| cookies.iter().any(is_same))
            {
                self.insert(domain.to_owned(), cookie.clone(), now);
            }
        }
    }

    /// Returns true if `new` would shadow a Secure cookie of the same name: be sent before it, or
    /// replace it.
    fn has_secure_before(&self, domain: &str, new: &Cookie) -> bool {
        self.iter().any(|(other, cookie)| {
            cookie.secure
                && cookie.name == new.name
                && (domain_matches(other, domain) || domain_matches(domain, other))
                && path_matches(&new.path, &cookie.path)
        })
    }

    /// Enforces the limit on all cookies: removes expired ones and, if that is not enough, the
    /// least recently used one.
    fn evict_expired_or_oldest(&mut self, now: i64) {
        self.domains
            .values_mut()
            .for_each(|cookies| cookies.retain(|cookie| !cookie.is_expired(now)));
        let all: usize = self.domains.values().map(Vec::len).sum();
        let oldest = self
            .iter()
            .map(|(_, cookie)| (cookie.last_used, cookie.created))
            .min();
        if let Some(oldest) = oldest.filter(|_| all > MAX_COOKIES) {
            self.domains.values_mut().for_each(|cookies| {
                cookies.retain(|cookie| (cookie.last_used, cookie.created) != oldest);
            });
            self.evicted += 1;
        }
        self.domains.retain(|_, cookies| !cookies.is_empty());
        self.count = self.domains.values().map(Vec::len).sum();
    }
}

impl Cookie {
    /// Returns the cookie of a `Set-Cookie` value received from `url` at `now`, and its domain.
    /// This is the part of §5.7 that depends neither on other cookies nor on the connection.
    ///
    /// # Errors
    /// Fails if the cookie must be ignored.
    pub(super) fn from_set_cookie(
        text: &[u8],
        url: &Url,
        now: i64,
    ) -> Result<(String, Self), CookieRejection> {
        let set = SetCookie::parse(text, now)?;
        let (domain, host_only) = cookie_domain(&set, canonical_host(url))?;
        // Step 19.
        if set.same_site == SameSite::None && !set.secure {
            return Err(CookieRejection::SameSiteNone);
        }
        let cookie = Self {
            name: set.name.to_vec(),
            value: set.value.to_vec(),
            host_only,
            path: set
                .path
                .map_or_else(|| default_path(url).to_vec(), <[u8]>::to_vec),
            secure: set.secure,
            http_only: set.http_only,
            same_site: set.same_site,
            expires: set.expires,
            created: 0,
            last_used: 0,
        };
        cookie.check_prefix(set.has_path_attribute)?;
        Ok((domain, cookie))
    }

    /// Returns true if the cookie has expired at `now`.
    pub(super) fn is_expired(&self, now: i64) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }

    /// Steps 20 to 22: checks the requirements of the name prefixes `__Secure-` and `__Host-`
    /// (§5.4).
    pub(super) fn check_prefix(&self, names_path: bool) -> Result<(), CookieRejection> {
        let begins = |text: &[u8], prefix: &[u8]| {
            text.get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let [secure, host] = [b"__Secure-".as_slice(), b"__Host-"];
        if begins(&self.name, secure) && !self.secure {
            return Err(CookieRejection::SecurePrefix);
        }
        if begins(&self.name, host)
            && !(self.secure && self.host_only && names_path && self.path == b"/")
        {
            return Err(CookieRejection::HostPrefix);
        }
        if self.name.is_empty() && (begins(&self.value, secure) || begins(&self.value, host)) {
            return Err(CookieRejection::HiddenPrefix);
        }
        Ok(())
    }
}

/// Steps 7 to 10: returns the cookie's domain, and true if the cookie is for that host only.
fn cookie_domain(set: &SetCookie<'_>, host: String) -> Result<(String, bool), CookieRejection> {
    let domain = std::str::from_utf8(&set.domain)
        .ok()
        .filter(|domain| domain.is_ascii())
        .ok_or(CookieRejection::DomainNotAscii)?;
    let domain = strip_brackets(domain);
    if domain.is_empty() || (domain == host && is_public_suffix(domain)) {
        return Ok((host, true));
    }
    if is_public_suffix(domain) {
        return Err(CookieRejection::PublicSuffix(domain.to_owned()));
    }
    if !domain_matches(&host, domain) {
        return Err(CookieRejection::OtherDomain(domain.to_owned(), host));
    }
    Ok((domain.to_owned(), false))
}

/// Removes the least recently used cookie of one domain, those without Secure first.
fn evict_least_recently_used(cookies: &mut Vec<Cookie>) {
    let oldest = cookies
        .iter()
        .enumerate()
        .min_by_key(|(_, cookie)| (cookie.secure, cookie.last_used, cookie.created))
        .map(|(place, _)| place);
    if let Some(place) = oldest {
        cookies.remove(place);
    }
}

impl fmt::Debug for CookieStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CookieStore of {} cookies", self.count)
    }
}
