//! Pages that demonstrate features of HTTP messages: interim responses, trailers, timing headers,
//! cookies.

use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue, LINK, SET_COOKIE, TRAILER};
use hyper::{HeaderMap, StatusCode};
use tokio::time::sleep;

use super::super::body::{self, PatternBody};
use super::super::handler::IncomingRequest;
use super::super::response::{InterimResponse, ServerResponse};
use super::USERS;

/// Eight chunks, 100 ms apart.
pub(super) fn drip_page() -> ServerResponse {
    let piece = Bytes::from_static(b"one drop of eight, a tenth of a second apart from the next\n");
    let length = piece.len() as u64 * 8;
    ServerResponse::ok(
        "text/plain; charset=utf-8",
        PatternBody::repeating(piece, length)
            .with_interval(Duration::from_millis(100))
            .boxed(),
    )
}

/// A trailer with the digest of the body, which a sender knows only after sending it (RFC 9530).
pub(super) fn trailers_page() -> ServerResponse {
    let digest = digest::digest(&digest::SHA256, USERS.as_bytes());
    let mut trailers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&format!("sha-256=:{}:", STANDARD.encode(digest))) {
        trailers.insert(HeaderName::from_static("content-digest"), value);
    }
    let body = PatternBody::repeating(Bytes::from_static(USERS.as_bytes()), USERS.len() as u64)
        .with_trailers(trailers);
    ServerResponse::ok("application/json", body.boxed())
        .with_header(TRAILER, HeaderValue::from_static("Content-Digest"))
}

/// 103 (RFC 8297) at once, the final response 50 ms later.
pub(super) fn early_hints_page() -> ServerResponse {
    let link = HeaderValue::from_static("</style.css>; rel=preload; as=style");
    let interim = InterimResponse {
        status: StatusCode::EARLY_HINTS,
        headers: HeaderMap::from_iter([(LINK, link.clone())]),
        delay: Duration::from_millis(50),
    };
    ServerResponse::ok(
        "text/html; charset=utf-8",
        body::full_body("<!doctype html><link rel=stylesheet href=/style.css><p>103, then 200\n"),
    )
    .with_header(LINK, link)
    .with_interim(interim)
}

/// Two steps, timed by this server's own clock and reported in `Server-Timing`.
pub(super) async fn server_timing_page() -> ServerResponse {
    let began = Instant::now();
    sleep(Duration::from_millis(15)).await;
    let looked_up = Instant::now();
    sleep(Duration::from_millis(5)).await;
    let lookup = looked_up - began;
    let render = looked_up.elapsed();
    let metrics = format!(
        "db;desc=\"look it up\";dur={:.3}, render;desc=\"make the page\";dur={:.3}",
        lookup.as_secs_f64() * 1e3,
        render.as_secs_f64() * 1e3
    );
    match HeaderValue::from_str(&metrics) {
        Ok(value) => {
            ServerResponse::json(USERS).with_header(HeaderName::from_static("server-timing"), value)
        }
        Err(_) => ServerResponse::text(
            StatusCode::INTERNAL_SERVER_ERROR,
            "a duration could not be written as a field",
        ),
    }
}

/// Sets a cookie and redirects to a page that shows it being sent back.
pub(super) fn cookie_page() -> ServerResponse {
    let cookie = HeaderValue::from_static("session=2f8d6c; Path=/; HttpOnly; SameSite=Lax");
    ServerResponse::redirect(StatusCode::SEE_OTHER, "/headers").with_header(SET_COOKIE, cookie)
}

/// The request as the server received it.
pub(super) fn echo_request_page(request: &IncomingRequest) -> ServerResponse {
    let fields: Vec<[String; 2]> = request
        .headers()
        .iter()
        .map(|(name, value)| {
            [
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            ]
        })
        .collect();
    let description = serde_json::json!({
        "method": request.method().as_str(),
        "target": request.uri().to_string(),
        "version": format!("{:?}", request.version()),
        "headers": fields,
    });
    ServerResponse::json(format!("{description:#}\n"))
}
