//! The process's arguments as other processes see them.

use std::fs::{self, File};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// Overwrites what process lists show of this process's arguments: `masked` are all of them, each followed by a zero byte, as long as they
/// are. Where that is not what the kernel shows, nothing happens. To be called before the process has other threads.
pub fn overwrite_arguments(masked: &[u8]) {
    let shown_length = fs::read("/proc/self/cmdline").map_or(0, |shown| shown.len());
    let Some((begin, end)) = area() else { return };
    if end.checked_sub(begin) != Some(masked.len()) || shown_length != masked.len() {
        return;
    }
    // SAFETY: the kernel put the arguments' bytes there when the program began, writable and for as long as it runs; they are as many as
    // are written, and nobody else writes or reads them now.
    #[expect(unsafe_code, reason = "no library writes to a process's arguments")]
    unsafe {
        std::ptr::copy_nonoverlapping(masked.as_ptr(), std::ptr::with_exposed_provenance_mut::<u8>(begin), masked.len());
    }
}

/// Where the arguments lie: `arg_start` and `arg_end` in proc(5).
fn area() -> Option<(usize, usize)> {
    /// Behind the program's name, which may have anything in it.
    const ARG_START: usize = 48 - 3;
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(ARG_START).map(str::parse);
    let (begin, end) = (fields.next()?.ok()?, fields.next()?.ok()?);
    (begin > 0).then_some((begin, end))
}

/// The file that the parent process left open as this descriptor. To be asked for once, before anything else is opened.
pub fn inherited_file(descriptor: RawFd) -> Option<File> {
    /// Those below are standard input, output and error.
    const FIRST: RawFd = 3;
    let is_open = descriptor >= FIRST && fs::exists(format!("/proc/self/fd/{descriptor}")).unwrap_or(true);
    if !is_open {
        return None;
    }
    // SAFETY: nothing was opened yet, so nobody else in this process owns it.
    #[expect(unsafe_code, reason = "the standard library takes no descriptor that was inherited")]
    let owned = unsafe { OwnedFd::from_raw_fd(descriptor) };
    Some(owned.into())
}
