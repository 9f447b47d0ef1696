//! Pages with a number in their path: `/bytes/N`, `/delay/MS`, `/status/N`, `/redirect/N`.

use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use tokio::time::sleep;

use super::super::body::PatternBody;
use super::super::response::ServerResponse;
use super::{MAX_BYTES, USERS};

const MAX_DELAY: Duration = Duration::from_secs(60);
const MAX_REDIRECTS: u32 = 100;
const PATTERN_BYTES: usize = 64 * 1024;

/// The page with this name and number.
pub(super) async fn numbered_page(name: &str, argument: &str) -> ServerResponse {
    let Ok(number) = argument.parse::<u64>() else {
        return ServerResponse::text(
            StatusCode::BAD_REQUEST,
            format!("/{name}/ must be followed by a whole number"),
        );
    };
    match name {
        "bytes" => bytes_page(number),
        "delay" => delay_page(Duration::from_millis(number)).await,
        "status" => status_page(number),
        _ => redirect_page(number),
    }
}

fn bytes_page(length: u64) -> ServerResponse {
    if length > MAX_BYTES {
        return ServerResponse::text(
            StatusCode::BAD_REQUEST,
            format!("{MAX_BYTES} bytes at most"),
        );
    }
    let line = b"0123456789abcdefghijklmnopqrstuvwxyz-0123456789ABCDEFGHIJKLMNOP\n";
    let pattern = Bytes::from(line.repeat(PATTERN_BYTES / line.len()));
    ServerResponse::ok(
        "application/octet-stream",
        PatternBody::repeating(pattern, length).boxed(),
    )
}

async fn delay_page(pause: Duration) -> ServerResponse {
    if pause > MAX_DELAY {
        return ServerResponse::text(
            StatusCode::BAD_REQUEST,
            format!("{} ms at most", MAX_DELAY.as_millis()),
        );
    }
    sleep(pause).await;
    ServerResponse::json(USERS)
}

fn status_page(number: u64) -> ServerResponse {
    match u16::try_from(number)
        .ok()
        .and_then(|number| StatusCode::from_u16(number).ok())
    {
        Some(status) if number >= 200 => ServerResponse::text(status, format!("{status}")),
        _ => ServerResponse::text(
            StatusCode::BAD_REQUEST,
            "a final status is between 200 and 999",
        ),
    }
}

fn redirect_page(left: u64) -> ServerResponse {
    match u32::try_from(left) {
        Ok(0) => ServerResponse::json(USERS),
        Ok(left) if left <= MAX_REDIRECTS => {
            ServerResponse::redirect(StatusCode::FOUND, &format!("/redirect/{}", left - 1))
        }
        _ => ServerResponse::text(
            StatusCode::BAD_REQUEST,
            format!("{MAX_REDIRECTS} redirects at most"),
        ),
    }
}
