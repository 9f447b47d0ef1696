//! HTTP session over one connection: requests over HTTP/1 or HTTP/2.

use std::sync::Arc;

use url::Url;

use super::PhaseFailure;
use super::connection_info::ConnectionInfo;
use super::dial::{Dialed, dial};
use super::exchange_context::ExchangeContext;
use super::http1::Http1;
use super::http2::Http2;
use super::message_phases::MessagePhases;
use super::request::{OutgoingRequest, RequestField, RequestHop};
use super::response_head::{BodyFrame, FinalResponseHead};
use super::spec::HttpChoice;
use super::tap::{ByteStream, Meter};
use super::tls_loader::TlsLoader;
use crate::trace::{FailureCode, Phase};

/// A connection that is ready for HTTP requests.
pub(super) struct HttpSession {
    protocol: ProtocolSession,
    origin: String,
    /// Fields for the proxy, if requests go to an HTTP proxy in absolute form; `None` if they go to
    /// the server or through a tunnel.
    proxy_fields: Option<Vec<RequestField>>,
    version: http::Version,
}

/// The protocol of a session. It starts with the first request, because the first bytes on a
/// connection (such as HTTP/2's preface) belong to that request's send phase.
enum ProtocolSession {
    NotStarted {
        stream: Box<dyn ByteStream>,
        http2: bool,
    },
    Http1(Box<Http1>),
    Http2(Box<Http2>),
    /// Starting the protocol failed.
    Unusable,
}

impl HttpSession {
    /// Dials the hop's server. `info` is set as soon as there is a connection.
    pub(super) async fn open(
        context: &ExchangeContext<'_>,
        hop: &RequestHop,
        tls_loader: &mut TlsLoader,
        info: &mut Option<ConnectionInfo>,
    ) -> Result<Self, PhaseFailure> {
        let Dialed {
            stream,
            alpn,
            proxy_fields,
        } = dial(context, hop, tls_loader, info).await?;
        let http2 =
            alpn.as_deref() == Some(b"h2") || context.spec.http == HttpChoice::Http2PriorKnowledge;
        let protocol = ProtocolSession::NotStarted { stream, http2 };
        let version = if context.spec.http == HttpChoice::Http10 {
            http::Version::HTTP_10
        } else {
            http::Version::HTTP_11
        };
        Ok(Self {
            protocol,
            origin: origin_text(&hop.url),
            proxy_fields,
            version,
        })
    }

    /// Returns true if the hop's request can be sent over this connection.
    pub(super) fn serves(&self, hop: &RequestHop) -> bool {
        self.origin == origin_text(&hop.url)
    }

    /// Sends a request and waits for the head of the final response.
    pub(super) async fn send(
        &mut self,
        context: &ExchangeContext<'_>,
        info: &ConnectionInfo,
        mut request: OutgoingRequest,
    ) -> Result<FinalResponseHead, PhaseFailure> {
        let phases = MessagePhases::begin(
            context.recorder.clone(),
            context.exchange,
            Arc::clone(&info.meter),
        );
        let target = match &self.proxy_fields {
            Some(credentials) => {
                request.fields.splice(1..1, credentials.clone());
                request.url.as_str().to_owned()
            }
            None => request.origin_form(),
        };
        self.start_protocol(&info.meter).await?;
        match &mut self.protocol {
            ProtocolSession::Http1(http1) => {
                http1.send(phases, request, &target, self.version).await
            }
            ProtocolSession::Http2(http2) => http2.send(phases, request).await,
            ProtocolSession::NotStarted { .. } | ProtocolSession::Unusable => {
                Err(session_unusable_failure())
            }
        }
    }

    /// Starts the protocol, unless it has started.
    async fn start_protocol(&mut self, meter: &Meter) -> Result<(), PhaseFailure> {
        let fault = |name: &str, error: String| {
            PhaseFailure::new(
                Phase::Send,
                FailureCode::Internal,
                format!("cannot start {name} on the connection: {error}"),
                "please report this as a bug",
            )
        };
        // The stream is moved into the protocol. If starting fails it is lost, and the session
        // stays unusable.
        self.protocol = match std::mem::replace(&mut self.protocol, ProtocolSession::Unusable) {
            ProtocolSession::NotStarted {
                stream,
                http2: true,
            } => ProtocolSession::Http2(Box::new(
                Http2::open(stream, meter.track_parts())
                    .await
                    .map_err(|error| fault("HTTP/2", error.to_string()))?,
            )),
            ProtocolSession::NotStarted {
                stream,
                http2: false,
            } => ProtocolSession::Http1(Box::new(
                Http1::open(stream, meter.track_parts())
                    .await
                    .map_err(|error| fault("HTTP/1.1", error.to_string()))?,
            )),
            begun => begun,
        };
        Ok(())
    }

    /// Returns the next frame of the response; `None` at its end.
    pub(super) async fn next_frame(&mut self) -> Result<Option<BodyFrame>, PhaseFailure> {
        match &mut self.protocol {
            ProtocolSession::Http1(http1) => http1.next_frame().await,
            ProtocolSession::Http2(http2) => http2.next_frame().await,
            ProtocolSession::NotStarted { .. } | ProtocolSession::Unusable => {
                Err(session_unusable_failure())
            }
        }
    }

    /// Records that the last byte of the response was read.
    pub(super) fn finish(&self) {
        match &self.protocol {
            ProtocolSession::Http1(http1) => http1.finish(),
            ProtocolSession::Http2(http2) => http2.finish(),
            ProtocolSession::NotStarted { .. } | ProtocolSession::Unusable => {}
        }
    }

    /// Returns the current phase.
    pub(super) fn phase(&self) -> Phase {
        match &self.protocol {
            ProtocolSession::Http1(http1) => http1.phase(),
            ProtocolSession::Http2(http2) => http2.phase(),
            ProtocolSession::NotStarted { .. } | ProtocolSession::Unusable => Phase::Send,
        }
    }

    /// Returns the number of request bytes written so far, and what was received of an incomplete
    /// head.
    pub(super) fn progress(&self) -> (u64, Vec<u8>) {
        match &self.protocol {
            ProtocolSession::Http1(http1) => http1.progress(),
            ProtocolSession::Http2(http2) => (http2.progress(), Vec::new()),
            ProtocolSession::NotStarted { .. } | ProtocolSession::Unusable => (0, Vec::new()),
        }
    }

    /// Returns true if nothing of a response was received.
    pub(super) fn has_no_response(&self) -> bool {
        match &self.protocol {
            ProtocolSession::Http1(http1) => http1.has_no_response(),
            ProtocolSession::Http2(http2) => http2.has_no_response(),
            ProtocolSession::NotStarted { .. } | ProtocolSession::Unusable => true,
        }
    }

    /// Returns true if another request may be sent.
    pub(super) async fn is_reusable(&mut self) -> bool {
        match &mut self.protocol {
            ProtocolSession::Http1(http1) => http1.is_reusable().await,
            ProtocolSession::Http2(http2) => http2.is_reusable().await,
            ProtocolSession::NotStarted { .. } | ProtocolSession::Unusable => false,
        }
    }

    /// Closes the connection as its protocol requires.
    pub(super) async fn close(self) {
        match self.protocol {
            ProtocolSession::Http1(http1) => http1.close().await,
            ProtocolSession::Http2(http2) => http2.close().await,
            ProtocolSession::NotStarted { .. } | ProtocolSession::Unusable => {}
        }
    }
}

/// Returns scheme, host and port of a URL.
fn origin_text(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn session_unusable_failure() -> PhaseFailure {
    PhaseFailure::new(
        Phase::Send,
        FailureCode::Internal,
        "the connection cannot be used for requests",
        "please report this as a bug",
    )
}
