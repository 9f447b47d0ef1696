//! The command line. An option that does the same as a curl option has the same name and letter.

mod files;
mod lab;
mod long_help;
mod secrets;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::lab::LinkArgs;
pub(super) use files::{DiffArgs, OpenArgs, ReportFileArgs};
pub(super) use lab::{LabAction, LabArgs};
pub(super) use secrets::{SECRET_OPTIONS, SecretsArgs, is_secret_option};

const AFTER_HELP: &str = "\
Exit codes:
  0    success
  1    internal error
  2    usage error
  3    the probe failed (the report says in which phase)
  4    a budget was not met, or diff found a regression
  130  interrupted

Examples:
  tapline https://example.com/                      watch a request live
  tapline probe https://example.com/                print a report instead
  tapline probe --format json URL | jq .exchanges   for programs
  tapline probe --budget 'total<=500ms,dns<=50ms' URL
  tapline probe --suite endpoints.toml              many endpoints and one verdict, for CI
  tapline probe --save run.pcapng URL               save the whole run, readable by Wireshark
  tapline open run.pcapng                           look at it again, or at any capture
  tapline report capture.pcapng --format json       list the conversations in a capture
  tapline diff before.pcapng now.pcapng             what got slower, and why
  tapline lab                                       a network on this machine, to explore
  tapline lab --rtt 80ms -- curl https://api.lab.test/users";

/// Watch a request cross every layer, live
#[derive(Debug, Parser)]
#[command(name = "tapline", version, about, long_about = LONG_ABOUT, after_long_help = AFTER_HELP)]
#[command(
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    args_override_self = true
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<CliCommand>,
    #[command(flatten)]
    pub(super) live: LiveArgs,
}

const LONG_ABOUT: &str = "\
Watch a request cross every layer, live

tapline runs a request against a URL and draws every phase while it happens (DNS lookup, TCP \
handshake, TLS handshake, sending the request, waiting for the server, receiving the response) on \
one time axis, above the packets that carried it. Without a URL it opens the start screen. \
Without a terminal it prints the same report as `tapline probe`.";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(super) enum CliCommand {
    /// Run requests without the screen and print a report
    Probe(Box<ProbeArgs>),
    /// Show a saved run, a capture file (pcap or pcapng) or a HAR file on the screen
    Open(OpenArgs),
    /// Turn a saved run, a capture file (pcap or pcapng) or a HAR file into a report
    Report(ReportFileArgs),
    /// Show what changed between two runs and why; reads saved runs, captures, HAR files and
    /// summaries
    Diff(DiffArgs),
    /// Start a private network with DNS and many kinds of servers, for the screen or any program
    Lab(Box<LabArgs>),
    /// Check what works on this machine, and how to fix what does not
    Doctor(DoctorArgs),
    /// Print a shell completion script
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man {
        /// The command to print the page of; without it, the page of tapline itself
        command: Option<String>,
    },
}

/// `tapline [OPTIONS] [URL]`.
#[derive(Debug, Args)]
pub(super) struct LiveArgs {
    /// URL to request; http:// is assumed if it has no scheme, as in curl
    pub(super) url: Option<String>,
    #[command(flatten)]
    pub(super) request: RequestArgs,
    #[command(flatten)]
    pub(super) screen: ScreenArgs,
    #[command(flatten)]
    pub(super) secrets: SecretsArgs,
}

/// How the screen is drawn.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ScreenArgs {
    /// Colour theme of the screen
    #[arg(long, value_enum, default_value_t, help_heading = "Screen")]
    pub(super) theme: ThemeChoice,
    /// Use only ASCII characters
    #[arg(long, help_heading = "Screen")]
    pub(super) ascii: bool,
}

/// The colour themes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ThemeChoice {
    /// For a dark background
    #[default]
    Dark,
    /// For a light background
    Light,
    /// Distinguishable with any kind of colour vision
    ColorBlind,
    /// No colours; also selected by `NO_COLOR`
    Plain,
}

/// `tapline probe`.
#[derive(Debug, Args)]
pub(super) struct ProbeArgs {
    /// URLs to probe, one after another; http:// is assumed without a scheme, as in curl
    #[arg(
        required_unless_present = "suite",
        conflicts_with = "suite",
        value_name = "URL"
    )]
    pub(super) urls: Vec<String>,
    /// Probe the endpoints listed in FILE (TOML) concurrently, and report one verdict
    #[arg(long, value_name = "FILE", help_heading = "Suite", long_help = long_help::SUITE)]
    pub(super) suite: Option<PathBuf>,
    /// Number of endpoints to probe concurrently; by default 4 per processor, at most 32
    #[arg(long, value_name = "NUM", requires = "suite", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Suite")]
    pub(super) parallel: Option<u16>,
    /// Report format: text, json, events, svg, html, markdown, har, csv, prometheus or junit; =FILE
    /// writes it to a file. May be repeated
    #[arg(long = "format", value_name = "FORMAT[=FILE]", help_heading = "Report")]
    pub(super) formats: Vec<String>,
    /// Print this instead of the report when done, with curl's %{variables}; @file reads it from a
    /// file, @- from standard input
    #[arg(short = 'w', long, value_name = "FORMAT", help_heading = "Report")]
    pub(super) write_out: Option<String>,
    /// Limits such as 'total<=500ms,dns<=50ms'; exit with code 4 if one is not met
    #[arg(long, value_name = "RULES", help_heading = "Report", long_help = long_help::BUDGET)]
    pub(super) budget: Option<String>,
    /// Send spans and metrics to an OpenTelemetry collector (OTLP over HTTP); - uses the URL from
    /// the environment
    #[arg(long, value_name = "URL", help_heading = "Report")]
    pub(super) otlp: Option<String>,
    /// POST the JSON document to this URL. May be repeated
    #[arg(long = "webhook", value_name = "URL", help_heading = "Report")]
    pub(super) webhooks: Vec<String>,
    #[command(flatten)]
    pub(super) report: ReportArgs,
    #[command(flatten)]
    pub(super) request: RequestArgs,
}

impl ProbeArgs {
    /// A probe with the default report.
    pub(super) fn with_default_report(
        urls: Vec<String>,
        request: RequestArgs,
        ascii: bool,
    ) -> Self {
        let look = ReportArgs {
            ascii,
            ..ReportArgs::default()
        };
        Self {
            urls,
            suite: None,
            parallel: None,
            formats: Vec::new(),
            write_out: None,
            budget: None,
            otlp: None,
            webhooks: Vec::new(),
            report: look,
            request,
        }
    }

    /// Replaces the masking arguments.
    pub(super) fn with_secrets(mut self, secrets: SecretsArgs) -> Self {
        self.report.secrets = secrets;
        self
    }
}

/// How reports are formatted.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    pub(super) secrets: SecretsArgs,
    /// Colours in the text report
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        help_heading = "Report"
    )]
    pub(super) color: ColorChoice,
    /// Use only ASCII characters
    #[arg(long, help_heading = "Report")]
    pub(super) ascii: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// If standard output is a terminal and `NO_COLOR` is not set; `CLICOLOR_FORCE` forces colours
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// `tapline doctor`.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Use only ASCII characters
    #[arg(long)]
    pub(super) ascii: bool,
}

/// The options that describe the request.
#[derive(Clone, Debug, Default, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(super) struct RequestArgs {
    /// Request method
    #[arg(
        short = 'X',
        long = "request",
        value_name = "METHOD",
        help_heading = "Request"
    )]
    pub(super) method: Option<String>,
    /// Header field: 'Name: value', 'Name;' for an empty value, 'Name:' to remove it; @file reads
    /// fields from a file
    #[arg(
        short = 'H',
        long = "header",
        value_name = "LINE",
        help_heading = "Request"
    )]
    pub(super) headers: Vec<String>,
    /// Request body, sent by POST as form data; @file reads it from a file and strips line breaks;
    /// several are joined with &
    #[arg(
        short = 'd',
        long,
        visible_alias = "data-ascii",
        value_name = "DATA",
        help_heading = "Request"
    )]
    pub(super) data: Vec<String>,
    /// Request body, sent unchanged; @file reads it from a file
    #[arg(long, value_name = "DATA", help_heading = "Request")]
    pub(super) data_binary: Vec<String>,
    /// Request body, sent unchanged; @ has no special meaning
    #[arg(long, value_name = "DATA", help_heading = "Request")]
    pub(super) data_raw: Vec<String>,
    /// Request body, percent-encoded: content, =content, name=content, @file or name@file
    #[arg(long, value_name = "DATA", help_heading = "Request")]
    pub(super) data_urlencode: Vec<String>,
    /// JSON request body: --data-binary with Content-Type and Accept set to application/json
    #[arg(long, value_name = "DATA", help_heading = "Request")]
    pub(super) json: Vec<String>,
    /// Multipart form field: name=value, name=@file,file, name=<file, name=( to =); may be
    /// followed by ;type= ;filename= ;headers= ;encoder=
    #[arg(short = 'F', long = "form", value_name = "FIELD", help_heading = "Request", long_help = long_help::FORM)]
    pub(super) form: Vec<String>,
    /// Multipart form field; its value is taken literally
    #[arg(long, value_name = "FIELD", help_heading = "Request")]
    pub(super) form_string: Vec<String>,
    /// Escape quotes in field and file names with a backslash instead of %22
    #[arg(long, help_heading = "Request")]
    pub(super) form_escape: bool,
    /// Append the data to the URL's query and send GET
    #[arg(short = 'G', long = "get", help_heading = "Request")]
    pub(super) get: bool,
    /// Send HEAD: request only the response header
    #[arg(short = 'I', long = "head", help_heading = "Request")]
    pub(super) head: bool,
    /// Follow redirects; your own header fields, credentials, body and client certificate are sent
    /// only to the URL's own origin
    #[arg(short = 'L', long, help_heading = "Request", long_help = long_help::LOCATION)]
    pub(super) location: bool,
    /// Follow redirects, and send credentials, custom header fields, the body and the client
    /// certificate to other origins too
    #[arg(long, help_heading = "Request")]
    pub(super) location_trusted: bool,
    /// Maximum number of redirects to follow; -1 for no limit (at most 100000)
    #[arg(long, value_name = "NUM", default_value_t = 50, allow_negative_numbers = true, value_parser = clap::value_parser!(i64).range(-1..=i64::from(u32::MAX)), help_heading = "Request")]
    pub(super) max_redirs: i64,
    /// Refuse redirects from public addresses to loopback, private, link-local and metadata
    /// addresses; on by default in suites
    #[arg(long, overrides_with = "no_redirect_guard", help_heading = "Request", long_help = long_help::REDIRECT_GUARD)]
    pub(super) redirect_guard: bool,
    /// Follow such redirects, even in a suite
    #[arg(long, overrides_with = "redirect_guard", help_heading = "Request")]
    pub(super) no_redirect_guard: bool,
    /// Treat HTTP status 400 and above as a failure
    #[arg(short = 'f', long, help_heading = "Request")]
    pub(super) fail: bool,
    /// User name and password for Basic authentication
    #[arg(
        short = 'u',
        long,
        value_name = "USER:PASSWORD",
        help_heading = "Request"
    )]
    pub(super) user: Option<String>,
    /// Token for Bearer authentication
    #[arg(long, value_name = "TOKEN", help_heading = "Request")]
    pub(super) oauth2_bearer: Option<String>,
    /// Value of the User-Agent header field
    #[arg(short = 'A', long, value_name = "NAME", help_heading = "Request")]
    pub(super) user_agent: Option<String>,
    /// Value of the Referer header field; append ';auto' to set it to the previous URL on redirects
    #[arg(short = 'e', long, value_name = "URL", help_heading = "Request")]
    pub(super) referer: Option<String>,
    /// Cookies: 'name=value; name2=value2', or the name of a cookie file
    #[arg(short = 'b', long, value_name = "COOKIES", help_heading = "Request", long_help = long_help::COOKIE)]
    pub(super) cookie: Vec<String>,
    /// Write all cookies to FILE after the run; - writes to standard output
    #[arg(short = 'c', long, value_name = "FILE", help_heading = "Request", long_help = long_help::COOKIE_JAR)]
    pub(super) cookie_jar: Option<PathBuf>,
    /// Ignore session cookies in cookie files
    #[arg(short = 'j', long, help_heading = "Request")]
    pub(super) junk_session_cookies: bool,
    /// Request a compressed response (gzip, deflate, br, zstd) and decompress it
    ///
    /// The decompressed size is limited to 4 GiB and, beyond 32 MiB, to 500 times the bytes
    /// transferred.
    #[arg(long, help_heading = "Request")]
    pub(super) compressed: bool,
    /// Write the response body to a file; - writes to standard output
    #[arg(short = 'o', long, value_name = "FILE", help_heading = "Request")]
    pub(super) output: Option<PathBuf>,
    /// Repeat each request this many times, each on a new connection
    #[arg(long, value_name = "NUM", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000), help_heading = "Request")]
    pub(super) repeat: u32,
    /// Delay between repeats, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = parse_seconds, help_heading = "Request")]
    pub(super) interval: f64,
    /// Also run the request with an ordinary HTTP client, and show the difference
    #[arg(long, help_heading = "Request")]
    pub(super) control: bool,

    /// Time limit for the whole run, in seconds
    #[arg(short = 'm', long, value_name = "SECONDS", value_parser = parse_seconds, help_heading = "Limits")]
    pub(super) max_time: Option<f64>,
    /// Time limit for DNS, TCP, proxy and TLS together, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds, help_heading = "Limits")]
    pub(super) connect_timeout: f64,

    /// Use IPv4 only
    #[arg(
        short = '4',
        long,
        conflicts_with = "ipv6",
        help_heading = "Names and addresses"
    )]
    pub(super) ipv4: bool,
    /// Use IPv6 only
    #[arg(short = '6', long, help_heading = "Names and addresses")]
    pub(super) ipv6: bool,
    /// Use these addresses for a host and port: HOST:PORT:ADDRESS[,ADDRESS]
    #[arg(long, value_name = "RULE", help_heading = "Names and addresses")]
    pub(super) resolve: Vec<String>,
    /// Connect to a different host and port: HOST1:PORT1:HOST2:PORT2
    #[arg(long, value_name = "RULE", help_heading = "Names and addresses")]
    pub(super) connect_to: Vec<String>,
    /// DNS servers, as ADDRESS[:PORT], separated by commas; "system" uses the operating system's
    /// resolver, whose queries cannot be observed
    #[arg(long, value_name = "ADDRESSES", help_heading = "Names and addresses")]
    pub(super) dns_servers: Option<String>,
    /// Resolve names with DNS over HTTPS
    #[arg(
        long,
        value_name = "URL",
        conflicts_with = "dns_servers",
        help_heading = "Names and addresses"
    )]
    pub(super) doh_url: Option<String>,
    /// Connect through this Unix-domain socket
    #[arg(long, value_name = "PATH", help_heading = "Names and addresses")]
    pub(super) unix_socket: Option<PathBuf>,
    /// Proxy: [http|https|socks5|socks5h://][user:password@]host[:port]
    #[arg(
        short = 'x',
        long,
        value_name = "PROXY",
        help_heading = "Names and addresses"
    )]
    pub(super) proxy: Option<String>,
    /// Hosts to connect to without the proxy, separated by commas
    #[arg(long, value_name = "HOSTS", help_heading = "Names and addresses")]
    pub(super) noproxy: Option<String>,

    /// Use HTTP/1.0
    #[arg(
        short = '0',
        long = "http1.0",
        group = "http_version",
        help_heading = "Protocol"
    )]
    pub(super) http1_0: bool,
    /// Use HTTP/1.1
    #[arg(long = "http1.1", group = "http_version", help_heading = "Protocol")]
    pub(super) http1_1: bool,
    /// Prefer HTTP/2 (the default: it is offered by ALPN)
    #[arg(long = "http2", group = "http_version", help_heading = "Protocol")]
    pub(super) http2: bool,
    /// Use HTTP/2 without negotiation, even without TLS
    #[arg(long, group = "http_version", help_heading = "Protocol")]
    pub(super) http2_prior_knowledge: bool,
    /// Not supported yet
    #[arg(long = "http3", hide = true)]
    pub(super) http3: bool,
    /// Not supported yet
    #[arg(long = "http3-only", hide = true)]
    pub(super) http3_only: bool,

    /// Continue even if the certificate cannot be verified
    #[arg(short = 'k', long, help_heading = "TLS")]
    pub(super) insecure: bool,
    /// Use TLS 1.2 or later
    #[arg(long = "tlsv1.2", help_heading = "TLS")]
    pub(super) tlsv1_2: bool,
    /// Use TLS 1.3 or later
    #[arg(long = "tlsv1.3", help_heading = "TLS")]
    pub(super) tlsv1_3: bool,
    /// Highest TLS version to use
    #[arg(long, value_name = "VERSION", value_parser = ["1.2", "1.3", "default"], help_heading = "TLS")]
    pub(super) tls_max: Option<String>,
    /// Trust the certificates in this PEM file instead of the system's
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub(super) cacert: Option<PathBuf>,
    /// Client certificate (PEM file)
    #[arg(short = 'E', long, value_name = "FILE", help_heading = "TLS")]
    pub(super) cert: Option<PathBuf>,
    /// Private key of the client certificate (PEM file); by default it is read from the
    /// certificate's file
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "TLS")]
    pub(super) key: Option<PathBuf>,
    /// Append the TLS secrets to this file (RFC 9850), to decrypt a capture with
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub(super) keylog: Option<PathBuf>,

    /// Capture packets: auto, if permitted; on, or fail; off
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        help_heading = "Capture"
    )]
    pub(super) capture: CaptureChoice,
    /// Capture on this interface instead of the one the route uses
    #[arg(long, value_name = "NAME", help_heading = "Capture")]
    pub(super) capture_interface: Option<String>,
    /// Save the whole run including packets to FILE, as pcapng that tapline and Wireshark open; -
    /// writes to standard output as the run goes
    #[arg(long, value_name = "FILE", help_heading = "Capture")]
    pub(super) save: Option<PathBuf>,
}

/// Whether packets are captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum CaptureChoice {
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
