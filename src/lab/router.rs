//! What is behind each path.

use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body;
use hyper::header::{HeaderName, HeaderValue, LINK, SET_COOKIE, TRAILER};
use hyper::{HeaderMap, Method, Request, StatusCode};
use tokio::time::sleep;

use super::answer::{Answer, Early};
use super::body::Pieces;
use super::coding;
use super::secure::HTTPS;
use super::site::Site;

/// A page of JSON, about 1 kB.
const USERS: &str = include_str!("../../assets/lab/users.json");

/// The most that is sent or taken in one message.
const MOST_BYTES: u64 = 4 << 30;
const LONGEST_DELAY: Duration = Duration::from_secs(60);
const MOST_REDIRECTS: u32 = 100;
const PIECE: usize = 64 * 1024;

/// The paths, for those who ask for one that is not there.
const PATHS: &str = "/users /bytes/N /delay/MS /drip /chunked /trailers /gzip /br /zstd /early-hints /server-timing /headers \
                     /status/N /redirect/N /loop /elsewhere /cookie /upload";

/// Answers a request. Nothing of its body is kept.
pub(super) async fn route<B>(request: Request<B>, site: &Site) -> Answer
where
    B: Body<Data = Bytes> + Unpin,
{
    let path = request.uri().path().trim_end_matches('/').to_owned();
    let mut segments = path.trim_start_matches('/').split('/');
    let (name, argument, rest) = (segments.next().unwrap_or_default(), segments.next(), segments.next());
    match (name, argument, rest) {
        ("" | "users", None, _) => Answer::json(USERS),
        ("headers", None, _) => echo(&request),
        ("upload", None, _) => upload(request).await,
        ("gzip", None, _) => coding::answer("gzip"),
        ("br", None, _) => coding::answer("br"),
        ("zstd", None, _) => coding::answer("zstd"),
        ("drip", None, _) => drip(),
        ("chunked", None, _) => {
            Answer::ok("application/json", Pieces::of(coding::PORTS.into(), coding::PORTS.len() as u64).untold().boxed())
        }
        ("trailers", None, _) => trailers(),
        ("early-hints", None, _) => early_hints(),
        ("server-timing", None, _) => server_timing().await,
        ("loop", None, _) => Answer::redirect(StatusCode::FOUND, "/loop"),
        ("elsewhere", None, _) => elsewhere(site),
        ("cookie", None, _) => cookie(),
        ("bytes" | "delay" | "status" | "redirect", Some(argument), None) => numbered(name, argument).await,
        _ => Answer::sentence(StatusCode::NOT_FOUND, format!("there is no such path; there are {PATHS}")),
    }
}

async fn numbered(name: &str, argument: &str) -> Answer {
    let Ok(number) = argument.parse::<u64>() else {
        return Answer::sentence(StatusCode::BAD_REQUEST, format!("/{name}/ wants a whole number after it"));
    };
    match name {
        "bytes" => bytes(number),
        "delay" => delay(Duration::from_millis(number)).await,
        "status" => status(number),
        _ => redirect(number),
    }
}

fn bytes(length: u64) -> Answer {
    if length > MOST_BYTES {
        return Answer::sentence(StatusCode::BAD_REQUEST, format!("{MOST_BYTES} bytes at most"));
    }
    let line = b"0123456789abcdefghijklmnopqrstuvwxyz-0123456789ABCDEFGHIJKLMNOP\n";
    let piece = Bytes::from(line.repeat(PIECE / line.len()));
    Answer::ok("application/octet-stream", Pieces::of(piece, length).boxed())
}

async fn delay(pause: Duration) -> Answer {
    if pause > LONGEST_DELAY {
        return Answer::sentence(StatusCode::BAD_REQUEST, format!("{} ms at most", LONGEST_DELAY.as_millis()));
    }
    sleep(pause).await;
    Answer::json(USERS)
}

fn status(number: u64) -> Answer {
    match u16::try_from(number).ok().and_then(|number| StatusCode::from_u16(number).ok()) {
        Some(status) if number >= 200 => Answer::sentence(status, format!("{status}")),
        _ => Answer::sentence(StatusCode::BAD_REQUEST, "a final status is 200 to 999"),
    }
}

fn redirect(left: u64) -> Answer {
    match u32::try_from(left) {
        Ok(0) => Answer::json(USERS),
        Ok(left) if left <= MOST_REDIRECTS => Answer::redirect(StatusCode::FOUND, &format!("/redirect/{}", left - 1)),
        _ => Answer::sentence(StatusCode::BAD_REQUEST, format!("{MOST_REDIRECTS} redirects at most")),
    }
}

/// To another name on the same port: what the client keeps to itself then is worth watching.
fn elsewhere(site: &Site) -> Answer {
    Answer::redirect(StatusCode::FOUND, &site.places.url("www.lab.test", &HTTPS, "/headers"))
}

fn cookie() -> Answer {
    let cookie = HeaderValue::from_static("session=2f8d6c; Path=/; HttpOnly; SameSite=Lax");
    Answer::redirect(StatusCode::SEE_OTHER, "/headers").with(SET_COOKIE, cookie)
}

fn echo<B>(request: &Request<B>) -> Answer {
    let fields: Vec<[String; 2]> = request
        .headers()
        .iter()
        .map(|(name, value)| [name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()])
        .collect();
    let told = serde_json::json!({
        "method": request.method().as_str(),
        "target": request.uri().to_string(),
        "version": format!("{:?}", request.version()),
        "headers": fields,
    });
    Answer::json(format!("{told:#}\n"))
}

/// Reads a body and counts it.
async fn upload<B>(request: Request<B>) -> Answer
where
    B: Body<Data = Bytes> + Unpin,
{
    if ![Method::POST, Method::PUT, Method::PATCH].contains(request.method()) {
        return Answer::wrong_method("POST, PUT, PATCH");
    }
    let mut body = request.into_body();
    let mut received = 0_u64;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Answer::sentence(StatusCode::BAD_REQUEST, "the body broke off") };
        received = received.saturating_add(frame.data_ref().map_or(0, |data| data.len() as u64));
        if received > MOST_BYTES {
            return Answer::sentence(StatusCode::PAYLOAD_TOO_LARGE, format!("{MOST_BYTES} bytes at most"));
        }
    }
    Answer::json(format!("{{\"received\":{received}}}\n"))
}

/// Eight pieces, 100 ms apart.
fn drip() -> Answer {
    let piece = Bytes::from_static(b"one drop of eight, a tenth of a second apart from the next\n");
    let length = piece.len() as u64 * 8;
    Answer::ok("text/plain; charset=utf-8", Pieces::of(piece, length).every(Duration::from_millis(100)).boxed())
}

/// The digest of the body, which is known to a sender only once it has sent it (RFC 9530).
fn trailers() -> Answer {
    let digest = digest::digest(&digest::SHA256, USERS.as_bytes());
    let mut trailers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&format!("sha-256=:{}:", STANDARD.encode(digest))) {
        trailers.insert(HeaderName::from_static("content-digest"), value);
    }
    let body = Pieces::of(Bytes::from_static(USERS.as_bytes()), USERS.len() as u64).trailed_by(trailers);
    Answer::ok("application/json", body.boxed()).with(TRAILER, HeaderValue::from_static("Content-Digest"))
}

/// 103 (RFC 8297) at once, the answer 50 ms later.
fn early_hints() -> Answer {
    let link = HeaderValue::from_static("</style.css>; rel=preload; as=style");
    let early =
        Early { status: StatusCode::EARLY_HINTS, headers: HeaderMap::from_iter([(LINK, link.clone())]), pause: Duration::from_millis(50) };
    Answer::ok("text/html; charset=utf-8", super::body::full("<!doctype html><link rel=stylesheet href=/style.css><p>103, then 200\n"))
        .with(LINK, link)
        .after(early)
}

/// Two steps, each timed by this server's own clock and told in `Server-Timing`.
async fn server_timing() -> Answer {
    let began = Instant::now();
    sleep(Duration::from_millis(15)).await;
    let looked_up = Instant::now();
    sleep(Duration::from_millis(5)).await;
    let (lookup, render) = (looked_up - began, looked_up.elapsed());
    let told = format!(
        "db;desc=\"look it up\";dur={:.3}, render;desc=\"make the page\";dur={:.3}",
        lookup.as_secs_f64() * 1e3,
        render.as_secs_f64() * 1e3
    );
    match HeaderValue::from_str(&told) {
        Ok(value) => Answer::json(USERS).with(HeaderName::from_static("server-timing"), value),
        Err(_) => Answer::sentence(StatusCode::INTERNAL_SERVER_ERROR, "a duration could not be written as a field"),
    }
}
