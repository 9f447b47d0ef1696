//! Pages of the first host, `api.lab.test`.

mod authentication;
mod caching;
mod content_coding;
mod message_features;
mod negotiation;
mod numbered_pages;
mod polling;
mod rate_limit;
mod uploads;
mod user_input;
mod users;
mod xml;

use std::sync::Arc;

use bytes::Bytes;
use hyper::StatusCode;

use super::body::PatternBody;
use super::handler::{HttpHandler, IncomingRequest};
use super::http_service::HTTPS;
use super::response::ServerResponse;
use super::service::LabState;

/// A page of JSON, about 1 kB.
const USERS: &str = include_str!("../../../assets/lab/users.json");

/// Largest body that is sent or accepted, in bytes.
const MAX_BYTES: u64 = 4 << 30;

/// The paths, listed in the response to an unknown one.
const PATHS: &str = "/users /users/N /bytes/N /delay/MS /drip /chunked /trailers /gzip /br /zstd \
    /early-hints /server-timing /headers \
                     /status/N /redirect/N /loop /elsewhere /cookie /etag /cache /upload \
/upload/N /rate-limited /auth/basic \
                     /auth/bearer /auth/cookie /auth/apikey /poll /poll/short /poll/long \
/client.pem";

/// Request handler of the first host.
pub(super) const API_HANDLER: HttpHandler =
    |request, state| Box::pin(route_request(request, state));

/// State of the first host, kept as long as the lab runs.
#[derive(Default)]
pub(super) struct ApiState {
    users: users::Users,
    uploads: uploads::Uploads,
    events: polling::PollEvents,
    bucket: rate_limit::TokenBucket,
    cached_copies: caching::CachedCopies,
}

async fn route_request(request: IncomingRequest, state: Arc<LabState>) -> ServerResponse {
    let path = request.uri().path().trim_end_matches('/').to_owned();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let api = &state.api;
    match segments[..] {
        [""] => ServerResponse::json(USERS),
        ["users"] => users::handle_users(request, &api.users, &api.events).await,
        ["users", id] => users::handle_user(id, request, &api.users, &api.events).await,
        ["upload"] => uploads::handle_uploads(request, &api.uploads).await,
        ["upload", id] => uploads::handle_upload(id, request, &api.uploads).await,
        ["etag"] => caching::etag_page(&request),
        ["cache"] => caching::cache_page(&request, &api.cached_copies),
        ["rate-limited"] => rate_limit::rate_limited_page(&api.bucket),
        ["auth", kind] => authentication::auth_page(kind, &request),
        ["poll"] => polling::publish_event(request, &api.events).await,
        ["poll", "short"] => {
            polling::short_poll(request.uri().query().unwrap_or_default(), &api.events)
        }
        ["poll", "long"] => {
            let query = request.uri().query().unwrap_or_default().to_owned();
            polling::long_poll(&query, &api.events).await
        }
        ["client.pem"] => client_certificate(&state),
        [name @ ("bytes" | "delay" | "status" | "redirect"), argument] => {
            numbered_pages::numbered_page(name, argument).await
        }
        ["server-timing"] => message_features::server_timing_page().await,
        [name] => stateless_page(name, &request, &state),
        _ => unknown_path(),
    }
}

/// Pages without state.
fn stateless_page(name: &str, request: &IncomingRequest, state: &LabState) -> ServerResponse {
    match name {
        "headers" => message_features::echo_request_page(request),
        "gzip" => content_coding::encoded_page("gzip"),
        "br" => content_coding::encoded_page("br"),
        "zstd" => content_coding::encoded_page("zstd"),
        "drip" => message_features::drip_page(),
        "chunked" => ServerResponse::ok(
            "application/json",
            PatternBody::repeating(
                Bytes::from(content_coding::PORTS),
                content_coding::PORTS.len() as u64,
            )
            .without_length()
            .boxed(),
        ),
        "trailers" => message_features::trailers_page(),
        "early-hints" => message_features::early_hints_page(),
        "loop" => ServerResponse::redirect(StatusCode::FOUND, "/loop"),
        "elsewhere" => redirect_to_other_name(state),
        "cookie" => message_features::cookie_page(),
        _ => unknown_path(),
    }
}

fn unknown_path() -> ServerResponse {
    ServerResponse::text(
        StatusCode::NOT_FOUND,
        format!("no such path; the paths are {PATHS}"),
    )
}

/// Redirects to another host name on the same port, across which a client must not send
/// credentials.
fn redirect_to_other_name(state: &LabState) -> ServerResponse {
    ServerResponse::redirect(
        StatusCode::FOUND,
        &state.addresses.url("www.lab.test", &HTTPS, "/headers"),
    )
}

/// A client certificate of this run, with its private key.
fn client_certificate(state: &LabState) -> ServerResponse {
    match state.identities.client_pem() {
        Ok(pem) => ServerResponse::ok("application/x-pem-file", super::body::full_body(pem)),
        Err(error) => ServerResponse::text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}
