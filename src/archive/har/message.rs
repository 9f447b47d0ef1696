//! Conversion of HAR messages into events.

use super::body;
use super::log::{HarContent, HarField, HarRequest, HarResponse};
use crate::trace::{EventKind, ExchangeId, HttpHeader, HttpVersion};

/// Parses an HTTP version as browsers write it: `HTTP/1.1`, `http/2.0`, `h2`, `h3-29`.
pub(super) fn parse_version(text: Option<&str>) -> Option<HttpVersion> {
    const NAMES: [(&str, HttpVersion); 9] = [
        ("http/1.1", HttpVersion::Http11),
        ("http/2.0", HttpVersion::Http2),
        ("h2", HttpVersion::Http2),
        ("h3", HttpVersion::Http3),
        ("http/1.0", HttpVersion::Http10),
        ("http/2", HttpVersion::Http2),
        ("h2c", HttpVersion::Http2),
        ("http/3", HttpVersion::Http3),
        ("http/3.0", HttpVersion::Http3),
    ];
    let text = text?.trim();
    let is_draft = || {
        text.get(..3)
            .is_some_and(|begins| begins.eq_ignore_ascii_case("h3-"))
    };
    NAMES
        .into_iter()
        .find(|(name, _)| text.eq_ignore_ascii_case(name))
        .map(|(_, version)| version)
        .or_else(|| is_draft().then_some(HttpVersion::Http3))
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

fn to_headers(list: &[HarField<'_>]) -> Vec<HttpHeader> {
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

/// The event of the request's head; `url` is the URL of the request, if it is valid.
pub(super) fn request_head(
    exchange: ExchangeId,
    request: &HarRequest<'_>,
    url: Option<&url::Url>,
    version: HttpVersion,
) -> EventKind {
    let headers = to_headers(&request.headers.items);
    let method = request.method.non_empty().unwrap_or("GET").to_owned();
    let target = url.map_or_else(
        || request.url.non_empty().unwrap_or_default().to_owned(),
        request_target,
    );
    let stated_size = request.headers_size.count();
    let header_bytes = stated_size.unwrap_or_else(|| {
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
    response: &HarResponse<'_>,
    status: u16,
    version: HttpVersion,
) -> EventKind {
    let headers = to_headers(&response.headers.items);
    let reason = response.status_text.non_empty().unwrap_or_default();
    let stated_size = response.headers_size.count();
    let header_bytes = stated_size
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
pub(super) fn body_bytes(response: &HarResponse<'_>) -> Option<(u64, u64)> {
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
pub(super) fn body_preview(exchange: ExchangeId, response: &HarResponse<'_>) -> Option<EventKind> {
    let (text, truncated) = body::decode_preview(response.content.0.as_ref()?)?;
    Some(EventKind::BodyPreview {
        exchange,
        text,
        truncated,
    })
}
