//! The response's body: counted, decoded, written, shown.
//!
//! ```text
//! piece ─► count as transferred ─► worker's thread: decoders ─► sink: count as decoded, first bytes for showing, output
//! ```
//!
//! A body that is neither decoded nor written needs no thread.

mod account;
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

use self::account::{Account, Fault};
use self::preview::Preview;
use self::worker::Worker;
use super::Failed;
use super::answer::Answer;
use super::pace::Pace;
use super::spec::Output;
use super::step::Step;
use crate::trace::{Code, Phase, What};
use crate::units::Bytes;

/// How long a body that is cut off may take to be decoded and written as far as it has come.
const PATIENCE: Duration = Duration::from_millis(20);

/// Takes in one response's body. What has come of it is told at its end, also where it is dropped
/// before.
pub(super) struct Receiver<'a> {
    step: &'a Step<'a>,
    account: Arc<Account>,
    /// Decodes and writes, where there is something to decode or an output.
    worker: Option<Worker>,
    coding_name: String,
    /// The file that the body is written to.
    file: Option<PathBuf>,
    is_complete: bool,
    received: u64,
    expected: Option<u64>,
    pace: Pace,
    reported: bool,
}

impl<'a> Receiver<'a> {
    /// Ready for the body of `answer`, which goes to `output`.
    pub(super) fn new(
        step: &'a Step<'a>,
        answer: &Answer,
        output: Option<&Output>,
    ) -> Result<Self, Failed> {
        let coded = codings(answer);
        let decodes = step.spec.compressed && !coded.is_empty();
        if !decodes && !coded.is_empty() {
            step.recorder.note(
                step.exchange,
                format!(
                    "the body is coded as {}; --compressed decodes it",
                    coded.join(", ")
                ),
            );
        }
        if let Some(unknown) = decode::undecodable(&coded).filter(|_| decodes) {
            let hint = "leave out --compressed to take the body as it comes";
            let message = format!("the body is coded as {unknown}, which cannot be decoded here");
            return Err(Failed::new(
                Phase::Receive,
                Code::BodyDecoding,
                message,
                hint,
            ));
        }
        let preview = (decodes || coded.is_empty())
            .then(|| Preview::new(answer.values("content-type").next()));
        let account = Arc::new(Account::new(
            preview,
            decodes.then_some(step.spec.decode_limit),
        ));
        let (coding_name, codings) = (coded.join(", "), if decodes { coded } else { Vec::new() });
        let worker = (decodes || output.is_some())
            .then(|| Worker::start(codings, output.cloned(), &account))
            .transpose();
        let worker = worker.map_err(|error| no_thread(&error))?;
        let file = match output {
            Some(Output::File(path)) => Some(path.clone()),
            Some(Output::Stdout) | None => None,
        };
        let (expected, pace) = (answer.expected, Pace::default());
        Ok(Self {
            step,
            account,
            worker,
            coding_name,
            file,
            is_complete: false,
            received: 0,
            expected,
            pace,
            reported: false,
        })
    }

    /// Takes a piece as it was transferred, once what came before it is far enough.
    pub(super) async fn take(&mut self, data: &[u8]) -> Result<(), Failed> {
        self.received += data.len() as u64;
        let taken = match &self.worker {
            Some(worker) => worker.take(data).await,
            None => self.account.emerge(data),
        };
        taken.map_err(|error| self.failed(&error))?;
        if self.pace.is_due(self.step.recorder.now()) {
            self.tell();
        }
        Ok(())
    }

    /// Waits until what was taken turns out not to be decodable or writable: perhaps for ever.
    pub(super) async fn fails(&self) -> Failed {
        match &self.worker {
            Some(worker) => match worker.ended().await {
                Err(error) => self.failed(&error),
                Ok(()) => pending().await,
            },
            None => pending().await,
        }
    }

    /// The body is complete: waits until it is decoded and written.
    pub(super) async fn finish(&mut self) -> Result<(), Failed> {
        let finished = match &self.worker {
            Some(worker) => worker.finish().await,
            None => Ok(()),
        };
        self.is_complete = finished.is_ok();
        finished.map_err(|error| self.failed(&error))
    }

    /// Says how much has come by now, and shows what may be shown of it. Nothing more is decoded or
    /// written after that.
    pub(super) fn report(&mut self) {
        if std::mem::replace(&mut self.reported, true) {
            return;
        }
        if let Some(worker) = &self.worker {
            worker.settle(PATIENCE);
        }
        self.tell();
        self.tell_partial_file();
        if let Some((text, truncated)) = self.account.preview_text() {
            self.step.recorder.emit(What::BodyPreview {
                exchange: self.step.exchange,
                text,
                truncated,
            });
        }
    }

    /// How much has come, for a sentence: `1,024 B of 4,096 B`.
    pub(super) fn progress(&self) -> String {
        let of = self
            .expected
            .map_or_else(String::new, |expected| format!(" of {}", Bytes(expected)));
        format!("{}{of}", Bytes(self.received))
    }

    fn tell(&self) {
        let (received, decoded, expected) = (self.received, self.account.decoded(), self.expected);
        self.step.recorder.emit(What::ResponseBody {
            exchange: self.step.exchange,
            received,
            decoded,
            expected,
        });
    }

    /// What came of a body that did not end stays in its file, as with curl, and it is said how
    /// much that is.
    fn tell_partial_file(&self) {
        let Some(path) = self.file.as_ref().filter(|_| !self.is_complete) else {
            return;
        };
        let text = match self.account.written() {
            0 if is_pipe(path) => format!(
                "nothing was written to {}, a pipe that nobody may have opened for reading",
                path.display()
            ),
            written => format!(
                "{} holds the beginning of the body alone: {}",
                path.display(),
                Bytes(written)
            ),
        };
        self.step.recorder.note(self.step.exchange, text);
    }

    fn failed(&self, error: &io::Error) -> Failed {
        let name = &self.coding_name;
        match self.account.take_fault() {
            Some(Fault::Output(path, error)) => output_failed(&path, &error),
            Some(Fault::Limit(exceeded)) => {
                let message =
                    exceeded.sentence(&format!("{} of {name} body", Bytes(self.received)));
                let hint = "this may be a decompression bomb; without --compressed the body is \
                    taken as it comes";
                Failed::new(Phase::Receive, Code::BodyDecodingLimit, message, hint)
            }
            None => {
                let message = format!(
                    "the body cannot be decoded as {name} after {}: {error}",
                    Bytes(self.received)
                );
                let hint = "without --compressed the body is taken as it comes; compare \
                    Content-Encoding with what the server sends";
                Failed::new(Phase::Receive, Code::BodyDecoding, message, hint)
            }
        }
    }
}

/// Called off in the middle of a body: what has come of it is told.
impl Drop for Receiver<'_> {
    fn drop(&mut self) {
        self.report();
    }
}

fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

fn output_failed(path: &str, error: &io::Error) -> Failed {
    let hint = "check the directory, its permissions and the space left";
    Failed::new(
        Phase::Receive,
        Code::OutputFailed,
        format!("the body cannot be written to {path}: {error}"),
        hint,
    )
}

fn no_thread(error: &io::Error) -> Failed {
    let message = format!("no thread can be started for the body: {error}");
    Failed::new(
        Phase::Receive,
        Code::Internal,
        message,
        "look at how many processes and threads this user may have (ulimit -u)",
    )
}

/// The codings that were applied, in the order they were applied (RFC 9110 §8.4).
fn codings(answer: &Answer) -> Vec<String> {
    let names = answer
        .values("content-encoding")
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase());
    names
        .filter(|name| !name.is_empty() && name != "identity")
        .collect()
}
