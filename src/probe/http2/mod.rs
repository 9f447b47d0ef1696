//! HTTP/2 (RFC 9113), implemented by h2. What it reads and writes is observed below it.
//!
//! ```text
//! h2 ─► yielding stream ─► tap (the monitor) ─► TLS or the socket
//! ```

mod failure;
mod frames;
mod head;
mod upload;
mod watch;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::client::{Builder, Connection, ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};

use self::failure::{BodyProgress, http2_failure};
use self::upload::Upload;
use self::watch::Http2Monitor;
use super::PhaseFailure;
use super::layering::PartTracker;
use super::message_phases::MessagePhases;
use super::request::OutgoingRequest;
use super::response_head::{self, BodyFrame, FinalResponseHead};
use super::tap::{ByteStream, Tap};
use super::yielding_stream::YieldingStream;
use crate::trace::{EventKind, HttpVersion, Phase};
use crate::units::Untrusted;
use crate::wire::http1::MAX_HEAD_BYTES;

/// Flow control window in bytes, per stream and for the connection: enough that a fast server need
/// not wait on a long path.
const WINDOW_BYTES: u32 = 16 << 20;
/// Maximum number of informational responses before the final one.
const MAX_INFORMATIONAL: usize = 100;

type H2Io = YieldingStream<Tap<Box<dyn ByteStream>, Http2Monitor>>;

/// Client session of one HTTP/2 connection.
pub(super) struct Http2 {
    sender: SendRequest<Bytes>,
    connection: Http2Driver,
    monitor: Http2Monitor,
    upload: Option<Upload>,
    response_body: Option<RecvStream>,
    progress: BodyProgress,
}

/// The part of h2's client that performs I/O. It is polled while a caller waits for one of its
/// results, so it needs no task of its own.
struct Http2Driver(Option<Connection<H2Io, Bytes>>);

impl Http2Driver {
    fn poll(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.0
            && Pin::new(connection).poll(cx).is_ready()
        {
            // An error also reaches the caller that waits for the response or the body.
            self.0 = None;
        }
    }
}

impl Http2 {
    /// Starts HTTP/2 on a byte stream. `parts` record the positions of frames in the streams.
    pub(super) async fn open(
        stream: Box<dyn ByteStream>,
        parts: Option<(PartTracker, PartTracker)>,
    ) -> Result<Self, h2::Error> {
        let monitor = Http2Monitor::new(parts);
        let (sender, connection) = Builder::new()
            .initial_window_size(WINDOW_BYTES)
            .initial_connection_window_size(WINDOW_BYTES)
            .max_header_list_size(u32::try_from(MAX_HEAD_BYTES).unwrap_or(u32::MAX))
            .enable_push(false)
            .handshake(YieldingStream::new(Tap::new(stream, monitor.clone())))
            .await?;
        let progress = BodyProgress {
            received: 0,
            expected: None,
        };
        Ok(Self {
            sender,
            connection: Http2Driver(Some(connection)),
            monitor,
            upload: None,
            response_body: None,
            progress,
        })
    }

    /// Sends a request and waits for the head of its final response.
    pub(super) async fn send(
        &mut self,
        phases: MessagePhases,
        request: OutgoingRequest,
    ) -> Result<FinalResponseHead, PhaseFailure> {
        let (head, summary) = head::build_head(&request)?;
        self.monitor.begin(phases, summary);
        (self.upload, self.response_body) = (None, None);
        self.progress = BodyProgress {
            received: 0,
            expected: None,
        };
        let is_head = request.method == http::Method::HEAD;
        let (response, stream) = self.open_stream(head, request.body.is_none()).await?;
        self.upload = request.body.map(|source| Upload::new(stream, source));
        let response = self.final_response(response).await?;
        let final_head = self.record_response(&response, is_head);
        self.response_body = Some(response.into_body());
        Ok(final_head)
    }

    async fn open_stream(
        &mut self,
        head: http::Request<()>,
        ends: bool,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), PhaseFailure> {
        let Self {
            sender,
            connection,
            monitor,
            progress,
            ..
        } = self;
        let opened = async {
            poll_fn(|cx| sender.poll_ready(cx)).await?;
            sender.send_request(head, ends)
        };
        drive_until(connection, monitor, opened)
            .await?
            .map_err(|error| http2_failure(monitor, &error, *progress))
    }

    /// Sends the body and receives informational responses until the final response arrives.
    async fn final_response(
        &mut self,
        mut response: ResponseFuture,
    ) -> Result<http::Response<RecvStream>, PhaseFailure> {
        let Self {
            connection,
            monitor,
            upload,
            progress,
            ..
        } = self;
        let mut informational = 0;
        let answered = poll_fn(|cx| {
            poll_upload(upload, cx)?;
            while let Poll::Ready(Some(interim)) = response.poll_informational(cx) {
                let interim = interim.map_err(|error| http2_failure(monitor, &error, *progress))?;
                informational += 1;
                emit_informational(monitor, &interim);
                if informational > MAX_INFORMATIONAL {
                    return Poll::Ready(Err(failure::endless_informational_failure(
                        MAX_INFORMATIONAL,
                    )));
                }
            }
            let final_head = ready!(Pin::new(&mut response).poll(cx));
            Poll::Ready(final_head.map_err(|error| http2_failure(monitor, &error, *progress)))
        });
        drive_until(connection, monitor, answered).await?
    }

    fn record_response(
        &mut self,
        response: &http::Response<RecvStream>,
        is_head: bool,
    ) -> FinalResponseHead {
        let headers = response_head::headers_from_map(response.headers());
        let status = response.status().as_u16();
        let length = response
            .headers()
            .get(http::header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        self.progress.expected = length.filter(|_| !is_head && !matches!(status, 204 | 304));
        self.monitor.with(|exchange| {
            let section = exchange.take_section();
            exchange.response_progressed();
            exchange
                .phases
                .response_began(section.began, section.position_before);
            exchange.phases.recorder.emit(EventKind::ResponseHead {
                exchange: exchange.phases.exchange,
                version: HttpVersion::Http2,
                status,
                reason: Untrusted::default(),
                headers: headers.clone(),
                header_bytes: section.bytes,
            });
        });
        let set_cookies = response
            .headers()
            .get_all(http::header::SET_COOKIE)
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect();
        FinalResponseHead {
            status,
            headers,
            set_cookies,
            expected: self.progress.expected,
        }
    }

    /// Returns the next frame of the response's body; `None` at its end.
    pub(super) async fn next_frame(&mut self) -> Result<Option<BodyFrame>, PhaseFailure> {
        let Self {
            response_body: Some(response_body),
            connection,
            monitor,
            upload,
            progress,
            ..
        } = self
        else {
            return Ok(None);
        };
        let frame = poll_fn(|cx| {
            poll_upload(upload, cx)?;
            Poll::Ready(Ok::<_, PhaseFailure>(ready!(response_body.poll_data(cx))))
        });
        match drive_until(connection, monitor, frame).await?? {
            Some(Ok(data)) => {
                progress.received += data.len() as u64;
                if !data.is_empty() {
                    monitor.with(watch::Http2ExchangeState::response_progressed);
                }
                // Releasing capacity fails only for more than was received.
                let _ = response_body.flow_control().release_capacity(data.len());
                return Ok(Some(BodyFrame::Data(data)));
            }
            Some(Err(error)) => return Err(http2_failure(monitor, &error, *progress)),
            None => {}
        }
        let trailers = drive_until(
            connection,
            monitor,
            poll_fn(|cx| response_body.poll_trailers(cx)),
        )
        .await?;
        let trailers = trailers.map_err(|error| http2_failure(monitor, &error, *progress))?;
        self.response_body = None;
        Ok(trailers.map(|fields| BodyFrame::Trailers(response_head::headers_from_map(&fields))))
    }

    /// Records that the last byte of the response was read.
    pub(super) fn finish(&self) {
        self.monitor
            .with(|exchange| exchange.phases.message_ended());
    }

    /// Returns the current phase.
    pub(super) fn phase(&self) -> Phase {
        self.monitor
            .with(|exchange| exchange.phases.phase())
            .unwrap_or(Phase::Send)
    }

    /// Returns the number of request bytes written so far.
    pub(super) fn progress(&self) -> u64 {
        self.monitor
            .with(|exchange| exchange.all_written())
            .unwrap_or_default()
    }

    /// Returns true if nothing of a response was received.
    pub(super) fn has_no_response(&self) -> bool {
        self.monitor
            .with(|exchange| exchange.has_no_response())
            .unwrap_or(true)
    }

    /// Returns true if another request may be sent on the connection.
    pub(super) async fn is_reusable(&mut self) -> bool {
        let written = self
            .monitor
            .with(|exchange| exchange.is_done())
            .unwrap_or(false);
        let Self {
            sender,
            connection,
            response_body,
            ..
        } = self;
        let open = poll_fn(|cx| {
            connection.poll(cx);
            Poll::Ready(
                connection.0.is_some() && matches!(sender.poll_ready(cx), Poll::Ready(Ok(()))),
            )
        });
        open.await && written && response_body.is_none()
    }

    /// Closes the connection gracefully: GOAWAY, TLS's `close_notify`, then the end of the stream.
    pub(super) async fn close(self) {
        let Self {
            sender,
            mut connection,
            response_body,
            upload,
            ..
        } = self;
        drop((sender, response_body, upload));
        poll_fn(|cx| {
            connection.poll(cx);
            if connection.0.is_some() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }
}

fn poll_upload(upload: &mut Option<Upload>, cx: &mut Context<'_>) -> Result<(), PhaseFailure> {
    if let Some(sending) = upload
        && let Poll::Ready(result) = sending.poll(cx)
    {
        *upload = None;
        return result;
    }
    Ok(())
}

fn emit_informational(monitor: &Http2Monitor, interim: &http::Response<()>) {
    monitor.with(|exchange| {
        exchange.take_section();
        exchange.phases.recorder.emit(EventKind::Informational {
            exchange: exchange.phases.exchange,
            status: interim.status().as_u16(),
            headers: response_head::headers_from_map(interim.headers()),
        });
    });
}

/// Drives the connection until `wanted` is ready or the monitor has found a flood of frames.
async fn drive_until<T>(
    connection: &mut Http2Driver,
    monitor: &Http2Monitor,
    wanted: impl Future<Output = T>,
) -> Result<T, PhaseFailure> {
    let mut wanted = pin!(wanted);
    poll_fn(|cx| {
        if let Poll::Ready(value) = wanted.as_mut().poll(cx) {
            return Poll::Ready(Ok(value));
        }
        connection.poll(cx);
        if let Some(failed) = monitor.with(|exchange| exchange.flood_failure()).flatten() {
            return Poll::Ready(Err(failed));
        }
        wanted.as_mut().poll(cx).map(Ok)
    })
    .await
}
