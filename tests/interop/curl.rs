//! Runs curl, the tool that everybody compares with.

use std::ffi::OsStr;
use std::process::Command;

use serde_json::Value;

use crate::fixture::program::installed;
use crate::probe::{Run, neutral, run};

/// curl with these arguments and no configuration file; `None`, visibly, where it is not installed.
pub(crate) fn command<S: AsRef<OsStr>>(args: &[S]) -> Option<Command> {
    let mut command = Command::new(installed("curl")?);
    command.args(["-q", "-sS"]).args(args);
    neutral(&mut command);
    Some(command)
}

/// Runs curl to its end.
pub(crate) fn curl<S: AsRef<OsStr>>(args: &[S]) -> Option<Run> {
    command(args).map(run)
}

/// Runs curl for its figures, all of `-w`'s variables.
pub(crate) fn figures<S: AsRef<OsStr>>(args: &[S]) -> Option<Value> {
    let run = curl(
        &[
            &["-o", "/dev/null", "-w", "%{json}"].map(OsStr::new),
            args.iter()
                .map(AsRef::as_ref)
                .collect::<Vec<_>>()
                .as_slice(),
        ]
        .concat(),
    )?;
    let figures: serde_json::Result<Value> = serde_json::from_slice(&run.stdout);
    let figures =
        figures.unwrap_or_else(|error| panic!("curl gives no figures: {error}\n{}", run.errors()));
    if figures["exitcode"] != 0 {
        eprintln!("curl: {}", run.errors());
    }
    Some(figures)
}
