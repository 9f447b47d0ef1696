//! Commands that read files.

use std::path::PathBuf;

use clap::Args;

use super::{LookArgs, ReportArgs};

/// `tapline open`.
#[derive(Debug, Args)]
pub(in crate::cli) struct OpenArgs {
    /// A saved run or a capture file, pcap or pcapng; - reads it from standard input, as it comes
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    /// Open TLS with the secrets in FILE (NSS key log, RFC 9850), beside those in the capture
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) keylog: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) look: LookArgs,
}

/// `tapline report`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReportFileArgs {
    /// A saved run or a capture file, pcap or pcapng; - reads it from standard input
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    /// What to write: text, json, events, svg, markdown, har, csv, prometheus or junit; into a file with =FILE; may be given several times
    #[arg(long = "format", value_name = "FORMAT[=FILE]", help_heading = "Report")]
    pub(in crate::cli) formats: Vec<String>,
    /// Take conversations apart: protocols, requests and responses
    #[arg(long, help_heading = "Report")]
    pub(in crate::cli) messages: bool,
    /// Open TLS with the secrets in FILE (NSS key log, RFC 9850), beside those in the capture; implies --messages
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub(in crate::cli) keylog: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) look: ReportArgs,
}

impl ReportFileArgs {
    /// The default report on a file.
    pub(in crate::cli) fn of(file: PathBuf, keylog: Option<PathBuf>, ascii: bool) -> Self {
        Self { file, formats: Vec::new(), messages: false, keylog, look: ReportArgs { ascii, ..ReportArgs::default() } }
    }
}
