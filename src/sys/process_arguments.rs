//! The process's arguments as other processes see them, and inherited file descriptors.

use std::fs::File;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// Overwrites this process's arguments as shown in process lists. `masked` are all of them, each
/// followed by a NUL byte, with the same total length; otherwise nothing happens. Must be called
/// before the process has other threads.
#[cfg(target_os = "linux")]
pub fn overwrite_arguments(masked: &[u8]) {
    let shown_length = std::fs::read("/proc/self/cmdline").map_or(0, |shown| shown.len());
    let Some((begin, end)) = argument_range() else {
        return;
    };
    if end.checked_sub(begin) != Some(masked.len()) || shown_length != masked.len() {
        return;
    }
    // SAFETY: the kernel put the arguments' bytes there when the program began, writable and for as
    // long as it runs; they are as many as are written, and nobody else writes or reads them
    // now.
    #[expect(unsafe_code, reason = "no library writes to a process's arguments")]
    unsafe {
        std::ptr::copy_nonoverlapping(
            masked.as_ptr(),
            std::ptr::with_exposed_provenance_mut::<u8>(begin),
            masked.len(),
        );
    }
}

/// Does nothing: their location is not known on this system.
#[cfg(not(target_os = "linux"))]
pub fn overwrite_arguments(_masked: &[u8]) {}

/// Address range of the arguments: `arg_start` and `arg_end` in proc(5).
#[cfg(target_os = "linux")]
fn argument_range() -> Option<(usize, usize)> {
    /// Index after the program's name, which may contain any character.
    const ARG_START: usize = 48 - 3;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat
        .rsplit_once(')')?
        .1
        .split_ascii_whitespace()
        .skip(ARG_START)
        .map(str::parse);
    let begin = fields.next()?.ok()?;
    let end = fields.next()?.ok()?;
    (begin > 0).then_some((begin, end))
}

/// The file that the parent process left open as this descriptor. Must be called once, before
/// anything else is opened.
pub fn inherited_file(descriptor: RawFd) -> Option<File> {
    /// Descriptors below are standard input, output and error.
    const FIRST: RawFd = 3;
    if descriptor < FIRST {
        return None;
    }
    // SAFETY: it looks at a number, whether or not that is open. If it is, nothing was opened yet,
    // so nobody else in this process owns it.
    #[expect(
        unsafe_code,
        reason = "the standard library cannot adopt an inherited descriptor"
    )]
    let owned = unsafe {
        (libc::fcntl(descriptor, libc::F_GETFD) != -1).then(|| OwnedFd::from_raw_fd(descriptor))
    };
    owned.map(File::from)
}
