//! Dialling: everything from a URL to a byte stream that is ready for HTTP. It resolves the name,
//! connects, negotiates with a proxy and performs the TLS handshake, as the hop requires.

use std::net::IpAddr;
use std::sync::Arc;

use url::Url;

use super::PhaseFailure;
use super::connect::{EstablishedConnection, connect, connect_unix};
use super::connection_info::ConnectionInfo;
use super::exchange_context::ExchangeContext;
use super::proxy::{open_tunnel, proxy_for};
use super::redirect::{check_proxied_host, permitted_addresses};
use super::request::{RequestField, RequestHop};
use super::resolve::{connect_target, resolve};
use super::spec::{HttpChoice, Proxy, ProxyKind};
use super::tap::{ByteStream, Meter};
use super::tls::{DeferredVerification, HandshakeInputs, HandshakeTarget, perform_handshake};
use super::tls_loader::TlsLoader;
use super::yielding_stream::YieldingStream;
use crate::trace::{ConnectionId, FailureCode, Phase};
use crate::units::Untrusted;

/// A byte stream that is ready for HTTP.
pub(super) struct Dialed {
    pub(super) stream: Box<dyn ByteStream>,
    /// The application protocol that TLS negotiated.
    pub(super) alpn: Option<Vec<u8>>,
    /// Fields for the proxy, if requests go to an HTTP proxy in absolute form; `None` if they go to
    /// the server or through a tunnel.
    pub(super) proxy_fields: Option<Vec<RequestField>>,
}

/// Dials the hop's server. `info` is set as soon as there is a connection, so that it can be
/// reported even if a later step fails.
pub(super) async fn dial(
    context: &ExchangeContext<'_>,
    hop: &RequestHop,
    tls_loader: &mut TlsLoader,
    info: &mut Option<ConnectionInfo>,
) -> Result<Dialed, PhaseFailure> {
    let UrlEndpoint {
        host,
        port,
        is_secure,
    } = UrlEndpoint::try_from(&hop.url)?;
    let proxy = proxy_for(context.spec, &hop.url).filter(|_| context.spec.unix_socket.is_none());
    if is_secure || proxy.is_some_and(|proxy| proxy.kind == ProxyKind::Https) {
        // Loading can take tens of milliseconds; started here, it overlaps with DNS and TCP.
        tls_loader.start(&context.spec.tls);
    }
    let EstablishedConnection {
        connection,
        stream,
        meter,
        tcp_info,
        local,
        remote,
    } = connect_transport(context, proxy, &host, port).await?;
    let info = info.insert(ConnectionInfo {
        id: connection,
        local,
        remote,
        meter: Arc::clone(&meter),
        tcp_info,
        deferred_verifications: Vec::new(),
    });
    let mut dialer = Dialer {
        context,
        tls_loader,
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
    Ok(Dialed {
        stream,
        alpn,
        proxy_fields,
    })
}

/// Host, port and scheme of a URL.
struct UrlEndpoint {
    host: String,
    port: u16,
    is_secure: bool,
}

impl TryFrom<&Url> for UrlEndpoint {
    type Error = PhaseFailure;

    fn try_from(url: &Url) -> Result<Self, PhaseFailure> {
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
    tls_loader: &'a mut TlsLoader,
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
        let options = &self.context.spec.tls;
        let ready = self.tls_loader.is_ready(options);
        let began = recorder.now();
        let crypto = self.tls_loader.crypto(options).await;
        let trust_store = if options.insecure {
            None
        } else {
            Some(self.tls_loader.trust_store(options).await)
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
            trust_store,
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
