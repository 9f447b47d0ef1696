//! The command line. An option that does the same as a curl option has the same name and letter.

mod files;
mod lab;
mod long_help;
mod request;
mod secrets;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::lab::LinkArgs;
pub(super) use files::{DiffArgs, OpenArgs, ReportFileArgs};
pub(super) use lab::{LabAction, LabArgs};
pub(super) use request::{CaptureChoice, RequestArgs};
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
    #[arg(
        long,
        value_name = "NUM",
        requires = "suite",
        value_parser = clap::value_parser!(u16).range(1..=1024),
        help_heading = "Suite"
    )]
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
        let report = ReportArgs {
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
            report,
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
