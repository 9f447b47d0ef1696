//! The same work on two servers: a worker pool whose threads it blocks, and an asynchronous server
//! that waits without a thread.

mod pool;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue, RETRY_AFTER};
use tokio::time::sleep;

use super::handler::IncomingRequest;
use super::http_service::HttpMode;
use super::response::ServerResponse;
use super::service::LabState;
use super::service::Service;

pub(super) use pool::WorkerPool;

/// The worker-pool server over TLS.
pub(super) const WORKERS: Service = Service::https("workers", |request, state| {
    Box::pin(respond_on_worker(request, state))
});

/// The worker-pool server over plaintext HTTP.
pub(super) const WORKERS_IN_CLEAR: Service =
    Service::http("workers in clear", HttpMode::Any, |request, state| {
        Box::pin(respond_on_worker(request, state))
    });

/// The asynchronous server over TLS.
pub(super) const ASYNC: Service =
    Service::https("async", |request, _| Box::pin(respond_async(request)));

/// The asynchronous server over plaintext HTTP.
pub(super) const ASYNC_IN_CLEAR: Service =
    Service::http("async in clear", HttpMode::Any, |request, _| {
        Box::pin(respond_async(request))
    });

const MAX_WORK: Duration = Duration::from_secs(10);

async fn respond_on_worker(request: IncomingRequest, state: Arc<LabState>) -> ServerResponse {
    let work = match requested_work(request.uri().path()) {
        Ok(work) => work,
        Err(response) => return response,
    };
    drop(request);
    let queued = Instant::now();
    let job = state.workers.run(move |worker| {
        let queue = queued.elapsed();
        thread::sleep(work);
        (worker, queue, queued.elapsed().saturating_sub(queue))
    });
    match job.await {
        Some((worker, queue, work)) => {
            work_response(&format!("\"worker\":{worker},"), Some(queue), work)
        }
        None => ServerResponse::text(
            StatusCode::SERVICE_UNAVAILABLE,
            "all threads are busy, and the queue is full",
        )
        .with_header(RETRY_AFTER, HeaderValue::from_static("1")),
    }
}

async fn respond_async(request: IncomingRequest) -> ServerResponse {
    let work = match requested_work(request.uri().path()) {
        Ok(work) => work,
        Err(response) => return response,
    };
    drop(request);
    let began = Instant::now();
    sleep(work).await;
    work_response("", None, began.elapsed())
}

/// Parses the duration in `/work/:ms`.
fn requested_work(path: &str) -> Result<Duration, ServerResponse> {
    let Some(text) = path.strip_prefix("/work/") else {
        return Err(ServerResponse::text(
            StatusCode::NOT_FOUND,
            "try /work/MS: work for MS milliseconds",
        ));
    };
    let work = text
        .parse()
        .map(Duration::from_millis)
        .ok()
        .filter(|work| *work <= MAX_WORK);
    work.ok_or_else(|| {
        ServerResponse::text(
            StatusCode::BAD_REQUEST,
            format!(
                "/work/ takes a number of milliseconds, {} at most",
                MAX_WORK.as_millis()
            ),
        )
    })
}

/// Reports the times measured by this server's own clock.
fn work_response(worker: &str, queue: Option<Duration>, work: Duration) -> ServerResponse {
    let milliseconds = |duration: Duration| format!("{:.3}", duration.as_secs_f64() * 1e3);
    let work = milliseconds(work);
    let (metric, member) = queue
        .map(milliseconds)
        .map_or_else(Default::default, |queue| {
            (
                format!("queue;desc=\"waiting for a thread\";dur={queue}, "),
                format!("\"queue_ms\":{queue},"),
            )
        });
    ServerResponse::json(format!("{{{worker}{member}\"work_ms\":{work}}}\n")).with_text_header(
        HeaderName::from_static("server-timing"),
        &format!("{metric}work;dur={work}"),
    )
}
