//! Conversion of HAR messages into events.

use super::body;
use super::log::{HarContent, HarField, HarRequest, HarResponse};
use crate::trace::{EventKind, ExchangeId, HttpHeader, HttpVersion};

/// Parses an HTTP version as browsers write it: `HTTP/1.1`, `http/2.0`, `h2`, `h3-29`.
pub(super) fn parse_version(text: Option<&str>) -> Option<HttpVersion> {
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

/// The size of a head in HTTP/1.1 notation, used if the file does not contain it: start line,
/// fields, and the empty line.
fn estimated_head_bytes(first: usize, fields: &[HttpHeader]) -> u64 {
    const LINE_END: usize = 2;
    const FIELD_OVERHEAD: usize = 4;
    let fields = fields
        .iter()
        .filter(|field| !field.name.raw().starts_with(':'));
    (first
        + LINE_END
        + LINE_END
        + fields
            .map(|field| field.name.raw().len() + field.value.raw().len() + FIELD_OVERHEAD)
            .sum::<usize>()) as u64
}

fn to_headers(list: &[HarField]) -> Vec<HttpHeader> {
    let named = list.iter().filter_map(|field| {
        Some((
            field.name.non_empty()?,
            field.value.0.as_deref().unwrap_or_default(),
        ))
    });
    named
        .map(|(name, value)| HttpHeader::new(name, value))
        .collect()
}

/// The event of the request's head.
pub(super) fn request_head(
    exchange: ExchangeId,
    request: &HarRequest,
    version: HttpVersion,
) -> EventKind {
    let headers = to_headers(&request.headers.items);
    let method = request.method.non_empty().unwrap_or("GET").to_owned();
    let url = request.url.non_empty().unwrap_or_default();
    let target = url::Url::parse(url).map_or_else(|_| url.to_owned(), |url| request_target(&url));
    let told = request.headers_size.count();
    let header_bytes = told.unwrap_or_else(|| {
        estimated_head_bytes(
            method.len() + target.len() + " HTTP/1.1".len() + 1,
            &headers,
        )
    });
    EventKind::RequestHead {
        exchange,
        version,
        method,
        target: target.into(),
        headers,
        header_bytes,
    }
}

fn request_target(url: &url::Url) -> String {
    url.query().map_or_else(
        || url.path().to_owned(),
        |query| format!("{}?{query}", url.path()),
    )
}

/// The event of the response's head.
pub(super) fn response_head(
    exchange: ExchangeId,
    response: &HarResponse,
    status: u16,
    version: HttpVersion,
) -> EventKind {
    let headers = to_headers(&response.headers.items);
    let reason = response.status_text.non_empty().unwrap_or_default();
    let told = response.headers_size.count();
    let header_bytes = told
        .unwrap_or_else(|| estimated_head_bytes("HTTP/1.1 200 ".len() + reason.len(), &headers));
    EventKind::ResponseHead {
        exchange,
        version,
        status,
        reason: reason.into(),
        headers,
        header_bytes,
    }
}

/// The body's size as transferred and as decoded; `None` if the file contains neither.
pub(super) fn body_bytes(response: &HarResponse) -> Option<(u64, u64)> {
    let none = HarContent::default();
    let content = response.content.0.as_ref().unwrap_or(&none);
    let decoded = content.size.count();
    let head = response.headers_size.count();
    let is_coded = response.headers.items.iter().any(|field| {
        field
            .name
            .non_empty()
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

/// The event of the body's preview.
pub(super) fn body_preview(exchange: ExchangeId, response: &HarResponse) -> Option<EventKind> {
    let (text, truncated) = body::decode_preview(response.content.0.as_ref()?)?;
    Some(EventKind::BodyPreview {
        exchange,
        text,
        truncated,
    })
}
