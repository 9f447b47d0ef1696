//! Commands that read files.

use std::path::PathBuf;

use clap::Args;

use super::{ReportArgs, ScreenArgs, SecretsArgs};
use crate::insight::diff::DiffTolerance;

/// `tapline open`.
#[derive(Debug, Args)]
pub(in crate::cli) struct OpenArgs {
    /// A saved run, a capture file (pcap or pcapng) or a HAR file; - reads standard input as it
    /// arrives
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    /// Decrypt TLS with the secrets in FILE (NSS key log, RFC 9850), in addition to those in the
    /// capture
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) keylog: Option<PathBuf>,
    /// How much of a piped capture to keep on disk; K, M and G are powers of 1024. Beyond that, the
    /// newest packets replace the oldest. One packet is listed per 512 bytes, up to 2097152
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = parse_spool_limit)]
    pub(in crate::cli) spool_limit: u64,
    #[command(flatten)]
    pub(in crate::cli) screen: ScreenArgs,
    #[command(flatten)]
    pub(in crate::cli) secrets: SecretsArgs,
}

/// `tapline report`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReportFileArgs {
    /// A saved run, a capture file (pcap or pcapng) or a HAR file; - reads standard input
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    /// Report format: text, json, events, svg, markdown, har, csv, prometheus or junit; =FILE
    /// writes it to a file. May be repeated
    #[arg(long = "format", value_name = "FORMAT[=FILE]", help_heading = "Report")]
    pub(in crate::cli) formats: Vec<String>,
    /// Dissect conversations: protocols, requests and responses, and whose time each request was
    #[arg(long, help_heading = "Report")]
    pub(in crate::cli) messages: bool,
    /// Decrypt TLS with the secrets in FILE (NSS key log, RFC 9850), in addition to those in the
    /// capture; implies --messages
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub(in crate::cli) keylog: Option<PathBuf>,
    /// How much of a piped capture to keep on disk; K, M and G are powers of 1024. Beyond that, the
    /// newest packets replace the oldest. One packet is listed per 512 bytes, up to 2097152
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "1G",
        value_parser = parse_spool_limit,
        help_heading = "Report"
    )]
    pub(in crate::cli) spool_limit: u64,
    #[command(flatten)]
    pub(in crate::cli) report: ReportArgs,
}

/// `tapline diff`.
#[derive(Debug, Args)]
#[command(after_long_help = DIFF_HELP)]
pub(in crate::cli) struct DiffArgs {
    /// The earlier run: a saved run, a capture file, a HAR file or a summary (--format json)
    #[arg(value_name = "BEFORE")]
    pub(in crate::cli) before: PathBuf,
    /// The later run, in any of the same formats
    #[arg(value_name = "NOW")]
    pub(in crate::cli) after: PathBuf,
    /// Report format: text, json or markdown; =FILE writes it to a file. May be repeated
    #[arg(long = "format", value_name = "FORMAT[=FILE]", help_heading = "Report")]
    pub(in crate::cli) formats: Vec<String>,
    /// How much slower a request may become before it counts as a regression, as a percentage or a
    /// time: 10%, 20ms
    #[arg(
        long,
        value_name = "TOLERANCE",
        default_value = "0",
        help_heading = "Report"
    )]
    pub(in crate::cli) tolerance: DiffTolerance,
    #[command(flatten)]
    pub(in crate::cli) report: ReportArgs,
}

const DIFF_HELP: &str = "\
Requests are compared with the same requests of the other run, matched by method, path and order, \
phase by phase.

A regression causes exit code 4: a request that is slower by more than noise and by more than \
--tolerance, that fails and did not fail before, that has a worse class of status (4xx, 5xx), or \
whose certificate no longer verifies; and a budget that was met before and is missed now.

Noise is measured by repeating requests (--repeat): two medians do not differ if they are at most \
1.57 times the interquartile range divided by the square root of the number of runs apart, with \
both sides taken together. For single runs noise is unknown; it is assumed to be 1 ms or a tenth \
of the time, whichever is larger.

Examples:
  tapline probe --repeat 20 --save before.pcapng https://example.com/
  tapline diff before.pcapng now.pcapng
  tapline diff before.json now.json --tolerance 10% --format markdown=comment.md";

/// The default report for a file.
impl From<&OpenArgs> for ReportFileArgs {
    fn from(args: &OpenArgs) -> Self {
        let report = ReportArgs {
            ascii: args.screen.ascii,
            secrets: args.secrets.clone(),
            ..ReportArgs::default()
        };
        Self {
            file: args.file.clone(),
            formats: Vec::new(),
            messages: false,
            keylog: args.keylog.clone(),
            spool_limit: args.spool_limit,
            report,
        }
    }
}

/// Parses a number of bytes in the notation of curl's `--limit-rate`: `500M`, `2g`, `1048576`. The
/// minimum is 1 MiB, since a single packet may need that much.
fn parse_spool_limit(text: &str) -> Result<u64, String> {
    const LEAST: u64 = 1 << 20;
    let (number, shift) = match text.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (text.get(..at), 10),
        Some((at, 'm' | 'M')) => (text.get(..at), 20),
        Some((at, 'g' | 'G')) => (text.get(..at), 30),
        _ => (Some(text), 0),
    };
    let digits = number
        .filter(|digits| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()));
    let bytes = digits
        .and_then(|digits| digits.parse::<u64>().ok())
        .and_then(|number| number.checked_mul(1 << shift));
    match bytes {
        Some(bytes) if (LEAST..=1 << 50).contains(&bytes) => Ok(bytes),
        Some(_) => Err("the size must be from 1M to 1048576G".to_owned()),
        None => Err(
            "expected a whole number of bytes, optionally with K, M or G (powers of 1024), such \
             as 500M"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_the_spool_is_a_number_of_bytes() {
        for (text, bytes) in [
            ("1M", 1 << 20),
            ("2g", 2 << 30),
            ("1048576", 1 << 20),
            ("2048K", 2 << 20),
            ("1048576G", 1 << 50),
        ] {
            assert_eq!(parse_spool_limit(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "G",
            "1023K",
            "0",
            "-1",
            "+5M",
            "1.5G",
            "1GiB",
            "99999999999999999999",
            "17179869184G",
            "1048577G",
        ] {
            assert!(parse_spool_limit(text).is_err(), "{text}");
        }
    }
}
