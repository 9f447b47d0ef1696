//! The response body: counted, decoded, written to the output, previewed.
//!
//! ```text
//! frame ─► count as transferred ─► worker thread: decoders ─► sink: count, preview, output
//! ```
//!
//! A body that is neither decoded nor written needs no thread.

mod counters;
mod decode;
mod deflate;
mod limits;
mod preview;
mod sink;
mod worker;

use std::future::pending;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use self::counters::{BodyCounters, BodyFault};
use self::preview::Preview;
use self::worker::BodyWorker;
use super::PhaseFailure;
use super::exchange_context::ExchangeContext;
use super::response_head::FinalResponseHead;
use super::spec::BodyOutput;
use super::throttle::Throttle;
use crate::trace::{EventKind, FailureCode, Phase};
use crate::units::Bytes;

/// Time allowed for decoding and writing what was received of a body that is cut off.
const STOP_TIMEOUT: Duration = Duration::from_millis(20);

/// Receives one response body. Its progress is reported at the end, also if it is dropped before.
pub(super) struct BodyReceiver<'a> {
    context: &'a ExchangeContext<'a>,
    counters: Arc<BodyCounters>,
    /// Decoding and writing thread; `None` if there is nothing to decode and no output.
    worker: Option<BodyWorker>,
    coding_name: String,
    /// Path of the output file, if the output is a file.
    file: Option<PathBuf>,
    is_complete: bool,
    received: u64,
    expected: Option<u64>,
    throttle: Throttle,
    is_reported: bool,
}

impl<'a> BodyReceiver<'a> {
    /// Creates a receiver for the body of `response` that writes to `output`.
    ///
    /// # Errors
    /// Fails if the body has a coding that cannot be decoded, or no thread can be started.
    pub(super) fn new(
        context: &'a ExchangeContext<'a>,
        response: &FinalResponseHead,
        output: Option<&BodyOutput>,
    ) -> Result<Self, PhaseFailure> {
        let coded = content_codings(response);
        let decodes = context.spec.compressed && !coded.is_empty();
        if !decodes && !coded.is_empty() {
            context.recorder.note(
                context.exchange,
                format!(
                    "the body is encoded as {}; --compressed decodes it",
                    coded.join(", ")
                ),
            );
        }
        if let Some(unknown) = decode::unsupported_coding(&coded).filter(|_| decodes) {
            let hint = "leave out --compressed to receive the body as it is";
            let message = format!("the body is encoded as {unknown}, which is not supported");
            return Err(PhaseFailure::new(
                Phase::Receive,
                FailureCode::BodyDecoding,
                message,
                hint,
            ));
        }
        let preview = (decodes || coded.is_empty())
            .then(|| Preview::new(response.values("content-type").next()));
        let counters = Arc::new(BodyCounters::new(
            preview,
            decodes.then_some(context.spec.decode_limit),
            coded.len(),
        ));
        let coding_name = coded.join(", ");
        let codings = if decodes { coded } else { Vec::new() };
        let worker = (decodes || output.is_some())
            .then(|| BodyWorker::start(codings, output.cloned(), &counters))
            .transpose();
        let worker = worker.map_err(|error| no_thread_failure(&error))?;
        let file = match output {
            Some(BodyOutput::File(path)) => Some(path.clone()),
            Some(BodyOutput::Stdout) | None => None,
        };
        let expected = response.expected;
        let throttle = Throttle::default();
        Ok(Self {
            context,
            counters,
            worker,
            coding_name,
            file,
            is_complete: false,
            received: 0,
            expected,
            throttle,
            is_reported: false,
        })
    }

    /// Receives bytes as transferred. Waits while the worker is behind.
    pub(super) async fn receive(&mut self, data: &[u8]) -> Result<(), PhaseFailure> {
        self.received += data.len() as u64;
        let taken = match &self.worker {
            Some(worker) => worker.send(data).await,
            None => self.counters.count_output(data),
        };
        taken.map_err(|error| self.failure_from(&error))?;
        if self.throttle.is_due(self.context.recorder.now()) {
            self.emit_progress();
        }
        Ok(())
    }

    /// Waits until decoding or writing fails. Never completes if it does not.
    pub(super) async fn wait_for_failure(&self) -> PhaseFailure {
        match &self.worker {
            Some(worker) => match worker.wait_for_end().await {
                Err(error) => self.failure_from(&error),
                Ok(()) => pending().await,
            },
            None => pending().await,
        }
    }

    /// Ends the body and waits until it is decoded and written.
    pub(super) async fn finish(&mut self) -> Result<(), PhaseFailure> {
        let finished = match &self.worker {
            Some(worker) => worker.finish().await,
            None => Ok(()),
        };
        self.is_complete = finished.is_ok();
        finished.map_err(|error| self.failure_from(&error))
    }

    /// Stops decoding and writing, and emits the final counts and the preview.
    pub(super) fn stop_and_report(&mut self) {
        if std::mem::replace(&mut self.is_reported, true) {
            return;
        }
        if let Some(worker) = &self.worker {
            worker.drain_and_stop(STOP_TIMEOUT);
        }
        self.emit_progress();
        self.note_partial_file();
        if let Some((text, truncated)) = self.counters.preview_text() {
            self.context.recorder.emit(EventKind::BodyPreview {
                exchange: self.context.exchange,
                text,
                truncated,
            });
        }
    }

    /// Returns the received size for a sentence: `1,024 B of 4,096 B`.
    pub(super) fn describe_progress(&self) -> String {
        let of_expected = self
            .expected
            .map_or_else(String::new, |expected| format!(" of {}", Bytes(expected)));
        format!("{}{of_expected}", Bytes(self.received))
    }

    fn emit_progress(&self) {
        let received = self.received;
        let decoded = self.counters.decoded();
        let expected = self.expected;
        self.context.recorder.emit(EventKind::ResponseBody {
            exchange: self.context.exchange,
            received,
            decoded,
            expected,
        });
    }

    /// Notes how much of an incomplete body the output file contains. The file is kept, as curl
    /// does.
    fn note_partial_file(&self) {
        let Some(path) = self.file.as_ref().filter(|_| !self.is_complete) else {
            return;
        };
        let text = match self.counters.written() {
            0 if is_pipe(path) => format!(
                "nothing was written to {}, a pipe that perhaps nobody has opened for reading",
                path.display()
            ),
            written => format!(
                "{} contains only the beginning of the body: {}",
                path.display(),
                Bytes(written)
            ),
        };
        self.context.recorder.note(self.context.exchange, text);
    }

    fn failure_from(&self, error: &io::Error) -> PhaseFailure {
        let name = &self.coding_name;
        match self.counters.take_fault() {
            Some(BodyFault::Output(path, error)) => output_failure(&path, &error),
            Some(BodyFault::Limit(exceeded)) => {
                let message =
                    exceeded.describe(&format!("{} of {name} body", Bytes(self.received)));
                let hint = "this may be a decompression bomb; without --compressed the body is \
                    received as it is";
                PhaseFailure::new(
                    Phase::Receive,
                    FailureCode::BodyDecodingLimit,
                    message,
                    hint,
                )
            }
            None => {
                let message = format!(
                    "the body cannot be decoded as {name} after {}: {error}",
                    Bytes(self.received)
                );
                let hint = "without --compressed the body is received as it is; check that the \
                    server's Content-Encoding matches the body";
                PhaseFailure::new(Phase::Receive, FailureCode::BodyDecoding, message, hint)
            }
        }
    }
}

/// Reports the progress of a body whose exchange was cancelled.
impl Drop for BodyReceiver<'_> {
    fn drop(&mut self) {
        self.stop_and_report();
    }
}

fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

fn output_failure(path: &str, error: &io::Error) -> PhaseFailure {
    let hint = "check the directory, its permissions and the free space";
    PhaseFailure::new(
        Phase::Receive,
        FailureCode::OutputFailed,
        format!("the body cannot be written to {path}: {error}"),
        hint,
    )
}

fn no_thread_failure(error: &io::Error) -> PhaseFailure {
    let message = format!("cannot start a thread for the body: {error}");
    PhaseFailure::new(
        Phase::Receive,
        FailureCode::Internal,
        message,
        "check this user's limit on processes and threads (ulimit -u)",
    )
}

/// Returns the content codings in the order they were applied (RFC 9110 §8.4).
fn content_codings(response: &FinalResponseHead) -> Vec<String> {
    let names = response
        .values("content-encoding")
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase());
    names
        .filter(|name| !name.is_empty() && name != "identity")
        .collect()
}
