//! Starting threads, with helpful errors.

use std::io;
use std::thread::{Builder, JoinHandle};

/// Starts a named thread.
///
/// # Errors
/// The thread cannot be started; the message says why and what to try.
pub(super) fn start_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new()
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
