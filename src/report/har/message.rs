//! The request and the response of an entry.

use percent_encoding::{CONTROLS, utf8_percent_encode};
use serde::Serialize;

use super::cookies::{self, Cookie};
use crate::insight::redact::Redactor;
use crate::report::Options;
use crate::trace::{Exchange, Header, HttpVersion};
use crate::units::{Untrusted, WallTime};

/// Stands where the version is not known, as there was no message.
const UNKNOWN: &str = "unknown";
/// Not known.
const NO_SIZE: i64 = -1;

#[derive(Serialize)]
struct Pair {
    name: Untrusted,
    value: Untrusted,
}

fn pairs(headers: Vec<Header>) -> Vec<Pair> {
    headers
        .into_iter()
        .map(|header| Pair {
            name: header.name,
            value: header.value,
        })
        .collect()
}

/// The first value of a field.
fn first(headers: &[Header], name: &str) -> Option<Untrusted> {
    headers
        .iter()
        .find(|header| header.is(name))
        .map(|header| header.value.clone())
}

fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request<'a> {
    method: &'a str,
    url: Untrusted,
    http_version: &'static str,
    cookies: Vec<Cookie>,
    headers: Vec<Pair>,
    query_string: Vec<Pair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_data: Option<PostData>,
    headers_size: i64,
    body_size: i64,
}

/// What was sent. The body itself is not part of a run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PostData {
    mime_type: Untrusted,
    params: [Pair; 0],
    text: &'static str,
    comment: &'static str,
}

impl<'a> Request<'a> {
    pub(super) fn of(exchange: &'a Exchange, redactor: Redactor) -> Self {
        let request = exchange.request.as_ref();
        let headers = request
            .map(|request| redactor.headers(&request.headers))
            .unwrap_or_default();
        let mime_type = first(&headers, "content-type").unwrap_or_default();
        let body = request.map_or(0, |_| exchange.request_body.transferred);
        let post_data = PostData {
            mime_type,
            params: [],
            text: "",
            comment: "what was sent is not recorded",
        };
        Self {
            method: &exchange.method,
            url: ascii(&redactor.text(&exchange.url)),
            http_version: request.map_or(UNKNOWN, |request| request.version.name()),
            cookies: cookies::sent(&headers),
            query_string: query(&exchange.url, redactor),
            post_data: (body > 0).then_some(post_data),
            headers_size: request.map_or(NO_SIZE, |request| size(request.header_bytes)),
            body_size: request.map_or(NO_SIZE, |_| size(body)),
            headers: pairs(headers),
        }
    }
}

/// A URL as RFC 3986 has it, whatever it was: some readers take no other.
fn ascii(url: &Untrusted) -> Untrusted {
    Untrusted::new(utf8_percent_encode(url.raw(), CONTROLS).to_string())
}

/// The parameters of a URL's query, decoded.
fn query(url: &Untrusted, redactor: Redactor) -> Vec<Pair> {
    let without_fragment = url.raw().split('#').next().unwrap_or_default();
    let query = without_fragment
        .split_once('?')
        .map_or("", |(_, query)| query);
    let parameters = url::form_urlencoded::parse(query.as_bytes());
    parameters
        .map(|(name, value)| Pair {
            value: redactor.parameter(&name, &value),
            name: Untrusted::new(name),
        })
        .collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response {
    status: u16,
    status_text: Untrusted,
    http_version: &'static str,
    cookies: Vec<Cookie>,
    headers: Vec<Pair>,
    content: Content,
    #[serde(rename = "redirectURL")]
    redirect_url: Untrusted,
    headers_size: i64,
    body_size: i64,
    #[serde(rename = "_transferSize", skip_serializing_if = "Option::is_none")]
    transfer_size: Option<u64>,
    #[serde(rename = "_trailers", skip_serializing_if = "Vec::is_empty")]
    trailers: Vec<Pair>,
    /// What of the request's own a redirect does not take along.
    #[serde(rename = "_redirectWithheld", skip_serializing_if = "Vec::is_empty")]
    redirect_withheld: Vec<Untrusted>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    compression: Option<i64>,
    mime_type: Untrusted,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Untrusted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
}

impl Response {
    /// What came at `at`. Where nothing came the status is 0, as browsers have it.
    pub(super) fn of(exchange: &Exchange, at: Option<WallTime>, options: &Options) -> Self {
        let redactor = options.redactor();
        let response = exchange.response.as_ref();
        let headers = response
            .map(|response| redactor.headers(&response.headers))
            .unwrap_or_default();
        let body = exchange.response_body.transferred;
        let redirect = exchange
            .redirected
            .as_ref()
            .map(|(to, _)| redactor.text(to))
            .or_else(|| first(&headers, "location"));
        Self {
            status: response.map_or(0, |response| response.status),
            status_text: response
                .map(|response| redactor.words_of_others(&response.reason))
                .unwrap_or_default(),
            http_version: response
                .map(|response| response.version)
                .map_or(UNKNOWN, HttpVersion::name),
            cookies: cookies::set(&headers, at),
            content: Content::of(exchange, first(&headers, "content-type"), options),
            redirect_url: redirect.unwrap_or_default(),
            headers_size: response.map_or(NO_SIZE, |response| size(response.header_bytes)),
            body_size: response.map_or(NO_SIZE, |_| size(body)),
            transfer_size: response.map(|response| response.header_bytes.saturating_add(body)),
            trailers: response
                .map(|response| pairs(redactor.headers(&response.trailers)))
                .unwrap_or_default(),
            headers: pairs(headers),
            redirect_withheld: exchange
                .redirected
                .as_ref()
                .map(|(_, withheld)| withheld.clone())
                .unwrap_or_default(),
        }
    }
}

impl Content {
    fn of(exchange: &Exchange, mime_type: Option<Untrusted>, options: &Options) -> Self {
        let body = exchange.response_body;
        let preview = exchange.preview.as_ref().filter(|_| options.with_secrets);
        Self {
            size: body.decoded,
            compression: (body.decoded != body.transferred)
                .then(|| size(body.decoded).saturating_sub(size(body.transferred))),
            mime_type: mime_type.unwrap_or_else(|| "x-unknown".into()),
            text: preview.map(|(text, _)| text.clone()),
            comment: match preview {
                Some((_, true)) => Some("the text is the beginning of the body"),
                Some((_, false)) => None,
                None => {
                    (body.decoded > 0).then_some("the body is left out, as it may hold secrets")
                }
            },
        }
    }
}
