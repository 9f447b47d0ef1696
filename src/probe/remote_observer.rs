//! Who wants to know where packets will go before they do.

use std::net::SocketAddr;

/// Told of every address before the first packet to it leaves, so that a capture can be narrowed to
/// just these.
pub trait RemoteObserver: Send + Sync {
    /// Packets to these addresses are about to leave: DNS servers, proxies, servers.
    fn expect_remotes(&self, remotes: &[SocketAddr]);
}

/// Nobody does.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRemoteObserver;

impl RemoteObserver for NoRemoteObserver {
    fn expect_remotes(&self, _remotes: &[SocketAddr]) {}
}
