//! Pages with a number in their path: so many bytes, so long a wait, this status, so many
//! redirects.

use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use tokio::time::sleep;

use super::super::answer::Answer;
use super::super::body::Pieces;
use super::{MOST_BYTES, USERS};

const LONGEST_DELAY: Duration = Duration::from_secs(60);
const MOST_REDIRECTS: u32 = 100;
const PIECE: usize = 64 * 1024;

/// The page of this name with this number.
pub(super) async fn numbered(name: &str, argument: &str) -> Answer {
    let Ok(number) = argument.parse::<u64>() else {
        return Answer::sentence(
            StatusCode::BAD_REQUEST,
            format!("/{name}/ wants a whole number after it"),
        );
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
        return Answer::sentence(
            StatusCode::BAD_REQUEST,
            format!("{MOST_BYTES} bytes at most"),
        );
    }
    let line = b"0123456789abcdefghijklmnopqrstuvwxyz-0123456789ABCDEFGHIJKLMNOP\n";
    let piece = Bytes::from(line.repeat(PIECE / line.len()));
    Answer::ok(
        "application/octet-stream",
        Pieces::of(piece, length).boxed(),
    )
}

async fn delay(pause: Duration) -> Answer {
    if pause > LONGEST_DELAY {
        return Answer::sentence(
            StatusCode::BAD_REQUEST,
            format!("{} ms at most", LONGEST_DELAY.as_millis()),
        );
    }
    sleep(pause).await;
    Answer::json(USERS)
}

fn status(number: u64) -> Answer {
    match u16::try_from(number)
        .ok()
        .and_then(|number| StatusCode::from_u16(number).ok())
    {
        Some(status) if number >= 200 => Answer::sentence(status, format!("{status}")),
        _ => Answer::sentence(StatusCode::BAD_REQUEST, "a final status is 200 to 999"),
    }
}

fn redirect(left: u64) -> Answer {
    match u32::try_from(left) {
        Ok(0) => Answer::json(USERS),
        Ok(left) if left <= MOST_REDIRECTS => {
            Answer::redirect(StatusCode::FOUND, &format!("/redirect/{}", left - 1))
        }
        _ => Answer::sentence(
            StatusCode::BAD_REQUEST,
            format!("{MOST_REDIRECTS} redirects at most"),
        ),
    }
}
