//! `tapline lab`, and what there is to do with one that runs.

use std::ffi::OsString;

use clap::{Args, Subcommand};

use super::{LinkArgs, RequestArgs, ScreenArgs, SecretsArgs};

/// `tapline lab`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_long_help = LAB_EXAMPLES)]
pub(in crate::cli) struct LabArgs {
    /// Where to go first: a place that --list shows, or just its path or host
    #[arg(value_name = "PLACE")]
    pub(in crate::cli) place: Option<String>,
    /// List the places
    #[arg(long)]
    pub(in crate::cli) list: bool,
    /// Stay on loopback: the same servers without a network of their own
    #[arg(long, conflicts_with = "command")]
    pub(in crate::cli) loopback: bool,
    /// What chance starts from: the same seed loses the same packets
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 1,
        help_heading = "Link"
    )]
    pub(in crate::cli) seed: u64,
    /// A program to run on the lab's client instead of the screen, with its arguments
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "place")]
    pub(in crate::cli) command: Vec<OsString>,
    #[command(subcommand)]
    pub(in crate::cli) action: Option<LabAction>,
    #[command(flatten)]
    pub(in crate::cli) link: LinkArgs,
    #[command(flatten)]
    pub(in crate::cli) request: RequestArgs,
    #[command(flatten)]
    pub(in crate::cli) screen: ScreenArgs,
    #[command(flatten)]
    pub(in crate::cli) secrets: SecretsArgs,
}

const LAB_EXAMPLES: &str = "\
Examples:
  tapline lab                                          the places of the lab, on the screen
  tapline lab --rtt 80ms --loss 1% /bytes/1000000      a far and lossy network
  tapline lab -- curl -v https://api.lab.test/users    any program, with the lab's names and \
certificates
  tapline lab -- bash                                  a shell
  tapline lab set --rtt 300ms                          while it runs, from within or from another \
terminal";

/// What there is to do with a lab that runs.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum LabAction {
    /// Change the link of the lab that runs, and say how it is set
    Set {
        #[command(flatten)]
        link: LinkArgs,
        /// Which lab, where several run
        #[arg(long, value_name = "NAME")]
        lab: Option<String>,
    },
}
