//! What every step of an exchange is handed.

use tokio::time::Instant;

use super::redirect::RedirectSender;
use super::{Recorder, RemoteObserver, Spec};
use crate::trace::ExchangeId;
use crate::units::Nanos;

/// The exchange a step works for, its spec, its limits, and the way out for what it sees.
pub(super) struct ExchangeContext<'a> {
    pub(super) spec: &'a Spec,
    pub(super) recorder: &'a Recorder,
    pub(super) observer: &'a dyn RemoteObserver,
    pub(super) exchange: ExchangeId,
    /// Who led here, where a redirect did.
    pub(super) redirected_by: Option<RedirectSender>,
    /// When DNS, TCP, proxy and TLS together must be done: the earlier of `--connect-timeout` and
    /// `--max-time`.
    pub(super) connect_deadline: Instant,
    /// When everything must be done, `--max-time`.
    pub(super) deadline: Option<Instant>,
}

impl ExchangeContext<'_> {
    /// The option that set [`connect_by`](Self::connect_by), with its value, for a sentence:
    /// `--connect-timeout (30.0 s)`.
    pub(super) fn connect_limit(&self) -> String {
        match self.spec.max_time {
            Some(limit) if self.deadline == Some(self.connect_deadline) => {
                format!("--max-time ({})", Nanos::from(limit))
            }
            _ => format!(
                "--connect-timeout ({})",
                Nanos::from(self.spec.connect_timeout)
            ),
        }
    }
}
