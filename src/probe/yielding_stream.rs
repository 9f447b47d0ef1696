//! A stream that yields between portions, so that what was read is processed before more is read.
//!
//! hyper, h2 and rustls keep reading while bytes are available and they have nothing to return.
//! With a fast peer h2 would buffer its whole flow control window before the first frame of the
//! body is taken; and a peer that sends only ignorable input (empty records, pings, leading zeros
//! of a chunk size) would keep a deadline from ever being noticed.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use super::read_adapter::{PollRead, ReadAdapter};
use super::time_limits::TimeSlice;

/// Number of bytes read before it yields, unless a [`TimeSlice`] ends first: 64 KiB.
const BYTES_PER_SLICE: usize = 64 * 1024;

/// A stream that yields between portions. The reading task is woken at once and can first process
/// what it has.
pub(super) type YieldingStream<S> = ReadAdapter<S, YieldPolicy>;

/// Yields after each portion.
pub(super) struct YieldPolicy {
    bytes_left: usize,
    time_slice: TimeSlice,
}

impl<S> YieldingStream<S> {
    /// Wraps a stream.
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
