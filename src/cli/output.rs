//! Writing what a command has to say.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitStatus;

use super::atomic_file::{AtomicFile, Readers};
use super::exit::Exit;

/// Writes a line to standard error. Where that cannot be written, it is not said.
pub(super) fn write_stderr_line(line: fmt::Arguments<'_>) {
    // In one call, so that the lines of several threads do not mix.
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Writes to standard output. A reader that has gone away (`| head`) is no fault.
pub(super) fn print(bytes: &[u8]) -> Exit {
    print_with(|out| out.write_all(bytes))
}

/// The same, of what is written bit by bit.
pub(super) fn print_with(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Exit {
    let mut stdout = io::stdout().lock();
    match write(&mut stdout).and_then(|()| stdout.flush()) {
        Ok(()) => Exit::Done,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            eprintln!("tapline: standard output cannot be written: {error}");
            Exit::Fault
        }
    }
}

/// The exit code of a program that ended; 128 and the number for who was ended by a signal, as
/// shells have it.
pub(super) fn exit_code_of(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;

    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Writes a report to a file, whole or not at all.
pub(super) fn write_file(
    path: &Path,
    readers: Readers,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = AtomicFile::begin(path, readers)?;
    write(&mut file)?;
    file.finish()
}
