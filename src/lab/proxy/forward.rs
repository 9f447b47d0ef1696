//! A forward proxy over HTTP/1.1: CONNECT tunnels (RFC 9110 §9.3.6) and absolute-form targets (RFC
//! 9112 §3.2.2).

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, VIA};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::super::service::LabState;
use super::super::service::{AcceptedConnection, Service};
use super::{CONNECT_TIMEOUT, remove_hop_by_hop};

/// The forward proxy.
pub(in crate::lab) const FORWARD: Service = Service::tcp("forward proxy", "http", 3128, |visit| {
    Box::pin(serve_forward_proxy(visit))
});

const MAX_HEAD_BYTES: usize = 64 * 1024;
const VIA_VALUE: &str = "1.1 proxy.lab.test";

type ProxyBody = UnsyncBoxBody<Bytes, hyper::Error>;

/// Background tasks of a client's connection, which end with it.
#[derive(Clone, Default)]
struct BackgroundTasks(Arc<Mutex<JoinSet<()>>>);

impl BackgroundTasks {
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(work);
    }

    async fn wait_all(&self) {
        let mut tasks = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        while tasks.join_next().await.is_some() {}
    }
}

async fn serve_forward_proxy(AcceptedConnection { stream, state }: AcceptedConnection) {
    let tasks = BackgroundTasks::default();
    let tunnels = tasks.clone();
    let service = service_fn(move |request| {
        let state = Arc::clone(&state);
        let tasks = tasks.clone();
        async move { Ok::<_, Infallible>(handle_proxy_request(request, &state, &tasks).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).max_buf_size(MAX_HEAD_BYTES);
    let _ = server
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    tunnels.wait_all().await;
}

async fn handle_proxy_request(
    request: Request<Incoming>,
    state: &LabState,
    tasks: &BackgroundTasks,
) -> Response<ProxyBody> {
    let is_tunnel = request.method() == Method::CONNECT;
    let Some(authority) = request.uri().authority().cloned() else {
        let usage =
            "this is a forward proxy for the hosts of the lab: pass its URL to -x or --proxy";
        return text_response(StatusCode::OK, usage);
    };
    if !is_tunnel && request.uri().scheme_str() != Some("http") {
        return text_response(
            StatusCode::BAD_REQUEST,
            "this proxy forwards http:// only; use CONNECT for everything else",
        );
    }
    let port = authority.port_u16().or((!is_tunnel).then_some(80));
    let Some(address) = port.and_then(|port| state.addresses.resolve(authority.host(), port))
    else {
        return text_response(
            StatusCode::FORBIDDEN,
            &format!("{authority} is not a host of the lab, and this proxy reaches nothing else"),
        );
    };
    let stream = match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            return text_response(
                StatusCode::BAD_GATEWAY,
                &format!("{authority} could not be reached: {error}"),
            );
        }
        Err(_) => {
            return text_response(
                StatusCode::GATEWAY_TIMEOUT,
                &format!("{authority} did not answer"),
            );
        }
    };
    let _ = stream.set_nodelay(true);
    if is_tunnel {
        open_tunnel(request, stream, tasks)
    } else {
        forward_request(request, stream, tasks).await
    }
}

/// Responds with 200 and relays bytes in both directions from then on.
fn open_tunnel(
    request: Request<Incoming>,
    mut stream: TcpStream,
    tasks: &BackgroundTasks,
) -> Response<ProxyBody> {
    tasks.spawn(async move {
        if let Ok(client) = hyper::upgrade::on(request).await {
            let _ = copy_bidirectional(&mut TokioIo::new(client), &mut stream).await;
        }
    });
    Response::new(
        Full::default()
            .map_err(|never| match never {})
            .boxed_unsync(),
    )
}

/// Forwards a request to the host, with the target in origin form.
async fn forward_request(
    mut request: Request<Incoming>,
    stream: TcpStream,
    tasks: &BackgroundTasks,
) -> Response<ProxyBody> {
    let bad_gateway = |error: hyper::Error| {
        text_response(
            StatusCode::BAD_GATEWAY,
            &format!("the host could not be reached: {error}"),
        )
    };
    let host = request
        .uri()
        .authority()
        .map(ToString::to_string)
        .unwrap_or_default();
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str())
        .parse();
    let (Ok(host), Ok(path)) = (HeaderValue::from_str(&host), path) else {
        return text_response(StatusCode::BAD_REQUEST, "the target cannot be forwarded");
    };
    *request.uri_mut() = path;
    *request.version_mut() = Version::HTTP_11;
    remove_hop_by_hop(request.headers_mut());
    request.headers_mut().insert(HOST, host);
    request
        .headers_mut()
        .append(VIA, HeaderValue::from_static(VIA_VALUE));
    let (mut sender, connection) = match conn::http1::handshake(TokioIo::new(stream)).await {
        Ok(opened) => opened,
        Err(error) => return bad_gateway(error),
    };
    tasks.spawn(async {
        let _ = connection.await;
    });
    match sender.send_request(request).await {
        Ok(mut response) => {
            remove_hop_by_hop(response.headers_mut());
            response
                .headers_mut()
                .append(VIA, HeaderValue::from_static(VIA_VALUE));
            response.map(BodyExt::boxed_unsync)
        }
        Err(error) => bad_gateway(error),
    }
}

fn text_response(status: StatusCode, sentence: &str) -> Response<ProxyBody> {
    let mut response = Response::new(
        Full::from(format!("{sentence}\n"))
            .map_err(|never| match never {})
            .boxed_unsync(),
    );
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}
