//! Threads of the lab's processes.

use std::io;
use std::thread::{self, Builder};

/// Starts a detached thread.
///
/// # Errors
/// The thread could not be started, with the reason.
pub(super) fn start_thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(drop)
        .map_err(thread_start_error)
}

/// Runs a function on a temporary thread and waits for it. Changes of the thread's own state, such
/// as its network namespace or capabilities, end with it.
///
/// # Errors
/// The function's error, or that no thread could be started.
pub(super) fn run_on_new_thread<T: Send>(
    work: impl FnOnce() -> io::Result<T> + Send,
) -> io::Result<T> {
    thread::scope(|scope| {
        let thread = Builder::new()
            .spawn_scoped(scope, work)
            .map_err(thread_start_error)?;
        // Unreachable in practice: a panic of any thread ends the process.
        thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("its thread ended")))
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "`map_err` passes the error by value"
)]
fn thread_start_error(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("no thread could be started: {error}"))
}
