//! Observer of the addresses that the engine is about to contact.

use std::net::SocketAddr;

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
