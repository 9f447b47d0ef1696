//! Emergency cleanup: what has to be undone when the process ends by a signal, an abort or a panic,
//! where no destructor runs. It restores the terminal and removes incomplete files.
//!
//! All state is kept in atomics, and the cleanup only calls functions that are async-signal-safe
//! (signal-safety(7)).

use std::ffi::{CString, c_char};
use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, IntoRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The terminal to restore.
static TERMINAL: AtomicPtr<SavedTerminal> = AtomicPtr::new(ptr::null_mut());

/// Paths of the files to remove.
static FILES: [AtomicPtr<c_char>; MAX_FILES] =
    [const { AtomicPtr::new(ptr::null_mut()) }; MAX_FILES];

/// More than are ever written at a time: one per report, and the run.
const MAX_FILES: usize = 64;

/// How long to wait for a terminal that does not accept output, in milliseconds.
const WRITE_TIMEOUT_MS: libc::c_int = 100;

/// A terminal and its original settings.
struct SavedTerminal {
    /// A descriptor that nothing else writes to, if one could be opened.
    descriptor: RawFd,
    /// `/dev/null`: at the end it replaces standard output, so that other threads draw nothing
    /// more.
    dev_null: Option<RawFd>,
    settings: libc::termios,
    /// Escape sequences that reset all terminal modes of the screen.
    reset_sequence: &'static [u8],
}

/// Guard: while it lives, the emergency cleanup restores the terminal.
#[derive(Debug)]
#[must_use = "the terminal is only restored while this guard lives"]
pub struct TerminalResetGuard(*mut SavedTerminal);

/// Guard: while it lives, the emergency cleanup removes the file.
#[derive(Debug)]
#[must_use = "the file is only removed while this guard lives"]
pub struct UnfinishedFileGuard(Option<(usize, *mut c_char)>);

// SAFETY: the pointer is only compared; its memory is freed by the owner that took it out of the
// table.
#[expect(unsafe_code, reason = "the pointer is a key into a table of atomics")]
unsafe impl Send for UnfinishedFileGuard {}

/// Saves the settings of this process's terminal for the emergency cleanup, which also writes
/// `reset_sequence` to it. Without a terminal on standard input or output, there is nothing to
/// save.
pub fn guard_terminal(reset_sequence: &'static [u8]) -> TerminalResetGuard {
    let descriptor = match (io::stdin().is_terminal(), io::stdout().is_terminal()) {
        (_, true) => libc::STDOUT_FILENO,
        (true, false) => libc::STDIN_FILENO,
        (false, false) => return TerminalResetGuard(ptr::null_mut()),
    };
    let Some(settings) = terminal_settings(descriptor) else {
        return TerminalResetGuard(ptr::null_mut());
    };
    let dev_null = File::options()
        .write(true)
        .open("/dev/null")
        .ok()
        .map(IntoRawFd::into_raw_fd);
    // Without a free descriptor, the one that others draw on is used.
    let duplicate = if descriptor == libc::STDOUT_FILENO {
        io::stdout().as_fd().try_clone_to_owned()
    } else {
        io::stdin().as_fd().try_clone_to_owned()
    };
    let descriptor = duplicate.map_or(descriptor, IntoRawFd::into_raw_fd);
    let terminal = Box::into_raw(Box::new(SavedTerminal {
        descriptor,
        dev_null,
        settings,
        reset_sequence,
    }));
    TERMINAL.store(terminal, Ordering::SeqCst);
    TerminalResetGuard(terminal)
}

impl TerminalResetGuard {
    /// Restores the terminal if its settings have changed: the program that used it ended before it
    /// could restore them.
    pub fn restore_if_changed(self) {
        let Some(settings) = terminal_settings(libc::STDOUT_FILENO)
            .or_else(|| terminal_settings(libc::STDIN_FILENO))
        else {
            return;
        };
        // SAFETY: what is stored is never freed.
        #[expect(
            unsafe_code,
            reason = "the settings are behind a pointer that the signal handler can read"
        )]
        let before = unsafe { self.0.as_ref() };
        if before.is_some_and(|before| before.settings.c_lflag != settings.c_lflag) {
            restore_terminal();
        }
    }
}

impl Drop for TerminalResetGuard {
    /// The memory is leaked: a signal handler may be about to read it.
    fn drop(&mut self) {
        let _ =
            TERMINAL.compare_exchange(self.0, ptr::null_mut(), Ordering::SeqCst, Ordering::SeqCst);
    }
}

/// Registers a file for removal if this process ends before the file is complete. Beyond the
/// table's size, files are not registered.
pub fn guard_unfinished_file(path: &Path) -> UnfinishedFileGuard {
    // A path with a NUL byte cannot name a file.
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else {
        return UnfinishedFileGuard(None);
    };
    let path = path.into_raw();
    for (place, file) in FILES.iter().enumerate() {
        if file
            .compare_exchange(ptr::null_mut(), path, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
        {
            return UnfinishedFileGuard(Some((place, path)));
        }
    }
    free_path(path);
    UnfinishedFileGuard(None)
}

impl Drop for UnfinishedFileGuard {
    fn drop(&mut self) {
        let Some((place, path)) = self.0.take() else {
            return;
        };
        let taken = FILES.get(place).map(|file| {
            file.compare_exchange(path, ptr::null_mut(), Ordering::SeqCst, Ordering::SeqCst)
        });
        // If it is no longer in the table, the process is ending and a handler is reading the path.
        if matches!(taken, Some(Ok(_))) {
            free_path(path);
        }
    }
}

/// Restores the terminal and removes incomplete files. It may be called from a signal handler, and
/// twice.
pub fn run_emergency_cleanup() {
    restore_terminal();
    for file in &FILES {
        let path = file.swap(ptr::null_mut(), Ordering::SeqCst);
        if !path.is_null() {
            // SAFETY: it came from a `CString`, and the caller that took it out of the table is the
            // only user.
            #[expect(
                unsafe_code,
                reason = "the standard library's function to remove a file allocates"
            )]
            unsafe {
                libc::unlink(path);
            }
        }
    }
}

fn restore_terminal() {
    let terminal = TERMINAL.swap(ptr::null_mut(), Ordering::SeqCst);
    // SAFETY: it is null or came from a box that is never freed.
    #[expect(unsafe_code, reason = "a signal handler can only be given a pointer")]
    let Some(terminal) = (unsafe { terminal.as_ref() }) else {
        return;
    };
    if !is_in_foreground(terminal.descriptor) {
        return;
    }
    if let Some(dev_null) = terminal
        .dev_null
        .filter(|_| terminal.descriptor != libc::STDOUT_FILENO)
    {
        // SAFETY: it takes numbers; the previous standard output stays open under another
        // descriptor.
        #[expect(
            unsafe_code,
            reason = "this is called from signal handlers, where no library promises to be safe"
        )]
        unsafe {
            libc::dup2(dev_null, libc::STDOUT_FILENO);
        }
    }
    // SAFETY: the settings are those of this terminal; the pointer is not stored.
    #[expect(
        unsafe_code,
        reason = "this is called from signal handlers, where no library promises to be safe"
    )]
    unsafe {
        libc::tcsetattr(
            terminal.descriptor,
            libc::TCSANOW,
            &raw const terminal.settings,
        );
    }
    if is_writable(terminal.descriptor) {
        write_signal_safe(terminal.descriptor, terminal.reset_sequence);
    }
}

/// Ends the process without running exit handlers or destructors and without flushing. For a
/// process with threads still running, whose data exit handlers would free, and for a forked child.
pub fn exit_now(code: u8) -> ! {
    // SAFETY: it takes a number and does not return.
    #[expect(
        unsafe_code,
        reason = "the standard library ends a process only with its exit handlers"
    )]
    unsafe {
        libc::_exit(code.into())
    }
}

/// Writes to a descriptor as much as it accepts at once. It may be called from a signal handler.
pub(super) fn write_signal_safe(descriptor: RawFd, bytes: &[u8]) {
    // SAFETY: the pointer and the length are a slice's.
    #[expect(unsafe_code, reason = "the standard library's writer takes a lock")]
    unsafe {
        libc::write(descriptor, bytes.as_ptr().cast(), bytes.len());
    }
}

/// Returns true if the terminal does not belong to another job, such as the shell after Ctrl-Z.
fn is_in_foreground(descriptor: RawFd) -> bool {
    // SAFETY: both take and return numbers.
    #[expect(
        unsafe_code,
        reason = "this is called from signal handlers, where no library promises to be safe"
    )]
    let (foreground, ours) = unsafe { (libc::tcgetpgrp(descriptor), libc::getpgrp()) };
    // The controlling terminal of another session has no foreground job here.
    foreground <= 0 || foreground == ours
}

/// Returns true if the terminal accepts output: writing to one whose other end does not read would
/// block the end of the process.
fn is_writable(descriptor: RawFd) -> bool {
    let mut poll_fd = libc::pollfd {
        fd: descriptor,
        events: libc::POLLOUT,
        revents: 0,
    };
    // SAFETY: there is one entry, and it lives until the call returns.
    #[expect(
        unsafe_code,
        reason = "this is called from signal handlers, where no library promises to be safe"
    )]
    let ready = unsafe { libc::poll(&raw mut poll_fd, 1, WRITE_TIMEOUT_MS) };
    ready == 1 && poll_fd.revents & libc::POLLOUT != 0
}

fn terminal_settings(terminal: RawFd) -> Option<libc::termios> {
    let mut settings = std::mem::MaybeUninit::uninit();
    // SAFETY: the settings are read only where the call succeeded and wrote them.
    #[expect(
        unsafe_code,
        reason = "the settings are stored in the form in which a signal handler can restore them"
    )]
    unsafe {
        (libc::tcgetattr(terminal, settings.as_mut_ptr()) == 0).then(|| settings.assume_init())
    }
}

fn free_path(path: *mut c_char) {
    // SAFETY: it came from `CString::into_raw`, and the caller has taken it out of the table.
    #[expect(unsafe_code, reason = "a path in an atomic is a pointer")]
    drop(unsafe { CString::from_raw(path) });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// One test only, since the cleanup is process-wide.
    #[test]
    fn only_unfinished_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let [finished, unfinished] =
            ["finished", "unfinished"].map(|name| folder.path().join(name));
        for path in [&finished, &unfinished] {
            std::fs::write(path, "").unwrap();
        }
        drop(guard_unfinished_file(&finished));
        let held = guard_unfinished_file(&unfinished);
        // More than there is room for, which is not an error.
        let many: Vec<UnfinishedFileGuard> = (0..2 * MAX_FILES)
            .map(|n| guard_unfinished_file(&folder.path().join(n.to_string())))
            .collect();
        run_emergency_cleanup();
        assert!(finished.exists() && !unfinished.exists());
        drop((held, many));
        let again = guard_unfinished_file(&finished);
        drop(again);
        run_emergency_cleanup();
        assert!(finished.exists());
    }
}
