//! The `--control` measurement: the same request through an ordinary HTTP client, which shows how
//! little overhead the inspector adds.
//!
//! The client gets the addresses that the run has found, so its figures contain connecting, TLS and
//! the message, but no name resolution. It reuses no connection and keeps no cookies. It follows
//! redirects only within the first URL's origin, unless there is nothing to withhold from others:
//! it can neither drop fields as the run does nor check addresses as the redirect guard does.

use std::net::SocketAddr;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::proxy::proxy_for;
use super::request::{BodySource, OutgoingRequest, RequestHop, withheld_items};
use super::spec::{HttpChoice, Proxy, ProxyKind};
use super::time_limits::within_deadline;
use super::tls::control_client_config;
use super::tls_loader::TlsLoader;
use super::{Recorder, Spec};
use crate::trace::EventKind;
use crate::units::Moment;

/// Maximum size of a request body in bytes; a larger one is not held in memory for a second time.
const MAX_BODY: u64 = 64 << 20;

/// Runs the request and emits how long it took.
pub(super) async fn measure_control(
    spec: &Spec,
    recorder: &Recorder,
    reached: &[(String, SocketAddr)],
    tls_loader: &mut TlsLoader,
) {
    let prepared = match prepare_client(spec, reached, tls_loader).await {
        Ok(prepared) => prepared,
        Err(why) => {
            let text = format!("the ordinary client was not run for comparison: {why}");
            recorder.emit(EventKind::Note {
                exchange: None,
                text: text.into(),
            });
            return;
        }
    };
    let deadline = spec.max_time.map(|limit| Instant::now() + limit);
    let began = recorder.now();
    let measured = within_deadline(deadline, run_on_own_thread(prepared, recorder.clone())).await;
    let total = recorder.now().since(began);
    let event = match measured {
        Some(Ok(ControlTimings {
            headers_at,
            ended_at,
            status,
        })) => EventKind::ControlMeasured {
            status: Some(status),
            headers: headers_at.since(began),
            total: ended_at.since(began),
            error: None,
        },
        Some(Err(error)) => EventKind::ControlMeasured {
            status: None,
            headers: total,
            total,
            error: Some(error.into()),
        },
        None => {
            let error = Some("it did not finish within --max-time".into());
            EventKind::ControlMeasured {
                status: None,
                headers: total,
                total,
                error,
            }
        }
    };
    recorder.emit(event);
}

/// Times at which the client had the response's head and its last byte.
struct ControlTimings {
    headers_at: Moment,
    ended_at: Moment,
    status: u16,
}

/// Runs the client on a thread of its own, because it does not yield while there is something to
/// read, and a deadline on the same thread would go unnoticed. Dropping the returned future ends
/// the client the next time it waits.
async fn run_on_own_thread(
    prepared: (Client, reqwest::Request),
    recorder: Recorder,
) -> Result<ControlTimings, String> {
    let (mut done, measured) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| error.to_string())?;
    let work = move || {
        runtime.block_on(async {
            let ended = tokio::select! {
                ended = run_exchange(prepared, &recorder) => {
                    ended.map_err(|error| describe_with_causes(&error))
                }
                () = done.closed() => return,
            };
            // The receiver is gone if the run has ended.
            let _ = done.send(ended);
        });
    };
    std::thread::Builder::new()
        .name("control".to_owned())
        .spawn(work)
        .map_err(|error| error.to_string())?;
    measured
        .await
        .unwrap_or_else(|_| Err("it ended without a result".to_owned()))
}

/// Sends the request and reads the response to its end.
async fn run_exchange(
    (client, request): (Client, reqwest::Request),
    recorder: &Recorder,
) -> reqwest::Result<ControlTimings> {
    let mut response = client.execute(request).await?;
    let headers_at = recorder.now();
    while response.chunk().await?.is_some() {}
    Ok(ControlTimings {
        headers_at,
        ended_at: recorder.now(),
        status: response.status().as_u16(),
    })
}

async fn prepare_client(
    spec: &Spec,
    reached: &[(String, SocketAddr)],
    tls_loader: &mut TlsLoader,
) -> Result<(Client, reqwest::Request), String> {
    if !spec.connect_to.is_empty() {
        return Err("it cannot connect to a host other than the URL's".to_owned());
    }
    let tls = control_client_config(
        &*tls_loader.crypto(&spec.tls).await,
        &*tls_loader.trust_store(&spec.tls).await,
        &spec.tls,
        super::dial::alpn_protocols(spec.http),
    )?;
    let mut builder = ClientBuilder::new()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .referer(false)
        // Each request opens its own connection, as in the run.
        .pool_max_idle_per_host(0);
    builder = builder
        .redirect(redirect_policy(spec))
        .retry(reqwest::retry::never())
        .connect_timeout(spec.connect_timeout);
    builder = match spec.http {
        HttpChoice::Http10 => return Err("it does not support HTTP/1.0".to_owned()),
        HttpChoice::Http11 => builder.http1_only(),
        HttpChoice::Http2PriorKnowledge => builder.http2_prior_knowledge(),
        HttpChoice::Auto | HttpChoice::Http2 => builder,
    };
    for (host, address) in reached {
        builder = builder.resolve(host, *address);
    }
    if let Some(path) = &spec.unix_socket {
        builder = builder.unix_socket(path.as_path());
    } else if let Some(proxy) = proxy_for(spec, &spec.url) {
        builder = builder.proxy(reqwest_proxy(proxy)?);
    }
    let client = builder
        .build()
        .map_err(|error| describe_with_causes(&error))?;
    Ok((client, build_request(spec)?))
}

fn build_request(spec: &Spec) -> Result<reqwest::Request, String> {
    let built = OutgoingRequest::build(spec, &RequestHop::first(spec), None)
        .map_err(|failed| failed.failure.message.raw().to_owned())?;
    let mut request = reqwest::Request::new(built.method, built.url);
    for field in built.fields.iter().filter(|field| {
        !field.is("host") && !field.is("content-length") && !field.is("transfer-encoding")
    }) {
        let (Ok(name), Ok(value)) = (
            http::HeaderName::from_bytes(field.name.as_bytes()),
            http::HeaderValue::from_bytes(&field.value),
        ) else {
            return Err(format!("it cannot send the field {}", field.name));
        };
        request.headers_mut().append(name, value);
    }
    if let Some(body) = built.body {
        *request.body_mut() = Some(read_whole_body(body)?.into());
    }
    Ok(request)
}

fn read_whole_body(mut body: BodySource) -> Result<Vec<u8>, String> {
    if body.length().is_none_or(|length| length > MAX_BODY) {
        return Err("the body is too large to be sent twice".to_owned());
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next_chunk().map_err(|error| error.to_string())? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn redirect_policy(spec: &Spec) -> Policy {
    if !spec.redirects.follow {
        return Policy::none();
    }
    let most = usize::try_from(spec.redirects.max).unwrap_or(usize::MAX);
    let home = spec.url.origin();
    let has_own = spec.body.is_some()
        || spec.tls.cert.is_some()
        || !withheld_items(spec, &spec.url, true).is_empty();
    // The client cannot check addresses either, so with the guard it follows nothing to another
    // origin.
    let free = !spec.redirects.guard && (spec.redirects.trusted || !has_own);
    Policy::custom(move |attempt| {
        if attempt.previous().len() > most {
            attempt.error("too many redirects")
        } else if free || attempt.url().origin() == home {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

fn reqwest_proxy(proxy: &Proxy) -> Result<reqwest::Proxy, String> {
    let scheme = match proxy.kind {
        ProxyKind::Http => "http",
        ProxyKind::Https => "https",
        ProxyKind::Socks5 | ProxyKind::Socks5h => {
            return Err("it does not support SOCKS".to_owned());
        }
    };
    let host = if proxy.host.contains(':') {
        format!("[{}]", proxy.host)
    } else {
        proxy.host.clone()
    };
    let ordinary = reqwest::Proxy::all(format!("{scheme}://{host}:{}", proxy.port))
        .map_err(|error| describe_with_causes(&error))?;
    Ok(
        match proxy.credentials.as_ref().map(crate::units::Secret::expose) {
            Some((user, password)) => ordinary.basic_auth(user, password),
            None => ordinary,
        },
    )
}

/// Returns an error's message followed by those of its causes.
fn describe_with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
