//! The way in: how many connections at once, and for how long.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// Connections served at once; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 256;

/// After this a connection is closed, however busy.
const MAX_CONNECTION_TIME: Duration = Duration::from_secs(15 * 60);

/// Lets the connections of one service in, as many as there is room for. A proxy's and those it
/// leads to are not counted together, or a crowd before the proxy would leave no room behind it.
#[derive(Clone)]
pub(super) struct ConnectionLimiter(Arc<Semaphore>);

impl ConnectionLimiter {
    /// An empty house.
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(MAX_CONNECTIONS)))
    }

    /// Accepts connections for as long as the runtime lives, and serves each in a task of its own.
    pub(super) async fn accept_connections<F, W>(self, listener: TcpListener, serve: F)
    where
        F: Fn(TcpStream) -> W,
        W: Future<Output = ()> + Send + 'static,
    {
        while let Ok(permit) = Arc::clone(&self.0).acquire_owned().await {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of file handles, most likely: they come back when connections end.
                sleep(Duration::from_millis(50)).await;
                continue;
            };
            // Without it the kernel holds small answers back for up to 40 ms, and they would be
            // taken for the server's.
            let _ = stream.set_nodelay(true);
            let work = timeout(MAX_CONNECTION_TIME, serve(stream));
            tokio::spawn(async move {
                let _ = work.await;
                drop(permit);
            });
        }
    }
}
