//! Limits of time.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{Instant, timeout, timeout_at};

use super::Recorder;

/// How long work may go on that always has more to do, before deadlines and cancellation are looked
/// at: 5 ms.
const TIME_SLICE: Duration = Duration::from_millis(5);
/// How often both clocks are read while something lasts.
const CLOCK_PAIRING_INTERVAL: Duration = Duration::from_secs(1);

/// Waits for `work` until the deadline, if there is one; `None` where it passes.
pub(super) async fn within_deadline<T>(
    deadline: Option<Instant>,
    work: impl Future<Output = T>,
) -> Option<T> {
    match deadline {
        Some(deadline) => timeout_at(deadline, work).await.ok(),
        None => Some(work.await),
    }
}

/// Waits for `work` and reads both clocks every second meanwhile, so that packets of a long
/// exchange are placed well.
pub(super) async fn with_paired_clocks<T>(recorder: &Recorder, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        match timeout(CLOCK_PAIRING_INTERVAL, work.as_mut()).await {
            Ok(value) => return value,
            Err(_) => recorder.pair_clocks(),
        }
    }
}

/// Work that may never have to wait, because its peer always has more: it pauses now and then by
/// itself. A deadline is noticed in such pauses only, for whoever watches it runs on the same
/// thread.
#[derive(Debug)]
pub(super) struct TimeSlice {
    started: Instant,
    length: Duration,
}

impl TimeSlice {
    /// A turn begins.
    pub(super) fn start() -> Self {
        Self::start_with_length(TIME_SLICE)
    }

    /// The same with another length than 5 ms.
    pub(super) fn start_with_length(lasts: Duration) -> Self {
        Self {
            started: Instant::now(),
            length: lasts,
        }
    }

    /// Whether it has lasted long enough. Then the next one has begun.
    pub(super) fn restart_if_over(&mut self) -> bool {
        let now = Instant::now();
        let over = now.duration_since(self.started) >= self.length;
        if over {
            self.started = now;
        }
        over
    }

    /// Lets others have their turn once this one is over.
    pub(super) async fn yield_if_over(&mut self) {
        if self.restart_if_over() {
            yield_now().await;
        }
    }
}
