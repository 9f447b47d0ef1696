//! A load balancer: a reverse proxy in front of three backends, which tells them about the client
//! in forwarding headers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Body as _;
use hyper::client::conn::http1;
use hyper::header::{COOKIE, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue, SET_COOKIE, VIA};
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::body;
use super::handler::{ClientInfo, HttpHandler, IncomingRequest, read_body};
use super::http_service::HttpMode;
use super::proxy::remove_hop_by_hop;
use super::response::ServerResponse;
use super::service::LabState;
use super::service::Service;

/// The load balancer over TLS.
pub(super) const BALANCED: Service = Service::https("balanced", |request, state| {
    Box::pin(balance_request(request, state))
});

/// The load balancer over plaintext HTTP.
pub(super) const BALANCED_IN_CLEAR: Service =
    Service::http("balanced in clear", HttpMode::Any, |request, state| {
        Box::pin(balance_request(request, state))
    });

/// The backends, each a service of its own, so that each has its own port on loopback.
pub(super) const BACKENDS: [Service; 3] = [
    Service::http("backend1", HttpMode::Any, FIRST_BACKEND),
    Service::http("backend2", HttpMode::Any, SECOND_BACKEND),
    Service::http("backend3", HttpMode::Any, THIRD_BACKEND),
];

/// Host names of the backends.
pub(super) const BACKEND_HOSTS: [&str; 3] = [
    "backend1.lab.test",
    "backend2.lab.test",
    "backend3.lab.test",
];

const FIRST_BACKEND: HttpHandler =
    |request, _| Box::pin(async move { backend_response(0, &request) });
const SECOND_BACKEND: HttpHandler =
    |request, _| Box::pin(async move { backend_response(1, &request) });
const THIRD_BACKEND: HttpHandler =
    |request, _| Box::pin(async move { backend_response(2, &request) });

const BACKEND_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_BODY_BYTES: usize = 1024 * 1024;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Cookie that binds a client to a backend, under `/sticky`.
const STICKY_COOKIE: &str = "backend";

/// Maximum concurrent requests with a body, each of which is held in memory whole.
const MAX_WITH_BODY: usize = 64;

/// Round-robin counter, and the limit of requests with a body.
pub(super) struct RoundRobin {
    next: AtomicUsize,
    with_body: Semaphore,
}

impl Default for RoundRobin {
    fn default() -> Self {
        Self {
            next: AtomicUsize::new(0),
            with_body: Semaphore::new(MAX_WITH_BODY),
        }
    }
}

impl RoundRobin {
    fn next(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % BACKENDS.len()
    }
}

/// A backend's response: its name and the forwarding headers that it received.
fn backend_response(index: usize, request: &IncomingRequest) -> ServerResponse {
    let fields = [VIA, FORWARDED, FORWARDED_FOR, FORWARDED_PROTO]
        .into_iter()
        .filter_map(|name| {
            let value = request.headers().get(&name)?;
            Some((
                name.as_str().to_owned(),
                serde_json::Value::from(String::from_utf8_lossy(value.as_bytes())),
            ))
        });
    let description = serde_json::json!({
        "backend": BACKEND_HOSTS.get(index),
        "method": request.method().as_str(),
        "target": request.uri().to_string(),
        "told": fields.collect::<serde_json::Map<_, _>>(),
    });
    ServerResponse::json(format!("{description:#}\n"))
}

async fn balance_request(request: IncomingRequest, state: Arc<LabState>) -> ServerResponse {
    let is_sticky = request.uri().path().starts_with("/sticky");
    let bound = if is_sticky {
        sticky_backend(request.headers())
    } else {
        None
    };
    let index = bound.unwrap_or_else(|| state.round_robin.next());
    let response = match forward_to_backend(request, index, &state).await {
        Ok(response) => ServerResponse {
            interim: None,
            response: Box::new(response.map(body::full_body)),
        },
        Err(response) => response,
    };
    let response = response.with_header(VIA, HeaderValue::from_static("1.1 balanced.lab.test"));
    if is_sticky && bound.is_none() {
        response.with_text_header(
            SET_COOKIE,
            &format!("{STICKY_COOKIE}={}; Path=/sticky; HttpOnly", index + 1),
        )
    } else {
        response
    }
}

/// The backend that the client's cookie names.
fn sticky_backend(headers: &HeaderMap) -> Option<usize> {
    let cookies = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    let (_, number) = cookies
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == STICKY_COOKIE)?;
    number
        .parse::<usize>()
        .ok()?
        .checked_sub(1)
        .filter(|index| *index < BACKENDS.len())
}

async fn forward_to_backend(
    request: IncomingRequest,
    index: usize,
    state: &LabState,
) -> Result<Response<Bytes>, ServerResponse> {
    let bad_gateway = |why: String| {
        ServerResponse::text(
            StatusCode::BAD_GATEWAY,
            format!("the backend could not be reached: {why}"),
        )
    };
    let (Some(name), Some(service)) = (BACKEND_HOSTS.get(index), BACKENDS.get(index)) else {
        return Err(bad_gateway("no such backend".to_owned()));
    };
    let address = state
        .addresses
        .address(name, service)
        .ok_or_else(|| bad_gateway("it has no address".to_owned()))?;
    let exchange_with_backend = async {
        let has_body = !request.body().is_end_stream();
        let permit = has_body.then(|| state.round_robin.with_body.try_acquire());
        if let Some(Err(_)) = permit {
            return Err(too_many_bodies());
        }
        let request = request_for_backend(request, name).await?;
        let stream = TcpStream::connect(address)
            .await
            .map_err(|error| bad_gateway(error.to_string()))?;
        let _ = stream.set_nodelay(true);
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| bad_gateway(error.to_string()))?;
        let exchange = async {
            let response = sender
                .send_request(request)
                .await
                .map_err(|error| bad_gateway(error.to_string()))?;
            let (mut head, incoming) = response.into_parts();
            let body = Limited::new(incoming, MAX_BODY_BYTES)
                .collect()
                .await
                .map_err(|error| bad_gateway(error.to_string()))?;
            remove_hop_by_hop(&mut head.headers);
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        tokio::pin!(exchange);
        tokio::select! {
            response = &mut exchange => response,
            // The connection task finished first; the response may be complete already.
            _ = connection => exchange.await,
        }
    };
    match timeout(BACKEND_TIMEOUT, exchange_with_backend).await {
        Ok(response) => response,
        Err(_) => Err(ServerResponse::text(
            StatusCode::GATEWAY_TIMEOUT,
            "the backend did not respond in time",
        )),
    }
}

fn too_many_bodies() -> ServerResponse {
    ServerResponse::text(
        StatusCode::SERVICE_UNAVAILABLE,
        format!("at most {MAX_WITH_BODY} requests with a body are forwarded at a time; try again"),
    )
}

/// The request to the backend, with the forwarding headers (RFC 7239, RFC 9110 §7.6.3).
async fn request_for_backend(
    request: IncomingRequest,
    name: &'static str,
) -> Result<hyper::Request<Full<Bytes>>, ServerResponse> {
    let (mut head, incoming) = request.into_parts();
    let body = read_body(incoming, MAX_BODY_BYTES).await?;
    let host = head
        .headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .or(head
            .uri
            .authority()
            .map(hyper::http::uri::Authority::as_str));
    let host = host.unwrap_or_default().to_owned();
    let via = match head.version {
        hyper::Version::HTTP_2 => "2 balanced.lab.test",
        hyper::Version::HTTP_10 => "1.0 balanced.lab.test",
        _ => "1.1 balanced.lab.test",
    };
    remove_hop_by_hop(&mut head.headers);
    let headers = &mut head.headers;
    if let Some(ClientInfo { address, scheme }) = head.extensions.get::<ClientInfo>() {
        let address = address.ip().to_canonical();
        let node = if address.is_ipv6() {
            format!("\"[{address}]\"")
        } else {
            address.to_string()
        };
        append_header(
            headers,
            FORWARDED,
            &format!("for={node};host=\"{host}\";proto={scheme}"),
        );
        append_header(headers, FORWARDED_FOR, &address.to_string());
        append_header(headers, FORWARDED_PROTO, scheme);
    }
    append_header(headers, VIA, via);
    headers.insert(HOST, HeaderValue::from_static(name));
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut forwarded = hyper::Request::new(Full::new(body));
    *forwarded.method_mut() = head.method;
    *forwarded.uri_mut() = path
        .parse()
        .map_err(|_| ServerResponse::text(StatusCode::BAD_REQUEST, "the path is not valid"))?;
    *forwarded.headers_mut() = head.headers;
    Ok(forwarded)
}

/// Appends a field value to those of earlier proxies.
fn append_header(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.append(name, value);
    }
}
