//! What a body has come to, and the limits of what decoding it may cost.
//!
//! A few kilobytes can decode to terabytes (a decompression bomb), or keep a decoder at work
//! without a single byte of output: empty members and blocks cost input and time alone. Both are
//! ended here, whatever the coding.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::limits::{DecodingTime, ExceededLimit};
use super::preview::Preview;
use crate::units::Untrusted;

/// Why nothing more is taken.
#[derive(Debug)]
pub(super) enum BodyFault {
    /// Decoding costs more than is allowed.
    Limit(ExceededLimit),
    /// The output would not take it.
    Output(String, io::Error),
}

/// Counts of one body. Written by whoever decodes, read at any time by whoever receives.
#[derive(Debug)]
pub(super) struct BodyCounters {
    /// Decoded bytes allowed; `None` where nothing is decoded, and then nothing else is limited
    /// either.
    decode_limit: Option<u64>,
    transferred: AtomicU64,
    decoded: AtomicU64,
    /// Bytes that went through all decoders since the last one of output.
    without_output: AtomicU64,
    /// Bytes that the output took.
    written: AtomicU64,
    stopped: AtomicBool,
    preview: Mutex<Option<Preview>>,
    fault: Mutex<Option<BodyFault>>,
}

impl BodyCounters {
    /// All zero. `decode_limit` is what the body may decode to, in bytes; `None` where it is not
    /// decoded.
    pub(super) const fn new(preview: Option<Preview>, decode_limit: Option<u64>) -> Self {
        Self {
            decode_limit,
            transferred: AtomicU64::new(0),
            decoded: AtomicU64::new(0),
            without_output: AtomicU64::new(0),
            written: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            preview: Mutex::new(preview),
            fault: Mutex::new(None),
        }
    }

    /// Bytes that came out so far.
    pub(super) fn decoded(&self) -> u64 {
        self.decoded.load(Ordering::Relaxed)
    }

    /// Bytes that the output took.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// The output took so many bytes.
    pub(super) fn add_written(&self, count: u64) {
        self.written.fetch_add(count, Ordering::Relaxed);
    }

    /// Whether everything is refused from now on.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// The first of them as text, and whether there are more; `None` where they are no text.
    pub(super) fn preview_text(&self) -> Option<(Untrusted, bool)> {
        lock(&self.preview).as_ref()?.text(self.decoded())
    }

    /// Why it was refused, once.
    pub(super) fn take_fault(&self) -> Option<BodyFault> {
        lock(&self.fault).take()
    }

    /// From now on everything is refused, in the middle of a decoder's work too.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// As they were transferred, so many bytes go to the first decoder.
    pub(super) fn count_transferred(&self, bytes: u64) {
        self.transferred.fetch_add(bytes, Ordering::Relaxed);
        self.without_output.fetch_add(bytes, Ordering::Relaxed);
    }

    /// So many bytes go from one decoder to the next; `layer` is the sum of all that did.
    ///
    /// # Errors
    /// Where a limit is exceeded, or the decoding was stopped.
    pub(super) fn count_intermediate(&self, bytes: u64, layer: u64) -> io::Result<()> {
        let without_output = self.without_output.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.check_limits(layer, without_output)
    }

    /// These bytes come out: the preview is shown them.
    ///
    /// # Errors
    /// Where a limit is exceeded, or the decoding was stopped.
    pub(super) fn count_output(&self, bytes: &[u8]) -> io::Result<()> {
        let count = bytes.len() as u64;
        let decoded = self.decoded.fetch_add(count, Ordering::Relaxed) + count;
        if !bytes.is_empty() {
            self.without_output.store(0, Ordering::Relaxed);
        }
        self.check_limits(decoded, 0)?;
        if let Some(preview) = &mut *lock(&self.preview) {
            preview.take(bytes);
        }
        Ok(())
    }

    /// What has been done so far must have been worth its processor time.
    ///
    /// # Errors
    /// Where it is not.
    pub(super) fn check_time(&self, work: DecodingTime) -> io::Result<()> {
        self.fail_if_exceeded(work.check(self.decoded()))
    }

    /// Remembers why and gives decoders something to stop at.
    pub(super) fn fail_with(&self, fault: BodyFault) -> io::Error {
        lock(&self.fault).get_or_insert(fault);
        io::Error::other("nothing more is taken")
    }

    /// `produced` are all the bytes that one decoder has given.
    fn check_limits(&self, produced: u64, without_output: u64) -> io::Result<()> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(io::Error::other("the decoding was stopped"));
        }
        let Some(limit) = self.decode_limit else {
            return Ok(());
        };
        self.fail_if_exceeded(ExceededLimit::check(
            limit,
            self.transferred.load(Ordering::Relaxed),
            produced,
            without_output,
        ))
    }

    fn fail_if_exceeded(&self, exceeded: Option<ExceededLimit>) -> io::Result<()> {
        exceeded.map_or(Ok(()), |exceeded| {
            Err(self.fail_with(BodyFault::Limit(exceeded)))
        })
    }
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
