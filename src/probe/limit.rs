//! Limits of time.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::Recorder;

/// How often both clocks are read while something lasts.
const PAIRING: Duration = Duration::from_secs(1);

/// Waits for `work` until the deadline, if there is one; `None` where it passes.
pub(super) async fn within<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match deadline {
        Some(deadline) => timeout_at(deadline, work).await.ok(),
        None => Some(work.await),
    }
}

/// Waits for `work` and reads both clocks every second meanwhile, so that packets of a long exchange are placed well.
pub(super) async fn with_paired_clocks<T>(recorder: &Recorder, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        match timeout(PAIRING, work.as_mut()).await {
            Ok(value) => return value,
            Err(_) => recorder.pair_clocks(),
        }
    }
}
