//! HTTP session over a new connection: resolving, connecting, proxy and TLS, then requests over
//! HTTP/1 or HTTP/2.

use std::net::IpAddr;
use std::sync::Arc;

use url::Url;

use super::connect::{EstablishedConnection, TcpInfoReader, connect, connect_unix};
use super::exchange_context::ExchangeContext;
use super::http1::Http1;
use super::http2::Http2;
use super::message_phases::MessagePhases;
use super::proxy::{open_tunnel, proxy_for};
use super::redirect::{RedirectSender, check_proxied_host, permitted_addresses};
use super::request::{OutgoingRequest, RequestField, RequestHop};
use super::resolve::{connect_target, resolve};
use super::response_head::{BodyFrame, FinalResponseHead};
use super::spec::{HttpChoice, Proxy, ProxyKind};
use super::tap::{ByteStream, Meter};
use super::tls::{DeferredVerification, HandshakeInputs, HandshakeTarget, perform_handshake};
use super::tls_loader::TlsLoader;
use super::yielding_stream::YieldingStream;
use super::{PhaseFailure, Spec};
use crate::trace::{ConnectionId, Endpoint, EventKind, FailureCode, Phase};
use crate::units::Untrusted;

/// Data about a connection, apart from its byte stream.
pub(super) struct ConnectionInfo {
    pub(super) id: ConnectionId,
    pub(super) local: Endpoint,
    pub(super) remote: Endpoint,
    meter: Arc<Meter>,
    tcp_info: Option<TcpInfoReader>,
    deferred_verifications: Vec<DeferredVerification>,
}

impl ConnectionInfo {
    /// Returns the server at the other end as the sender of a redirect.
    pub(super) fn redirect_sender(&self, spec: &Spec, url: &Url) -> RedirectSender {
        match (proxy_for(spec, url), self.remote.ip()) {
            (Some(_), Some(_)) => RedirectSender::behind_proxy(url.host_str().unwrap_or_default()),
            (None, Some(address)) => RedirectSender::at(address.ip()),
            (_, None) => RedirectSender::NonPublic,
        }
    }

    /// Verifies the certificate chains whose verification was deferred.
    pub(super) async fn verify_deferred_certificates(
        &mut self,
        spec: &Spec,
        trust: &mut TlsLoader,
    ) {
        for deferred in std::mem::take(&mut self.deferred_verifications) {
            deferred.check(&*trust.trust_store(&spec.tls).await);
        }
    }

    /// Emits the layers of its streams as far as they are known.
    pub(super) fn emit_layers(&self) {
        self.meter.layers().emit_pending();
    }

    /// Emits the layers for the last time.
    pub(super) fn finish_layers(&self) {
        self.meter.layers().finish();
    }

    /// Returns the kernel's current figures as an event.
    pub(super) fn tcp_info_event(&self) -> Option<EventKind> {
        let figures = self.tcp_info.as_ref()?.read()?;
        Some(EventKind::KernelMeasured {
            connection: self.id,
            figures,
        })
    }
}

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
    /// Resolves, connects, negotiates with a proxy and performs the TLS handshake, as the hop
    /// requires. `info` is set as soon as there is a connection.
    pub(super) async fn open(
        context: &ExchangeContext<'_>,
        hop: &RequestHop,
        trust: &mut TlsLoader,
        info: &mut Option<ConnectionInfo>,
    ) -> Result<Self, PhaseFailure> {
        let UrlEndpoint {
            host,
            port,
            is_secure,
        } = UrlEndpoint::from_url(&hop.url)?;
        let proxy =
            proxy_for(context.spec, &hop.url).filter(|_| context.spec.unix_socket.is_none());
        if is_secure || proxy.is_some_and(|proxy| proxy.kind == ProxyKind::Https) {
            trust.start(&context.spec.tls);
        }
        let EstablishedConnection {
            connection,
            stream,
            meter,
            tcp_info: kernel,
            local,
            remote,
        } = connect_transport(context, proxy, &host, port).await?;
        let info = info.insert(ConnectionInfo {
            id: connection,
            local,
            remote,
            meter: Arc::clone(&meter),
            tcp_info: kernel,
            deferred_verifications: Vec::new(),
        });
        let mut dialer = Dialer {
            context,
            trust,
            connection,
            meter: &meter,
            deferred_verifications: &mut info.deferred_verifications,
            sends_credentials: hop.sends_credentials,
        };
        let mut stream: Box<dyn ByteStream> = Box::new(YieldingStream::new(stream));
        if let Some(proxy) = proxy {
            stream = dialer
                .connect_through_proxy(proxy, stream, &host, port, is_secure)
                .await?;
        }
        let mut alpn = None;
        if is_secure {
            (stream, alpn) = dialer.secure_stream(stream, &host).await?;
        }
        let proxy_fields = proxy
            .filter(|proxy| !is_secure && is_http_proxy(proxy))
            .map(proxy_authorization_fields);
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

/// Host, port and scheme of a URL.
struct UrlEndpoint {
    host: String,
    port: u16,
    is_secure: bool,
}

impl UrlEndpoint {
    fn from_url(url: &Url) -> Result<Self, PhaseFailure> {
        let is_secure = url.scheme() == "https";
        match (url.host_str(), url.port_or_known_default()) {
            (Some(host), Some(port)) if is_secure || url.scheme() == "http" => Ok(Self {
                host: host.to_owned(),
                port,
                is_secure,
            }),
            _ => {
                let message = format!("{}:// is not supported yet", url.scheme());
                Err(PhaseFailure::new(
                    Phase::Connect,
                    FailureCode::RequestInvalid,
                    message,
                    "use a URL that begins with http:// or https://",
                ))
            }
        }
    }
}

/// Returns scheme, host and port of a URL.
fn origin_text(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Connects to the server, or to the proxy.
async fn connect_transport(
    context: &ExchangeContext<'_>,
    proxy: Option<&Proxy>,
    host: &str,
    port: u16,
) -> Result<EstablishedConnection, PhaseFailure> {
    if let Some(path) = &context.spec.unix_socket {
        return connect_unix(context, path).await;
    }
    if proxy.is_some() {
        check_proxied_host(context, host, port)?;
    }
    let (host, port) = match proxy {
        Some(proxy) => (proxy.host.clone(), proxy.port),
        None => connect_target(context.spec, host, port),
    };
    let addresses = resolve(context, &host, port).await?;
    let addresses = if proxy.is_some() {
        addresses
    } else {
        permitted_addresses(context, addresses)
            .map_err(|failed| prefix_host(failed, false, &host))?
    };
    connect(context, &addresses)
        .await
        .map_err(|failed| prefix_host(failed, proxy.is_some(), &host))
}

/// Prefixes the message with the host's name: connection attempts only know addresses.
fn prefix_host(mut failed: PhaseFailure, is_proxy: bool, host: &str) -> PhaseFailure {
    let of_whom = match (
        is_proxy,
        host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok(),
    ) {
        (true, _) => format!("the proxy {host}: "),
        (false, false) => format!("{host}: "),
        (false, true) => return failed,
    };
    failed.failure.message = Untrusted::new(of_whom + failed.failure.message.raw());
    failed
}

/// Sets up what lies between a connection and HTTP: the proxy and TLS.
struct Dialer<'a> {
    context: &'a ExchangeContext<'a>,
    trust: &'a mut TlsLoader,
    connection: ConnectionId,
    meter: &'a Arc<Meter>,
    deferred_verifications: &'a mut Vec<DeferredVerification>,
    /// Whether the server may get the user's credentials and client certificate.
    sends_credentials: bool,
}

impl Dialer<'_> {
    /// Runs the proxy phase. A plain request to an HTTP proxy needs no tunnel.
    async fn connect_through_proxy(
        &mut self,
        proxy: &Proxy,
        mut stream: Box<dyn ByteStream>,
        host: &str,
        port: u16,
        is_secure: bool,
    ) -> Result<Box<dyn ByteStream>, PhaseFailure> {
        let recorder = self.context.recorder;
        let exchange = self.context.exchange;
        if proxy.kind == ProxyKind::Https {
            recorder.begin_phase(exchange, Phase::Proxy, Some(self.meter.position()));
            let inputs = self.handshake_inputs().await;
            // The client's certificate is for the server.
            let target = HandshakeTarget {
                presents_certificate: false,
                ..self.handshake_target(&proxy.host, vec![b"http/1.1".to_vec()], Phase::Proxy)
            };
            let (secured, deferred) =
                perform_handshake(self.context, stream, &inputs, &target).await?;
            self.deferred_verifications.extend(deferred);
            stream = Box::new(secured);
            if !is_secure {
                recorder.end_phase(exchange, Phase::Proxy, Some(self.meter.position()));
            }
        }
        if !is_secure && is_http_proxy(proxy) {
            return Ok(stream);
        }
        let (host, port) = connect_target(self.context.spec, host, port);
        Ok(Box::new(
            open_tunnel(self.context, stream, self.meter, proxy, &host, port).await?,
        ))
    }

    /// Runs the TLS phase.
    async fn secure_stream(
        &mut self,
        stream: Box<dyn ByteStream>,
        host: &str,
    ) -> Result<(Box<dyn ByteStream>, Option<Vec<u8>>), PhaseFailure> {
        let recorder = self.context.recorder;
        let exchange = self.context.exchange;
        recorder.begin_phase(exchange, Phase::Tls, Some(self.meter.position()));
        let inputs = self.handshake_inputs().await;
        let target =
            self.handshake_target(host, alpn_protocols(self.context.spec.http), Phase::Tls);
        let (secured, deferred) = perform_handshake(self.context, stream, &inputs, &target).await?;
        self.deferred_verifications.extend(deferred);
        recorder.end_phase(exchange, Phase::Tls, Some(self.meter.position()));
        let alpn = secured
            .inner()
            .inner()
            .get_ref()
            .1
            .alpn_protocol()
            .map(<[u8]>::to_vec);
        Ok((Box::new(secured), alpn))
    }

    /// Returns the inputs of a handshake once they are loaded. The wait belongs to the phase, as in
    /// curl's timings, but it is on the app clock only: it shows as this machine's own work.
    async fn handshake_inputs(&mut self) -> HandshakeInputs {
        let recorder = self.context.recorder;
        let choice = &self.context.spec.tls;
        let ready = self.trust.is_ready(choice);
        let began = recorder.now();
        let crypto = self.trust.crypto(choice).await;
        let trust = if choice.insecure {
            None
        } else {
            Some(self.trust.trust_store(choice).await)
        };
        if !ready {
            let waited = recorder.now().since(began);
            recorder.note(
                self.context.exchange,
                format!(
                    "the TLS handshake began {waited} late: this program was still loading the \
                        trust store"
                ),
            );
        }
        HandshakeInputs {
            crypto,
            trust_store: trust,
        }
    }

    fn handshake_target<'p>(
        &'p self,
        host: &'p str,
        alpn: Vec<Vec<u8>>,
        phase: Phase,
    ) -> HandshakeTarget<'p> {
        HandshakeTarget {
            connection: self.connection,
            meter: self.meter,
            host,
            alpn,
            presents_certificate: self.sends_credentials,
            phase,
        }
    }
}

const fn is_http_proxy(proxy: &Proxy) -> bool {
    matches!(proxy.kind, ProxyKind::Http | ProxyKind::Https)
}

fn proxy_authorization_fields(proxy: &Proxy) -> Vec<RequestField> {
    let credentials = proxy.credentials.as_ref().map(crate::units::Secret::expose);
    credentials
        .map(|(user, password)| RequestField::basic_auth("Proxy-Authorization", user, password))
        .into_iter()
        .collect()
}

/// Returns the application protocols to offer for an HTTP version (ALPN, RFC 7301).
pub(super) fn alpn_protocols(choice: HttpChoice) -> Vec<Vec<u8>> {
    let names: &[&[u8]] = match choice {
        HttpChoice::Auto | HttpChoice::Http2 => &[b"h2", b"http/1.1"],
        HttpChoice::Http2PriorKnowledge => &[b"h2"],
        HttpChoice::Http11 => &[b"http/1.1"],
        HttpChoice::Http10 => &[b"http/1.0"],
    };
    names.iter().map(|name| name.to_vec()).collect()
}

fn session_unusable_failure() -> PhaseFailure {
    PhaseFailure::new(
        Phase::Send,
        FailureCode::Internal,
        "the connection cannot be used for requests",
        "please report this as a bug",
    )
}
