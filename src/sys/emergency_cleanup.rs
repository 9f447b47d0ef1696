//! What a process undoes that ends in the middle of its work, by a signal, an abort or a panic,
//! where no destructor runs.
//!
//! All of it is kept in atomics, and undoing it calls nothing but functions that are safe in a
//! signal handler (signal-safety(7)).

use std::ffi::{CString, c_char};
use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, IntoRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The terminal to give back.
static TERMINAL: AtomicPtr<SavedTerminal> = AtomicPtr::new(ptr::null_mut());

/// The files to remove, by their paths.
static FILES: [AtomicPtr<c_char>; MAX_FILES] =
    [const { AtomicPtr::new(ptr::null_mut()) }; MAX_FILES];

/// More than are ever written at a time: one for each report, and the run.
const MAX_FILES: usize = 64;

/// How long a terminal is waited for that takes no output, in milliseconds.
const WRITE_TIMEOUT_MS: libc::c_int = 100;

/// A terminal as it was.
struct SavedTerminal {
    /// A descriptor that nothing else writes to, where there could be one.
    descriptor: RawFd,
    /// Leads nowhere; what other threads still draw goes there in the end.
    dev_null: Option<RawFd>,
    settings: libc::termios,
    /// What switches off all that a screen switches on.
    reset_sequence: &'static [u8],
}

/// While this lives, an abrupt end gives the terminal back.
#[derive(Debug)]
#[must_use = "the terminal is given back only while this lives"]
pub struct TerminalResetGuard(*mut SavedTerminal);

/// While this lives, an abrupt end removes the file.
#[derive(Debug)]
#[must_use = "the file is removed only while this lives"]
pub struct UnfinishedFileGuard(Option<(usize, *mut c_char)>);

// SAFETY: the pointer is compared, and what it points to is freed by the one who took it out of the
// table.
#[expect(unsafe_code, reason = "the pointer is a key into a table of atomics")]
unsafe impl Send for UnfinishedFileGuard {}

/// Remembers how this process's terminal is set, for an end before the screen on it is left.
/// `switch_off` is written to it then. Where neither standard input nor output is a terminal, there
/// is nothing to remember.
pub fn guard_terminal(switch_off: &'static [u8]) -> TerminalResetGuard {
    let descriptor = match (io::stdin().is_terminal(), io::stdout().is_terminal()) {
        (_, true) => libc::STDOUT_FILENO,
        (true, false) => libc::STDIN_FILENO,
        (false, false) => return TerminalResetGuard(ptr::null_mut()),
    };
    let Some(settings) = terminal_settings(descriptor) else {
        return TerminalResetGuard(ptr::null_mut());
    };
    let nowhere = File::options()
        .write(true)
        .open("/dev/null")
        .ok()
        .map(IntoRawFd::into_raw_fd);
    // Where there is no room for another descriptor, the one that others draw on has to do.
    let own = if descriptor == libc::STDOUT_FILENO {
        io::stdout().as_fd().try_clone_to_owned()
    } else {
        io::stdin().as_fd().try_clone_to_owned()
    };
    let descriptor = own.map_or(descriptor, IntoRawFd::into_raw_fd);
    let terminal = Box::into_raw(Box::new(SavedTerminal {
        descriptor,
        dev_null: nowhere,
        settings,
        reset_sequence: switch_off,
    }));
    TERMINAL.store(terminal, Ordering::SeqCst);
    TerminalResetGuard(terminal)
}

impl TerminalResetGuard {
    /// Gives the terminal back if it is not set as it was: whoever had a screen on it was ended
    /// before it could.
    pub fn restore_if_changed(self) {
        let Some(settings) = terminal_settings(libc::STDOUT_FILENO)
            .or_else(|| terminal_settings(libc::STDIN_FILENO))
        else {
            return;
        };
        // SAFETY: what is stored is never freed.
        #[expect(
            unsafe_code,
            reason = "the settings lie behind a pointer for the signal handler's sake"
        )]
        let before = unsafe { self.0.as_ref() };
        if before.is_some_and(|before| before.settings.c_lflag != settings.c_lflag) {
            restore_terminal();
        }
    }
}

impl Drop for TerminalResetGuard {
    /// What it points to stays: a handler may be about to read it.
    fn drop(&mut self) {
        let _ =
            TERMINAL.compare_exchange(self.0, ptr::null_mut(), Ordering::SeqCst, Ordering::SeqCst);
    }
}

/// Has a file removed where this process ends before it is complete. With many files at once, some
/// are not.
pub fn guard_unfinished_file(path: &Path) -> UnfinishedFileGuard {
    // A path with a zero byte names no file.
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
        // Where it is no longer there, the process is ending and the path is being read.
        if matches!(taken, Some(Ok(_))) {
            free_path(path);
        }
    }
}

/// Gives the terminal back and removes the files that are not complete. It may be called from a
/// signal handler, and twice.
pub fn run_emergency_cleanup() {
    restore_terminal();
    for file in &FILES {
        let path = file.swap(ptr::null_mut(), Ordering::SeqCst);
        if !path.is_null() {
            // SAFETY: it came from a `CString`, and whoever took it out of the table is the only
            // one to use it.
            #[expect(
                unsafe_code,
                reason = "the standard library's way to remove a file allocates"
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
    #[expect(
        unsafe_code,
        reason = "a signal handler can be handed nothing but a pointer"
    )]
    let Some(terminal) = (unsafe { terminal.as_ref() }) else {
        return;
    };
    if !is_in_foreground(terminal.descriptor) {
        return;
    }
    if let Some(nowhere) = terminal
        .dev_null
        .filter(|_| terminal.descriptor != libc::STDOUT_FILENO)
    {
        // SAFETY: it takes numbers, and what standard output was is open under another.
        #[expect(
            unsafe_code,
            reason = "this is called from signal handlers, for which no library vouches"
        )]
        unsafe {
            libc::dup2(nowhere, libc::STDOUT_FILENO);
        }
    }
    // SAFETY: the settings are those of this terminal; nothing is kept of the pointer.
    #[expect(
        unsafe_code,
        reason = "this is called from signal handlers, for which no library vouches"
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

/// Writes to a descriptor what it takes at once. It may be called from a signal handler.
pub(super) fn write_signal_safe(descriptor: RawFd, bytes: &[u8]) {
    // SAFETY: the pointer and the length are a slice's.
    #[expect(
        unsafe_code,
        reason = "the standard library's way to write takes a lock"
    )]
    unsafe {
        libc::write(descriptor, bytes.as_ptr().cast(), bytes.len());
    }
}

/// Whether the terminal is not another job's, such as the shell's after Ctrl-Z.
fn is_in_foreground(descriptor: RawFd) -> bool {
    // SAFETY: both take and return numbers.
    #[expect(
        unsafe_code,
        reason = "this is called from signal handlers, for which no library vouches"
    )]
    let (foreground, ours) = unsafe { (libc::tcgetpgrp(descriptor), libc::getpgrp()) };
    // A terminal that is not this session's has no jobs that could be told apart.
    foreground <= 0 || foreground == ours
}

/// Whether the terminal takes output: one whose other end does not read would hold up the end.
fn is_writable(descriptor: RawFd) -> bool {
    let mut waited = libc::pollfd {
        fd: descriptor,
        events: libc::POLLOUT,
        revents: 0,
    };
    // SAFETY: there is one entry, and it lives until the call returns.
    #[expect(
        unsafe_code,
        reason = "this is called from signal handlers, for which no library vouches"
    )]
    let ready = unsafe { libc::poll(&raw mut waited, 1, WRITE_TIMEOUT_MS) };
    ready == 1 && waited.revents & libc::POLLOUT != 0
}

fn terminal_settings(terminal: RawFd) -> Option<libc::termios> {
    let mut settings = std::mem::MaybeUninit::uninit();
    // SAFETY: the settings are read only where the call succeeded and wrote them.
    #[expect(
        unsafe_code,
        reason = "the settings are kept in the form that a signal handler can set them by"
    )]
    unsafe {
        (libc::tcgetattr(terminal, settings.as_mut_ptr()) == 0).then(|| settings.assume_init())
    }
}

fn free_path(path: *mut c_char) {
    // SAFETY: it came from `CString::into_raw`, and whoever calls this has taken it out of the
    // table.
    #[expect(unsafe_code, reason = "a path in an atomic is a pointer")]
    drop(unsafe { CString::from_raw(path) });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// One test, since what is undone is undone for the whole process.
    #[test]
    fn what_is_not_finished_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let [finished, unfinished] =
            ["finished", "unfinished"].map(|name| folder.path().join(name));
        for path in [&finished, &unfinished] {
            std::fs::write(path, "").unwrap();
        }
        drop(guard_unfinished_file(&finished));
        let held = guard_unfinished_file(&unfinished);
        // More than there is room for, which is no reason to fail.
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
