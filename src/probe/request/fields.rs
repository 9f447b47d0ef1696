//! The request's field lines: defaults, fields implied by options, and the user's own.
//!
//! Their order is curl's: `Host`, `Authorization`, `User-Agent`, `Accept` and `Accept-Encoding`,
//! `Referer`, `Cookie`, the user's own, those of the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use url::{Position, Url};

use super::{BodySource, RequestFraming, RequestHop, invalid_request};
use crate::probe::spec::{self, HeaderRule};
use crate::probe::{PhaseFailure, Spec};

/// `Accept-Encoding` for `--compressed`: the codings that can be decoded.
const ACCEPTED_CODINGS: &str = "gzip, deflate, br, zstd";

/// A field line to be sent.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::probe) struct RequestField {
    pub(in crate::probe) name: String,
    /// Value in bytes: a cookie is sent back exactly as it was received, UTF-8 or not.
    pub(in crate::probe) value: Vec<u8>,
}

impl std::fmt::Debug for RequestField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: [{} bytes]", self.name, self.value.len())
    }
}

impl RequestField {
    pub(in crate::probe) fn new(name: &str, value: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.to_owned(),
            value: value.into(),
        }
    }

    /// Creates a field with credentials in the Basic scheme (RFC 7617).
    pub(in crate::probe) fn basic_auth(name: &str, user: &str, password: &str) -> Self {
        Self::new(name, basic_credentials(user, password))
    }

    pub(in crate::probe) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// Returns the field lines of a hop and the framing of its body.
///
/// # Errors
/// Fails if a field would break the message's syntax.
pub(super) fn compose_fields(
    spec: &Spec,
    hop: &RequestHop,
    cookies: Option<Vec<u8>>,
    body: Option<&BodySource>,
) -> Result<(Vec<RequestField>, RequestFraming), PhaseFailure> {
    let rules = FieldRules { spec, hop };
    let mut fields = vec![rules.host_field()];
    fields.extend(rules.unless_overridden(default_fields(spec, hop)));
    if let Some(cookie) = rules.cookie_field(cookies) {
        fields.push(cookie);
    }
    fields.extend(rules.user_fields());
    let framing = rules.choose_framing(body);
    fields.extend(framing.field());
    if let Some(content_type) = body.and_then(|body| body.content_type()) {
        let field = RequestField::new("Content-Type", content_type);
        if rules.is_form_of_user_type() {
            fields.push(field);
        } else {
            fields.extend(rules.unless_overridden(vec![field]));
        }
    }
    validate_fields(&fields)?;
    Ok((fields, framing))
}

/// Returns what is withheld from a hop to another origin: names of fields, and the client
/// certificate if the server could request one.
pub(in crate::probe) fn withheld_items(spec: &Spec, to: &Url, with_body: bool) -> Vec<String> {
    let rules = spec.headers.iter().filter_map(|rule| match rule {
        HeaderRule::Set(name, _) if !describes_body(name, with_body) => Some(name.clone()),
        _ => None,
    });
    let has_credentials =
        spec.credentials.is_some() || spec.bearer.is_some() || !spec.url.username().is_empty();
    let options = [
        ("Authorization", has_credentials),
        ("User-Agent", spec.user_agent.is_some()),
        ("Referer", spec.referer.is_some() && !spec.referer_auto),
        ("Cookie", spec.cookies.user_pairs.is_some()),
    ];
    let mut names: Vec<String> = Vec::new();
    for name in options
        .into_iter()
        .filter(|(_, set)| *set)
        .map(|(name, _)| name.to_owned())
        .chain(rules)
    {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            names.push(name);
        }
    }
    if spec.tls.cert.is_some() && to.scheme() == "https" {
        names.push("client certificate".to_owned());
    }
    names
}

/// Returns the media type that the user sets for the body; empty if the user removes the field.
pub(super) fn user_content_type(spec: &Spec) -> Option<&str> {
    spec.headers.iter().find_map(|rule| match rule {
        HeaderRule::Set(name, value) if name.eq_ignore_ascii_case("content-type") => {
            Some(value.expose().as_str())
        }
        HeaderRule::Remove(name) if name.eq_ignore_ascii_case("content-type") => Some(""),
        _ => None,
    })
}

/// Returns true for fields that describe a body which is sent along: they are sent with it.
fn describes_body(name: &str, with_body: bool) -> bool {
    with_body
        && ["content-type", "content-encoding", "content-language"]
            .iter()
            .any(|field| name.eq_ignore_ascii_case(field))
}

/// The user's rules for fields, applied to one hop.
struct FieldRules<'a> {
    spec: &'a Spec,
    hop: &'a RequestHop,
}

impl FieldRules<'_> {
    /// Returns the user's own fields that this hop gets.
    fn user_fields(&self) -> impl Iterator<Item = RequestField> {
        self.spec.headers.iter().filter_map(|rule| match rule {
            HeaderRule::Set(name, _)
                if is_framing_field(name) || name.eq_ignore_ascii_case("host") =>
            {
                None
            }
            // The type of a form contains its boundary, so it is written by the form.
            HeaderRule::Set(name, _)
                if name.eq_ignore_ascii_case("content-type") && self.is_form_of_user_type() =>
            {
                None
            }
            HeaderRule::Set(name, value) if self.applies(name) => {
                Some(RequestField::new(name, value.expose().as_str()))
            }
            _ => None,
        })
    }

    fn is_form_of_user_type(&self) -> bool {
        let has_user_type =
            (self.spec.headers.iter()).any(|rule| value_set_by(rule, "content-type").is_some());
        self.hop.with_body && has_user_type && matches!(self.spec.body, Some(spec::Body::Form(_)))
    }

    fn applies(&self, name: &str) -> bool {
        if self.spec.body.is_some() && describes_body(name, true) {
            self.hop.with_body
        } else {
            self.hop.sends_credentials
        }
    }

    /// Removes default fields that a rule of the user replaces or removes.
    fn unless_overridden(&self, fields: Vec<RequestField>) -> impl Iterator<Item = RequestField> {
        fields.into_iter().filter(|field| {
            !self.spec.headers.iter().any(|rule| match rule {
                HeaderRule::Set(name, _) => field.is(name) && self.applies(name),
                HeaderRule::Remove(name) => field.is(name),
            })
        })
    }

    fn host_field(&self) -> RequestField {
        let ruled = self.spec.headers.iter().find_map(|rule| match rule {
            HeaderRule::Set(name, value)
                if self.hop.sends_credentials && name.eq_ignore_ascii_case("host") =>
            {
                Some(value.expose().clone())
            }
            _ => None,
        });
        RequestField::new(
            "Host",
            ruled.unwrap_or_else(|| host_and_port(&self.hop.url)),
        )
    }

    /// Returns the `Cookie` field: cookies from the store, then the user's own.
    fn cookie_field(&self, kept: Option<Vec<u8>>) -> Option<RequestField> {
        let own = self
            .spec
            .cookies
            .user_pairs
            .as_ref()
            .filter(|_| self.hop.sends_credentials)
            .map(|text| text.expose().clone().into_bytes());
        let values: Vec<Vec<u8>> = kept.into_iter().chain(own).collect();
        let field = (!values.is_empty())
            .then(|| RequestField::new("Cookie", values.join(b"; ".as_slice())))?;
        self.unless_overridden(vec![field]).next()
    }

    /// Returns the framing: the length if it is known, else chunked. Chunked also if the user asks
    /// for it.
    fn choose_framing(&self, body: Option<&BodySource>) -> RequestFraming {
        let Some(body) = body else {
            return RequestFraming::None;
        };
        let wants_chunks = self.spec.headers.iter().any(|rule| {
            value_set_by(rule, "transfer-encoding")
                .is_some_and(|value| value.to_ascii_lowercase().contains("chunked"))
        });
        body.length()
            .filter(|_| !wants_chunks)
            .map_or(RequestFraming::Chunked, RequestFraming::Length)
    }
}

/// Returns the value that a rule sets for the field `name`, ignoring case.
fn value_set_by<'a>(rule: &'a HeaderRule, name: &str) -> Option<&'a str> {
    match rule {
        HeaderRule::Set(field, value) if field.eq_ignore_ascii_case(name) => Some(value.expose()),
        _ => None,
    }
}

/// Returns true for the framing fields. They are always set by this program: a wrong value could
/// make the server misread where the request ends (request smuggling).
fn is_framing_field(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding")
}

/// Returns the fields that options imply, before the user's rules are applied.
fn default_fields(spec: &Spec, hop: &RequestHop) -> Vec<RequestField> {
    let own = |value: &Option<String>| value.clone().filter(|_| hop.sends_credentials);
    let mut fields = Vec::with_capacity(6);
    if let Some(value) = authorization_value(spec, hop) {
        fields.push(RequestField::new("Authorization", value));
    }
    let agent = own(&spec.user_agent)
        .unwrap_or_else(|| concat!("tapline/", env!("CARGO_PKG_VERSION")).to_owned());
    if !agent.is_empty() {
        fields.push(RequestField::new("User-Agent", agent));
    }
    let json = matches!(
        spec.body,
        Some(spec::Body::Bytes {
            accept_json: true,
            ..
        })
    );
    fields.push(RequestField::new(
        "Accept",
        if json { "application/json" } else { "*/*" },
    ));
    if spec.compressed {
        fields.push(RequestField::new("Accept-Encoding", ACCEPTED_CODINGS));
    }
    let referer = if spec.referer_auto {
        hop.referer.clone()
    } else {
        own(&spec.referer)
    };
    fields.extend(
        referer
            .filter(|referer| !referer.is_empty())
            .map(|referer| RequestField::new("Referer", referer)),
    );
    fields
}

/// Returns the credentials: a bearer token, `-u`, or user and password of the URL (RFC 6750 §2.1,
/// RFC 7617).
fn authorization_value(spec: &Spec, hop: &RequestHop) -> Option<String> {
    if hop.sends_credentials {
        if let Some(token) = &spec.bearer {
            return Some(format!("Bearer {}", token.expose()));
        }
        if let Some(credentials) = &spec.credentials {
            let (user, password) = credentials.expose();
            return Some(basic_credentials(user, password));
        }
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    (!hop.url.username().is_empty()).then(|| {
        basic_credentials(
            &decoded(hop.url.username()),
            &decoded(hop.url.password().unwrap_or_default()),
        )
    })
}

fn basic_credentials(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Returns host and port of a URL, without the scheme's default port (RFC 9110 §7.2).
fn host_and_port(url: &Url) -> String {
    url[Position::BeforeHost..Position::AfterPort].to_owned()
}

/// Validates names and values. A line break in a value would let it forge other fields (header
/// injection).
///
/// # Errors
/// Fails if a name is not a token or a value has a control character.
fn validate_fields(fields: &[RequestField]) -> Result<(), PhaseFailure> {
    for field in fields {
        let name_fits = !field.name.is_empty() && field.name.bytes().all(is_token);
        if !name_fits {
            return Err(invalid_request(
                format!("{:?} is not a field name", field.name),
                "A field name has letters, digits and !#$%&'*+-.^_`|~ only; write -H 'Name: \
                    value'.",
            ));
        }
        if field
            .value
            .iter()
            .any(|byte| byte.is_ascii_control() && *byte != b'\t')
        {
            return Err(invalid_request(
                format!(
                    "the value of the field {} contains a control character",
                    field.name
                ),
                "Remove line breaks and other control characters from the value.",
            ));
        }
    }
    Ok(())
}

/// Returns true for a `tchar` (RFC 9110 §5.6.2).
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test fails by panicking"
    )]
    use bytes::Bytes;

    use super::*;
    use crate::units::Secret;

    fn spec(url: &str) -> Spec {
        Spec::get(Url::parse(url).unwrap())
    }

    fn set(name: &str, value: &str) -> HeaderRule {
        HeaderRule::Set(name.to_owned(), Secret::new(value.to_owned()))
    }

    fn lines(spec: &Spec, hop: &RequestHop) -> Vec<String> {
        let request = super::super::OutgoingRequest::build(spec, hop, None).unwrap();
        request
            .fields
            .iter()
            .map(|field| format!("{}: {}", field.name, String::from_utf8_lossy(&field.value)))
            .collect()
    }

    #[test]
    fn a_plain_get_has_the_three_defaults() {
        let spec = spec("http://example.com:8080/a?b=c#d");
        let agent = concat!("User-Agent: tapline/", env!("CARGO_PKG_VERSION"));
        assert_eq!(
            lines(&spec, &RequestHop::first(&spec)),
            ["Host: example.com:8080", agent, "Accept: */*"]
        );
        let request =
            super::super::OutgoingRequest::build(&spec, &RequestHop::first(&spec), None).unwrap();
        assert_eq!(request.origin_form(), "/a?b=c");
    }

    #[test]
    fn rules_replace_remove_and_empty() {
        let mut spec = spec("http://h/");
        spec.headers = vec![
            set("accept", "text/plain"),
            HeaderRule::Remove("User-Agent".into()),
            set("X-Empty", ""),
            set("HOST", "other"),
        ];
        assert_eq!(
            lines(&spec, &RequestHop::first(&spec)),
            ["Host: other", "accept: text/plain", "X-Empty: "]
        );
    }

    #[test]
    fn json_and_credentials_imply_their_fields() {
        let mut spec = spec("http://h/");
        spec.body = Some(spec::Body::Bytes {
            bytes: Bytes::from_static(b"{}"),
            content_type: Some("application/json"),
            accept_json: true,
        });
        spec.credentials = Some(Secret::new(("user".into(), "pass".into())));
        let hop = RequestHop::first(&spec);
        assert_eq!(hop.method, "POST");
        let lines = lines(&spec, &hop);
        assert_eq!(lines[1], "Authorization: Basic dXNlcjpwYXNz");
        assert_eq!(
            lines[3..],
            [
                "Accept: application/json",
                "Content-Length: 2",
                "Content-Type: application/json"
            ]
        );
    }

    #[test]
    fn other_origins_get_no_user_data() {
        let mut spec = spec("https://user:pw@h/");
        spec.headers = vec![
            set("X-Key", "secret"),
            set("Authorization", "mine"),
            HeaderRule::Remove("Accept".into()),
        ];
        spec.cookies.user_pairs = Some(Secret::new("a=b".into()));
        spec.referer = Some("http://from/".into());
        spec.user_agent = Some("me".into());
        let away = RequestHop {
            url: Url::parse("https://other/").unwrap(),
            method: "GET".into(),
            with_body: false,
            sends_credentials: false,
            referer: None,
        };
        assert_eq!(
            lines(&spec, &away),
            [
                "Host: other",
                concat!("User-Agent: tapline/", env!("CARGO_PKG_VERSION"))
            ]
        );
        assert_eq!(
            withheld_items(&spec, &away.url, false),
            ["Authorization", "User-Agent", "Referer", "Cookie", "X-Key"]
        );
    }

    #[test]
    fn a_body_that_is_sent_keeps_its_type() {
        let mut spec = spec("http://h/");
        spec.body = Some(spec::Body::Bytes {
            bytes: Bytes::from_static(b"<a/>"),
            content_type: Some("x"),
            accept_json: false,
        });
        spec.headers = vec![set("Content-Type", "text/xml")];
        let mut away = RequestHop {
            url: Url::parse("http://other/").unwrap(),
            method: "POST".into(),
            with_body: true,
            sends_credentials: false,
            referer: None,
        };
        assert!(lines(&spec, &away).contains(&"Content-Type: text/xml".to_owned()));
        assert!(withheld_items(&spec, &away.url, true).is_empty());
        away.with_body = false;
        assert!(
            !lines(&spec, &away)
                .iter()
                .any(|line| line.starts_with("Content-"))
        );
    }

    #[test]
    fn a_forged_field_is_refused() {
        for rule in [set("X", "a\r\nEvil: b"), set("X Y", "a"), set("", "a")] {
            let mut spec = spec("http://h/");
            spec.headers = vec![rule];
            let failed =
                super::super::OutgoingRequest::build(&spec, &RequestHop::first(&spec), None)
                    .unwrap_err();
            assert_eq!(
                failed.failure.code,
                crate::trace::FailureCode::RequestInvalid
            );
        }
    }
}
