//! Threads of the lab.

use std::io;
use std::thread::{self, Builder};

/// Starts a thread that lives as long as it has something to do.
///
/// # Errors
/// A sentence that says that it could not be, and why.
pub(super) fn start_thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(drop)
        .map_err(thread_start_error)
}

/// Does something on a thread that comes and goes, and waits for it. What a thread changes of
/// itself, its network or its rights, ends with it.
///
/// # Errors
/// The work's, or that no thread could be started.
pub(super) fn run_on_new_thread<T: Send>(
    work: impl FnOnce() -> io::Result<T> + Send,
) -> io::Result<T> {
    thread::scope(|scope| {
        let thread = Builder::new()
            .spawn_scoped(scope, work)
            .map_err(thread_start_error)?;
        // A panic of it ends the process.
        thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("its thread ended")))
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
fn thread_start_error(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("no thread could be started: {error}"))
}
