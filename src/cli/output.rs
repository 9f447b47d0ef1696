//! Writing the output of commands.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitStatus;

use super::atomic_file::{AtomicFile, Readers};
use super::exit::Exit;
use super::standard_output::StandardOutput;

/// Writes a line to standard error, ignoring errors.
pub(super) fn write_stderr_line(line: fmt::Arguments<'_>) {
    // One call, so that lines of several threads do not mix.
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Writes to standard output. A closed pipe (`| head`) is not an error.
pub(super) fn print(bytes: &[u8]) -> Exit {
    print_with(|out| out.write_all(bytes))
}

/// Like [`print`], for output that is written in parts.
pub(super) fn print_with(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Exit {
    let written = StandardOutput::open()
        .and_then(|mut stdout| write(&mut stdout).and_then(|()| stdout.flush()));
    match written {
        Ok(()) => Exit::Done,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            eprintln!("tapline: cannot write to standard output: {error}");
            Exit::Fault
        }
    }
}

/// The exit code of a process; 128 plus the signal number if a signal ended it, as in shells.
pub(super) fn exit_code_of(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;

    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Writes a report to a file, atomically.
pub(super) fn write_file(
    path: &Path,
    readers: Readers,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = AtomicFile::begin(path, readers)?;
    write(&mut file)?;
    file.finish()
}
