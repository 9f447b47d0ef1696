//! Limits on the number of concurrent connections and their duration.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// Concurrent connections of a service; more wait in the kernel's accept queue.
const MAX_CONNECTIONS: usize = 256;

/// Time after which a connection is closed, even if it is active.
const MAX_CONNECTION_TIME: Duration = Duration::from_secs(15 * 60);

/// Limits the concurrent connections of one service. Each service has its own limit: if a proxy and
/// the hosts behind it shared one, many connections to the proxy would leave none for the hosts.
#[derive(Clone)]
pub(super) struct ConnectionLimiter(Arc<Semaphore>);

impl ConnectionLimiter {
    /// A limiter without connections.
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(MAX_CONNECTIONS)))
    }

    /// Accepts connections as long as the runtime lives, and serves each in a task of its own.
    pub(super) async fn accept_connections<F, W>(self, listener: TcpListener, serve: F)
    where
        F: Fn(TcpStream) -> W,
        W: Future<Output = ()> + Send + 'static,
    {
        while let Ok(permit) = Arc::clone(&self.0).acquire_owned().await {
            let Ok((stream, _)) = listener.accept().await else {
                // Most likely out of file descriptors: they become free when connections end.
                sleep(Duration::from_millis(50)).await;
                continue;
            };
            // Without TCP_NODELAY the kernel can delay small responses by up to 40 ms (Nagle's
            // algorithm with delayed acknowledgments), which would look like time spent by the
            // server.
            let _ = stream.set_nodelay(true);
            let work = timeout(MAX_CONNECTION_TIME, serve(stream));
            tokio::spawn(async move {
                let _ = work.await;
                drop(permit);
            });
        }
    }
}
