//! The messages of an entry.

use super::body;
use super::log::{Content, Field, Request, Response};
use crate::trace::{ExchangeId, Header, HttpVersion, What};

/// A version as browsers write it: `HTTP/1.1`, `http/2.0`, `h2`, `h3-29`.
pub(super) fn version(text: Option<&str>) -> Option<HttpVersion> {
    let text = text?.trim().to_ascii_lowercase();
    match text.as_str() {
        "http/1.0" => Some(HttpVersion::Http10),
        "http/1.1" => Some(HttpVersion::Http11),
        "http/2" | "http/2.0" | "h2" | "h2c" => Some(HttpVersion::Http2),
        _ if text == "http/3" || text == "http/3.0" || text == "h3" || text.starts_with("h3-") => {
            Some(HttpVersion::Http3)
        }
        _ => None,
    }
}

/// Bytes of a head as HTTP/1.1 writes it, where the file does not say: its first line, its fields,
/// and the line that ends it.
fn head_bytes(first: usize, fields: &[Header]) -> u64 {
    const ENDS: usize = 2;
    const AROUND: usize = 4;
    let fields = fields
        .iter()
        .filter(|field| !field.name.raw().starts_with(':'));
    (first
        + ENDS
        + ENDS
        + fields
            .map(|field| field.name.raw().len() + field.value.raw().len() + AROUND)
            .sum::<usize>()) as u64
}

fn fields(list: &[Field]) -> Vec<Header> {
    let named = list.iter().filter_map(|field| {
        Some((
            field.name.some()?,
            field.value.0.as_deref().unwrap_or_default(),
        ))
    });
    named
        .map(|(name, value)| Header::new(name, value))
        .collect()
}

/// The request's head.
pub(super) fn request_head(exchange: ExchangeId, request: &Request, version: HttpVersion) -> What {
    let headers = fields(&request.headers.items);
    let method = request.method.some().unwrap_or("GET").to_owned();
    let url = request.url.some().unwrap_or_default();
    let target = url::Url::parse(url).map_or_else(|_| url.to_owned(), |url| target(&url));
    let told = request.headers_size.count();
    let header_bytes = told.unwrap_or_else(|| {
        head_bytes(
            method.len() + target.len() + " HTTP/1.1".len() + 1,
            &headers,
        )
    });
    What::RequestHead {
        exchange,
        version,
        method,
        target: target.into(),
        headers,
        header_bytes,
    }
}

fn target(url: &url::Url) -> String {
    url.query().map_or_else(
        || url.path().to_owned(),
        |query| format!("{}?{query}", url.path()),
    )
}

/// The response's head.
pub(super) fn response_head(
    exchange: ExchangeId,
    response: &Response,
    status: u16,
    version: HttpVersion,
) -> What {
    let headers = fields(&response.headers.items);
    let reason = response.status_text.some().unwrap_or_default();
    let told = response.headers_size.count();
    let header_bytes =
        told.unwrap_or_else(|| head_bytes("HTTP/1.1 200 ".len() + reason.len(), &headers));
    What::ResponseHead {
        exchange,
        version,
        status,
        reason: reason.into(),
        headers,
        header_bytes,
    }
}

/// How large the body is, as transferred and as decoded; `None` where the file says neither.
pub(super) fn body_bytes(response: &Response) -> Option<(u64, u64)> {
    let none = Content::default();
    let content = response.content.0.as_ref().unwrap_or(&none);
    let decoded = content.size.count();
    let head = response.headers_size.count();
    let is_coded = response.headers.items.iter().any(|field| {
        field
            .name
            .some()
            .is_some_and(|name| name.eq_ignore_ascii_case("content-encoding"))
    });
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what is beyond bounds is none"
    )]
    let compression = content
        .compression
        .0
        .filter(|saved| saved.abs() < 9e15)
        .map(|saved| saved as i64);
    let received = response
        .body_size
        .count()
        .or_else(|| response.transfer_size.count()?.checked_sub(head?))
        .or_else(|| decoded?.checked_add_signed(compression?.saturating_neg()))
        .or_else(|| decoded.filter(|_| !is_coded));
    match (received, decoded) {
        (Some(received), decoded) => Some((received, decoded.unwrap_or(received))),
        (None, Some(decoded)) => Some((decoded, decoded)),
        (None, None) => None,
    }
}

/// What is shown of the body.
pub(super) fn preview(exchange: ExchangeId, response: &Response) -> Option<What> {
    let (text, truncated) = body::preview(response.content.0.as_ref()?)?;
    Some(What::BodyPreview {
        exchange,
        text,
        truncated,
    })
}
