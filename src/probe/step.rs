//! What every step of an exchange is handed.

use tokio::time::Instant;

use super::redirect::Sender;
use super::{Recorder, Spec, Watcher};
use crate::trace::ExchangeId;
use crate::units::Nanos;

/// The exchange a step works for, its spec, its limits, and the way out for what it sees.
pub(super) struct Step<'a> {
    pub(super) spec: &'a Spec,
    pub(super) recorder: &'a Recorder,
    pub(super) watcher: &'a dyn Watcher,
    pub(super) exchange: ExchangeId,
    /// Who led here, where a redirect did.
    pub(super) redirected_by: Option<Sender>,
    /// When DNS, TCP, proxy and TLS together must be done: the earlier of `--connect-timeout` and
    /// `--max-time`.
    pub(super) connect_by: Instant,
    /// When everything must be done, `--max-time`.
    pub(super) done_by: Option<Instant>,
}

impl Step<'_> {
    /// The option that set [`connect_by`](Self::connect_by), with its value, for a sentence:
    /// `--connect-timeout (30.0 s)`.
    pub(super) fn connect_limit(&self) -> String {
        match self.spec.max_time {
            Some(limit) if self.done_by == Some(self.connect_by) => {
                format!("--max-time ({})", Nanos::from(limit))
            }
            _ => format!(
                "--connect-timeout ({})",
                Nanos::from(self.spec.connect_timeout)
            ),
        }
    }
}
