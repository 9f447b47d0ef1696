//! Specification of a run: the request and all options.

mod form;
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use url::Url;

use super::cookies::{CookieStore, PersistentCookies};
use crate::units::Secret;

pub use form::{Form, FormContent, FormPart, TransferEncoding};
pub use tls::{KeyLogListener, KeyLogProblems, TlsOptions, TlsVersion};

/// A request and its options. Each has the meaning of the curl option it names.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own on the command line"
)]
pub struct Spec {
    /// The URL.
    pub url: Url,
    /// `-X`; if absent, implied by the other options.
    pub method: Option<String>,
    /// `-H`, in order.
    pub headers: Vec<HeaderRule>,
    /// `-d`, `--data-binary`, `--json`, `-F`.
    pub body: Option<Body>,
    /// `-I`: ask for the head only.
    pub head_only: bool,
    /// `-f`: a status of 400 or above is a failure.
    pub fail_on_status: bool,
    /// `-A`; `None` for this program's default.
    pub user_agent: Option<String>,
    /// `-e`.
    pub referer: Option<String>,
    /// `-e ';auto'`: a redirected request names the URL it came from.
    pub referer_auto: bool,
    /// `-u` as `user:password`.
    pub credentials: Option<Secret<(String, String)>>,
    /// `--oauth2-bearer`.
    pub bearer: Option<Secret<String>>,
    /// `-b`, `-c`.
    pub cookies: CookieOptions,
    /// `--compressed`: request a content coding and decode it. Without it a coded body is left as
    /// received.
    pub compressed: bool,
    /// `-L` and its companions.
    pub redirects: RedirectOptions,
    /// `-4`, `-6`.
    pub family: AddressFamily,
    /// Source of name resolution.
    pub dns: DnsChoice,
    /// `--resolve`, in order; the first match applies.
    pub resolve: Vec<ResolveRule>,
    /// `--connect-to`, in order; the first match applies.
    pub connect_to: Vec<ConnectToRule>,
    /// `--unix-socket`.
    pub unix_socket: Option<PathBuf>,
    /// `-x` or the `*_proxy` variable for this URL's scheme.
    pub proxy: Option<Proxy>,
    /// `--noproxy`: hosts that are reached without the proxy; `*` for all.
    pub no_proxy: Vec<String>,
    /// `--http1.1`, `--http2`, …
    pub http: HttpChoice,
    /// TLS options.
    pub tls: TlsOptions,
    /// `-m`: time limit of a transfer including its redirects; each repeat gets it anew.
    pub max_time: Option<Duration>,
    /// `--connect-timeout`: time limit for DNS, TCP, proxy and TLS together.
    pub connect_timeout: Duration,
    /// `-o`.
    pub output: Option<BodyOutput>,
    /// Maximum number of bytes a coded body may decode to; more is a failure (a decompression
    /// bomb).
    pub decode_limit: u64,
    /// Number of times to run the request.
    pub repeat: u32,
    /// Pause between repeats.
    pub interval: Duration,
    /// Run the same request through an ordinary HTTP client as well, for comparison.
    pub control: bool,
}

impl Spec {
    /// Default of [`Spec::connect_timeout`].
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
    /// Default of [`Spec::decode_limit`]: 4 GiB.
    pub const DECODE_LIMIT: u64 = 4 << 30;

    /// Creates a GET of `url` with all options at their defaults.
    pub fn get(url: Url) -> Self {
        Self {
            url,
            method: None,
            headers: Vec::new(),
            body: None,
            head_only: false,
            fail_on_status: false,
            user_agent: None,
            referer: None,
            referer_auto: false,
            credentials: None,
            bearer: None,
            cookies: CookieOptions::default(),
            compressed: false,
            redirects: RedirectOptions::default(),
            family: AddressFamily::default(),
            dns: DnsChoice::default(),
            resolve: Vec::new(),
            connect_to: Vec::new(),
            unix_socket: None,
            proxy: None,
            no_proxy: Vec::new(),
            http: HttpChoice::default(),
            tls: TlsOptions::default(),
            max_time: None,
            connect_timeout: Self::CONNECT_TIMEOUT,
            output: None,
            decode_limit: Self::DECODE_LIMIT,
            repeat: 1,
            interval: Duration::ZERO,
            control: false,
        }
    }
}

/// One `-H`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderRule {
    /// `Name: value`, or `Name;` for an empty value.
    Set(String, Secret<String>),
    /// `Name:`: do not send this field, even if it would be sent by default.
    Remove(String),
}

/// A request body.
#[derive(Clone, Debug)]
pub enum Body {
    /// Bytes and the `Content-Type` they imply.
    Bytes {
        /// The body.
        bytes: Bytes,
        /// Sent unless `-H` says otherwise.
        content_type: Option<&'static str>,
        /// `--json` also implies `Accept: application/json`.
        accept_json: bool,
    },
    /// `-F`: `multipart/form-data` (RFC 7578).
    Form(Form),
}

/// Cookie options: `-b`, `-c`.
#[derive(Clone, Debug, Default)]
pub struct CookieOptions {
    /// The user's own `name=value; name2=value2`, for the URL's origin only.
    pub user_pairs: Option<Secret<String>>,
    /// Cookie store that each transfer starts with; `None` if received cookies are not stored.
    pub store: Option<CookieStore>,
    /// Notes about the files that it was read from.
    pub notes: Vec<String>,
    /// Store for cookies to be written to a file after the run.
    pub persistent: Option<PersistentCookies>,
}

/// Redirect options: `-L` and its companions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedirectOptions {
    /// Whether to follow.
    pub follow: bool,
    /// `--max-redirs`.
    pub max: u32,
    /// `--location-trusted`: send credentials, user fields, the body and the client certificate to
    /// every location.
    pub trusted: bool,
    /// `--redirect-guard`: refuse redirects from a public address to one that the public cannot
    /// reach.
    pub guard: bool,
}

impl Default for RedirectOptions {
    fn default() -> Self {
        Self {
            follow: false,
            max: 50,
            trusted: false,
            guard: false,
        }
    }
}

/// Address families that may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressFamily {
    /// IPv4 and IPv6.
    #[default]
    Any,
    /// `-4`.
    V4,
    /// `-6`.
    V6,
}

/// Source of name resolution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DnsChoice {
    /// The system's configuration (hosts file, name servers, search list), queried by this program,
    /// so that every query is visible.
    #[default]
    Configured,
    /// `--dns-servers`.
    Servers(Vec<SocketAddr>),
    /// `--doh-url`.
    Https(Url),
    /// The operating system's resolver (`getaddrinfo`): the same result as other programs get, but
    /// its queries are not visible.
    System,
}

/// One `--resolve host:port:address[,address]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveRule {
    /// Host name, or `*`.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Addresses to use.
    pub addresses: Vec<IpAddr>,
}

/// One `--connect-to host:port:to_host:to_port`. An empty or absent host or port matches any; an
/// empty or absent target stays as requested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectToRule {
    /// Requested host.
    pub host: Option<String>,
    /// Requested port.
    pub port: Option<u16>,
    /// Host to connect to instead.
    pub to_host: Option<String>,
    /// Port to connect to instead.
    pub to_port: Option<u16>,
}

/// A proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Protocol spoken with it.
    pub kind: ProxyKind,
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password for it.
    pub credentials: Option<Secret<(String, String)>>,
}

/// Protocol spoken with a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// HTTP: absolute form for `http` URLs, CONNECT for others.
    Http,
    /// HTTP over TLS.
    Https,
    /// SOCKS5, names resolved here.
    Socks5,
    /// SOCKS5, names resolved by the proxy.
    Socks5h,
}

impl ProxyKind {
    /// Returns the URL scheme of the protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }
}

/// Choice of the HTTP version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpChoice {
    /// ALPN decides between HTTP/2 and HTTP/1.1; without TLS HTTP/1.1.
    #[default]
    Auto,
    /// `--http1.0`.
    Http10,
    /// `--http1.1`.
    Http11,
    /// `--http2`: as `Auto`.
    Http2,
    /// `--http2-prior-knowledge`: HTTP/2 even without TLS.
    Http2PriorKnowledge,
}

/// Destination of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyOutput {
    /// A file, created or replaced.
    File(PathBuf),
    /// Standard output.
    Stdout,
}
