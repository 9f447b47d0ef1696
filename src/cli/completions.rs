//! `tapline completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Cli;
use super::exit::Exit;

/// Prints a shell's completion script.
pub(super) fn run(shell: Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tapline", &mut script);
    super::output::print(&script)
}
