//! A connection that speaks HTTP, from the name to the first byte of a request.

use std::net::IpAddr;
use std::sync::Arc;

use url::Url;

use super::answer::{Answer, Piece};
use super::connect::{Established, KernelGauge, connect, connect_unix};
use super::http1::Http1;
use super::http2::Http2;
use super::portions::Portions;
use super::proxy::{open_tunnel, proxy_for};
use super::redirect::{Sender, check_behind_proxy, permitted};
use super::request::{Field, Hop, Request};
use super::resolve::{connect_target, resolve};
use super::spec::{HttpChoice, Proxy, ProxyKind};
use super::stage::Stage;
use super::step::Step;
use super::tap::{Io, Meter};
use super::tls::{Means, Purpose, Unchecked, secure};
use super::trust_loader::TrustLoader;
use super::{Failed, Spec};
use crate::trace::{Code, ConnectionId, Endpoint, Phase, What};
use crate::units::Untrusted;

/// What is known of a connection besides its bytes.
pub(super) struct Line {
    pub(super) connection: ConnectionId,
    pub(super) local: Endpoint,
    pub(super) remote: Endpoint,
    meter: Arc<Meter>,
    kernel: Option<KernelGauge>,
    unchecked: Vec<Unchecked>,
}

impl Line {
    /// The server at the other end, as the sender of a redirect.
    pub(super) fn sender(&self, spec: &Spec, url: &Url) -> Sender {
        match (proxy_for(spec, url), self.remote.ip()) {
            (Some(_), Some(_)) => Sender::behind_proxy(url.host_str().unwrap_or_default()),
            (None, Some(address)) => Sender::at(address.ip()),
            (_, None) => Sender::Inside,
        }
    }

    /// Checks the certificates whose check was put off.
    pub(super) async fn check_certificates(&mut self, spec: &Spec, trust: &mut TrustLoader) {
        for unchecked in std::mem::take(&mut self.unchecked) {
            unchecked.check(&*trust.trust(&spec.tls).await);
        }
    }

    /// Tells what lies where in its streams, as far as they have come.
    pub(super) fn tell_layers(&self) {
        self.meter.layering().tell();
    }

    /// The same for the last time.
    pub(super) fn end_layers(&self) {
        self.meter.layering().end();
    }

    /// The kernel's figures now, as an event.
    pub(super) fn measured(&self) -> Option<What> {
        let figures = self.kernel.as_ref()?.read()?;
        Some(What::KernelMeasured {
            connection: self.connection,
            figures,
        })
    }
}

/// A connection that is ready for requests.
pub(super) struct Link {
    speech: Speech,
    origin: String,
    /// Requests go to a proxy, which wants absolute form and these fields.
    by_proxy: Option<Vec<Field>>,
    version: http::Version,
}

/// What is spoken. It begins with the first request: a connection's first bytes belong to its send
/// phase.
enum Speech {
    NotYet {
        stream: Box<dyn Io>,
        http2: bool,
    },
    Http1(Box<Http1>),
    Http2(Box<Http2>),
    /// It could not begin.
    Never,
}

impl Link {
    /// Resolves, connects, talks to a proxy and secures, as the hop needs it. `line` is set as soon
    /// as there is a connection.
    pub(super) async fn open(
        step: &Step<'_>,
        hop: &Hop,
        trust: &mut TrustLoader,
        line: &mut Option<Line>,
    ) -> Result<Self, Failed> {
        let Place {
            host,
            port,
            is_secure,
        } = Place::of(&hop.url)?;
        let proxy = proxy_for(step.spec, &hop.url).filter(|_| step.spec.unix_socket.is_none());
        if is_secure || proxy.is_some_and(|proxy| proxy.kind == ProxyKind::Https) {
            trust.start(&step.spec.tls);
        }
        let Established {
            connection,
            stream,
            meter,
            kernel,
            local,
            remote,
        } = reach(step, proxy, &host, port).await?;
        let line = line.insert(Line {
            connection,
            local,
            remote,
            meter: Arc::clone(&meter),
            kernel,
            unchecked: Vec::new(),
        });
        let mut way = Way {
            step,
            trust,
            connection,
            meter: &meter,
            unchecked: &mut line.unchecked,
            at_home: hop.at_home,
        };
        let mut stream: Box<dyn Io> = Box::new(Portions::new(stream));
        if let Some(proxy) = proxy {
            stream = way.through(proxy, stream, &host, port, is_secure).await?;
        }
        let mut alpn = None;
        if is_secure {
            (stream, alpn) = way.secured(stream, &host).await?;
        }
        let by_proxy = proxy
            .filter(|proxy| !is_secure && speaks_http(proxy))
            .map(authorization);
        let http2 =
            alpn.as_deref() == Some(b"h2") || step.spec.http == HttpChoice::Http2PriorKnowledge;
        let speech = Speech::NotYet { stream, http2 };
        let version = if step.spec.http == HttpChoice::Http10 {
            http::Version::HTTP_10
        } else {
            http::Version::HTTP_11
        };
        Ok(Self {
            speech,
            origin: origin(&hop.url),
            by_proxy,
            version,
        })
    }

    /// Whether a hop's request can go over this connection.
    pub(super) fn fits(&self, hop: &Hop) -> bool {
        self.origin == origin(&hop.url)
    }

    /// Sends a request and waits for the final response's head.
    pub(super) async fn send(
        &mut self,
        step: &Step<'_>,
        line: &Line,
        mut request: Request,
    ) -> Result<Answer, Failed> {
        let stage = Stage::begin(
            step.recorder.clone(),
            step.exchange,
            Arc::clone(&line.meter),
        );
        let target = match &self.by_proxy {
            Some(credentials) => {
                request.fields.splice(1..1, credentials.clone());
                request.url.as_str().to_owned()
            }
            None => request.origin_form(),
        };
        self.begin(&line.meter).await?;
        match &mut self.speech {
            Speech::Http1(http1) => http1.send(stage, request, &target, self.version).await,
            Speech::Http2(http2) => http2.send(stage, request).await,
            Speech::NotYet { .. } | Speech::Never => Err(mute()),
        }
    }

    /// Begins to speak, unless that has begun.
    async fn begin(&mut self, meter: &Meter) -> Result<(), Failed> {
        let fault = |name: &str, error: String| {
            Failed::new(
                Phase::Send,
                Code::Internal,
                format!("{name} cannot be spoken on the connection: {error}"),
                "report this as a fault",
            )
        };
        self.speech = match std::mem::replace(&mut self.speech, Speech::Never) {
            Speech::NotYet {
                stream,
                http2: true,
            } => Speech::Http2(Box::new(
                Http2::open(stream, meter.parts())
                    .await
                    .map_err(|error| fault("HTTP/2", error.to_string()))?,
            )),
            Speech::NotYet {
                stream,
                http2: false,
            } => Speech::Http1(Box::new(
                Http1::open(stream, meter.parts())
                    .await
                    .map_err(|error| fault("HTTP/1.1", error.to_string()))?,
            )),
            begun => begun,
        };
        Ok(())
    }

    /// The next piece of the response; `None` at its end.
    pub(super) async fn piece(&mut self) -> Result<Option<Piece>, Failed> {
        match &mut self.speech {
            Speech::Http1(http1) => http1.piece().await,
            Speech::Http2(http2) => http2.piece().await,
            Speech::NotYet { .. } | Speech::Never => Err(mute()),
        }
    }

    /// The last byte of the message was read.
    pub(super) fn finish(&self) {
        match &self.speech {
            Speech::Http1(http1) => http1.finish(),
            Speech::Http2(http2) => http2.finish(),
            Speech::NotYet { .. } | Speech::Never => {}
        }
    }

    /// The phase that is under way.
    pub(super) fn phase(&self) -> Phase {
        match &self.speech {
            Speech::Http1(http1) => http1.phase(),
            Speech::Http2(http2) => http2.phase(),
            Speech::NotYet { .. } | Speech::Never => Phase::Send,
        }
    }

    /// Request bytes written so far, and what has come of the response's head.
    pub(super) fn progress(&self) -> (u64, Vec<u8>) {
        match &self.speech {
            Speech::Http1(http1) => http1.progress(),
            Speech::Http2(http2) => (http2.progress(), Vec::new()),
            Speech::NotYet { .. } | Speech::Never => (0, Vec::new()),
        }
    }

    /// Whether nothing of a response has come.
    pub(super) fn is_untouched(&self) -> bool {
        match &self.speech {
            Speech::Http1(http1) => http1.is_untouched(),
            Speech::Http2(http2) => http2.is_untouched(),
            Speech::NotYet { .. } | Speech::Never => true,
        }
    }

    /// Whether another request may be sent on it.
    pub(super) async fn is_reusable(&mut self) -> bool {
        match &mut self.speech {
            Speech::Http1(http1) => http1.is_reusable().await,
            Speech::Http2(http2) => http2.is_reusable().await,
            Speech::NotYet { .. } | Speech::Never => false,
        }
    }

    /// Ends it as its protocol wants it ended.
    pub(super) async fn close(self) {
        match self.speech {
            Speech::Http1(http1) => http1.close().await,
            Speech::Http2(http2) => http2.close().await,
            Speech::NotYet { .. } | Speech::Never => {}
        }
    }
}

/// Where a URL leads.
struct Place {
    host: String,
    port: u16,
    is_secure: bool,
}

impl Place {
    fn of(url: &Url) -> Result<Self, Failed> {
        let is_secure = url.scheme() == "https";
        match (url.host_str(), url.port_or_known_default()) {
            (Some(host), Some(port)) if is_secure || url.scheme() == "http" => Ok(Self {
                host: host.to_owned(),
                port,
                is_secure,
            }),
            _ => {
                let message = format!("{}:// is not spoken yet", url.scheme());
                Err(Failed::new(
                    Phase::Connect,
                    Code::RequestInvalid,
                    message,
                    "use a URL that begins with http:// or https://",
                ))
            }
        }
    }
}

/// Scheme, host and port.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// A byte stream to the server, or to the proxy.
async fn reach(
    step: &Step<'_>,
    proxy: Option<&Proxy>,
    host: &str,
    port: u16,
) -> Result<Established, Failed> {
    if let Some(path) = &step.spec.unix_socket {
        return connect_unix(step, path).await;
    }
    if proxy.is_some() {
        check_behind_proxy(step, host, port)?;
    }
    let (host, port) = match proxy {
        Some(proxy) => (proxy.host.clone(), proxy.port),
        None => connect_target(step.spec, host, port),
    };
    let addresses = resolve(step, &host, port).await?;
    let addresses = if proxy.is_some() {
        addresses
    } else {
        permitted(step, addresses).map_err(|failed| naming(failed, false, &host))?
    };
    connect(step, &addresses)
        .await
        .map_err(|failed| naming(failed, proxy.is_some(), &host))
}

/// Attempts tell addresses; this tells what they are the addresses of.
fn naming(mut failed: Failed, is_proxy: bool, host: &str) -> Failed {
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

/// What is put on a connection before HTTP is spoken.
struct Way<'a> {
    step: &'a Step<'a>,
    trust: &'a mut TrustLoader,
    connection: ConnectionId,
    meter: &'a Arc<Meter>,
    unchecked: &'a mut Vec<Unchecked>,
    /// Whether the server is the user's own.
    at_home: bool,
}

impl Way<'_> {
    /// The proxy phase. A plain request to an HTTP proxy needs no tunnel.
    async fn through(
        &mut self,
        proxy: &Proxy,
        mut stream: Box<dyn Io>,
        host: &str,
        port: u16,
        is_secure: bool,
    ) -> Result<Box<dyn Io>, Failed> {
        let (recorder, exchange) = (self.step.recorder, self.step.exchange);
        if proxy.kind == ProxyKind::Https {
            recorder.begin(exchange, Phase::Proxy, Some(self.meter.position()));
            let means = self.means().await;
            // The client's certificate is for the server.
            let purpose = Purpose {
                shows_identity: false,
                ..self.purpose(&proxy.host, vec![b"http/1.1".to_vec()], Phase::Proxy)
            };
            let (secured, unchecked) = secure(self.step, stream, &means, &purpose).await?;
            self.unchecked.extend(unchecked);
            stream = Box::new(secured);
            if !is_secure {
                recorder.end(exchange, Phase::Proxy, Some(self.meter.position()));
            }
        }
        if !is_secure && speaks_http(proxy) {
            return Ok(stream);
        }
        let (host, port) = connect_target(self.step.spec, host, port);
        Ok(Box::new(
            open_tunnel(self.step, stream, self.meter, proxy, &host, port).await?,
        ))
    }

    /// The TLS phase.
    async fn secured(
        &mut self,
        stream: Box<dyn Io>,
        host: &str,
    ) -> Result<(Box<dyn Io>, Option<Vec<u8>>), Failed> {
        let (recorder, exchange) = (self.step.recorder, self.step.exchange);
        recorder.begin(exchange, Phase::Tls, Some(self.meter.position()));
        let means = self.means().await;
        let purpose = self.purpose(host, alpn(self.step.spec.http), Phase::Tls);
        let (secured, unchecked) = secure(self.step, stream, &means, &purpose).await?;
        self.unchecked.extend(unchecked);
        recorder.end(exchange, Phase::Tls, Some(self.meter.position()));
        let alpn = secured
            .inner()
            .inner()
            .get_ref()
            .1
            .alpn_protocol()
            .map(<[u8]>::to_vec);
        Ok((Box::new(secured), alpn))
    }

    /// What a handshake works with, once it is loaded. Waiting for it belongs to the phase, as it
    /// does in curl's marks, but on the app clock alone: it shows as this machine's own work.
    async fn means(&mut self) -> Means {
        let (recorder, choice) = (self.step.recorder, &self.step.spec.tls);
        let (ready, began) = (self.trust.is_ready(choice), recorder.now());
        let tools = self.trust.tools(choice).await;
        let trust = if choice.insecure {
            None
        } else {
            Some(self.trust.trust(choice).await)
        };
        if !ready {
            let waited = recorder.now().since(began);
            recorder.note(
                self.step.exchange,
                format!(
                    "{waited} passed before the TLS handshake began: this program was loading \
                    the trust store"
                ),
            );
        }
        Means { tools, trust }
    }

    fn purpose<'p>(&'p self, host: &'p str, alpn: Vec<Vec<u8>>, phase: Phase) -> Purpose<'p> {
        Purpose {
            connection: self.connection,
            meter: self.meter,
            host,
            alpn,
            shows_identity: self.at_home,
            phase,
        }
    }
}

const fn speaks_http(proxy: &Proxy) -> bool {
    matches!(proxy.kind, ProxyKind::Http | ProxyKind::Https)
}

fn authorization(proxy: &Proxy) -> Vec<Field> {
    let credentials = proxy.credentials.as_ref().map(crate::units::Secret::expose);
    credentials
        .map(|(user, password)| Field::basic("Proxy-Authorization", user, password))
        .into_iter()
        .collect()
}

/// The application protocols that are offered for an HTTP version.
pub(super) fn alpn(choice: HttpChoice) -> Vec<Vec<u8>> {
    let names: &[&[u8]] = match choice {
        HttpChoice::Auto | HttpChoice::Http2 => &[b"h2", b"http/1.1"],
        HttpChoice::Http2PriorKnowledge => &[b"h2"],
        HttpChoice::Http11 => &[b"http/1.1"],
        HttpChoice::Http10 => &[b"http/1.0"],
    };
    names.iter().map(|name| name.to_vec()).collect()
}

fn mute() -> Failed {
    Failed::new(
        Phase::Send,
        Code::Internal,
        "nothing can be said on this connection",
        "report this as a fault",
    )
}
