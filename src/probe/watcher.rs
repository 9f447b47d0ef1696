//! Who wants to know where packets will go before they do.

use std::net::SocketAddr;

/// Told of every address before the first packet to it leaves, so that a capture can be narrowed to
/// just these.
pub trait Watcher: Send + Sync {
    /// Packets to these addresses are about to leave: DNS servers, proxies, servers.
    fn expect(&self, remotes: &[SocketAddr]);
}

/// Nobody does.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoWatcher;

impl Watcher for NoWatcher {
    fn expect(&self, _remotes: &[SocketAddr]) {}
}
