//! `tapline man`.

use clap::CommandFactory;
use clap_mangen::Man;

use super::args::Cli;
use super::exit::Exit;
use super::usage::Usage;

/// Prints the manual page of a command, or of the whole program.
pub(super) fn run(command: Option<&str>) -> Result<Exit, Usage> {
    let mut whole = Cli::command();
    whole.build();
    let page = match command {
        None => whole,
        Some(name) => whole
            .find_subcommand(name)
            .cloned()
            .ok_or_else(|| Usage::new(format!("there is no command '{}'; 'tapline --help' lists them", name.escape_default())))?,
    };
    let mut roff = Vec::new();
    match Man::new(page).render(&mut roff) {
        Ok(()) => Ok(super::output::print(&roff)),
        Err(error) => {
            eprintln!("tapline: the manual page cannot be written: {error}");
            Ok(Exit::Fault)
        }
    }
}
