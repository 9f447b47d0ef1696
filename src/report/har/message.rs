//! The request and response of a HAR entry.

use percent_encoding::{CONTROLS, utf8_percent_encode};
use serde::Serialize;

use super::cookies::{self, HarCookie};
use crate::insight::redact::Redactor;
use crate::report::ReportOptions;
use crate::trace::{Exchange, HttpHeader, HttpVersion};
use crate::units::{Untrusted, WallTime};

/// The version if there was no message.
const UNKNOWN_VERSION: &str = "unknown";
/// The size if it is unknown.
const NO_SIZE: i64 = -1;

#[derive(Serialize)]
struct NameValue {
    name: Untrusted,
    value: Untrusted,
}

fn name_value_pairs(headers: Vec<HttpHeader>) -> Vec<NameValue> {
    headers
        .into_iter()
        .map(|header| NameValue {
            name: header.name,
            value: header.value,
        })
        .collect()
}

/// The first value of a header field.
fn first_value(headers: &[HttpHeader], name: &str) -> Option<Untrusted> {
    headers
        .iter()
        .find(|header| header.is(name))
        .map(|header| header.value.clone())
}

fn har_size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HarReportRequest<'a> {
    method: &'a str,
    url: Untrusted,
    http_version: &'static str,
    cookies: Vec<HarCookie>,
    headers: Vec<NameValue>,
    query_string: Vec<NameValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_data: Option<PostData>,
    headers_size: i64,
    body_size: i64,
}

/// The request body, which is not part of a recorded run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PostData {
    mime_type: Untrusted,
    params: [NameValue; 0],
    text: &'static str,
    comment: &'static str,
}

impl<'a> HarReportRequest<'a> {
    pub(super) fn new(exchange: &'a Exchange, redactor: Redactor) -> Self {
        let request = exchange.request.as_ref();
        let headers = request
            .map(|request| redactor.headers(&request.headers))
            .unwrap_or_default();
        let mime_type = first_value(&headers, "content-type").unwrap_or_default();
        let body = request.map_or(0, |_| exchange.request_body.transferred);
        let post_data = PostData {
            mime_type,
            params: [],
            text: "",
            comment: "the request body is not recorded",
        };
        Self {
            method: &exchange.method,
            url: ascii_url(&redactor.text(&exchange.url)),
            http_version: request.map_or(UNKNOWN_VERSION, |request| request.version.name()),
            cookies: cookies::sent_cookies(&headers),
            query_string: query_parameters(&exchange.url, redactor),
            post_data: (body > 0).then_some(post_data),
            headers_size: request.map_or(NO_SIZE, |request| har_size(request.header_bytes)),
            body_size: request.map_or(NO_SIZE, |_| har_size(body)),
            headers: name_value_pairs(headers),
        }
    }
}

/// Percent-encodes a URL as RFC 3986 requires; some HAR readers accept nothing else.
fn ascii_url(url: &Untrusted) -> Untrusted {
    Untrusted::new(utf8_percent_encode(url.raw(), CONTROLS).to_string())
}

/// The decoded query parameters of a URL.
fn query_parameters(url: &Untrusted, redactor: Redactor) -> Vec<NameValue> {
    let without_fragment = url.raw().split('#').next().unwrap_or_default();
    let query = without_fragment
        .split_once('?')
        .map_or("", |(_, query)| query);
    let parameters = url::form_urlencoded::parse(query.as_bytes());
    parameters
        .map(|(name, value)| NameValue {
            value: redactor.parameter(&name, &value),
            name: Untrusted::new(name),
        })
        .collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HarReportResponse {
    status: u16,
    status_text: Untrusted,
    http_version: &'static str,
    cookies: Vec<HarCookie>,
    headers: Vec<NameValue>,
    content: HarReportContent,
    #[serde(rename = "redirectURL")]
    redirect_url: Untrusted,
    headers_size: i64,
    body_size: i64,
    #[serde(rename = "_transferSize", skip_serializing_if = "Option::is_none")]
    transfer_size: Option<u64>,
    #[serde(rename = "_trailers", skip_serializing_if = "Vec::is_empty")]
    trailers: Vec<NameValue>,
    /// Names of the user's own data that a redirect does not pass on.
    #[serde(rename = "_redirectWithheld", skip_serializing_if = "Vec::is_empty")]
    redirect_withheld: Vec<Untrusted>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HarReportContent {
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    compression: Option<i64>,
    mime_type: Untrusted,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Untrusted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
}

impl HarReportResponse {
    /// The response, received at `at`. Without one the status is 0, as in browsers.
    pub(super) fn new(exchange: &Exchange, at: Option<WallTime>, options: &ReportOptions) -> Self {
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
            .or_else(|| first_value(&headers, "location"));
        Self {
            status: response.map_or(0, |response| response.status),
            status_text: response
                .map(|response| redactor.remote_text(&response.reason))
                .unwrap_or_default(),
            http_version: response
                .map(|response| response.version)
                .map_or(UNKNOWN_VERSION, HttpVersion::name),
            cookies: cookies::received_cookies(&headers, at),
            content: HarReportContent::new(
                exchange,
                first_value(&headers, "content-type"),
                options,
            ),
            redirect_url: redirect.unwrap_or_default(),
            headers_size: response.map_or(NO_SIZE, |response| har_size(response.header_bytes)),
            body_size: response.map_or(NO_SIZE, |_| har_size(body)),
            transfer_size: response.map(|response| response.header_bytes.saturating_add(body)),
            trailers: response
                .map(|response| name_value_pairs(redactor.headers(&response.trailers)))
                .unwrap_or_default(),
            headers: name_value_pairs(headers),
            redirect_withheld: exchange
                .redirected
                .as_ref()
                .map(|(_, withheld)| withheld.clone())
                .unwrap_or_default(),
        }
    }
}

impl HarReportContent {
    fn new(exchange: &Exchange, mime_type: Option<Untrusted>, options: &ReportOptions) -> Self {
        let body = exchange.response_body;
        let preview = exchange.preview.as_ref().filter(|_| options.with_secrets);
        Self {
            size: body.decoded,
            compression: (body.decoded != body.transferred)
                .then(|| har_size(body.decoded).saturating_sub(har_size(body.transferred))),
            mime_type: mime_type.unwrap_or_else(|| "x-unknown".into()),
            text: preview.map(|(text, _)| text.clone()),
            comment: match preview {
                Some((_, true)) => Some("the text is the beginning of the body"),
                Some((_, false)) => None,
                None => {
                    (body.decoded > 0).then_some("the body is omitted, as it may contain secrets")
                }
            },
        }
    }
}
