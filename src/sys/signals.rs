//! Handlers of fatal signals, those whose default action terminates the process: they run the
//! emergency cleanup first.

use std::ffi::{c_int, c_void};
#[cfg(target_os = "linux")]
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use super::emergency_cleanup::{exit_now, run_emergency_cleanup, write_signal_safe};

/// Fatal signals that exist on every system. `SIGPIPE` is not among them: Rust's runtime ignores
/// it.
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

/// Signals for faults of the executed instruction.
const FAULT_SIGNALS: [c_int; 5] = [
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGSEGV,
];

/// Previous handlers of [`FAULT_SIGNALS`]: Rust's own distinguishes a stack overflow from other
/// faults.
static FAULT_HANDLERS: [OnceLock<libc::sigaction>; FAULT_SIGNALS.len()] =
    [const { OnceLock::new() }; FAULT_SIGNALS.len()];

/// Whether a second signal ends the process at once, because the first was not acknowledged.
static SECOND_SIGNAL_EXITS: AtomicBool = AtomicBool::new(false);

/// The signal that requested termination and was not acknowledged yet, or 0.
static PENDING_SIGNAL: AtomicI32 = AtomicI32::new(0);

/// Installs handlers that run the emergency cleanup before a signal ends the process
/// ([`guard_terminal`](super::guard_terminal),
/// [`guard_unfinished_file`](super::guard_unfinished_file)); the exit status stays that of the
/// signal. Ignored signals stay ignored (`nohup`), and handlers installed later take precedence.
/// Exceeding the file size limit becomes an error of the write (`EFBIG`).
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

/// From here on, other handlers of fatal signals get one chance: a second signal of any kind ends
/// the process at once.
pub fn exit_on_second_signal() {
    SECOND_SIGNAL_EXITS.store(true, Ordering::SeqCst);
}

/// Acknowledges the last interrupt, which was handled without ending the process, so that the next
/// counts as the first.
pub fn acknowledge_interrupt() {
    let _ = PENDING_SIGNAL.compare_exchange(libc::SIGINT, 0, Ordering::SeqCst, Ordering::SeqCst);
}

/// Returns true if a signal is ignored, as the parent process may have requested (`nohup`).
pub fn is_ignored(signal: c_int) -> bool {
    signal_action(signal).is_some_and(|action| action.sa_sigaction == libc::SIG_IGN)
}

/// Runs a function with all signals of this thread blocked; pending ones are delivered afterwards.
#[cfg(target_os = "linux")]
pub fn with_signals_blocked<T>(work: impl FnOnce() -> T) -> T {
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: both sets live until the call returns; the first is filled before it is read, and the
    // second is written where the call succeeds, which it does for every valid way to change a
    // mask.
    #[expect(unsafe_code, reason = "no library here changes a thread's signal mask")]
    let before = unsafe {
        let mut all = MaybeUninit::<libc::sigset_t>::uninit();
        libc::sigfillset(all.as_mut_ptr());
        let failed =
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) != 0;
        (!failed).then(|| before.assume_init())
    };
    let done = work();
    if let Some(before) = before {
        // SAFETY: the mask is one that this thread had.
        #[expect(unsafe_code, reason = "no library here changes a thread's signal mask")]
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
        }
    }
    done
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
    #[expect(unsafe_code, reason = "a signal handler receives pointers")]
    let cause = unsafe { info.as_ref() }.map_or(0, |info| info.si_code);
    // Codes of signals from the kernel are positive, those from processes are not (sigaction(2)).
    let fault = FAULT_SIGNALS
        .iter()
        .position(|fault| *fault == signal)
        .filter(|_| cause > 0);
    // After a fault or an own abort the process cannot continue, even if another handler exists.
    let is_own_abort = signal == libc::SIGABRT && cause != libc::SI_USER;
    if fault.is_none() && !is_own_abort && (is_init_process() || is_left_to_other_handler(signal)) {
        return;
    }
    run_emergency_cleanup();
    if is_own_abort {
        write_signal_safe(
            libc::STDERR_FILENO,
            b"tapline: aborted: out of memory, or because of a bug in this program\n",
        );
    }
    if let Some(before) = fault
        .and_then(|fault| FAULT_HANDLERS.get(fault))
        .and_then(OnceLock::get)
    {
        // The instruction is executed again and faults into the previous handler.
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

/// Default actions do not apply to the init process of a system or a container.
fn is_init_process() -> bool {
    // SAFETY: it takes nothing and returns a number.
    #[expect(
        unsafe_code,
        reason = "the standard library does not promise that its own is safe in a signal handler"
    )]
    let own = unsafe { libc::getpid() };
    own == 1
}

/// Returns true if another handler, which called this one in passing, is still to react to the
/// signal.
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
    #[expect(unsafe_code, reason = "no library reads a signal's action")]
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(signal, ptr::null(), &raw mut action) == 0).then_some(action)
    }
}

fn install_handler(signal: c_int, handler: SignalHandler) {
    // SAFETY: an action of zeroes is valid, and all that follows fills it.
    #[expect(
        unsafe_code,
        reason = "no library handles faults, nor on the alternate signal stack"
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
    #[expect(unsafe_code, reason = "no library handles faults")]
    unsafe {
        libc::sigaction(signal, action, ptr::null_mut());
    }
}
