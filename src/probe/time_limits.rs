//! Deadlines, cooperative time slices, and periodic pairing of the clocks.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{Instant, timeout, timeout_at};

use super::Recorder;

/// Length of a time slice: how long a task that always has more to do runs before it yields, so
/// that deadlines and cancellation are noticed.
const TIME_SLICE: Duration = Duration::from_millis(5);
/// Interval at which the monotonic and the wall clock are paired during a long exchange.
const CLOCK_PAIRING_INTERVAL: Duration = Duration::from_secs(1);

/// Runs `work` until the deadline, if there is one; `None` if it passes.
pub(super) async fn within_deadline<T>(
    deadline: Option<Instant>,
    work: impl Future<Output = T>,
) -> Option<T> {
    match deadline {
        Some(deadline) => timeout_at(deadline, work).await.ok(),
        None => Some(work.await),
    }
}

/// Runs `work` and pairs the clocks every second, so that packets of a long exchange are placed
/// correctly on the time axis.
pub(super) async fn with_paired_clocks<T>(recorder: &Recorder, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        match timeout(CLOCK_PAIRING_INTERVAL, work.as_mut()).await {
            Ok(value) => return value,
            Err(_) => recorder.pair_clocks(),
        }
    }
}

/// Time slice of a task that may never have to wait because its peer always has more data.
/// Deadlines run on the same thread, so they are noticed only if the task yields by itself.
#[derive(Debug)]
pub(super) struct TimeSlice {
    started: Instant,
    length: Duration,
}

impl TimeSlice {
    /// Starts a time slice of 5 ms.
    pub(super) fn start() -> Self {
        Self::start_with_length(TIME_SLICE)
    }

    /// Starts a time slice of another length.
    pub(super) fn start_with_length(length: Duration) -> Self {
        Self {
            started: Instant::now(),
            length,
        }
    }

    /// Returns true if the time slice is used up, and then starts the next one.
    pub(super) fn restart_if_over(&mut self) -> bool {
        let now = Instant::now();
        let over = now.duration_since(self.started) >= self.length;
        if over {
            self.started = now;
        }
        over
    }

    /// Yields to other tasks if the time slice is used up.
    pub(super) async fn yield_if_over(&mut self) {
        if self.restart_if_over() {
            yield_now().await;
        }
    }
}
