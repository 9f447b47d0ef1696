//! The same work on two servers: one with a few threads that are blocked by it, one that waits
//! without a thread.

mod pool;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue, RETRY_AFTER};
use tokio::time::sleep;

use super::answer::Answer;
use super::content::Request;
use super::service::Service;
use super::site::Site;
use super::web::Manner;

pub(super) use pool::Pool;

/// The server with threads, over TLS.
pub(super) const WORKERS: Service = Service::https("workers", |request, site| {
    Box::pin(by_thread(request, site))
});

/// The server with threads, in clear.
pub(super) const WORKERS_IN_CLEAR: Service =
    Service::http("workers in clear", Manner::Any, |request, site| {
        Box::pin(by_thread(request, site))
    });

/// The server without, over TLS.
pub(super) const ASYNC: Service =
    Service::https("async", |request, _| Box::pin(by_waiting(request)));

/// The server without, in clear.
pub(super) const ASYNC_IN_CLEAR: Service =
    Service::http("async in clear", Manner::Any, |request, _| {
        Box::pin(by_waiting(request))
    });

const LONGEST_WORK: Duration = Duration::from_secs(10);

async fn by_thread(request: Request, site: Arc<Site>) -> Answer {
    let work = match asked(request.uri().path()) {
        Ok(work) => work,
        Err(answer) => return answer,
    };
    drop(request);
    let queued = Instant::now();
    let done = site.pool.run(move |worker| {
        let queue = queued.elapsed();
        thread::sleep(work);
        (worker, queue, queued.elapsed().saturating_sub(queue))
    });
    match done.await {
        Some((worker, queue, work)) => told(&format!("\"worker\":{worker},"), Some(queue), work),
        None => Answer::sentence(
            StatusCode::SERVICE_UNAVAILABLE,
            "all threads are busy, and the queue is full",
        )
        .with(RETRY_AFTER, HeaderValue::from_static("1")),
    }
}

async fn by_waiting(request: Request) -> Answer {
    let work = match asked(request.uri().path()) {
        Ok(work) => work,
        Err(answer) => return answer,
    };
    drop(request);
    let began = Instant::now();
    sleep(work).await;
    told("", None, began.elapsed())
}

/// The duration in `/work/:ms`.
fn asked(path: &str) -> Result<Duration, Answer> {
    let Some(text) = path.strip_prefix("/work/") else {
        return Err(Answer::sentence(
            StatusCode::NOT_FOUND,
            "there is /work/MS: work for so many milliseconds",
        ));
    };
    let work = text
        .parse()
        .map(Duration::from_millis)
        .ok()
        .filter(|work| *work <= LONGEST_WORK);
    work.ok_or_else(|| {
        Answer::sentence(
            StatusCode::BAD_REQUEST,
            format!(
                "/work/ wants a number of milliseconds, {} at most",
                LONGEST_WORK.as_millis()
            ),
        )
    })
}

/// By this server's own clock.
fn told(worker: &str, queue: Option<Duration>, work: Duration) -> Answer {
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
    Answer::json(format!("{{{worker}{member}\"work_ms\":{work}}}\n")).told(
        HeaderName::from_static("server-timing"),
        &format!("{metric}work;dur={work}"),
    )
}
