//! The response's body: counted, decoded, written, shown.
//!
//! ```text
//! piece ─► count as transferred ─► decoders ─► sink: count as decoded, first bytes for showing, output
//! ```

mod decode;
mod deflate;
mod preview;
mod sink;

use std::io::Write as _;

use self::decode::Coding;
use self::preview::Preview;
use self::sink::{Fault, SharedSink};
use super::Failed;
use super::answer::Answer;
use super::pace::Pace;
use super::spec::Output;
use super::step::Step;
use crate::trace::{Code, Phase, What};
use crate::units::Bytes;

/// Takes in one response's body.
pub(super) struct Receiver<'a> {
    step: &'a Step<'a>,
    coding: Option<Box<dyn Coding>>,
    coding_name: Option<String>,
    sink: SharedSink,
    received: u64,
    expected: Option<u64>,
    pace: Pace,
}

impl<'a> Receiver<'a> {
    /// Ready for the body of `answer`, which goes to `output`.
    pub(super) fn new(step: &'a Step<'a>, answer: &Answer, output: Option<&Output>) -> Result<Self, Failed> {
        let coded = codings(answer);
        let decodes = step.spec.compressed && !coded.is_empty();
        if !decodes && !coded.is_empty() {
            step.recorder.note(step.exchange, format!("the body is coded as {}; --compressed decodes it", coded.join(", ")));
        }
        let preview = (decodes || coded.is_empty()).then(|| Preview::new(answer.values("content-type").next()));
        let limit = decodes.then_some(step.spec.decode_limit);
        let sink = SharedSink::open(output, preview, limit).map_err(|(path, error)| output_failed(&path, &error))?;
        let coding = decodes.then(|| decode::chain(&coded, sink.clone())).transpose().map_err(|unknown| {
            let hint = "leave out --compressed to take the body as it comes";
            Failed::new(Phase::Receive, Code::BodyDecoding, format!("the body is coded as {unknown}, which cannot be decoded here"), hint)
        })?;
        let coding_name = decodes.then(|| coded.join(", "));
        Ok(Self { step, coding, coding_name, sink, received: 0, expected: answer.expected, pace: Pace::default() })
    }

    /// Takes a piece as it was transferred.
    pub(super) fn take(&mut self, data: &[u8]) -> Result<(), Failed> {
        self.received += data.len() as u64;
        let written = match &mut self.coding {
            Some(coding) => coding.write_all(data),
            None => self.sink.write_all(data),
        };
        written.map_err(|error| self.failed(&error))?;
        if self.pace.is_due(self.step.recorder.now()) {
            self.tell();
        }
        Ok(())
    }

    /// The body is complete.
    pub(super) fn finish(&mut self) -> Result<(), Failed> {
        let finished = match self.coding.take() {
            // A response without content (to HEAD, or 304) may still name the coding it would have had.
            Some(coding) if self.received > 0 => coding.finish(),
            _ => self.sink.flush(),
        };
        finished.map_err(|error| self.failed(&error))
    }

    /// Says how much has come by now, and shows what may be shown of it.
    pub(super) fn report(&self) {
        self.tell();
        if let Some((text, truncated)) = self.sink.preview() {
            self.step.recorder.emit(What::BodyPreview { exchange: self.step.exchange, text, truncated });
        }
    }

    /// How much has come, for a sentence: `1,024 B of 4,096 B`.
    pub(super) fn progress(&self) -> String {
        let of = self.expected.map_or_else(String::new, |expected| format!(" of {}", Bytes(expected)));
        format!("{}{of}", Bytes(self.received))
    }

    fn tell(&self) {
        let (received, decoded, expected) = (self.received, self.sink.taken(), self.expected);
        self.step.recorder.emit(What::ResponseBody { exchange: self.step.exchange, received, decoded, expected });
    }

    fn failed(&self, error: &std::io::Error) -> Failed {
        let name = self.coding_name.as_deref().unwrap_or_default();
        match self.sink.take_fault() {
            Some(Fault::Output(path, error)) => output_failed(&path, &error),
            Some(Fault::Limit(limit)) => {
                let message = format!("{} of {name} body decode to more than {}, the limit here", Bytes(self.received), Bytes(limit));
                let hint = "this may be a decompression bomb; without --compressed the body is taken as it comes";
                Failed::new(Phase::Receive, Code::BodyDecoding, message, hint)
            }
            None => {
                let message = format!("the body cannot be decoded as {name} after {}: {error}", Bytes(self.received));
                let hint = "without --compressed the body is taken as it comes; compare Content-Encoding with what the server sends";
                Failed::new(Phase::Receive, Code::BodyDecoding, message, hint)
            }
        }
    }
}

fn output_failed(path: &str, error: &std::io::Error) -> Failed {
    let hint = "check the directory, its permissions and the space left";
    Failed::new(Phase::Receive, Code::OutputFailed, format!("the body cannot be written to {path}: {error}"), hint)
}

/// The codings that were applied, in the order they were applied (RFC 9110 §8.4).
fn codings(answer: &Answer) -> Vec<String> {
    let names = answer.values("content-encoding").flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase());
    names.filter(|name| !name.is_empty() && name != "identity").collect()
}
