//! Merges small chunks of a body before hyper parses them: hyper delivers each chunk as a frame of
//! its own, which costs more than the chunk's bytes do.
//!
//! The monitor below has seen the bytes as they were sent, so parts, sizes and limits are theirs.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use super::watch::Http1Monitor;
use crate::probe::read_adapter::{PollRead, ReadAdapter};

/// A byte stream whose small chunks are merged. The monitor must observe the stream below it.
pub(super) type MergedChunkStream<S> = ReadAdapter<S, ChunkMergingReader>;

/// Merges the chunks of the body that the monitor follows.
pub(super) struct ChunkMergingReader(Http1Monitor);

impl<S> MergedChunkStream<S> {
    pub(super) const fn new(inner: S, monitor: Http1Monitor) -> Self {
        Self::with_reader(inner, ChunkMergingReader(monitor))
    }
}

impl<S: AsyncRead + Unpin> PollRead<S> for ChunkMergingReader {
    fn poll_read(
        &mut self,
        inner: &mut S,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(inner).poll_read(cx, buf))?;
        self.0.with(|exchange| {
            let latest = buf.filled().get(before..).unwrap_or_default();
            if let Some((unchanged, merged)) = exchange.inbound.merge_chunks(latest) {
                buf.set_filled(before + unchanged);
                buf.put_slice(merged);
            }
        });
        Poll::Ready(Ok(()))
    }
}
