//! Standard output whose reader may stop reading.
//!
//! A full pipe or a stopped terminal (Ctrl-S) blocks a writer indefinitely. So a separate thread
//! writes, and the producer waits for it: without a limit while the run may continue, and once `-m`
//! or a signal has ended the run only while there is progress.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::output::write_stderr_line;
use super::threads::start_thread;
use super::time_limit;

/// Maximum number of bytes in the queue: 64 KiB.
const MAX_QUEUED_BYTES: usize = 64 * 1024;
/// Maximum size of a write: what a pipe accepts atomically (`PIPE_BUF`), so that progress shows
/// whether there is a reader.
const MAX_WRITE_BYTES: usize = 4 * 1024;
/// Time without progress after which output is abandoned, once the run must end.
const STALL_TIMEOUT: Duration = Duration::from_millis(30);
/// Interval between two checks whether the run must end.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Whether output was abandoned. Nothing more is written then.
static ABANDONED: AtomicBool = AtomicBool::new(false);

/// Queue for standard output. [`flush`](Write::flush) waits until everything is written.
pub(super) struct StandardOutput(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Notified when bytes were queued or written.
    changed: Condvar,
}

struct State {
    queued: Vec<u8>,
    /// Whether the thread is writing bytes that it took from the queue.
    is_busy: bool,
    failed: Option<io::Error>,
    /// Whether no more bytes will be queued.
    is_closed: bool,
    /// Time of the last successful write.
    last_progress: Instant,
}

impl StandardOutput {
    /// Opens standard output for one report.
    ///
    /// # Errors
    ///
    /// The thread cannot be started, or no file descriptor is left.
    pub(super) fn open() -> io::Result<Self> {
        let descriptor = io::stdout().as_fd().try_clone_to_owned()?;
        Self::with_writer(File::from(descriptor))
    }

    fn with_writer(to: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queued: Vec::new(),
                is_busy: false,
                failed: None,
                is_closed: false,
                last_progress: Instant::now(),
            }),
            changed: Condvar::new(),
        });
        let of_thread = Arc::clone(&shared);
        start_thread("standard output", move || of_thread.write_all(to))?;
        Ok(Self(shared))
    }

    /// Waits until `enough` returns true. Fails if writing fails or output is abandoned.
    fn wait_until(&self, enough: impl Fn(&State) -> bool) -> io::Result<MutexGuard<'_, State>> {
        let mut ending_since = None;
        let mut state = self.0.lock();
        loop {
            if let Some(error) = state.failed.take() {
                // Later calls fail as they would for a pipe without a reader.
                state.failed = Some(io::ErrorKind::BrokenPipe.into());
                return Err(error);
            }
            if enough(&state) {
                return Ok(state);
            }
            if time_limit::run_must_end() {
                let now = Instant::now();
                let since = (*ending_since.get_or_insert(now)).max(state.last_progress);
                if now.saturating_duration_since(since) >= STALL_TIMEOUT
                    || ABANDONED.load(Ordering::SeqCst)
                {
                    drop(state);
                    return Err(abandon_output());
                }
            }
            state = self
                .0
                .changed
                .wait_timeout(state, POLL_INTERVAL)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

/// Abandons output, with a message the first time. Returns the error of a pipe without a reader.
fn abandon_output() -> io::Error {
    if !ABANDONED.swap(true, Ordering::SeqCst) {
        write_stderr_line(format_args!(
            "tapline: the run had to end, and nobody reads standard output: what was still to be \
                written there is lost"
        ));
    }
    io::ErrorKind::BrokenPipe.into()
}

impl Write for StandardOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.wait_until(|state| state.queued.len() < MAX_QUEUED_BYTES)?;
        let room = MAX_QUEUED_BYTES - state.queued.len();
        let bytes = bytes.get(..room).unwrap_or(bytes);
        state.queued.extend_from_slice(bytes);
        drop(state);
        self.0.changed.notify_all();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.wait_until(|state| state.queued.is_empty() && !state.is_busy)
            .map(drop)
    }
}

impl Drop for StandardOutput {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes queued bytes until the queue is closed.
    fn write_all(&self, mut to: impl Write) {
        let mut taken = Vec::new();
        while self.take_queued(&mut taken) {
            for piece in taken.chunks(MAX_WRITE_BYTES) {
                if let Err(error) = to.write_all(piece).and_then(|()| to.flush()) {
                    let mut state = self.lock();
                    state.failed = Some(error);
                    state.is_busy = false;
                    drop(state);
                    return self.changed.notify_all();
                }
                self.lock().last_progress = Instant::now();
            }
        }
    }

    /// Waits for queued bytes and moves them into `taken`. Returns false once the queue is closed.
    fn take_queued(&self, taken: &mut Vec<u8>) -> bool {
        let mut state = self.lock();
        state.is_busy = false;
        self.changed.notify_all();
        while state.queued.is_empty() {
            if state.is_closed {
                return false;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        taken.clear();
        std::mem::swap(taken, &mut state.queued);
        state.is_busy = true;
        drop(state);
        self.changed.notify_all();
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    /// A writer that blocks until its bytes are received.
    struct Pipe(SyncSender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let sent = self.0.send(bytes.to_vec());
            sent.map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn pipe() -> (StandardOutput, Receiver<Vec<u8>>) {
        let (sender, receiver) = sync_channel(0);
        (StandardOutput::with_writer(Pipe(sender)).unwrap(), receiver)
    }

    #[test]
    fn everything_is_written_in_order_before_flush_returns() {
        let (mut out, pipe) = pipe();
        let reader = std::thread::spawn(move || pipe.iter().flatten().collect::<Vec<u8>>());
        let text: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        for part in text.chunks(70_001) {
            out.write_all(part).unwrap();
        }
        out.flush().unwrap();
        drop(out);
        assert!(reader.join().unwrap() == text);
    }

    #[test]
    fn writing_without_a_reader_fails_every_time() {
        let (mut out, pipe) = pipe();
        drop(pipe);
        out.write_all(b"text").unwrap();
        for _ in 0..2 {
            let error = out.flush().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        }
    }
}
