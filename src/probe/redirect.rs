//! Redirects (RFC 9110 §15.4): the next URL, the method, and what is withheld from other origins.
//!
//! The user's own header fields, credentials, body and client certificate are sent only to the
//! origin of the user's URL, and no longer once the chain of redirects has left it: the server that
//! redirects back chooses the path, so curl and the Fetch standard withhold them too. A redirect
//! that would send the body to another origin fails, because the method without its body would be a
//! different request. `--location-trusted` sends everything everywhere.

mod address_scope;
mod guard;

use url::Url;

use super::request::{RequestHop, withheld_items};
use super::response_head::FinalResponseHead;
use super::spec::Body;
use super::{PhaseFailure, Spec};
use crate::trace::{EventKind, ExchangeId, FailureCode, Phase};
use crate::units::Untrusted;

pub(super) use guard::{RedirectSender, check_proxied_host, permitted_addresses};

/// A redirect to be followed.
#[derive(Debug)]
pub(super) struct Redirect {
    /// The next hop.
    pub(super) hop: RequestHop,
    /// Names of the user's fields, cookies and credentials that the next hop does not get.
    withheld: Vec<String>,
    /// Number of `Location` fields with another value. They are ignored.
    other_locations: usize,
}

impl Redirect {
    /// Returns the redirect of a response; `None` if there is none to follow.
    ///
    /// # Errors
    /// Fails if the redirect must not or cannot be followed.
    pub(super) fn from_response(
        spec: &Spec,
        hop: &RequestHop,
        response: &FinalResponseHead,
        followed: u32,
    ) -> Result<Option<Self>, PhaseFailure> {
        let is_redirect =
            spec.redirects.follow && matches!(response.status, 301 | 302 | 303 | 307 | 308);
        let Some(location) = response
            .values("location")
            .next()
            .filter(|location| is_redirect && !location.trim().is_empty())
        else {
            return Ok(None);
        };
        if followed >= spec.redirects.max {
            return Err(too_many_redirects_failure(spec.redirects.max, location));
        }
        let url = resolve_location(&hop.url, location)?;
        let (method, with_body) = method_after(hop, response.status);
        let sends_credentials =
            spec.redirects.trusted || (hop.sends_credentials && url.origin() == spec.url.origin());
        if with_body && !sends_credentials && has_content(spec) {
            return Err(body_withheld_failure(response.status, &hop.url, &url));
        }
        let withheld = if sends_credentials {
            Vec::new()
        } else {
            withheld_items(spec, &url, with_body)
        };
        let other_locations = response
            .values("location")
            .filter(|other| *other != location)
            .count();
        let referer = spec
            .referer_auto
            .then(|| referer_value(spec, &hop.url, &url))
            .flatten();
        Ok(Some(Self {
            hop: RequestHop {
                url,
                method,
                with_body,
                sends_credentials,
                referer,
            },
            withheld,
            other_locations,
        }))
    }

    /// Returns the event that records where the redirect leads and what is withheld.
    pub(super) fn event(&self, exchange: ExchangeId) -> EventKind {
        let withheld = self
            .withheld
            .iter()
            .map(|name| Untrusted::new(name.as_str()))
            .collect();
        EventKind::Redirected {
            exchange,
            to: self.hop.bare_url().as_str().into(),
            withheld,
        }
    }

    /// Returns true if the redirect leads from `https` to `http`.
    pub(super) fn is_tls_downgrade_from(&self, from: &Url) -> bool {
        is_tls_downgrade(from, &self.hop.url)
    }

    /// Returns a note about further `Location` fields.
    pub(super) fn other_locations(&self) -> Option<String> {
        let others = match self.other_locations {
            0 => return None,
            1 => "another Location field".to_owned(),
            more => format!("{more} other Location fields"),
        };
        Some(format!(
            "the response has {others} with a different value; the first is followed, but other \
                clients may choose differently"
        ))
    }
}

/// Resolves the location against the URL it came from, as browsers do. Without a fragment it
/// inherits that of the URL (RFC 9110 §10.2.2).
fn resolve_location(from: &Url, location: &str) -> Result<Url, PhaseFailure> {
    let hint = "the server's Location field must be a URL or a path";
    let fault = |what: &str| {
        redirect_failure(
            FailureCode::BadRedirect,
            format!("the redirect to \"{location}\" cannot be followed: {what}"),
            hint,
        )
    };
    if location.chars().any(char::is_control) {
        return Err(fault("it contains a control character"));
    }
    let mut url = from
        .join(location)
        .map_err(|error| fault(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        let message =
            format!("the redirect to \"{location}\" leads away from HTTP and is not followed");
        return Err(redirect_failure(
            FailureCode::BadRedirect,
            message,
            "only http:// and https:// are followed",
        ));
    }
    if url.port() == Some(0) {
        return Err(fault("port 0 is not a valid port"));
    }
    if url.fragment().is_none() {
        url.set_fragment(from.fragment());
    }
    Ok(url)
}

/// Returns the method after a redirect, and whether the body is sent. 303 asks for the result by
/// GET; 301 and 302 turn POST into GET, as every client does; 307 and 308 change nothing.
fn method_after(hop: &RequestHop, status: u16) -> (String, bool) {
    let turns = match status {
        303 => hop.method != "HEAD" && hop.method != "GET",
        301 | 302 => hop.method == "POST",
        _ => false,
    };
    if turns {
        ("GET".to_owned(), false)
    } else {
        (hop.method.clone(), hop.with_body)
    }
}

/// Returns true unless the body is empty.
fn has_content(spec: &Spec) -> bool {
    match &spec.body {
        Some(Body::Bytes { bytes, .. }) => !bytes.is_empty(),
        Some(Body::Form(_)) => true,
        None => false,
    }
}

fn is_tls_downgrade(from: &Url, to: &Url) -> bool {
    from.scheme() == "https" && to.scheme() == "http"
}

/// Returns the value of `Referer` after a redirect, as browsers set it
/// (`strict-origin-when-cross-origin` of W3C's Referrer Policy): only the origin to another origin,
/// and nothing from `https` to `http` (RFC 9110 §10.1.3).
fn referer_value(spec: &Spec, from: &Url, to: &Url) -> Option<String> {
    if is_tls_downgrade(from, to) {
        return None;
    }
    if from.origin() != to.origin() && !spec.redirects.trusted {
        return Some(format!("{}/", from.origin().ascii_serialization()));
    }
    let mut bare = from.clone();
    // These calls fail only for URLs that cannot have credentials.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    bare.set_fragment(None);
    Some(bare.into())
}

fn too_many_redirects_failure(most: u32, location: &str) -> PhaseFailure {
    let message = format!("there are more than {most} redirects; the last leads to {location}");
    let hint = "two rules may redirect to each other; see the list of exchanges, or allow more \
        with --max-redirs";
    redirect_failure(FailureCode::TooManyRedirects, message, hint)
}

/// Returns the failure of a redirect that keeps the method, and with it the body (RFC 9110
/// §15.4.8), but leads to another origin.
fn body_withheld_failure(status: u16, from: &Url, to: &Url) -> PhaseFailure {
    let home = from.origin().ascii_serialization();
    let other = to.origin().ascii_serialization();
    if is_tls_downgrade(from, to) {
        let message = format!(
            "the redirect ({status}) asks to send the request's body without TLS, from {home} to \
                {other}; it was not sent"
        );
        return redirect_failure(
            FailureCode::RedirectLosesTls,
            message,
            "the server's Location should be https; --location-trusted sends the body in cleartext",
        );
    }
    let message = format!(
        "the redirect ({status}) asks to send the request's body to another origin, from {home} \
            to {other}; it was not sent"
    );
    redirect_failure(
        FailureCode::RedirectWantsBody,
        message,
        "probe that URL directly if it is the right one, or send everything along with \
            --location-trusted",
    )
}

fn redirect_failure(code: FailureCode, message: String, hint: &str) -> PhaseFailure {
    PhaseFailure::new(Phase::Receive, code, message, hint)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test fails by panicking"
    )]
    use super::*;
    use crate::probe::spec::{HeaderRule, RedirectOptions};
    use crate::trace::HttpHeader;
    use crate::units::Secret;

    fn spec(url: &str) -> Spec {
        let mut spec = Spec::get(Url::parse(url).unwrap());
        spec.redirects = RedirectOptions {
            follow: true,
            max: 3,
            ..RedirectOptions::default()
        };
        spec.headers = vec![HeaderRule::Set("X-Key".into(), Secret::new("k".into()))];
        spec
    }

    fn answer(status: u16, location: &str) -> FinalResponseHead {
        FinalResponseHead {
            status,
            headers: vec![HttpHeader::new("location", location)],
            set_cookies: Vec::new(),
            expected: None,
        }
    }

    fn follow(spec: &Spec, status: u16, location: &str) -> Redirect {
        Redirect::from_response(spec, &RequestHop::first(spec), &answer(status, location), 0)
            .unwrap()
            .unwrap()
    }

    #[test]
    fn a_location_is_resolved_and_inherits_the_fragment() {
        let spec = spec("http://h:81/a/b?q#part");
        assert_eq!(
            follow(&spec, 302, "../c").hop.url.as_str(),
            "http://h:81/c#part"
        );
        assert_eq!(
            follow(&spec, 302, "//other/x#own").hop.url.as_str(),
            "http://other/x#own"
        );
        assert_eq!(
            follow(&spec, 302, "?r").hop.url.as_str(),
            "http://h:81/a/b?r#part"
        );
    }

    #[test]
    fn user_fields_are_withheld_when_scheme_host_or_port_changes() {
        let spec = spec("http://h/");
        for (location, home) in [
            ("/x", true),
            ("http://h:80/", true),
            ("https://h/", false),
            ("http://h:81/", false),
            ("http://g/", false),
        ] {
            let redirect = follow(&spec, 302, location);
            assert_eq!(redirect.hop.sends_credentials, home, "{location}");
            assert_eq!(redirect.withheld.is_empty(), home, "{location}");
        }
        let mut trusting = spec;
        trusting.redirects.trusted = true;
        assert!(follow(&trusting, 302, "http://g/").hop.sends_credentials);
    }

    #[test]
    fn methods_change_as_in_other_clients() {
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
            assert_eq!(
                follow(&spec, status, "/").hop.method,
                expected,
                "{status} {method}"
            );
        }
    }

    #[test]
    fn redirects_that_cannot_be_followed_are_refused() {
        let spec = spec("http://h/");
        for location in [
            "ftp://h/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://",
            "http://[::1",
            "data:,x",
        ] {
            let failed = Redirect::from_response(
                &spec,
                &RequestHop::first(&spec),
                &answer(302, location),
                0,
            )
            .unwrap_err();
            assert_eq!(failed.failure.code, FailureCode::BadRedirect, "{location}");
        }
        let failed =
            Redirect::from_response(&spec, &RequestHop::first(&spec), &answer(302, "/"), 3)
                .unwrap_err();
        assert_eq!(failed.failure.code, FailureCode::TooManyRedirects);
    }

    #[test]
    fn other_responses_are_not_redirects() {
        let spec = spec("http://h/");
        assert!(
            Redirect::from_response(&spec, &RequestHop::first(&spec), &answer(200, "/"), 0)
                .unwrap()
                .is_none()
        );
        let without = FinalResponseHead {
            status: 302,
            headers: Vec::new(),
            set_cookies: Vec::new(),
            expected: None,
        };
        assert!(
            Redirect::from_response(&spec, &RequestHop::first(&spec), &without, 0)
                .unwrap()
                .is_none()
        );
    }
}
