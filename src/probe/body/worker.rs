//! Thread that decodes and writes a response body.
//!
//! Decoding can take long for an input of any length, and writing may wait for the reader of a
//! pipe. The engine must do neither, since it has to notice deadlines and signals. It queues bytes
//! for this thread, waits while the queue is full, and can abandon the thread at any time.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::sync::Notify;

use super::counters::BodyCounters;
use super::decode::{self, BodyDecoder};
use super::limits::DecodingTime;
use super::sink::BodySink;
use crate::probe::spec::BodyOutput;

/// Maximum number of bytes in the queue: 256 KiB.
const MAX_QUEUED_BYTES: usize = 256 * 1024;
/// Number of coded bytes decoded between two checks for cancellation and limits: 4 KiB.
const BYTES_BETWEEN_CHECKS: usize = 4 * 1024;

/// The engine's handle of the thread. Dropping it cancels the thread.
pub(super) struct BodyWorker {
    shared: Arc<Shared>,
    counters: Arc<BodyCounters>,
}

struct Shared {
    state: Mutex<State>,
    /// Signals the thread that bytes are queued or the input ended, and the engine that the thread
    /// is idle or done.
    input_or_idle: Condvar,
    /// Notified when there is room in the queue again, or the thread has ended.
    room_or_end: Notify,
}

#[derive(Default)]
struct State {
    queue: Vec<u8>,
    /// The thread is processing bytes it took from the queue.
    is_busy: bool,
    is_complete: bool,
    is_cancelled: bool,
    result: Option<io::Result<()>>,
}

impl BodyWorker {
    /// Starts the thread, which undoes `codings` and writes to `output`.
    ///
    /// # Errors
    /// Fails if the system cannot start a thread.
    pub(super) fn start(
        codings: Vec<String>,
        output: Option<BodyOutput>,
        counters: &Arc<BodyCounters>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            input_or_idle: Condvar::new(),
            room_or_end: Notify::new(),
        });
        let job = Job {
            shared: Arc::clone(&shared),
            counters: Arc::clone(counters),
            codings,
            output,
        };
        thread::Builder::new()
            .name("body".to_owned())
            .spawn(move || job.run())?;
        Ok(Self {
            shared,
            counters: Arc::clone(counters),
        })
    }

    /// Queues bytes and waits until there is room for more. The bytes are queued even if the
    /// returned future is dropped.
    ///
    /// # Errors
    /// Fails if the thread has failed.
    pub(super) async fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.enqueue(bytes);
        loop {
            {
                let mut state = self.shared.lock();
                if let Some(ended) = state.result.take() {
                    return ended;
                }
                if state.queue.len() < MAX_QUEUED_BYTES {
                    return Ok(());
                }
            }
            self.shared.room_or_end.notified().await;
        }
    }

    fn enqueue(&self, bytes: &[u8]) {
        let mut state = self.shared.lock();
        let idle = state.queue.is_empty() && !state.is_busy;
        state.queue.extend_from_slice(bytes);
        drop(state);
        if idle {
            self.shared.input_or_idle.notify_all();
        }
    }

    /// Ends the input and waits until everything is decoded and written.
    ///
    /// # Errors
    /// Fails if that fails.
    pub(super) async fn finish(&self) -> io::Result<()> {
        self.shared.lock().is_complete = true;
        self.shared.input_or_idle.notify_all();
        self.wait_for_end().await
    }

    /// Waits until the thread ends. Before the end of the input it ends only if it fails.
    pub(super) async fn wait_for_end(&self) -> io::Result<()> {
        loop {
            if let Some(ended) = self.shared.lock().result.take() {
                return ended;
            }
            self.shared.room_or_end.notified().await;
        }
    }

    /// Waits up to `patience` for the queued bytes to be processed, then cancels the thread.
    pub(super) fn drain_and_stop(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let mut state = self.shared.lock();
        while state.result.is_none() && (state.is_busy || !state.queue.is_empty()) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self
                .shared
                .input_or_idle
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        state.is_cancelled = true;
        drop(state);
        self.counters.stop();
        self.shared.input_or_idle.notify_all();
    }
}

impl Drop for BodyWorker {
    fn drop(&mut self) {
        self.drain_and_stop(Duration::ZERO);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for queued bytes and moves them into `bytes`. Returns the end of the input, if that
    /// comes first.
    fn take_queue(&self, bytes: &mut Vec<u8>) -> Option<InputEnd> {
        let mut state = self.lock();
        state.is_busy = false;
        if state.queue.is_empty() {
            self.input_or_idle.notify_all();
        }
        while state.queue.is_empty() && !state.is_complete && !state.is_cancelled {
            state = self
                .input_or_idle
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_cancelled {
            return Some(InputEnd::Cancelled);
        }
        if state.queue.is_empty() {
            return Some(InputEnd::Complete);
        }
        bytes.clear();
        std::mem::swap(bytes, &mut state.queue);
        state.is_busy = true;
        drop(state);
        self.room_or_end.notify_one();
        None
    }

    fn finish_with(&self, result: io::Result<()>) {
        let mut state = self.lock();
        state.is_busy = false;
        state.result.get_or_insert(result);
        drop(state);
        self.input_or_idle.notify_all();
        self.room_or_end.notify_one();
    }
}

/// Reason why there are no more bytes.
enum InputEnd {
    Complete,
    Cancelled,
}

/// State of the thread.
struct Job {
    shared: Arc<Shared>,
    counters: Arc<BodyCounters>,
    codings: Vec<String>,
    output: Option<BodyOutput>,
}

impl Job {
    fn run(self) {
        let result = self.decode_all();
        self.shared.finish_with(result);
    }

    fn decode_all(&self) -> io::Result<()> {
        let mut sink = Some(BodySink::new(Arc::clone(&self.counters)).open(self.output.as_ref())?);
        let (mut chain, mut bytes): (Option<Box<dyn BodyDecoder>>, Vec<u8>) = (None, Vec::new());
        loop {
            match self.shared.take_queue(&mut bytes) {
                None => {}
                Some(InputEnd::Cancelled) => return Ok(()),
                // Without input there is no chain, and an empty body is no error: a response
                // without content (to HEAD, or 304) may still name the coding it would have had.
                Some(InputEnd::Complete) => return chain.map_or(Ok(()), BodyDecoder::finish),
            }
            if let Some(sink) = sink.take() {
                chain = Some(
                    decode::build_decoder_chain(&self.codings, sink, &self.counters)
                        .map_err(io::Error::other)?,
                );
            }
            if let Some(chain) = &mut chain {
                self.decode(&bytes, chain.as_mut())?;
            }
        }
    }

    fn decode(&self, bytes: &[u8], chain: &mut dyn BodyDecoder) -> io::Result<()> {
        if self.codings.is_empty() {
            return chain.write_all(bytes);
        }
        for slice in bytes.chunks(BYTES_BETWEEN_CHECKS) {
            self.counters.count_transferred(slice.len() as u64);
            chain.write_all(slice)?;
            self.counters.check_time(thread_cpu_time())?;
            self.counters.count_intermediate(0, 0)?;
        }
        // Decoders buffer output, and the next input may be long in coming.
        chain.flush()
    }
}

/// Reports the end even if a decoder panics: otherwise the engine would wait forever.
impl Drop for Job {
    fn drop(&mut self) {
        self.shared
            .finish_with(Err(io::Error::other("the decoder failed")));
    }
}

/// Returns the processor time used by this thread: neither waiting for the output nor other load on
/// the machine counts against the server.
fn thread_cpu_time() -> DecodingTime {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    DecodingTime(Duration::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    fn writing_to(path: &std::path::Path) -> (BodyWorker, Arc<BodyCounters>) {
        let counters = Arc::new(BodyCounters::new(None, None, 1));
        (
            BodyWorker::start(
                Vec::new(),
                Some(BodyOutput::File(path.to_owned())),
                &counters,
            )
            .unwrap(),
            counters,
        )
    }

    /// Polls once, as before a deadline that passes.
    fn begin_to_take(worker: &BodyWorker, bytes: &[u8]) {
        let _ = pin!(worker.send(bytes)).poll(&mut Context::from_waker(Waker::noop()));
    }

    #[test]
    fn queued_bytes_are_written_although_a_deadline_passes_while_waiting_for_room() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (worker, counters) = writing_to(file.path());
        begin_to_take(&worker, &vec![7; 3 * MAX_QUEUED_BYTES]);
        worker.drain_and_stop(Duration::from_secs(60));
        assert_eq!(counters.decoded(), 3 * MAX_QUEUED_BYTES as u64);
        assert_eq!(
            file.path().metadata().unwrap().len(),
            3 * MAX_QUEUED_BYTES as u64
        );
    }

    #[test]
    fn a_pipe_without_a_reader_does_not_block_the_engine() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
        let (worker, counters) = writing_to(&pipe);
        begin_to_take(&worker, b"received");
        worker.drain_and_stop(Duration::ZERO);
        assert_eq!(counters.decoded(), 0);
    }
}
