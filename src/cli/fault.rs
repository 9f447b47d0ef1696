//! A fault in this program: a panic in any of its threads ends it.
//!
//! Others may wait for the thread for ever, and what they would go on with is no longer known to be
//! right.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::exit::Exit;
use crate::sys;
use crate::units::Untrusted;

/// Whether a thread has panicked.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// From here on, the first panic of any thread, in a task too, ends the process with 1: the
/// terminal is given back, what is not complete is removed, and a sentence says what happened. So
/// do signals that end it, but for the sentence.
pub fn exit_on_panic() {
    sys::install_cleanup_handlers();
    panic::set_hook(Box::new(|panic| {
        if PANICKED.swap(true, Ordering::SeqCst) {
            // The process is about to end, and what broke second broke because of the first.
            wait_for_exit();
        }
        sys::run_emergency_cleanup();
        // Where standard error cannot be written, the exit code says it.
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
            "tapline: it ended because the system refused what it cannot do without: {happened}\n\
             tapline: look for what has run out: open files and processes (ulimit -a), memory \
            (free), room on disks (df); if nothing has, \
             please report these lines where you got tapline from\n"
        )
    } else {
        format!(
            "tapline: it ended because of a fault in it: {happened}\n\
             tapline: this is a bug of tapline {}, not of the network or the server; please \
            report it, with these lines, where you got \
             tapline from\n",
            env!("CARGO_PKG_VERSION"),
        )
    };
    // Only where RUST_BACKTRACE asks for one.
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
        .unwrap_or("it does not say why")
}

/// Whether a library had no other answer to a system call's error than a panic: the message is the
/// error then, as [`io::Error`] shows it.
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
