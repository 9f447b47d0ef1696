//! Reads one TLS record at a time, so that plaintext can be attributed to the record it came in.
//!
//! rustls returns the plaintext of a record before it asks for more bytes. So plaintext read above
//! TLS comes from the latest record read here, although one read from the socket may have returned
//! many records, some of them without application data.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, BufReader, ReadBuf};

use crate::probe::read_adapter::{PollRead, ReadAdapter};
use crate::probe::tap::{Meter, StreamObserver};
use crate::wire::Side;
use crate::wire::tls::RecordBoundary;

/// Size in bytes of a read from the socket. rustls asks for 4 KiB at a time, which would be a
/// system call for every quarter of a record.
const READ_AT_ONCE: usize = 128 * 1024;

/// Maximum number of consecutive records without application data: session tickets, key updates,
/// empty records, fragments of handshake messages.
const MAX_IDLE_RECORDS: u32 = 10_000;

/// Number of records received since the last plaintext. All clones share the same counter.
#[derive(Clone, Debug, Default)]
pub(in crate::probe) struct IdleRecords(Arc<AtomicU32>);

impl IdleRecords {
    /// Resets the counter, because plaintext was received.
    pub(super) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Relaxed) > MAX_IDLE_RECORDS {
            Err(io::Error::other(RecordFlood))
        } else {
            Ok(())
        }
    }
}

/// Too many consecutive records without application data.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "more than {MAX_IDLE_RECORDS} TLS records came in a row with nothing in them, the limit here"
)]
pub(super) struct RecordFlood;

/// A stream of TLS records, read a record at a time.
pub(in crate::probe) type RecordStream<S> = ReadAdapter<BufReader<S>, TlsRecordReader>;

/// Finds the boundaries of records as they are read.
pub(in crate::probe) struct TlsRecordReader {
    boundary: RecordBoundary,
    idle: IdleRecords,
    /// Receives the offset of each record: the meter, and the offset of the first record in its
    /// stream.
    meter: Option<(Arc<Meter>, u64)>,
}

impl<S: AsyncRead> RecordStream<S> {
    /// Wraps a stream whose next byte begins a record. `meter` counts that stream's own bytes;
    /// `None` if they are encrypted once more (TLS to a proxy).
    pub(super) fn new(stream: S, meter: Option<&Arc<Meter>>) -> Self {
        let told = meter.map(|meter| (Arc::clone(meter), meter.position().received));
        let records = TlsRecordReader {
            boundary: RecordBoundary::default(),
            idle: IdleRecords::default(),
            meter: told,
        };
        Self::with_reader(BufReader::with_capacity(READ_AT_ONCE, stream), records)
    }

    /// Returns the counter of idle records, which the reader of the plaintext resets.
    pub(super) fn idle_records(&self) -> IdleRecords {
        self.reader.idle.clone()
    }
}

impl<S: AsyncRead + Unpin> PollRead<BufReader<S>> for TlsRecordReader {
    fn poll_read(
        &mut self,
        inner: &mut BufReader<S>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self {
            boundary,
            idle,
            meter: told,
        } = self;
        idle.check()?;
        let there = ready!(Pin::new(&mut *inner).poll_fill_buf(cx))?;
        let count = boundary.bytes_within_record(there).min(buf.remaining());
        let piece = there.get(..count).unwrap_or_default();
        if let Some((meter, before)) = told.as_ref().filter(|_| !piece.is_empty()) {
            meter.set_latest_start(before.saturating_add(boundary.start()));
        }
        buf.put_slice(piece);
        boundary.for_each_header(piece, |header| {
            idle.count();
            if let Some((meter, before)) = told {
                meter
                    .layers()
                    .add_record(Side::Server, header.offset_by(*before));
            }
        });
        Pin::new(inner).consume(count);
        Poll::Ready(Ok(()))
    }
}

/// Finds the boundaries of outgoing records, directly above the socket.
pub(in crate::probe) struct OutgoingRecords {
    boundary: RecordBoundary,
    /// Receives the offset of each record: the meter, and the offset of the first record in its
    /// stream.
    meter: Option<(Arc<Meter>, u64)>,
}

impl OutgoingRecords {
    /// Creates it for a stream whose next byte begins a record, as in [`RecordStream::new`].
    pub(super) fn new(meter: Option<&Arc<Meter>>) -> Self {
        Self {
            boundary: RecordBoundary::default(),
            meter: meter.map(|meter| (Arc::clone(meter), meter.position().sent)),
        }
    }
}

impl StreamObserver for OutgoingRecords {
    fn sent(&mut self, bytes: &[u8]) {
        let Self {
            boundary,
            meter: Some((meter, before)),
        } = self
        else {
            return;
        };
        boundary.for_each_header(bytes, |header| {
            meter
                .layers()
                .add_record(Side::Client, header.offset_by(*before));
        });
    }

    fn received(&mut self, _: &[u8]) {}
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::probe::Recorder;
    use crate::trace::ConnectionId;

    fn record(payload: u8) -> Vec<u8> {
        [&[23, 3, 3, 0, payload][..], &vec![payload; payload.into()]].concat()
    }

    #[tokio::test]
    async fn a_read_ends_where_a_record_ends_and_the_meter_knows_where_it_began() {
        let mut meter = Meter::new(ConnectionId(0), &Recorder::start(Arc::new(|_| {})));
        // The bytes before TLS: a proxy's response.
        meter.received(b"200 OK");
        let stream = [record(10), record(0), record(200)].concat();
        let mut by_record = RecordStream::new(stream.as_slice(), Some(&meter));
        let mut read = Vec::new();
        for (expected, began) in [(15, 6), (5, 21), (100, 26), (100, 26), (5, 26), (0, 26)] {
            let mut buf = [0; 100];
            let count = by_record.read(&mut buf).await.unwrap();
            assert_eq!(
                (count, meter.position_before_latest().received),
                (expected, began)
            );
            read.extend_from_slice(&buf[..count]);
        }
        assert_eq!(read, stream);
    }
}
