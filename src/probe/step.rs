//! What every step of an exchange is handed.

use tokio::time::Instant;

use super::{Recorder, Spec, Watcher};
use crate::trace::ExchangeId;

/// The exchange a step works for, its spec, its limits, and the way out for what it sees.
pub(super) struct Step<'a> {
    pub(super) spec: &'a Spec,
    pub(super) recorder: &'a Recorder,
    pub(super) watcher: &'a dyn Watcher,
    pub(super) exchange: ExchangeId,
    /// When DNS, TCP, proxy and TLS together must be done: the earlier of `--connect-timeout` and `--max-time`.
    pub(super) connect_by: Instant,
    /// When everything must be done, `--max-time`.
    pub(super) done_by: Option<Instant>,
}
