//! Lets what was read be used before more is read.
//!
//! hyper, h2 and rustls read as long as there is something to read and nothing to hand on. A fast
//! peer would have h2 fill its whole window with pieces of the body before the first of them is
//! taken away; and whoever sends what is only passed over (empty records, pings, zeros before a
//! chunk's size) would never let a deadline be noticed.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use super::read_adapter::{PollRead, ReadAdapter};
use super::time_limits::TimeSlice;

/// Read before a pause: 64 KiB, or what a [`TimeSlice`] lets through.
const BYTES_PER_SLICE: usize = 64 * 1024;

/// A stream that pauses between portions; who reads is woken at once, and can use what it has
/// first.
pub(super) type YieldingStream<S> = ReadAdapter<S, YieldPolicy>;

/// Pauses between portions.
pub(super) struct YieldPolicy {
    bytes_left: usize,
    time_slice: TimeSlice,
}

impl<S> YieldingStream<S> {
    /// Over a stream.
    pub(super) fn new(inner: S) -> Self {
        let policy = YieldPolicy {
            bytes_left: BYTES_PER_SLICE,
            time_slice: TimeSlice::start(),
        };
        Self::with_reader(inner, policy)
    }
}

impl<S: AsyncRead + Unpin> PollRead<S> for YieldPolicy {
    fn poll_read(
        &mut self,
        inner: &mut S,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.time_slice.restart_if_over() || self.bytes_left == 0 {
            self.bytes_left = BYTES_PER_SLICE;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buf.filled().len();
        ready!(Pin::new(inner).poll_read(cx, buf))?;
        self.bytes_left = self.bytes_left.saturating_sub(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};
    use std::time::Duration;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn after_a_portion_there_is_a_pause_that_ends_at_once() {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let bytes = vec![7; BYTES_PER_SLICE + 10];
        let policy = YieldPolicy {
            bytes_left: BYTES_PER_SLICE,
            time_slice: TimeSlice::start_with_length(Duration::MAX),
        };
        let mut portions = YieldingStream::with_reader(bytes.as_slice(), policy);
        let mut buffer = vec![0; BYTES_PER_SLICE];
        let mut read = || {
            let mut buf = ReadBuf::new(&mut buffer);
            let polled =
                Pin::new(&mut portions).poll_read(&mut Context::from_waker(&waker), &mut buf);
            (
                polled.is_ready().then(|| buf.filled().len()),
                woken.0.load(Ordering::Relaxed),
            )
        };
        assert_eq!(
            [read(), read(), read()],
            [(Some(BYTES_PER_SLICE), 0), (None, 1), (Some(10), 1)]
        );
    }
}
