//! The command line. Where a flag does what a curl flag does, it has curl's name and letter.

mod budget;
mod cookies;
mod files;
mod form;
mod lab;
mod redirects;
mod secrets;
mod suite;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::lab::LinkArgs;
pub(super) use files::{DiffArgs, OpenArgs, ReportFileArgs};
pub(super) use lab::{LabAction, LabArgs};
pub(super) use secrets::{SECRET_OPTIONS, SecretsArgs, is_secret_option};

const AFTER_HELP: &str = "\
Exit codes:
  0    done
  1    internal fault
  2    usage
  3    the probe failed (the report says in which phase)
  4    a budget was missed, or diff found a regression
  130  interrupted

Examples:
  tapline https://example.com/                      watch it live
  tapline probe https://example.com/                the same as a report
  tapline probe --format json URL | jq .exchanges   for programs
  tapline probe --budget 'total<=500ms,dns<=50ms' URL
  tapline probe --suite endpoints.toml              many endpoints and one verdict, for CI
  tapline probe --save run.pcapng URL               the whole run in a file for Wireshark, too
  tapline open run.pcapng                           look at it again, or at a capture of anybody's
  tapline report capture.pcapng --format json       who talked with whom in a capture
  tapline diff before.pcapng now.pcapng             what got slower, and why
  tapline lab                                       a network on this machine, to look at
  tapline lab --rtt 80ms -- curl https://api.lab.test/users";

/// Watch one request cross every layer, live.
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
Watch one request cross every layer, live.

tapline runs a request against a URL and draws, while it happens, every phase (DNS lookup, TCP \
handshake, TLS handshake, \
request sent, server wait, response received) on one time axis, over the packets that carried it. \
With no URL it opens \
the start screen. Without a terminal it prints the report that `tapline probe` prints.";

/// What there is to do besides watching a URL.
#[derive(Debug, Subcommand)]
pub(super) enum CliCommand {
    /// Run requests without the screen; a report on standard output
    Probe(Box<ProbeArgs>),
    /// Look at a saved run, at a capture file, pcap or pcapng of anybody's, or at a HAR file, on
    /// the screen
    Open(OpenArgs),
    /// Turn a saved run, a capture file, pcap or pcapng of anybody's, or a HAR file into a report
    Report(ReportFileArgs),
    /// Say what changed between two runs, and why: saved runs, captures, HAR files, summaries
    Diff(DiffArgs),
    /// A private network with DNS and every kind of server, on the screen or for any program
    Lab(Box<LabArgs>),
    /// Say what works on this machine, and what to do about what does not
    Doctor(DoctorArgs),
    /// Print a shell's completion script
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page
    Man {
        /// Of which command; the whole program's when left out
        command: Option<String>,
    },
}

/// `tapline [OPTIONS] [URL]`.
#[derive(Debug, Args)]
pub(super) struct LiveArgs {
    /// What to look at; without a scheme, http:// is meant, as with curl
    pub(super) url: Option<String>,
    #[command(flatten)]
    pub(super) request: RequestArgs,
    #[command(flatten)]
    pub(super) screen: ScreenArgs,
    #[command(flatten)]
    pub(super) secrets: SecretsArgs,
}

/// How the screen looks.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ScreenArgs {
    /// Colours of the screen
    #[arg(long, value_enum, default_value_t, help_heading = "Screen")]
    pub(super) theme: ThemeChoice,
    /// Draw with ASCII characters only
    #[arg(long, help_heading = "Screen")]
    pub(super) ascii: bool,
}

/// Which colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ThemeChoice {
    /// For a dark background
    #[default]
    Dark,
    /// For a light background
    Light,
    /// Told apart by people with any kind of colour vision
    ColorBlind,
    /// No colours; also what `NO_COLOR` gives
    Plain,
}

/// `tapline probe`.
#[derive(Debug, Args)]
pub(super) struct ProbeArgs {
    /// What to probe, one after the other; without a scheme, http:// is meant, as with curl
    #[arg(
        required_unless_present = "suite",
        conflicts_with = "suite",
        value_name = "URL"
    )]
    pub(super) urls: Vec<String>,
    /// Probe the endpoints in FILE (TOML) at the same time, and give one verdict
    #[arg(long, value_name = "FILE", help_heading = "Suite", long_help = suite::HELP)]
    pub(super) suite: Option<PathBuf>,
    /// Endpoints of a suite to probe at a time; 4 for each processor, 32 at most, when left out
    #[arg(long, value_name = "NUM", requires = "suite", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Suite")]
    pub(super) parallel: Option<u16>,
    /// What to write: text, json, events, svg, html, markdown, har, csv, prometheus or junit; into
    /// a file with =FILE; may be given several times
    #[arg(long = "format", value_name = "FORMAT[=FILE]", help_heading = "Report")]
    pub(super) formats: Vec<String>,
    /// Write this instead of the report once done, with curl's %{variables}; @file reads it from a
    /// file, @- from standard input
    #[arg(short = 'w', long, value_name = "FORMAT", help_heading = "Report")]
    pub(super) write_out: Option<String>,
    /// Limits such as 'total<=500ms,dns<=50ms'; a missed one ends with exit code 4
    #[arg(long, value_name = "RULES", help_heading = "Report", long_help = budget::HELP)]
    pub(super) budget: Option<String>,
    /// Send spans and metrics to a collector of OpenTelemetry's (OTLP over HTTP); - goes where the
    /// environment says
    #[arg(long, value_name = "URL", help_heading = "Report")]
    pub(super) otlp: Option<String>,
    /// Post the JSON document to this URL; may be given several times
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

    /// The same, with other secrets.
    pub(super) fn with_secrets(mut self, secrets: SecretsArgs) -> Self {
        self.report.secrets = secrets;
        self
    }
}

/// How reports look.
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
    /// Draw with ASCII characters only
    #[arg(long, help_heading = "Report")]
    pub(super) ascii: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` forces them
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
    /// Draw with ASCII characters only
    #[arg(long)]
    pub(super) ascii: bool,
}

/// What shapes the request.
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
    /// Header field: 'Name: value', 'Name;' for an empty one, 'Name:' to leave it out; @file reads
    /// them from a file
    #[arg(
        short = 'H',
        long = "header",
        value_name = "LINE",
        help_heading = "Request"
    )]
    pub(super) headers: Vec<String>,
    /// Body, sent by POST as a form; @file reads it from a file without line ends; several are
    /// joined with &
    #[arg(
        short = 'd',
        long,
        visible_alias = "data-ascii",
        value_name = "DATA",
        help_heading = "Request"
    )]
    pub(super) data: Vec<String>,
    /// Body as it is; @file reads it from a file
    #[arg(long, value_name = "DATA", help_heading = "Request")]
    pub(super) data_binary: Vec<String>,
    /// Body as it is; @ means nothing
    #[arg(long, value_name = "DATA", help_heading = "Request")]
    pub(super) data_raw: Vec<String>,
    /// Body, percent-encoded: content, =content, name=content, @file or name@file
    #[arg(long, value_name = "DATA", help_heading = "Request")]
    pub(super) data_urlencode: Vec<String>,
    /// JSON body: --data-binary with Content-Type and Accept application/json
    #[arg(long, value_name = "DATA", help_heading = "Request")]
    pub(super) json: Vec<String>,
    /// Multipart form field: name=value, name=@file,file, name=<file, name=( to =); may be
    /// followed by ;type= ;filename= ;headers= ;encoder=
    #[arg(short = 'F', long = "form", value_name = "FIELD", help_heading = "Request", long_help = form::HELP)]
    pub(super) form: Vec<String>,
    /// Multipart form field whose value is taken as it is
    #[arg(long, value_name = "FIELD", help_heading = "Request")]
    pub(super) form_string: Vec<String>,
    /// Escape quotes in names of fields and files with a backslash instead of %22
    #[arg(long, help_heading = "Request")]
    pub(super) form_escape: bool,
    /// Put the data into the URL's query and send GET
    #[arg(short = 'G', long = "get", help_heading = "Request")]
    pub(super) get: bool,
    /// Ask for the head only
    #[arg(short = 'I', long = "head", help_heading = "Request")]
    pub(super) head: bool,
    /// Follow redirects; what is your own (header fields, credentials, body, client certificate)
    /// goes to the URL's own origin only
    #[arg(short = 'L', long, help_heading = "Request", long_help = redirects::LOCATION)]
    pub(super) location: bool,
    /// Follow redirects, and send credentials, own header fields, the body and the client
    /// certificate to other origins too
    #[arg(long, help_heading = "Request")]
    pub(super) location_trusted: bool,
    /// Redirects to follow at most; -1 for as many as there are, up to 100000
    #[arg(long, value_name = "NUM", default_value_t = 50, allow_negative_numbers = true, value_parser = clap::value_parser!(i64).range(-1..=i64::from(u32::MAX)), help_heading = "Request")]
    pub(super) max_redirs: i64,
    /// Refuse redirects from public addresses to loopback, private, link-local and metadata
    /// addresses; suites do so anyway
    #[arg(long, overrides_with = "no_redirect_guard", help_heading = "Request", long_help = redirects::GUARD)]
    pub(super) redirect_guard: bool,
    /// Follow them, also in a suite
    #[arg(long, overrides_with = "redirect_guard", help_heading = "Request")]
    pub(super) no_redirect_guard: bool,
    /// An HTTP status of 400 or above is a failure
    #[arg(short = 'f', long, help_heading = "Request")]
    pub(super) fail: bool,
    /// Basic authentication
    #[arg(
        short = 'u',
        long,
        value_name = "USER:PASSWORD",
        help_heading = "Request"
    )]
    pub(super) user: Option<String>,
    /// Bearer token
    #[arg(long, value_name = "TOKEN", help_heading = "Request")]
    pub(super) oauth2_bearer: Option<String>,
    /// User-Agent
    #[arg(short = 'A', long, value_name = "NAME", help_heading = "Request")]
    pub(super) user_agent: Option<String>,
    /// Referer; ';auto' behind it has redirects name the URL that led there
    #[arg(short = 'e', long, value_name = "URL", help_heading = "Request")]
    pub(super) referer: Option<String>,
    /// Cookies: 'name=value; name2=value2', or a cookie file
    #[arg(short = 'b', long, value_name = "COOKIES", help_heading = "Request", long_help = cookies::COOKIE)]
    pub(super) cookie: Vec<String>,
    /// Write all cookies to FILE after the run; - for standard output
    #[arg(short = 'c', long, value_name = "FILE", help_heading = "Request", long_help = cookies::COOKIE_JAR)]
    pub(super) cookie_jar: Option<PathBuf>,
    /// Take no cookies out of files that last as long as a session
    #[arg(short = 'j', long, help_heading = "Request")]
    pub(super) junk_session_cookies: bool,
    /// Ask for a compressed response (gzip, deflate, br, zstd) and decode it
    ///
    /// It may decode to 4 GiB, and beyond 32 MiB to 500 times the bytes transferred.
    #[arg(long, help_heading = "Request")]
    pub(super) compressed: bool,
    /// Write the response's body to a file; - for standard output
    #[arg(short = 'o', long, value_name = "FILE", help_heading = "Request")]
    pub(super) output: Option<PathBuf>,
    /// Run it this many times, each on a new connection
    #[arg(long, value_name = "NUM", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000), help_heading = "Request")]
    pub(super) repeat: u32,
    /// Pause between repeats, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = parse_seconds, help_heading = "Request")]
    pub(super) interval: f64,
    /// Run the same request through an ordinary HTTP client too, and show the difference
    #[arg(long, help_heading = "Request")]
    pub(super) control: bool,

    /// Limit for the whole run, in seconds
    #[arg(short = 'm', long, value_name = "SECONDS", value_parser = parse_seconds, help_heading = "Limits")]
    pub(super) max_time: Option<f64>,
    /// Limit for DNS, TCP, proxy and TLS together, in seconds
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
    /// Connect to another host and port: HOST1:PORT1:HOST2:PORT2
    #[arg(long, value_name = "RULE", help_heading = "Names and addresses")]
    pub(super) connect_to: Vec<String>,
    /// DNS servers to ask, as ADDRESS[:PORT], separated by commas; "system" asks the operating
    /// system's resolver, whose queries cannot be seen
    #[arg(long, value_name = "ADDRESSES", help_heading = "Names and addresses")]
    pub(super) dns_servers: Option<String>,
    /// Ask over DNS over HTTPS
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
    /// Hosts to reach without the proxy, separated by commas
    #[arg(long, value_name = "HOSTS", help_heading = "Names and addresses")]
    pub(super) noproxy: Option<String>,

    /// Speak HTTP/1.0
    #[arg(
        short = '0',
        long = "http1.0",
        group = "http_version",
        help_heading = "Protocol"
    )]
    pub(super) http1_0: bool,
    /// Speak HTTP/1.1
    #[arg(long = "http1.1", group = "http_version", help_heading = "Protocol")]
    pub(super) http1_1: bool,
    /// Prefer HTTP/2 (what ALPN offers anyway)
    #[arg(long = "http2", group = "http_version", help_heading = "Protocol")]
    pub(super) http2: bool,
    /// Speak HTTP/2 at once, also without TLS
    #[arg(long, group = "http_version", help_heading = "Protocol")]
    pub(super) http2_prior_knowledge: bool,
    /// Not yet there
    #[arg(long = "http3", hide = true)]
    pub(super) http3: bool,
    /// Not yet there
    #[arg(long = "http3-only", hide = true)]
    pub(super) http3_only: bool,

    /// Go on with a certificate that does not verify
    #[arg(short = 'k', long, help_heading = "TLS")]
    pub(super) insecure: bool,
    /// Use TLS 1.2 or later
    #[arg(long = "tlsv1.2", help_heading = "TLS")]
    pub(super) tlsv1_2: bool,
    /// Use TLS 1.3 or later
    #[arg(long = "tlsv1.3", help_heading = "TLS")]
    pub(super) tlsv1_3: bool,
    /// Use this TLS version at most
    #[arg(long, value_name = "VERSION", value_parser = ["1.2", "1.3", "default"], help_heading = "TLS")]
    pub(super) tls_max: Option<String>,
    /// Trust the certificates in this PEM file instead of the system's
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub(super) cacert: Option<PathBuf>,
    /// Client certificate, a PEM file
    #[arg(short = 'E', long, value_name = "FILE", help_heading = "TLS")]
    pub(super) cert: Option<PathBuf>,
    /// Private key of the client certificate, a PEM file; the certificate's file when left out
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "TLS")]
    pub(super) key: Option<PathBuf>,
    /// Append the TLS secrets to this file (RFC 9850), for decrypting a capture
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub(super) keylog: Option<PathBuf>,

    /// Whether to capture packets: auto where permitted, on to insist, off
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        help_heading = "Capture"
    )]
    pub(super) capture: CaptureChoice,
    /// Capture on this interface instead of the route's
    #[arg(long, value_name = "NAME", help_heading = "Capture")]
    pub(super) capture_interface: Option<String>,
    /// Save the whole run to FILE, packets and all: pcapng that tapline and Wireshark open; -
    /// streams it to standard output
    #[arg(long, value_name = "FILE", help_heading = "Capture")]
    pub(super) save: Option<PathBuf>,
}

/// Whether to capture packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum CaptureChoice {
    /// Where it is permitted
    #[default]
    Auto,
    /// It must work
    On,
    /// Not at all
    Off,
}

/// A number of seconds, zero or more, with a fraction or without.
fn parse_seconds(text: &str) -> Result<f64, String> {
    let value: f64 = text
        .parse()
        .map_err(|_| "a number of seconds is wanted, such as 2 or 0.5".to_owned())?;
    if (0.0..=1e9).contains(&value) {
        Ok(value)
    } else {
        Err("a number of seconds from 0 to 1000000000 is wanted".to_owned())
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
