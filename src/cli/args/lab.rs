//! Arguments of `tapline lab` and its subcommands.

use std::ffi::OsString;

use clap::{Args, Subcommand};

use super::{LinkArgs, RequestArgs, ScreenArgs, SecretsArgs};

/// `tapline lab`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_long_help = LAB_EXAMPLES)]
pub(in crate::cli) struct LabArgs {
    /// Where to start: a place from --list, or just its path or host
    #[arg(value_name = "PLACE")]
    pub(in crate::cli) place: Option<String>,
    /// List the places in the lab
    #[arg(long)]
    pub(in crate::cli) list: bool,
    /// Use loopback: the same servers, without a private network
    #[arg(long, conflicts_with = "command")]
    pub(in crate::cli) loopback: bool,
    /// Seed of the random numbers: the same seed drops the same packets
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 1,
        help_heading = "Link"
    )]
    pub(in crate::cli) seed: u64,
    /// Run this program in the lab instead of the screen, with its arguments
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
  tapline lab                                          explore the lab on the screen
  tapline lab --rtt 80ms --loss 1% /bytes/1000000      a slow and lossy network
  tapline lab -- curl -v https://api.lab.test/users    any program that uses the network
  tapline lab -- bash                                  a shell
  tapline lab set --rtt 300ms                          change it while it runs";

/// Commands for a running lab.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum LabAction {
    /// Change the link of a running lab and print its settings
    Set {
        #[command(flatten)]
        link: LinkArgs,
        /// Name of the lab, if several are running
        #[arg(long, value_name = "NAME")]
        lab: Option<String>,
    },
}
