//! Standard output, whose reader may stop reading.
//!
//! A pipe that is full and a terminal that is stopped (Ctrl-S) hold up whoever writes for as long
//! as they like. So a thread of its own writes, and who has something to write waits for it: without
//! end while the run may go on, and once `-m` or a signal has ended it only as long as something is
//! still being taken.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::output::write_stderr_line;
use super::threads::start_thread;
use super::time_limit;

/// Bytes that may wait to be written: 64 KiB.
const MOST_WAITING: usize = 64 * 1024;
/// Written at a time: what a pipe takes as a whole (`PIPE_BUF`), so that it shows whether there is
/// a reader.
const PIECE: usize = 4 * 1024;
/// How long a reader is waited for who takes nothing, once the run has to end: 30 ms.
const PATIENCE: Duration = Duration::from_millis(30);
/// How often it is looked whether the run has to end: every 5 ms.
const LOOK: Duration = Duration::from_millis(5);

/// Whether it was given up. Nothing more is written then.
static GIVEN_UP: AtomicBool = AtomicBool::new(false);

/// Writes to standard output. [`flush`](Write::flush) waits until all is written.
pub(super) struct StandardOutput(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Something was handed over, or written.
    changed: Condvar,
}

struct State {
    waiting: Vec<u8>,
    /// The thread writes what it has taken.
    is_busy: bool,
    failed: Option<io::Error>,
    /// Nothing more comes.
    is_over: bool,
    /// When something was taken last.
    moved: Instant,
}

impl StandardOutput {
    /// Opens it for one thing that is written.
    ///
    /// # Errors
    /// Where there can be no thread or no descriptor for it.
    pub(super) fn open() -> io::Result<Self> {
        let descriptor = io::stdout().as_fd().try_clone_to_owned()?;
        Self::over(File::from(descriptor))
    }

    fn over(to: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                waiting: Vec::new(),
                is_busy: false,
                failed: None,
                is_over: false,
                moved: Instant::now(),
            }),
            changed: Condvar::new(),
        });
        let of_thread = Arc::clone(&shared);
        start_thread("standard output", move || of_thread.write_all(to))?;
        Ok(Self(shared))
    }

    /// Waits until `enough`, or until it is given up.
    fn wait(&self, enough: impl Fn(&State) -> bool) -> io::Result<MutexGuard<'_, State>> {
        let mut over_since = None;
        let mut state = self.0.lock();
        loop {
            if let Some(error) = state.failed.take() {
                // Whoever goes on writing is told that there is nobody.
                state.failed = Some(io::ErrorKind::BrokenPipe.into());
                return Err(error);
            }
            if enough(&state) {
                return Ok(state);
            }
            if time_limit::has_to_end() {
                let now = Instant::now();
                let since = (*over_since.get_or_insert(now)).max(state.moved);
                if now.saturating_duration_since(since) >= PATIENCE
                    || GIVEN_UP.load(Ordering::SeqCst)
                {
                    drop(state);
                    return Err(give_up());
                }
            }
            state = self
                .0
                .changed
                .wait_timeout(state, LOOK)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

/// Says, once, that nothing more is written, and returns what a reader that went away would cause.
fn give_up() -> io::Error {
    if !GIVEN_UP.swap(true, Ordering::SeqCst) {
        write_stderr_line(format_args!(
            "tapline: the run had to end, and nobody reads standard output: what was still to be \
                written there is lost"
        ));
    }
    io::ErrorKind::BrokenPipe.into()
}

impl Write for StandardOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.wait(|state| state.waiting.len() < MOST_WAITING)?;
        let room = MOST_WAITING - state.waiting.len();
        let bytes = bytes.get(..room).unwrap_or(bytes);
        state.waiting.extend_from_slice(bytes);
        drop(state);
        self.0.changed.notify_all();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.wait(|state| state.waiting.is_empty() && !state.is_busy)
            .map(drop)
    }
}

impl Drop for StandardOutput {
    fn drop(&mut self) {
        self.0.lock().is_over = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is handed over, until nothing more comes.
    fn write_all(&self, mut to: impl Write) {
        let mut taken = Vec::new();
        while self.take(&mut taken) {
            for piece in taken.chunks(PIECE) {
                if let Err(error) = to.write_all(piece).and_then(|()| to.flush()) {
                    let mut state = self.lock();
                    state.failed = Some(error);
                    state.is_busy = false;
                    drop(state);
                    return self.changed.notify_all();
                }
                self.lock().moved = Instant::now();
            }
        }
    }

    /// Takes what waits; false where nothing more comes.
    fn take(&self, taken: &mut Vec<u8>) -> bool {
        let mut state = self.lock();
        state.is_busy = false;
        self.changed.notify_all();
        while state.waiting.is_empty() {
            if state.is_over {
                return false;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        taken.clear();
        std::mem::swap(taken, &mut state.waiting);
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

    /// Takes what it is given when somebody asks for it.
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
        (StandardOutput::over(Pipe(sender)).unwrap(), receiver)
    }

    #[test]
    fn all_that_is_written_comes_in_its_order_before_it_is_flushed() {
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
    fn a_reader_that_has_gone_is_told_of_each_time() {
        let (mut out, pipe) = pipe();
        drop(pipe);
        out.write_all(b"text").unwrap();
        for _ in 0..2 {
            let error = out.flush().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        }
    }
}
