//! `tapline lab set`.

use super::enclosing;
use super::link_args::LinkArgs;
use crate::cli::exit::{Exit, UsageError};
use crate::cli::output;
use crate::lab::network::{LinkReply, RunningLab};

/// Changes the link of a running lab and prints its settings.
pub(super) fn run(args: LinkArgs, named: Option<String>) -> Result<Exit, UsageError> {
    let lab = find_lab(named)?;
    match lab.send_change(&args.into_change()) {
        Ok(LinkReply::Current { link, counts }) => {
            let line = format!(
                "link {link}\n{} packets passed, {} lost, {} dropped by a full queue\n",
                counts.passed, counts.lost, counts.overflowed
            );
            Ok(output::print(line.as_bytes()))
        }
        Ok(LinkReply::Refused { error }) => {
            eprintln!("tapline: {error}");
            Ok(Exit::Fault)
        }
        Err(error) => {
            eprintln!("tapline: the lab {} does not respond: {error}", lab.name());
            Ok(Exit::Fault)
        }
    }
}

/// The named lab, or else the one this process is in, or else the only one running.
fn find_lab(name: Option<String>) -> Result<RunningLab, UsageError> {
    if let Some(lab) = name
        .map(RunningLab::with_name)
        .or_else(enclosing::enclosing_lab)
    {
        return Ok(lab);
    }
    let all = RunningLab::all().map_err(|error| {
        UsageError::new(format!(
            "the labs of this machine cannot be listed: {error}"
        ))
    })?;
    match all.as_slice() {
        [] => Err(UsageError::new(
            "no lab is running; 'tapline lab' starts one",
        )),
        [only] => Ok(only.clone()),
        several => {
            let names: Vec<&str> = several.iter().map(RunningLab::name).collect();
            Err(UsageError::new(format!(
                "several labs are running; choose one with --lab: {}",
                names.join(", ")
            )))
        }
    }
}
