//! Signals whose default action ends the process.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use super::emergency_cleanup::{run_emergency_cleanup, write_signal_safe};
use super::exit_now;

/// Those that have a name on every system. `SIGPIPE` is not among them: Rust's runtime has it
/// ignored.
const NAMED_SIGNALS: [c_int; 17] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGABRT,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGUSR1,
    libc::SIGSEGV,
    libc::SIGUSR2,
    libc::SIGALRM,
    libc::SIGTERM,
    libc::SIGXCPU,
    libc::SIGVTALRM,
    libc::SIGPROF,
    libc::SIGSYS,
];

/// Those by which the processor says that an instruction cannot be carried out.
const FAULT_SIGNALS: [c_int; 5] = [
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGSEGV,
];

/// What the handlers were before for [`FAULTS`]: Rust's own tells a stack that overflowed from
/// other faults.
static FAULT_HANDLERS: [OnceLock<libc::sigaction>; FAULT_SIGNALS.len()] =
    [const { OnceLock::new() }; FAULT_SIGNALS.len()];

/// Whether the second signal of those that are watched ends the process, because the first was not
/// answered.
static SECOND_SIGNAL_EXITS: AtomicBool = AtomicBool::new(false);

/// The signal that asked for the end and was not answered yet, or 0.
static PENDING_SIGNAL: AtomicI32 = AtomicI32::new(0);

/// From here on a signal that ends the process gives the terminal back first and removes what is
/// not complete ([`hold_terminal`](super::hold_terminal),
/// [`remove_unless_finished`](super::remove_unless_finished)); then it ends the process as it
/// always does. A signal that is ignored stays so (`nohup`), and one that others watch later is
/// theirs. A file that grows past the limit for files is an error of the write (`EFBIG`).
pub fn install_cleanup_handlers() {
    for (signal, before) in FAULT_SIGNALS.into_iter().zip(&FAULT_HANDLERS) {
        if let Some(action) = signal_action(signal) {
            let _ = before.set(action);
            install_handler(signal, handle_fatal_signal);
        }
    }
    for signal in all_fatal_signals().filter(|signal| !FAULT_SIGNALS.contains(signal)) {
        if signal_action(signal).is_some_and(|action| action.sa_sigaction == libc::SIG_DFL) {
            install_handler(signal, handle_fatal_signal);
        }
    }
    if signal_action(libc::SIGXFSZ).is_some_and(|action| action.sa_sigaction == libc::SIG_DFL) {
        install_handler(libc::SIGXFSZ, ignore_file_size_signal);
    }
}

/// From here on, whoever watches a deadly signal is asked once: the second one ends the process at
/// once, of whatever kind it is.
pub fn exit_on_second_signal() {
    SECOND_SIGNAL_EXITS.store(true, Ordering::SeqCst);
}

/// The last interrupt was answered by something other than the end, so that the next is the first
/// again.
pub fn acknowledge_interrupt() {
    let _ = PENDING_SIGNAL.compare_exchange(libc::SIGINT, 0, Ordering::SeqCst, Ordering::SeqCst);
}

/// Whether a signal is ignored, as whoever started this process may want it (`nohup`).
pub fn is_ignored(signal: c_int) -> bool {
    signal_action(signal).is_some_and(|action| action.sa_sigaction == libc::SIG_IGN)
}

type SignalHandler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

fn all_fatal_signals() -> impl Iterator<Item = c_int> {
    #[cfg(target_os = "linux")]
    let more = [libc::SIGSTKFLT, libc::SIGIO, libc::SIGPWR]
        .into_iter()
        .chain(libc::SIGRTMIN()..=libc::SIGRTMAX());
    #[cfg(not(target_os = "linux"))]
    let more = std::iter::empty();
    NAMED_SIGNALS.into_iter().chain(more)
}

extern "C" fn handle_fatal_signal(
    signal: c_int,
    info: *mut libc::siginfo_t,
    _context: *mut c_void,
) {
    // SAFETY: the kernel hands over a structure that lives until the handler returns.
    #[expect(unsafe_code, reason = "a handler is handed pointers")]
    let cause = unsafe { info.as_ref() }.map_or(0, |info| info.si_code);
    // What the kernel says of itself is positive; what a process sends is not (sigaction(2)).
    let fault = FAULT_SIGNALS
        .iter()
        .position(|fault| *fault == signal)
        .filter(|_| cause > 0);
    let is_own_abort = signal == libc::SIGABRT && cause != libc::SI_USER;
    if fault.is_none() && !is_own_abort && (is_init_process() || is_left_to_other_handler(signal)) {
        return;
    }
    run_emergency_cleanup();
    if is_own_abort {
        write_signal_safe(
            libc::STDERR_FILENO,
            b"tapline: it had to end at once: there is no memory left, or there is a fault in it\n",
        );
    }
    if let Some(before) = fault
        .and_then(|fault| FAULT_HANDLERS.get(fault))
        .and_then(OnceLock::get)
    {
        // The instruction is carried out again, and meets whoever handled it before.
        set_action(signal, before);
        return;
    }
    end_by_default_action(signal)
}

extern "C" fn ignore_file_size_signal(
    _signal: c_int,
    _info: *mut libc::siginfo_t,
    _context: *mut c_void,
) {
}

/// To the first process of a system, or of a container, signals mean nothing by themselves.
fn is_init_process() -> bool {
    // SAFETY: it takes nothing and returns a number.
    #[expect(
        unsafe_code,
        reason = "the standard library does not promise that its own is safe in a signal handler"
    )]
    let own = unsafe { libc::getpid() };
    own == 1
}

/// Whether somebody else watches this signal, who called this handler in passing, and is still to
/// answer it.
fn is_left_to_other_handler(signal: c_int) -> bool {
    let is_watched = signal_action(signal)
        .is_some_and(|action| action.sa_sigaction != handle_fatal_signal as SignalHandler as usize);
    is_watched
        && !(SECOND_SIGNAL_EXITS.load(Ordering::SeqCst)
            && PENDING_SIGNAL.swap(signal, Ordering::SeqCst) != 0)
}

/// Ends the process as if the signal had never been handled.
fn end_by_default_action(signal: c_int) -> ! {
    // SAFETY: the structures live until the calls return, and an action or a set of zeroes is a
    // valid one: the default action, nothing masked.
    #[expect(
        unsafe_code,
        reason = "no library ends the process by any signal from within its handler"
    )]
    unsafe {
        let default: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, &raw const default, ptr::null_mut());
        let mut this: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&raw mut this, signal);
        libc::raise(signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const this, ptr::null_mut());
    }
    exit_now(u8::try_from(signal).unwrap_or(0).saturating_add(128))
}

fn signal_action(signal: c_int) -> Option<libc::sigaction> {
    // SAFETY: an action of zeroes is valid, and the kernel overwrites it where the call succeeds.
    #[expect(unsafe_code, reason = "no library tells a signal's action")]
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(signal, ptr::null(), &raw mut action) == 0).then_some(action)
    }
}

fn install_handler(signal: c_int, handler: SignalHandler) {
    // SAFETY: an action of zeroes is valid, and all that follows fills it.
    #[expect(
        unsafe_code,
        reason = "libraries do not handle faults, nor on the stack that is kept for them"
    )]
    let action = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigfillset(&raw mut action.sa_mask);
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        action
    };
    set_action(signal, &action);
}

fn set_action(signal: c_int, action: &libc::sigaction) {
    // SAFETY: the handler is one of this module's or was there before, and calls nothing but what
    // is safe in a handler.
    #[expect(unsafe_code, reason = "libraries do not handle faults")]
    unsafe {
        libc::sigaction(signal, action, ptr::null_mut());
    }
}
