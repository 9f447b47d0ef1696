//! The program's arguments, where others can see them: process lists show them to everybody on the
//! machine.

mod masking;

use std::ffi::OsString;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::Command;
use std::sync::OnceLock;

use crate::sys;
use masking::mask_secrets;

/// As they were given.
static PROCESS_ARGUMENTS: OnceLock<Vec<OsString>> = OnceLock::new();

/// Names the descriptor of a file with the arguments, in place of those that process lists show.
const HANDOVER_VARIABLE: &str = "TAPLINE_ARGUMENTS";

/// The arguments of this process. From here on process lists show them without secrets.
pub(super) fn take_process_arguments(shown: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let shown: Vec<OsString> = shown.into_iter().collect();
    let given = inherited_arguments().unwrap_or_else(|| {
        hide_secrets(&shown);
        shown
    });
    PROCESS_ARGUMENTS.get_or_init(|| given).clone()
}

/// Has a command of this same program get this process's arguments, in a file without a name.
pub(super) fn hand_over(command: &mut Command) -> io::Result<()> {
    let given = PROCESS_ARGUMENTS.get().map_or(&[][..], Vec::as_slice);
    let mut file = tempfile::tempfile()?;
    for argument in given {
        file.write_all(argument.as_bytes())?;
        file.write_all(&[0])?;
    }
    file.rewind()?;
    let inherited: OwnedFd = file.into();
    rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::empty())?;
    command.args(
        mask_secrets(given)
            .into_iter()
            .skip(1)
            .map(OsString::from_vec),
    );
    command.env(HANDOVER_VARIABLE, inherited.as_raw_fd().to_string());
    // The command's from now on; this process ends with it.
    let _ = inherited.into_raw_fd();
    Ok(())
}

/// A program that is no part of this one is not told.
pub(super) fn withhold_handover(command: &mut Command) -> &mut Command {
    command.env_remove(HANDOVER_VARIABLE)
}

/// What was handed over.
fn inherited_arguments() -> Option<Vec<OsString>> {
    let descriptor = std::env::var(HANDOVER_VARIABLE).ok()?.parse().ok()?;
    let mut bytes = Vec::new();
    sys::inherited_file(descriptor)?
        .read_to_end(&mut bytes)
        .ok()?;
    let arguments: Vec<OsString> = bytes
        .split_inclusive(|byte| *byte == 0)
        .filter_map(|argument| Some(OsString::from_vec(argument.strip_suffix(&[0])?.to_vec())))
        .collect();
    (!arguments.is_empty()).then_some(arguments)
}

fn hide_secrets(given: &[OsString]) {
    let joined = |arguments: Vec<Vec<u8>>| -> Vec<u8> {
        arguments
            .into_iter()
            .flat_map(|argument| [argument, vec![0]].concat())
            .collect()
    };
    let shown = joined(
        given
            .iter()
            .map(|argument| argument.as_bytes().to_vec())
            .collect(),
    );
    let masked = joined(mask_secrets(given));
    if masked != shown {
        sys::overwrite_arguments(&masked);
    }
}
