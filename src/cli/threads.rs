//! Threads: starting them, and ending the process when one panics.
//!
//! After a panic other threads might wait for the panicked one forever, or continue with
//! inconsistent state.

use super::exit::Exit;
use crate::sys;
use crate::units::Untrusted;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Starts a named thread.
///
/// # Errors
/// The thread cannot be started; the message says why and what to try.
pub(super) fn start_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<thread::JoinHandle<T>> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| {
            let hint = match error.kind() {
                io::ErrorKind::WouldBlock => {
                    "; the limit on processes is reached (ulimit -u, or the \
                control group's pids.max)"
                }
                io::ErrorKind::OutOfMemory => "; there is not enough memory",
                _ => "",
            };
            io::Error::new(
                error.kind(),
                format!("no thread could be started: {error}{hint}"),
            )
        })
}

/// Set once a thread has panicked.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// Installs a panic hook and signal handlers. The first panic of any thread restores the terminal,
/// removes incomplete files, prints a report and exits with code 1. Signals that end the process do
/// the same, without the report.
pub fn exit_on_panic() {
    sys::install_cleanup_handlers();
    panic::set_hook(Box::new(|panic| {
        if PANICKED.swap(true, Ordering::SeqCst) {
            // The process is about to exit, and a second panic is usually a consequence of the
            // first.
            wait_for_exit();
        }
        sys::run_emergency_cleanup();
        // If standard error cannot be written, the exit code remains.
        let _ = io::stderr().write_all(fault_report(panic).as_bytes());
        sys::exit_now(Exit::FAULT);
    }));
}

fn wait_for_exit() -> ! {
    loop {
        thread::park();
    }
}

fn fault_report(panic: &PanicHookInfo<'_>) -> String {
    let message = panic_message(panic);
    let place = panic
        .location()
        .map(|place| format!(" at {}:{}", place.file(), place.line()))
        .unwrap_or_default();
    let current = thread::current();
    let happened = format!(
        "{} ({} thread{place})",
        Untrusted::new(message).escaped(),
        current.name().unwrap_or("unnamed")
    );
    let mut report = if is_refusal_of_system(message) {
        format!(
            "tapline: terminated because the system refused a required resource: \
             {happened}\ntapline: check what has run out: open files and processes (ulimit -a), \
             memory (free), disk space (df); if nothing has, please report these lines where you \
             got tapline from\n"
        )
    } else {
        format!(
            "tapline: terminated by an internal error: {happened}\ntapline: this is a bug in \
             tapline {}, not in the network or the server; please report it, with these lines, \
             where you got tapline from\n",
            env!("CARGO_PKG_VERSION"),
        )
    };
    // Captured only if RUST_BACKTRACE is set.
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        report += &backtrace.to_string();
    }
    report
}

fn panic_message<'a>(panic: &'a PanicHookInfo<'_>) -> &'a str {
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given")
}

/// Returns true if a library panicked because a system call failed: the message then contains the
/// error as [`io::Error`] formats it.
fn is_refusal_of_system(message: &str) -> bool {
    message.contains("(os error ") || message.contains("Os { code: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_system_is_known_in_both_of_its_forms() {
        let error = io::Error::from_raw_os_error(28);
        for message in [
            format!("cannot wake: {error}"),
            format!("failed to wake: {error:?}"),
        ] {
            assert!(is_refusal_of_system(&message), "{message}");
        }
        assert!(!is_refusal_of_system(
            "index out of bounds: the len is 3 but the index is 7"
        ));
    }
}
