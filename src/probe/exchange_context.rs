//! Context of an exchange, passed to every function that takes part in it, with the observer of the
//! addresses that are about to be contacted.

use std::net::SocketAddr;

use tokio::time::Instant;

use super::redirect::RedirectSender;
use super::{Recorder, Spec};
use crate::trace::ExchangeId;
use crate::units::Nanos;

/// The exchange with its spec, its time limits and the recorder for its events.
pub(super) struct ExchangeContext<'a> {
    pub(super) spec: &'a Spec,
    pub(super) recorder: &'a Recorder,
    pub(super) observer: &'a dyn RemoteObserver,
    pub(super) exchange: ExchangeId,
    /// Sender of the redirect that led here, if one did.
    pub(super) redirected_by: Option<RedirectSender>,
    /// Deadline for DNS, TCP, proxy and TLS together: the earlier of `--connect-timeout` and
    /// `--max-time`.
    pub(super) connect_deadline: Instant,
    /// Deadline for the whole exchange: `--max-time`.
    pub(super) deadline: Option<Instant>,
}

impl ExchangeContext<'_> {
    /// Returns the option that determined the connect deadline, with its value, for a sentence:
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

/// Called with every address before the first packet to it is sent, so that a capture can be
/// limited to these.
pub trait RemoteObserver: Send + Sync {
    /// Called before packets to these addresses are sent: DNS servers, proxies, servers.
    fn expect_remotes(&self, remotes: &[SocketAddr]);
}

/// An observer that does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRemoteObserver;

impl RemoteObserver for NoRemoteObserver {
    fn expect_remotes(&self, _remotes: &[SocketAddr]) {}
}
