//! Sending of a request's body on an HTTP/2 stream, at the pace of flow control.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::SendStream;

use crate::probe::PhaseFailure;
use crate::probe::request::{BodySource, invalid_request};

/// Sends a body in chunks.
pub(super) struct Upload {
    stream: SendStream<Bytes>,
    source: BodySource,
    chunk: Bytes,
}

impl Upload {
    pub(super) const fn new(stream: SendStream<Bytes>, source: BodySource) -> Self {
        Self {
            stream,
            source,
            chunk: Bytes::new(),
        }
    }

    /// Sends as much as flow control allows. Ready once everything is handed to h2, or once the
    /// peer no longer wants the body: its response says why.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), PhaseFailure>> {
        loop {
            if self.chunk.is_empty() {
                match self.source.next_chunk() {
                    Ok(Some(chunk)) => self.chunk = chunk,
                    Ok(None) => {
                        let _ = self.stream.send_data(Bytes::new(), true);
                        return Poll::Ready(Ok(()));
                    }
                    Err(error) => {
                        return Poll::Ready(Err(invalid_request(
                            error.to_string(),
                            "do not change the file while it is being sent",
                        )));
                    }
                }
            }
            self.stream.reserve_capacity(self.chunk.len());
            let room = match ready!(self.stream.poll_capacity(cx)) {
                Some(Ok(room)) => room.min(self.chunk.len()),
                Some(Err(_)) | None => return Poll::Ready(Ok(())),
            };
            let part = self.chunk.split_to(room);
            let last = self.chunk.is_empty()
                && self.source.length().is_some()
                && self.source.is_finished();
            if self.stream.send_data(part, last).is_err() || last {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
