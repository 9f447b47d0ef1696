//! HTTP/2 (RFC 9113) by h2, watched from below.
//!
//! ```text
//! h2 ─► portions ─► tap (the watch) ─► TLS or the socket
//! ```

mod failure;
mod head;
mod upload;
mod watch;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::client::{Builder, Connection, ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};

use self::failure::{Progress, failure};
use self::upload::Upload;
use self::watch::Watch;
use super::Failed;
use super::answer::{self, Answer, Piece};
use super::layering::Parts;
use super::portions::Portions;
use super::request::Request;
use super::stage::Stage;
use super::tap::{Io, Tap};
use crate::trace::{HttpVersion, Phase, What};
use crate::units::Untrusted;
use crate::wire::http1::MOST_HEAD;

/// What a server may send before it has to wait: enough for 16 MiB under way.
const WINDOW: u32 = 16 << 20;
/// Informational responses taken before the final one.
const MOST_INFORMATIONAL: usize = 100;

type Wire = Portions<Tap<Box<dyn Io>, Watch>>;

/// A connection that speaks HTTP/2.
pub(super) struct Http2 {
    sender: SendRequest<Bytes>,
    connection: Driver,
    watch: Watch,
    upload: Option<Upload>,
    incoming: Option<RecvStream>,
    progress: Progress,
}

/// h2's half that moves the bytes. It moves while somebody waits for what it brings, so it needs no
/// task of its own.
struct Driver(Option<Connection<Wire, Bytes>>);

impl Driver {
    fn poll(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.0
            && Pin::new(connection).poll(cx).is_ready()
        {
            // Its error, if any, also reaches whoever waits for the response or the body.
            self.0 = None;
        }
    }
}

impl Http2 {
    /// Speaks HTTP/2 over a byte stream, and tells the parts of what is sent and received.
    pub(super) async fn open(
        stream: Box<dyn Io>,
        parts: Option<(Parts, Parts)>,
    ) -> Result<Self, h2::Error> {
        let watch = Watch::new(parts);
        let (sender, connection) = Builder::new()
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .max_header_list_size(u32::try_from(MOST_HEAD).unwrap_or(u32::MAX))
            .enable_push(false)
            .handshake(Portions::new(Tap::new(stream, watch.clone())))
            .await?;
        let progress = Progress {
            received: 0,
            expected: None,
        };
        Ok(Self {
            sender,
            connection: Driver(Some(connection)),
            watch,
            upload: None,
            incoming: None,
            progress,
        })
    }

    /// Sends a request and waits for its final response.
    pub(super) async fn send(&mut self, stage: Stage, request: Request) -> Result<Answer, Failed> {
        let (head, told) = head::compose(&request)?;
        self.watch.begin(stage, told);
        (self.upload, self.incoming) = (None, None);
        self.progress = Progress {
            received: 0,
            expected: None,
        };
        let is_head = request.method == http::Method::HEAD;
        let (response, stream) = self.open_stream(head, request.body.is_none()).await?;
        self.upload = request.body.map(|source| Upload::new(stream, source));
        let response = self.final_response(response).await?;
        let answer = self.tell(&response, is_head);
        self.incoming = Some(response.into_body());
        Ok(answer)
    }

    async fn open_stream(
        &mut self,
        head: http::Request<()>,
        ends: bool,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), Failed> {
        let Self {
            sender,
            connection,
            watch,
            progress,
            ..
        } = self;
        let opened = async {
            poll_fn(|cx| sender.poll_ready(cx)).await?;
            sender.send_request(head, ends)
        };
        along(connection, watch, opened)
            .await?
            .map_err(|error| failure(watch, &error, *progress))
    }

    /// Sends the body and takes informational responses until the final one is there.
    async fn final_response(
        &mut self,
        mut response: ResponseFuture,
    ) -> Result<http::Response<RecvStream>, Failed> {
        let Self {
            connection,
            watch,
            upload,
            progress,
            ..
        } = self;
        let mut informational = 0;
        let answered = poll_fn(|cx| {
            drive(upload, cx)?;
            while let Poll::Ready(Some(interim)) = response.poll_informational(cx) {
                let interim = interim.map_err(|error| failure(watch, &error, *progress))?;
                informational += 1;
                tell_informational(watch, &interim);
                if informational > MOST_INFORMATIONAL {
                    return Poll::Ready(Err(failure::endless_preliminaries(MOST_INFORMATIONAL)));
                }
            }
            let answer = ready!(Pin::new(&mut response).poll(cx));
            Poll::Ready(answer.map_err(|error| failure(watch, &error, *progress)))
        });
        along(connection, watch, answered).await?
    }

    fn tell(&mut self, response: &http::Response<RecvStream>, is_head: bool) -> Answer {
        let headers = answer::headers(response.headers());
        let status = response.status().as_u16();
        let length = response
            .headers()
            .get(http::header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        self.progress.expected = length.filter(|_| !is_head && !matches!(status, 204 | 304));
        self.watch.with(|passing| {
            let section = passing.take_section();
            passing.advanced();
            passing.stage.answered(section.began, section.before);
            passing.stage.recorder.emit(What::ResponseHead {
                exchange: passing.stage.exchange,
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
        Answer {
            status,
            headers,
            set_cookies,
            expected: self.progress.expected,
        }
    }

    /// The next piece of the response's body; `None` at its end.
    pub(super) async fn piece(&mut self) -> Result<Option<Piece>, Failed> {
        let Self {
            incoming: Some(incoming),
            connection,
            watch,
            upload,
            progress,
            ..
        } = self
        else {
            return Ok(None);
        };
        let piece = poll_fn(|cx| {
            drive(upload, cx)?;
            Poll::Ready(Ok::<_, Failed>(ready!(incoming.poll_data(cx))))
        });
        match along(connection, watch, piece).await?? {
            Some(Ok(data)) => {
                progress.received += data.len() as u64;
                if !data.is_empty() {
                    watch.with(watch::Passing::advanced);
                }
                // It cannot fail for what was received.
                let _ = incoming.flow_control().release_capacity(data.len());
                return Ok(Some(Piece::Data(data)));
            }
            Some(Err(error)) => return Err(failure(watch, &error, *progress)),
            None => {}
        }
        let trailers = along(connection, watch, poll_fn(|cx| incoming.poll_trailers(cx))).await?;
        let trailers = trailers.map_err(|error| failure(watch, &error, *progress))?;
        self.incoming = None;
        Ok(trailers.map(|fields| Piece::Trailers(answer::headers(&fields))))
    }

    /// The last byte of the message was read.
    pub(super) fn finish(&self) {
        self.watch.with(|passing| passing.stage.finished());
    }

    /// The phase that is under way.
    pub(super) fn phase(&self) -> Phase {
        self.watch
            .with(|passing| passing.stage.phase())
            .unwrap_or(Phase::Send)
    }

    /// Request bytes written so far.
    pub(super) fn progress(&self) -> u64 {
        self.watch
            .with(|passing| passing.all_written())
            .unwrap_or_default()
    }

    /// Whether nothing of a response has come.
    pub(super) fn is_untouched(&self) -> bool {
        self.watch
            .with(|passing| passing.is_untouched())
            .unwrap_or(true)
    }

    /// Whether another request may be sent on it.
    pub(super) async fn is_reusable(&mut self) -> bool {
        let written = self
            .watch
            .with(|passing| passing.is_done())
            .unwrap_or(false);
        let Self {
            sender,
            connection,
            incoming,
            ..
        } = self;
        let open = poll_fn(|cx| {
            connection.poll(cx);
            Poll::Ready(
                connection.0.is_some() && matches!(sender.poll_ready(cx), Poll::Ready(Ok(()))),
            )
        });
        open.await && written && incoming.is_none()
    }

    /// Says goodbye: GOAWAY, TLS's `close_notify`, and the end of the stream.
    pub(super) async fn close(self) {
        let Self {
            sender,
            mut connection,
            incoming,
            upload,
            ..
        } = self;
        drop((sender, incoming, upload));
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

fn drive(upload: &mut Option<Upload>, cx: &mut Context<'_>) -> Result<(), Failed> {
    if let Some(sending) = upload
        && let Poll::Ready(result) = sending.poll(cx)
    {
        *upload = None;
        return result;
    }
    Ok(())
}

fn tell_informational(watch: &Watch, interim: &http::Response<()>) {
    watch.with(|passing| {
        passing.take_section();
        passing.stage.recorder.emit(What::Informational {
            exchange: passing.stage.exchange,
            status: interim.status().as_u16(),
            headers: answer::headers(interim.headers()),
        });
    });
}

/// Waits for something the connection brings, and moves the connection meanwhile. A flood that the
/// watch finds ends the wait.
async fn along<T>(
    connection: &mut Driver,
    watch: &Watch,
    wanted: impl Future<Output = T>,
) -> Result<T, Failed> {
    let mut wanted = pin!(wanted);
    poll_fn(|cx| {
        if let Poll::Ready(value) = wanted.as_mut().poll(cx) {
            return Poll::Ready(Ok(value));
        }
        connection.poll(cx);
        if let Some(failed) = watch.with(|passing| passing.flooded()).flatten() {
            return Poll::Ready(Err(failed));
        }
        wanted.as_mut().poll(cx).map(Ok)
    })
    .await
}
