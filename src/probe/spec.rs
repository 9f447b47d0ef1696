//! What the user asked for.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use url::Url;

use super::cookies::{CookieStore, PersistentCookies};
use crate::units::Secret;

/// A request and all that shapes it. The meaning of a field is that of the curl option it names.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own on the command line"
)]
pub struct Spec {
    /// Where to.
    pub url: Url,
    /// `-X`; else what the rest implies.
    pub method: Option<String>,
    /// `-H`, in order.
    pub headers: Vec<HeaderRule>,
    /// `-d`, `--data-binary`, `--json`, `-F`.
    pub body: Option<Body>,
    /// `-I`: ask for the head only.
    pub head_only: bool,
    /// `-f`: a status of 400 or above is a failure.
    pub fail_on_status: bool,
    /// `-A`; `None` for this program's own.
    pub user_agent: Option<String>,
    /// `-e`.
    pub referer: Option<String>,
    /// `-e ';auto'`: a redirect's request names the URL it came from.
    pub referer_auto: bool,
    /// `-u` as `user:password`.
    pub credentials: Option<Secret<(String, String)>>,
    /// `--oauth2-bearer`.
    pub bearer: Option<Secret<String>>,
    /// `-b`, `-c`.
    pub cookies: CookieOptions,
    /// `--compressed`: ask for a content coding and decode it. What comes coded without it is
    /// taken as it comes.
    pub compressed: bool,
    /// `-L` and what goes with it.
    pub redirects: RedirectOptions,
    /// `-4`, `-6`.
    pub family: AddressFamily,
    /// How names become addresses.
    pub dns: DnsChoice,
    /// `--resolve`, in order; the first that fits wins.
    pub resolve: Vec<ResolveRule>,
    /// `--connect-to`, in order; the first that fits wins.
    pub connect_to: Vec<ConnectToRule>,
    /// `--unix-socket`.
    pub unix_socket: Option<PathBuf>,
    /// `-x` and the `*_proxy` variables, already chosen for this URL's scheme.
    pub proxy: Option<Proxy>,
    /// `--noproxy`: hosts that are reached without the proxy; `*` for all.
    pub no_proxy: Vec<String>,
    /// `--http1.1`, `--http2`, …
    pub http: HttpChoice,
    /// TLS options.
    pub tls: TlsOptions,
    /// `-m`: limit of a transfer, its redirects included; every repeat has it anew.
    pub max_time: Option<Duration>,
    /// `--connect-timeout`: limit for DNS, TCP, proxy and TLS together.
    pub connect_timeout: Duration,
    /// `-o`.
    pub output: Option<BodyOutput>,
    /// Decoded bytes a coded body may grow to; more is a failure (a decompression bomb).
    pub decode_limit: u64,
    /// How many times to run it.
    pub repeat: u32,
    /// Pause between repeats.
    pub interval: Duration,
    /// Run the same request through the ordinary HTTP client too, and compare.
    pub control: bool,
}

impl Spec {
    /// Default of [`Spec::connect_timeout`].
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
    /// Default of [`Spec::decode_limit`]: 4 GiB.
    pub const DECODE_LIMIT: u64 = 4 << 30;

    /// A plain GET of `url`.
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
    /// `Name:`: do not send this field though it would be sent by default.
    Remove(String),
}

/// A request body.
#[derive(Clone, Debug)]
pub enum Body {
    /// Bytes, and the `Content-Type` they imply.
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

/// All `-F` and `--form-string`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The parts, in order.
    pub parts: Vec<FormPart>,
    /// `--form-escape`: quotes in names are escaped with a backslash, not percent-encoded.
    pub escapes_with_backslash: bool,
}

/// One `-F`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormPart {
    /// Field name; none within a multipart, often.
    pub name: Option<String>,
    /// The value.
    pub content: FormContent,
    /// `;type=`.
    pub content_type: Option<String>,
    /// `;filename=`.
    pub file_name: Option<String>,
    /// `;headers=`: lines `Name: value`.
    pub headers: Vec<String>,
    /// `;encoder=`.
    pub encoding: Option<TransferEncoding>,
}

impl FormPart {
    /// A part with nothing but its content.
    pub const fn new(content: FormContent) -> Self {
        Self {
            name: None,
            content,
            content_type: None,
            file_name: None,
            headers: Vec::new(),
            encoding: None,
        }
    }
}

/// The value of a form field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormContent {
    /// What is at hand.
    Bytes {
        /// The value.
        bytes: Bytes,
        /// Whether it came from a file that could be read only once, and is sent as an upload.
        is_file: bool,
    },
    /// `@file`: a file, sent as an upload.
    File(PathBuf),
    /// `<file`: a file's content, sent as text.
    TextFile(PathBuf),
    /// `=(` to `=)`, or several files: a multipart within.
    Parts(Vec<FormPart>),
}

impl FormContent {
    /// Text as given.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Bytes {
            bytes: Bytes::from(text.into()),
            is_file: false,
        }
    }
}

/// How a part's bytes are written (RFC 2045 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferEncoding {
    /// 64 characters, in lines.
    Base64,
    /// ASCII as it is, all else as `=XX`.
    QuotedPrintable,
    /// As they are; all are below 128.
    SevenBit,
    /// As they are.
    EightBit,
    /// As they are.
    Binary,
}

impl TransferEncoding {
    /// The encoding with this name in `Content-Transfer-Encoding`, whatever its case.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [
            Self::Base64,
            Self::QuotedPrintable,
            Self::SevenBit,
            Self::EightBit,
            Self::Binary,
        ];
        all.into_iter()
            .find(|encoding| encoding.name().eq_ignore_ascii_case(name))
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::QuotedPrintable => "quoted-printable",
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::Binary => "binary",
        }
    }
}

/// `-b`, `-c`.
#[derive(Clone, Debug, Default)]
pub struct CookieOptions {
    /// The user's own, `name=value; name2=value2`: for the URL's origin alone.
    pub user_pairs: Option<Secret<String>>,
    /// What a transfer begins with; `None` where cookies that are set are not kept.
    pub store: Option<CookieStore>,
    /// What there is to say of the files that it was read from.
    pub notes: Vec<String>,
    /// What is kept for a file beyond the transfer.
    pub persistent: Option<PersistentCookies>,
}

/// `-L` and what goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedirectOptions {
    /// Whether to follow.
    pub follow: bool,
    /// `--max-redirs`.
    pub max: u32,
    /// `--location-trusted`: credentials, user fields, the body and the client certificate go
    /// along everywhere.
    pub trusted: bool,
    /// `--redirect-guard`: a redirect from a public address to one that the public cannot reach is
    /// refused.
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

/// Which addresses may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressFamily {
    /// Both.
    #[default]
    Any,
    /// `-4`.
    V4,
    /// `-6`.
    V6,
}

/// How names become addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DnsChoice {
    /// The system's configuration (hosts file, name servers, search list), asked by this program so
    /// that every query is seen.
    #[default]
    Configured,
    /// `--dns-servers`.
    Servers(Vec<SocketAddr>),
    /// `--doh-url`.
    Https(Url),
    /// The operating system's resolver (`getaddrinfo`): what other programs get, but its queries
    /// cannot be seen.
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

/// One `--connect-to host:port:to_host:to_port`; empty or absent parts fit anything, or stay as
/// they are.
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
    /// How to talk to it.
    pub kind: ProxyKind,
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password for it.
    pub credentials: Option<Secret<(String, String)>>,
}

/// How to talk to a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// HTTP: absolute form for `http` URLs, CONNECT for the rest.
    Http,
    /// The same over TLS.
    Https,
    /// SOCKS5, names resolved here.
    Socks5,
    /// SOCKS5, names resolved by the proxy.
    Socks5h,
}

impl ProxyKind {
    /// The URL scheme that names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }
}

/// Which HTTP version to speak.
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

/// A TLS version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// RFC 5246.
    V12,
    /// RFC 8446.
    V13,
}

/// TLS options.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// `-k`: go on with a certificate that does not verify.
    pub insecure: bool,
    /// `--tlsv1.2`, `--tlsv1.3`: the lowest version accepted.
    pub min: Option<TlsVersion>,
    /// `--tls-max`.
    pub max: Option<TlsVersion>,
    /// `--cacert`: trust these instead of the system's store.
    pub ca_file: Option<PathBuf>,
    /// Trust this PEM text instead of the system's store; the embedded lab's.
    pub ca_pem: Option<String>,
    /// `-E`/`--cert`.
    pub cert: Option<PathBuf>,
    /// `--key`.
    pub key: Option<PathBuf>,
    /// `--keylog` or `SSLKEYLOGFILE`: where to write TLS secrets (RFC 9850).
    pub key_log: Option<PathBuf>,
    /// What there is to say of that file.
    pub key_log_problems: KeyLogProblems,
    /// Who hears TLS secrets beside that.
    pub key_log_listener: Option<KeyLogListener>,
}

/// What there is to say of a key log, for whoever started the run. Every clone says the same.
#[derive(Clone, Debug, Default)]
pub struct KeyLogProblems(Arc<KeyLogProblemCells>);

#[derive(Debug, Default)]
struct KeyLogProblemCells {
    warning: OnceLock<String>,
    failure: OnceLock<String>,
}

impl KeyLogProblems {
    /// What was put right, in a sentence.
    pub fn warning(&self) -> Option<&str> {
        self.0.warning.get().map(String::as_str)
    }

    /// Why secrets are missing in it, in a sentence.
    pub fn failure(&self) -> Option<&str> {
        self.0.failure.get().map(String::as_str)
    }

    /// Of several the first is told.
    pub(super) fn warn(&self, sentence: String) {
        let _ = self.0.warning.set(sentence);
    }

    /// Of several the first is told.
    pub(super) fn fail(&self, sentence: String) {
        let _ = self.0.failure.set(sentence);
    }
}

/// Hears TLS secrets as they become known, each as a line of a key log (RFC 9850) with its line
/// break, on the engine's thread.
#[derive(Clone)]
pub struct KeyLogListener(Arc<dyn Fn(&str) + Send + Sync>);

impl KeyLogListener {
    /// Passes lines on to `hear`, which must not block for long.
    pub fn new(hear: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }

    pub(super) fn notify(&self, line: &str) {
        (self.0)(line);
    }
}

impl std::fmt::Debug for KeyLogListener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyTap")
    }
}

/// Where the body goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyOutput {
    /// A file, made or replaced.
    File(PathBuf),
    /// Standard output.
    Stdout,
}
