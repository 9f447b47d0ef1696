//! The cookie jar of a chain of redirects (RFC 6265).

use std::fs;
use std::io;

use cookie_store::CookieStore;
use url::Url;

use crate::probe::spec;

/// A cookie file may be this large.
const MOST_FILE: u64 = 16 << 20;

/// Cookies that were given or set, each for where it is valid.
#[derive(Debug)]
pub(in crate::probe) struct Cookies(CookieStore);

impl Cookies {
    /// The jar that `-b` turns on, with what its file holds.
    pub(in crate::probe) fn from_spec(cookies: &spec::Cookies, url: &Url) -> io::Result<Self> {
        let mut jar = Self(CookieStore::new());
        if let spec::Cookies::File(path) = cookies
            && !path.as_os_str().is_empty()
        {
            if fs::metadata(path)?.len() > MOST_FILE {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("cookie file {} is larger than 16 MiB", path.display())));
            }
            let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
            for line in text.lines() {
                jar.take_line(line, url);
            }
        }
        Ok(jar)
    }

    /// The `Cookie` field's value for a URL.
    pub(in crate::probe) fn for_url(&self, url: &Url) -> Option<String> {
        let mut pairs: Vec<_> = self.0.matches(url);
        // Longer paths come first (RFC 6265 §5.4); the sort is stable.
        pairs.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let text: Vec<String> = pairs.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
        (!text.is_empty()).then(|| text.join("; "))
    }

    /// Takes a `Set-Cookie` value that came from `url`.
    pub(in crate::probe) fn set(&mut self, value: &str, url: &Url) {
        // A domain without a dot would be a whole top-level domain's; hosts of one label may still set their own.
        let domain = attribute(value, "domain").map(|domain| domain.trim_start_matches('.').to_owned());
        if domain.is_some_and(|domain| !domain.contains('.') && url.host_str() != Some(domain.as_str())) {
            return;
        }
        // A cookie that does not parse or does not belong is not kept; that is all there is to do with it.
        let _ = self.0.parse(value, url);
    }

    /// A line of Netscape's format or a `Set-Cookie` line.
    fn take_line(&mut self, line: &str, asked: &Url) {
        if let Some(value) = line.get(..11).filter(|start| start.eq_ignore_ascii_case("set-cookie:")).and_then(|_| line.get(11..)) {
            self.set(value.trim(), asked);
            return;
        }
        let (line, http_only) = line.strip_prefix("#HttpOnly_").map_or((line, false), |rest| (rest, true));
        if !line.starts_with('#')
            && let Some((value, url)) = netscape(line, http_only)
        {
            let _ = self.0.parse(&value, &url);
        }
    }
}

/// `domain, whether subdomains too, path, whether secure, expiry, name, value`, separated by tabs; as a `Set-Cookie` value and
/// the URL it would have come from.
fn netscape(line: &str, http_only: bool) -> Option<(String, Url)> {
    let mut parts = line.split('\t');
    let (domain, subdomains, path, secure) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (expires, name, content) = (parts.next()?, parts.next()?, parts.next().unwrap_or(""));
    let host = domain.trim_start_matches('.');
    let secure = secure.eq_ignore_ascii_case("true");
    let mut value = format!("{name}={content}; Path={path}");
    if subdomains.eq_ignore_ascii_case("true") {
        value.push_str("; Domain=");
        value.push_str(host);
    }
    if secure {
        value.push_str("; Secure");
    }
    if http_only {
        value.push_str("; HttpOnly");
    }
    let seconds: i64 = expires.trim().parse().ok()?;
    if seconds > 0 {
        let when = jiff::Timestamp::from_second(seconds).ok()?;
        value.push_str(&when.strftime("; Expires=%a, %d %b %Y %H:%M:%S GMT").to_string());
    }
    let url = Url::parse(&format!("{}://{host}{path}", if secure { "https" } else { "http" })).ok()?;
    Some((value, url))
}

fn attribute<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    value
        .split(';')
        .skip(1)
        .filter_map(|part| part.split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
        .map(|(_, v)| v.trim())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
    use std::io::Write as _;

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn empty() -> Cookies {
        Cookies(CookieStore::new())
    }

    #[test]
    fn a_cookie_goes_where_its_domain_path_and_scheme_allow() {
        let mut jar = empty();
        jar.set("a=1; Path=/deep", &url("https://www.example.com/deep/x"));
        jar.set("b=2; Domain=example.com; Secure", &url("https://www.example.com/"));
        assert_eq!(jar.for_url(&url("https://www.example.com/deep/y")).as_deref(), Some("a=1; b=2"));
        assert_eq!(jar.for_url(&url("https://other.example.com/")).as_deref(), Some("b=2"));
        assert_eq!(jar.for_url(&url("http://www.example.com/deep")).as_deref(), Some("a=1"));
        assert_eq!(jar.for_url(&url("https://example.org/")), None);
    }

    #[test]
    fn a_cookie_for_somebody_else_or_for_a_whole_top_level_domain_is_refused() {
        let mut jar = empty();
        jar.set("a=1; Domain=example.org", &url("http://example.com/"));
        jar.set("b=1; Domain=com", &url("http://example.com/"));
        assert_eq!(jar.for_url(&url("http://example.org/")), None);
        assert_eq!(jar.for_url(&url("http://other.com/")), None);
    }

    #[test]
    fn netscape_and_set_cookie_files_are_read() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let lines = [
            "# Netscape HTTP Cookie File",
            ".example.com\tTRUE\t/\tFALSE\t0\tname\tvalue",
            "#HttpOnly_example.com\tFALSE\t/\tTRUE\t4102444800\tsafe\tyes",
            "Set-Cookie: own=1; Path=/",
            "nonsense",
        ];
        writeln!(file, "{}", lines.join("\n")).unwrap();
        let jar = Cookies::from_spec(&spec::Cookies::File(file.path().to_owned()), &url("http://asked.test/")).unwrap();
        assert_eq!(jar.for_url(&url("http://sub.example.com/")).as_deref(), Some("name=value"));
        let mut both: Vec<String> = jar.for_url(&url("https://example.com/")).unwrap().split("; ").map(str::to_owned).collect();
        both.sort();
        assert_eq!(both, ["name=value", "safe=yes"]);
        assert_eq!(jar.for_url(&url("http://asked.test/x")).as_deref(), Some("own=1"));
    }

    #[test]
    fn an_empty_name_only_turns_the_jar_on() {
        let jar = Cookies::from_spec(&spec::Cookies::File("".into()), &url("http://h/")).unwrap();
        assert_eq!(jar.for_url(&url("http://h/")), None);
    }
}
