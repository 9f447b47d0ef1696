//! What the first host has behind each path.

mod caching;
mod coding;
mod credentials;
mod draft;
mod events;
mod negotiation;
mod numbered;
mod rate;
mod telling;
mod uploads;
mod users;
mod xml;

use std::sync::Arc;

use bytes::Bytes;
use hyper::StatusCode;

use super::answer::Answer;
use super::body::Pieces;
use super::content::{Content, Request};
use super::site::Site;
use super::web::HTTPS;

/// A page of JSON, about 1 kB.
const USERS: &str = include_str!("../../../assets/lab/users.json");

/// The most that is sent or taken in one message.
const MOST_BYTES: u64 = 4 << 30;

/// The paths, for those who ask for one that is not there.
const PATHS: &str = "/users /users/N /bytes/N /delay/MS /drip /chunked /trailers /gzip /br /zstd \
    /early-hints /server-timing /headers \
                     /status/N /redirect/N /loop /elsewhere /cookie /etag /cache /upload \
/upload/N /rate-limited /auth/basic \
                     /auth/bearer /auth/cookie /auth/apikey /poll /poll/short /poll/long \
/client.pem";

/// What the first host has.
pub(super) const CONTENT: Content = |request, site| Box::pin(route(request, site));

/// What the first host keeps, for as long as the lab runs.
#[derive(Default)]
pub(super) struct State {
    users: users::Users,
    uploads: uploads::Uploads,
    events: events::Events,
    bucket: rate::Bucket,
    copies: caching::Copies,
}

async fn route(request: Request, site: Arc<Site>) -> Answer {
    let path = request.uri().path().trim_end_matches('/').to_owned();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let state = &site.pages;
    match segments[..] {
        [""] => Answer::json(USERS),
        ["users"] => users::collection(request, &state.users, &state.events).await,
        ["users", id] => users::member(id, request, &state.users, &state.events).await,
        ["upload"] => uploads::collection(request, &state.uploads).await,
        ["upload", id] => uploads::member(id, request, &state.uploads).await,
        ["etag"] => caching::etag(&request),
        ["cache"] => caching::cache(&request, &state.copies),
        ["rate-limited"] => rate::limited(&state.bucket),
        ["auth", kind] => credentials::page(kind, &request),
        ["poll"] => events::publish(request, &state.events).await,
        ["poll", "short"] => {
            events::short(request.uri().query().unwrap_or_default(), &state.events)
        }
        ["poll", "long"] => {
            let query = request.uri().query().unwrap_or_default().to_owned();
            events::long(&query, &state.events).await
        }
        ["client.pem"] => client_certificate(&site),
        [name @ ("bytes" | "delay" | "status" | "redirect"), argument] => {
            numbered::numbered(name, argument).await
        }
        ["server-timing"] => telling::server_timing().await,
        [name] => still(name, &request, &site),
        _ => unknown(),
    }
}

/// The pages that know nothing of what was before.
fn still(name: &str, request: &Request, site: &Site) -> Answer {
    match name {
        "headers" => telling::echo(request),
        "gzip" => coding::answer("gzip"),
        "br" => coding::answer("br"),
        "zstd" => coding::answer("zstd"),
        "drip" => telling::drip(),
        "chunked" => Answer::ok(
            "application/json",
            Pieces::of(Bytes::from(coding::PORTS), coding::PORTS.len() as u64)
                .untold()
                .boxed(),
        ),
        "trailers" => telling::trailers(),
        "early-hints" => telling::early_hints(),
        "loop" => Answer::redirect(StatusCode::FOUND, "/loop"),
        "elsewhere" => elsewhere(site),
        "cookie" => telling::cookie(),
        _ => unknown(),
    }
}

fn unknown() -> Answer {
    Answer::sentence(
        StatusCode::NOT_FOUND,
        format!("there is no such path; there are {PATHS}"),
    )
}

/// To another name on the same port: what the client keeps to itself then is worth watching.
fn elsewhere(site: &Site) -> Answer {
    Answer::redirect(
        StatusCode::FOUND,
        &site.places.url("www.lab.test", &HTTPS, "/headers"),
    )
}

/// A client certificate of this run, with its key.
fn client_certificate(site: &Site) -> Answer {
    match site.identities.client_pem() {
        Ok(pem) => Answer::ok("application/x-pem-file", super::body::full(pem)),
        Err(error) => Answer::sentence(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}
