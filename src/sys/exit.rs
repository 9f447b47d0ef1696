//! Immediate exit.

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
