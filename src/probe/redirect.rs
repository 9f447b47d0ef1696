//! Redirects (RFC 9110 §15.4): where to, by which method, and what stays home.

use url::Url;

use super::answer::Answer;
use super::request::{Hop, withheld};
use super::{Failed, Spec};
use crate::trace::{Code, ExchangeId, Phase, What};
use crate::units::Untrusted;

/// Where an answer leads.
#[derive(Debug)]
pub(super) struct Redirect {
    /// The next hop.
    pub(super) hop: Hop,
    /// The user's own fields that it does not get.
    withheld: Vec<String>,
}

impl Redirect {
    /// The redirect of an answer, if it is one that is to be followed; a fault if it cannot be.
    pub(super) fn of(spec: &Spec, hop: &Hop, answer: &Answer, followed: u32) -> Result<Option<Self>, Failed> {
        let location = answer.values("location").next().filter(|_| matches!(answer.status, 301 | 302 | 303 | 307 | 308));
        let Some(location) = location.filter(|_| spec.redirects.follow) else { return Ok(None) };
        if followed >= spec.redirects.most {
            let message = format!("there are more than {} redirects; the last leads to {location}", spec.redirects.most);
            let hint = "two rules may send to each other in a circle; the list of exchanges shows them, and --max-redirs allows more";
            return Err(failed(Code::TooManyRedirects, message, hint));
        }
        let url = target(&hop.url, location)?;
        let (method, with_body) = method_after(hop, answer.status);
        let at_home = spec.redirects.trusted || url.origin() == spec.url.origin();
        let leaves = hop.at_home && !at_home;
        let withheld = if leaves { withheld(spec, with_body) } else { Vec::new() };
        Ok(Some(Self { hop: Hop { url, method, with_body, at_home }, withheld }))
    }

    /// Where it leads and what stays home, as an event.
    pub(super) fn event(&self, exchange: ExchangeId) -> What {
        let withheld = self.withheld.iter().map(|name| Untrusted::new(name.as_str())).collect();
        What::Redirected { exchange, to: self.hop.bare_url().as_str().into(), withheld }
    }

    /// Whether it leads from TLS to plain text.
    pub(super) fn loses_tls(&self, from: &Url) -> bool {
        from.scheme() == "https" && self.hop.url.scheme() == "http"
    }
}

/// The location, resolved against the URL it came from, whose fragment it inherits if it has none (RFC 9110 §10.2.2).
fn target(from: &Url, location: &str) -> Result<Url, Failed> {
    let hint = "the server's Location field is at fault; a Location is a URL or a path";
    let mut url = from
        .join(location)
        .map_err(|error| failed(Code::BadRedirect, format!("the redirect to \"{location}\" cannot be followed: {error}"), hint))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        let message = format!("the redirect to \"{location}\" leads away from HTTP and is not followed");
        return Err(failed(Code::BadRedirect, message, "only http:// and https:// are followed"));
    }
    if url.fragment().is_none() {
        url.set_fragment(from.fragment());
    }
    Ok(url)
}

/// 303 asks for the result by GET; 301 and 302 turn a POST into a GET as everybody does; 307 and 308 change nothing.
fn method_after(hop: &Hop, status: u16) -> (String, bool) {
    let turns = match status {
        303 => hop.method != "HEAD" && hop.method != "GET",
        301 | 302 => hop.method == "POST",
        _ => false,
    };
    if turns { ("GET".to_owned(), false) } else { (hop.method.clone(), hop.with_body) }
}

fn failed(code: Code, message: String, hint: &str) -> Failed {
    Failed::new(Phase::Receive, code, message, hint)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::probe::spec::{HeaderRule, Redirects};
    use crate::trace::Header;
    use crate::units::Secret;

    fn spec(url: &str) -> Spec {
        let mut spec = Spec::get(Url::parse(url).unwrap());
        spec.redirects = Redirects { follow: true, most: 3, trusted: false };
        spec.headers = vec![HeaderRule::Set("X-Key".into(), Secret::new("k".into()))];
        spec
    }

    fn answer(status: u16, location: &str) -> Answer {
        Answer { status, headers: vec![Header::new("location", location)], expected: None }
    }

    fn follow(spec: &Spec, status: u16, location: &str) -> Redirect {
        Redirect::of(spec, &Hop::first(spec), &answer(status, location), 0).unwrap().unwrap()
    }

    #[test]
    fn a_location_is_resolved_and_inherits_the_fragment() {
        let spec = spec("http://h:81/a/b?q#part");
        assert_eq!(follow(&spec, 302, "../c").hop.url.as_str(), "http://h:81/c#part");
        assert_eq!(follow(&spec, 302, "//other/x#own").hop.url.as_str(), "http://other/x#own");
        assert_eq!(follow(&spec, 302, "?r").hop.url.as_str(), "http://h:81/a/b?r#part");
    }

    #[test]
    fn the_users_fields_stay_home_when_scheme_host_or_port_changes() {
        let spec = spec("http://h/");
        for (location, home) in [("/x", true), ("http://h:80/", true), ("https://h/", false), ("http://h:81/", false), ("http://g/", false)]
        {
            let redirect = follow(&spec, 302, location);
            assert_eq!(redirect.hop.at_home, home, "{location}");
            assert_eq!(redirect.withheld.is_empty(), home, "{location}");
        }
        let mut trusting = spec;
        trusting.redirects.trusted = true;
        assert!(follow(&trusting, 302, "http://g/").hop.at_home);
    }

    #[test]
    fn methods_change_as_everybody_does_it() {
        let mut spec = spec("http://h/");
        for (status, method, expected) in [
            (301, "POST", "GET"),
            (302, "POST", "GET"),
            (302, "PUT", "PUT"),
            (303, "PUT", "GET"),
            (303, "HEAD", "HEAD"),
            (307, "POST", "POST"),
            (308, "DELETE", "DELETE"),
        ] {
            spec.method = Some(method.to_owned());
            assert_eq!(follow(&spec, status, "/").hop.method, expected, "{status} {method}");
        }
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        let spec = spec("http://h/");
        for location in ["ftp://h/", "file:///etc/passwd", "javascript:alert(1)", "http://", "http://[::1", "data:,x"] {
            let failed = Redirect::of(&spec, &Hop::first(&spec), &answer(302, location), 0).unwrap_err();
            assert_eq!(failed.failure.code, Code::BadRedirect, "{location}");
        }
        let failed = Redirect::of(&spec, &Hop::first(&spec), &answer(302, "/"), 3).unwrap_err();
        assert_eq!(failed.failure.code, Code::TooManyRedirects);
    }

    #[test]
    fn what_is_no_redirect_is_none() {
        let spec = spec("http://h/");
        assert!(Redirect::of(&spec, &Hop::first(&spec), &answer(200, "/"), 0).unwrap().is_none());
        let without = Answer { status: 302, headers: Vec::new(), expected: None };
        assert!(Redirect::of(&spec, &Hop::first(&spec), &without, 0).unwrap().is_none());
    }
}
