//! The thread that decodes and writes a body.
//!
//! Decoding can take long whatever the input's length, and writing waits for a pipe's reader. The
//! engine does neither: it hands bytes over, waits for room where the thread is behind, and can go
//! at any moment, at a deadline or a signal.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::sync::Notify;

use super::account::Account;
use super::decode::{self, Coding};
use super::limits::Work;
use super::sink::Sink;
use crate::probe::spec::Output;

/// Bytes that may wait for the thread: 256 KiB.
const MOST_WAITING: usize = 256 * 1024;
/// Coded bytes decoded between two looks at whether to go on: 4 KiB.
const SLICE: usize = 4 * 1024;

/// The engine's end: hands bytes over. Dropped, it lets the thread end as soon as it can.
pub(super) struct Worker {
    shared: Arc<Shared>,
    account: Arc<Account>,
}

struct Shared {
    state: Mutex<State>,
    /// For the thread: something was handed over. For who waits for it: all is done.
    changed: Condvar,
    /// There is room again, or the thread has ended.
    moved: Notify,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// The thread works on what it has taken.
    busy: bool,
    complete: bool,
    given_up: bool,
    ended: Option<io::Result<()>>,
}

impl Worker {
    /// Starts the thread: it undoes `codings` and writes to `output`.
    ///
    /// # Errors
    /// Where the system has no thread for it.
    pub(super) fn start(
        codings: Vec<String>,
        output: Option<Output>,
        account: &Arc<Account>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            moved: Notify::new(),
        });
        let job = Job {
            shared: Arc::clone(&shared),
            account: Arc::clone(account),
            codings,
            output,
        };
        thread::Builder::new()
            .name("body".to_owned())
            .spawn(move || job.run())?;
        Ok(Self {
            shared,
            account: Arc::clone(account),
        })
    }

    /// Hands bytes over, and waits until there is room for more. Dropped while it waits, it has
    /// handed them over.
    ///
    /// # Errors
    /// Where the thread has ended with one.
    pub(super) async fn take(&self, bytes: &[u8]) -> io::Result<()> {
        self.hand_over(bytes);
        loop {
            {
                let mut state = self.shared.lock();
                if let Some(ended) = state.ended.take() {
                    return ended;
                }
                if state.waiting.len() < MOST_WAITING {
                    return Ok(());
                }
            }
            self.shared.moved.notified().await;
        }
    }

    fn hand_over(&self, bytes: &[u8]) {
        let mut state = self.shared.lock();
        let idle = state.waiting.is_empty() && !state.busy;
        state.waiting.extend_from_slice(bytes);
        drop(state);
        if idle {
            self.shared.changed.notify_all();
        }
    }

    /// Says that there is no more, and waits until all is decoded and written.
    ///
    /// # Errors
    /// Where that fails.
    pub(super) async fn finish(&self) -> io::Result<()> {
        self.shared.lock().complete = true;
        self.shared.changed.notify_all();
        self.ended().await
    }

    /// Waits until the thread ends, which it does before its time only where it fails.
    pub(super) async fn ended(&self) -> io::Result<()> {
        loop {
            if let Some(ended) = self.shared.lock().ended.take() {
                return ended;
            }
            self.shared.moved.notified().await;
        }
    }

    /// Waits no longer than `patience` for what was handed over to be written, and then stops the
    /// thread.
    pub(super) fn settle(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let mut state = self.shared.lock();
        while state.ended.is_none() && (state.busy || !state.waiting.is_empty()) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self
                .shared
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        state.given_up = true;
        drop(state);
        self.account.stop();
        self.shared.changed.notify_all();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.settle(Duration::ZERO);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for bytes and takes them; `None` once there are no more, with whether they are
    /// complete.
    fn next(&self, bytes: &mut Vec<u8>) -> Option<Ending> {
        let mut state = self.lock();
        state.busy = false;
        if state.waiting.is_empty() {
            self.changed.notify_all();
        }
        while state.waiting.is_empty() && !state.complete && !state.given_up {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if state.given_up {
            return Some(Ending::GivenUp);
        }
        if state.waiting.is_empty() {
            return Some(Ending::Complete);
        }
        bytes.clear();
        std::mem::swap(bytes, &mut state.waiting);
        state.busy = true;
        drop(state);
        self.moved.notify_one();
        None
    }

    fn end(&self, result: io::Result<()>) {
        let mut state = self.lock();
        state.busy = false;
        state.ended.get_or_insert(result);
        drop(state);
        self.changed.notify_all();
        self.moved.notify_one();
    }
}

/// Why no more bytes come.
enum Ending {
    Complete,
    GivenUp,
}

/// The thread's end.
struct Job {
    shared: Arc<Shared>,
    account: Arc<Account>,
    codings: Vec<String>,
    output: Option<Output>,
}

impl Job {
    fn run(self) {
        let result = self.work();
        self.shared.end(result);
    }

    fn work(&self) -> io::Result<()> {
        let mut sink = Some(Sink::new(Arc::clone(&self.account)).open(self.output.as_ref())?);
        let (mut chain, mut bytes): (Option<Box<dyn Coding>>, Vec<u8>) = (None, Vec::new());
        loop {
            match self.shared.next(&mut bytes) {
                None => {}
                Some(Ending::GivenUp) => return Ok(()),
                // A response without content (to HEAD, or 304) may still name the coding it would
                // have had.
                Some(Ending::Complete) => return chain.map_or(Ok(()), Coding::finish),
            }
            if let Some(sink) = sink.take() {
                chain = Some(
                    decode::chain(&self.codings, sink, &self.account).map_err(io::Error::other)?,
                );
            }
            if let Some(chain) = &mut chain {
                self.decode(&bytes, chain.as_mut())?;
            }
        }
    }

    fn decode(&self, bytes: &[u8], chain: &mut dyn Coding) -> io::Result<()> {
        if self.codings.is_empty() {
            return chain.write_all(bytes);
        }
        for slice in bytes.chunks(SLICE) {
            self.account.enter(slice.len() as u64);
            chain.write_all(slice)?;
            self.account.check_work(processor_time())?;
            self.account.pass(0, 0)?;
        }
        // Decoders keep back what they could give; nothing more may come for long.
        chain.flush()
    }
}

/// A decoder that panics leaves an end, too.
impl Drop for Job {
    fn drop(&mut self) {
        self.shared.end(Err(io::Error::other("the decoder failed")));
    }
}

/// What this thread has used; what it waited for its output is not in it, nor what others used of a
/// busy machine.
fn processor_time() -> Work {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    );
    Work(Duration::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    fn writing_to(path: &std::path::Path) -> (Worker, Arc<Account>) {
        let account = Arc::new(Account::new(None, None));
        (
            Worker::start(Vec::new(), Some(Output::File(path.to_owned())), &account).unwrap(),
            account,
        )
    }

    /// Polls once, as before a deadline that passes.
    fn begin_to_take(worker: &Worker, bytes: &[u8]) {
        let _ = pin!(worker.take(bytes)).poll(&mut Context::from_waker(Waker::noop()));
    }

    #[test]
    fn what_was_received_is_written_where_a_deadline_passes_before_there_is_room() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (worker, account) = writing_to(file.path());
        begin_to_take(&worker, &vec![7; 3 * MOST_WAITING]);
        worker.settle(Duration::from_secs(60));
        assert_eq!(account.decoded(), 3 * MOST_WAITING as u64);
        assert_eq!(
            file.path().metadata().unwrap().len(),
            3 * MOST_WAITING as u64
        );
    }

    #[test]
    fn a_pipe_that_nobody_reads_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
        let (worker, account) = writing_to(&pipe);
        begin_to_take(&worker, b"received");
        worker.settle(Duration::ZERO);
        assert_eq!(account.decoded(), 0);
    }
}
