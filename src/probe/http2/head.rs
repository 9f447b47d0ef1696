//! Request heads for HTTP/2: pseudo-header fields first, names in lower case (RFC 9113 §8.3).

use http::header::{CONNECTION, HOST, HeaderName, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE};

use super::watch::RequestSummary;
use crate::probe::PhaseFailure;
use crate::probe::request::{OutgoingRequest, RequestFraming, invalid_request};
use crate::trace::HttpHeader;

/// Builds the head for h2 and its counterpart for the event.
pub(super) fn build_head(
    request: &OutgoingRequest,
) -> Result<(http::Request<()>, RequestSummary), PhaseFailure> {
    let scheme = request.url.scheme();
    let authority = request.field("host").unwrap_or_default();
    let target = request.origin_form();
    let uri = http::Uri::builder()
        .scheme(scheme)
        .authority(authority)
        .path_and_query(target.as_str())
        .build();
    let uri = uri.map_err(|error| {
        invalid_request(
            format!("{authority}{target} cannot be requested over HTTP/2: {error}"),
            "check the Host field and the URL",
        )
    })?;
    let mut head = http::Request::new(());
    *head.method_mut() = request.method.clone();
    *head.uri_mut() = uri;
    *head.version_mut() = http::Version::HTTP_2;
    for field in request
        .fields
        .iter()
        .filter(|field| !belongs_to_connection(&field.name, &field.value))
    {
        let name = HeaderName::from_bytes(field.name.as_bytes());
        let value = HeaderValue::from_bytes(&field.value);
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(invalid_request(
                format!("the field {} cannot be sent over HTTP/2", field.name),
                "check its name and value, or use --http1.1",
            ));
        };
        head.headers_mut().append(name, value);
    }
    let pseudo = [
        (":method", request.method.as_str()),
        (":scheme", scheme),
        (":authority", authority),
        (":path", target.as_str()),
    ];
    let mut headers: Vec<HttpHeader> = pseudo
        .iter()
        .map(|(name, value)| HttpHeader::new(*name, *value))
        .collect();
    headers.extend(
        head.headers().iter().map(|(name, value)| {
            HttpHeader::from_bytes(name.as_str().as_bytes(), value.as_bytes())
        }),
    );
    let expected = match request.framing {
        RequestFraming::Length(length) => Some(length),
        RequestFraming::None | RequestFraming::Chunked => None,
    };
    let method = request.method.as_str().to_owned();
    Ok((
        head,
        RequestSummary {
            method,
            target: target.into(),
            headers,
            expected,
            has_body: request.body.is_some(),
        },
    ))
}

/// Returns true for connection-specific fields, which HTTP/2 forbids (RFC 9113 §8.2.2), and for
/// `Host`, which becomes `:authority`.
fn belongs_to_connection(name: &str, value: &[u8]) -> bool {
    let is = |field: &HeaderName| name.eq_ignore_ascii_case(field.as_str());
    let named = is(&HOST) || is(&CONNECTION) || is(&TRANSFER_ENCODING) || is(&UPGRADE);
    named
        || ["keep-alive", "proxy-connection"]
            .iter()
            .any(|field| name.eq_ignore_ascii_case(field))
        || (is(&TE) && value != b"trailers")
}
