//! Ending at once.

/// Ends the process without a word to anybody: no exit handler runs, no destructor, nothing is
/// flushed. For a process with threads that are still at work, under which exit handlers would take
/// away what they use, and for one that was forked off another.
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
