//! Blocking of signals.

use std::mem::MaybeUninit;

/// Runs a function with all signals of this thread blocked; pending ones are delivered afterwards.
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
