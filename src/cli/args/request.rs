//! Options that describe a request, which several commands have.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::long_help;

/// The options that describe the request.
#[derive(Clone, Debug, Default, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(in crate::cli) struct RequestArgs {
    /// Request method
    #[arg(
        short = 'X',
        long = "request",
        value_name = "METHOD",
        help_heading = "Request"
    )]
    pub(in crate::cli) method: Option<String>,
    /// Header field: 'Name: value', 'Name;' for an empty value, 'Name:' to remove it; @file reads
    /// fields from a file
    #[arg(
        short = 'H',
        long = "header",
        value_name = "LINE",
        help_heading = "Request"
    )]
    pub(in crate::cli) headers: Vec<String>,
    /// Request body, sent by POST as form data; @file reads it from a file and strips line breaks;
    /// several are joined with &
    #[arg(
        short = 'd',
        long,
        visible_alias = "data-ascii",
        value_name = "DATA",
        help_heading = "Request"
    )]
    pub(in crate::cli) data: Vec<String>,
    /// Request body, sent unchanged; @file reads it from a file
    #[arg(long, value_name = "DATA", help_heading = "Request")]
    pub(in crate::cli) data_binary: Vec<String>,
    /// Request body, sent unchanged; @ has no special meaning
    #[arg(long, value_name = "DATA", help_heading = "Request")]
    pub(in crate::cli) data_raw: Vec<String>,
    /// Request body, percent-encoded: content, =content, name=content, @file or name@file
    #[arg(long, value_name = "DATA", help_heading = "Request")]
    pub(in crate::cli) data_urlencode: Vec<String>,
    /// JSON request body: --data-binary with Content-Type and Accept set to application/json
    #[arg(long, value_name = "DATA", help_heading = "Request")]
    pub(in crate::cli) json: Vec<String>,
    /// Multipart form field: name=value, name=@file,file, name=<file, name=( to =); may be
    /// followed by ;type= ;filename= ;headers= ;encoder=
    #[arg(
        short = 'F',
        long = "form",
        value_name = "FIELD",
        help_heading = "Request",
        long_help = long_help::FORM
    )]
    pub(in crate::cli) form: Vec<String>,
    /// Multipart form field; its value is taken literally
    #[arg(long, value_name = "FIELD", help_heading = "Request")]
    pub(in crate::cli) form_string: Vec<String>,
    /// Escape quotes in field and file names with a backslash instead of %22
    #[arg(long, help_heading = "Request")]
    pub(in crate::cli) form_escape: bool,
    /// Append the data to the URL's query and send GET
    #[arg(short = 'G', long = "get", help_heading = "Request")]
    pub(in crate::cli) get: bool,
    /// Send HEAD: request only the response header
    #[arg(short = 'I', long = "head", help_heading = "Request")]
    pub(in crate::cli) head: bool,
    /// Follow redirects; your own header fields, credentials, body and client certificate are sent
    /// only to the URL's own origin
    #[arg(short = 'L', long, help_heading = "Request", long_help = long_help::LOCATION)]
    pub(in crate::cli) location: bool,
    /// Follow redirects, and send credentials, custom header fields, the body and the client
    /// certificate to other origins too
    #[arg(long, help_heading = "Request")]
    pub(in crate::cli) location_trusted: bool,
    /// Maximum number of redirects to follow; -1 for no limit (at most 100000)
    #[arg(
        long,
        value_name = "NUM",
        default_value_t = 50,
        allow_negative_numbers = true,
        value_parser = clap::value_parser!(i64).range(-1..=i64::from(u32::MAX)),
        help_heading = "Request"
    )]
    pub(in crate::cli) max_redirs: i64,
    /// Refuse redirects from public addresses to loopback, private, link-local and metadata
    /// addresses; on by default in suites
    #[arg(
        long,
        overrides_with = "no_redirect_guard",
        help_heading = "Request",
        long_help = long_help::REDIRECT_GUARD
    )]
    pub(in crate::cli) redirect_guard: bool,
    /// Follow such redirects, even in a suite
    #[arg(long, overrides_with = "redirect_guard", help_heading = "Request")]
    pub(in crate::cli) no_redirect_guard: bool,
    /// Treat HTTP status 400 and above as a failure
    #[arg(short = 'f', long, help_heading = "Request")]
    pub(in crate::cli) fail: bool,
    /// User name and password for Basic authentication
    #[arg(
        short = 'u',
        long,
        value_name = "USER:PASSWORD",
        help_heading = "Request"
    )]
    pub(in crate::cli) user: Option<String>,
    /// Token for Bearer authentication
    #[arg(long, value_name = "TOKEN", help_heading = "Request")]
    pub(in crate::cli) oauth2_bearer: Option<String>,
    /// Value of the User-Agent header field
    #[arg(short = 'A', long, value_name = "NAME", help_heading = "Request")]
    pub(in crate::cli) user_agent: Option<String>,
    /// Value of the Referer header field; append ';auto' to set it to the previous URL on redirects
    #[arg(short = 'e', long, value_name = "URL", help_heading = "Request")]
    pub(in crate::cli) referer: Option<String>,
    /// Cookies: 'name=value; name2=value2', or the name of a cookie file
    #[arg(
        short = 'b',
        long,
        value_name = "COOKIES",
        help_heading = "Request",
        long_help = long_help::COOKIE
    )]
    pub(in crate::cli) cookie: Vec<String>,
    /// Write all cookies to FILE after the run; - writes to standard output
    #[arg(
        short = 'c',
        long,
        value_name = "FILE",
        help_heading = "Request",
        long_help = long_help::COOKIE_JAR
    )]
    pub(in crate::cli) cookie_jar: Option<PathBuf>,
    /// Ignore session cookies in cookie files
    #[arg(short = 'j', long, help_heading = "Request")]
    pub(in crate::cli) junk_session_cookies: bool,
    /// Request a compressed response (gzip, deflate, br, zstd) and decompress it
    ///
    /// The decompressed size is limited to 4 GiB and, beyond 32 MiB, to 500 times the bytes
    /// transferred.
    #[arg(long, help_heading = "Request")]
    pub(in crate::cli) compressed: bool,
    /// Write the response body to a file; - writes to standard output
    #[arg(short = 'o', long, value_name = "FILE", help_heading = "Request")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Repeat each request this many times, each on a new connection
    #[arg(
        long,
        value_name = "NUM",
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=100_000),
        help_heading = "Request"
    )]
    pub(in crate::cli) repeat: u32,
    /// Delay between repeats, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "0",
        value_parser = parse_seconds,
        help_heading = "Request"
    )]
    pub(in crate::cli) interval: f64,
    /// Also run the request with an ordinary HTTP client, and show the difference
    #[arg(long, help_heading = "Request")]
    pub(in crate::cli) control: bool,

    /// Time limit for the whole run, in seconds
    #[arg(
        short = 'm',
        long,
        value_name = "SECONDS",
        value_parser = parse_seconds,
        help_heading = "Limits"
    )]
    pub(in crate::cli) max_time: Option<f64>,
    /// Time limit for DNS, TCP, proxy and TLS together, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "30",
        value_parser = parse_seconds,
        help_heading = "Limits"
    )]
    pub(in crate::cli) connect_timeout: f64,

    /// Use IPv4 only
    #[arg(
        short = '4',
        long,
        conflicts_with = "ipv6",
        help_heading = "Names and addresses"
    )]
    pub(in crate::cli) ipv4: bool,
    /// Use IPv6 only
    #[arg(short = '6', long, help_heading = "Names and addresses")]
    pub(in crate::cli) ipv6: bool,
    /// Use these addresses for a host and port: HOST:PORT:ADDRESS[,ADDRESS]
    #[arg(long, value_name = "RULE", help_heading = "Names and addresses")]
    pub(in crate::cli) resolve: Vec<String>,
    /// Connect to a different host and port: HOST1:PORT1:HOST2:PORT2
    #[arg(long, value_name = "RULE", help_heading = "Names and addresses")]
    pub(in crate::cli) connect_to: Vec<String>,
    /// DNS servers, as ADDRESS[:PORT], separated by commas; "system" uses the operating system's
    /// resolver, whose queries cannot be observed
    #[arg(long, value_name = "ADDRESSES", help_heading = "Names and addresses")]
    pub(in crate::cli) dns_servers: Option<String>,
    /// Resolve names with DNS over HTTPS
    #[arg(
        long,
        value_name = "URL",
        conflicts_with = "dns_servers",
        help_heading = "Names and addresses"
    )]
    pub(in crate::cli) doh_url: Option<String>,
    /// Connect through this Unix-domain socket
    #[arg(long, value_name = "PATH", help_heading = "Names and addresses")]
    pub(in crate::cli) unix_socket: Option<PathBuf>,
    /// Proxy: [http|https|socks5|socks5h://][user:password@]host[:port]
    #[arg(
        short = 'x',
        long,
        value_name = "PROXY",
        help_heading = "Names and addresses"
    )]
    pub(in crate::cli) proxy: Option<String>,
    /// Hosts to connect to without the proxy, separated by commas
    #[arg(long, value_name = "HOSTS", help_heading = "Names and addresses")]
    pub(in crate::cli) noproxy: Option<String>,

    /// Use HTTP/1.0
    #[arg(
        short = '0',
        long = "http1.0",
        group = "http_version",
        help_heading = "Protocol"
    )]
    pub(in crate::cli) http1_0: bool,
    /// Use HTTP/1.1
    #[arg(long = "http1.1", group = "http_version", help_heading = "Protocol")]
    pub(in crate::cli) http1_1: bool,
    /// Prefer HTTP/2 (the default: it is offered by ALPN)
    #[arg(long = "http2", group = "http_version", help_heading = "Protocol")]
    pub(in crate::cli) http2: bool,
    /// Use HTTP/2 without negotiation, even without TLS
    #[arg(long, group = "http_version", help_heading = "Protocol")]
    pub(in crate::cli) http2_prior_knowledge: bool,
    /// Not supported yet
    #[arg(long = "http3", hide = true)]
    pub(in crate::cli) http3: bool,
    /// Not supported yet
    #[arg(long = "http3-only", hide = true)]
    pub(in crate::cli) http3_only: bool,

    /// Continue even if the certificate cannot be verified
    #[arg(short = 'k', long, help_heading = "TLS")]
    pub(in crate::cli) insecure: bool,
    /// Use TLS 1.2 or later
    #[arg(long = "tlsv1.2", help_heading = "TLS")]
    pub(in crate::cli) tlsv1_2: bool,
    /// Use TLS 1.3 or later
    #[arg(long = "tlsv1.3", help_heading = "TLS")]
    pub(in crate::cli) tlsv1_3: bool,
    /// Highest TLS version to use
    #[arg(
        long,
        value_name = "VERSION",
        value_parser = ["1.2", "1.3", "default"],
        help_heading = "TLS"
    )]
    pub(in crate::cli) tls_max: Option<String>,
    /// Trust the certificates in this PEM file instead of the system's
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub(in crate::cli) cacert: Option<PathBuf>,
    /// Client certificate (PEM file)
    #[arg(short = 'E', long, value_name = "FILE", help_heading = "TLS")]
    pub(in crate::cli) cert: Option<PathBuf>,
    /// Private key of the client certificate (PEM file); by default it is read from the
    /// certificate's file
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "TLS")]
    pub(in crate::cli) key: Option<PathBuf>,
    /// Append the TLS secrets to this file (RFC 9850), to decrypt a capture with
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub(in crate::cli) keylog: Option<PathBuf>,

    /// Capture packets: auto (if permitted), on (fail if it is not possible) or off
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        help_heading = "Capture"
    )]
    pub(in crate::cli) capture: CaptureChoice,
    /// Capture on this interface instead of the one the route uses
    #[arg(long, value_name = "NAME", help_heading = "Capture")]
    pub(in crate::cli) capture_interface: Option<String>,
    /// Save the whole run including packets to FILE, as pcapng that tapline and Wireshark open; -
    /// writes to standard output as the run goes
    #[arg(long, value_name = "FILE", help_heading = "Capture")]
    pub(in crate::cli) save: Option<PathBuf>,
}

/// Whether packets are captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum CaptureChoice {
    /// If permitted
    #[default]
    Auto,
    /// Required: fail if it is not possible
    On,
    /// Never
    Off,
}

/// Parses a non-negative number of seconds, which may have a fraction.
fn parse_seconds(text: &str) -> Result<f64, String> {
    let value: f64 = text
        .parse()
        .map_err(|_| "expected a number of seconds, such as 2 or 0.5".to_owned())?;
    if (0.0..=1e9).contains(&value) {
        Ok(value)
    } else {
        Err("expected a number of seconds from 0 to 1000000000".to_owned())
    }
}
