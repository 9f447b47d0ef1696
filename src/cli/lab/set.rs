//! `tapline lab set`.

use super::around;
use super::link::LinkArgs;
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::usage::Usage;
use crate::lab::network::{Remote, State};

/// Changes the link of the lab that runs, and says how it is set.
pub(super) fn run(args: LinkArgs, named: Option<String>) -> Result<Exit, Usage> {
    let lab = chosen(named)?;
    match lab.ask(&args.change()) {
        Ok(State::Is { link, counts }) => {
            let line = format!(
                "link {link}\n{} packets passed, {} lost, {} overflowed\n",
                counts.passed, counts.lost, counts.overflowed
            );
            Ok(output::print(line.as_bytes()))
        }
        Ok(State::Refused { error }) => {
            eprintln!("tapline: {error}");
            Ok(Exit::Fault)
        }
        Err(error) => {
            eprintln!("tapline: the lab {} does not answer: {error}", lab.name());
            Ok(Exit::Fault)
        }
    }
}

/// The one that is named, or that this process is in, or the only one there is.
fn chosen(name: Option<String>) -> Result<Remote, Usage> {
    if let Some(lab) = name.map(Remote::named).or_else(around::lab) {
        return Ok(lab);
    }
    let all = Remote::all().map_err(|error| {
        Usage::new(format!(
            "the labs of this machine cannot be listed: {error}"
        ))
    })?;
    match all.as_slice() {
        [] => Err(Usage::new(
            "no lab of yours is running; 'tapline lab' starts one",
        )),
        [only] => Ok(only.clone()),
        several => {
            let names: Vec<&str> = several.iter().map(Remote::name).collect();
            Err(Usage::new(format!(
                "there are several labs; choose one with --lab: {}",
                names.join(", ")
            )))
        }
    }
}
