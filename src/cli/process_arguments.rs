//! The arguments of this process, with secrets hidden from process lists, which every user of the
//! machine can read.

mod masking;

use std::ffi::OsString;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::Command;
use std::sync::OnceLock;

use crate::sys;
use masking::mask_secrets;

/// The arguments as given, secrets included.
static PROCESS_ARGUMENTS: OnceLock<Vec<OsString>> = OnceLock::new();

/// Environment variable with the number of an inherited file descriptor. The file contains the
/// arguments, in place of those that process lists show.
const HANDOVER_VARIABLE: &str = "TAPLINE_ARGUMENTS";

/// Returns the arguments of this process, and hides the secrets among them from process lists.
pub(super) fn take_process_arguments(shown: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let shown: Vec<OsString> = shown.into_iter().collect();
    let given = inherited_arguments().unwrap_or_else(|| {
        hide_secrets(&shown);
        shown
    });
    PROCESS_ARGUMENTS.get_or_init(|| given).clone()
}

/// Passes this process's arguments to a command of the same program, in an unlinked temporary file.
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
    // The descriptor is left open for the command, which inherits it; this process ends when the
    // command does.
    let _ = inherited.into_raw_fd();
    Ok(())
}

/// Removes the handover variable from the environment of an unrelated program.
pub(super) fn withhold_handover(command: &mut Command) -> &mut Command {
    command.env_remove(HANDOVER_VARIABLE)
}

/// The arguments handed over by the parent process, if there are any.
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
