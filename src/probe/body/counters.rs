//! Byte counters of one response body, and enforcement of the decoding limits.
//!
//! A few kilobytes can decode to terabytes (a decompression bomb), or keep a decoder busy without
//! producing a single byte of output: empty members and blocks cost only input and time. Both are
//! stopped here, for every content coding.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::limits::{DecodingTime, ExceededLimit, ratio_exempt_bytes};
use super::preview::Preview;
use crate::units::Untrusted;

/// Reason why processing of a body was aborted.
#[derive(Debug)]
pub(super) enum BodyFault {
    /// A decoding limit was exceeded.
    Limit(ExceededLimit),
    /// The output could not be written; its name and the error.
    Output(String, io::Error),
}

/// Counters of one body. The decoding thread writes them; the receiver reads them at any time.
///
/// All counters use relaxed ordering: each is read for display or compared with a limit on its own,
/// and no other memory is published through them.
#[derive(Debug)]
pub(super) struct BodyCounters {
    /// Maximum number of decoded bytes; `None` if the body is not decoded, in which case no other
    /// limit applies either.
    decode_limit: Option<u64>,
    /// Decoded size up to which the ratio is not checked.
    ratio_exempt: u64,
    transferred: AtomicU64,
    decoded: AtomicU64,
    /// Bytes passed through any decoder since the last byte of output.
    without_output: AtomicU64,
    /// Bytes accepted by the output.
    written: AtomicU64,
    stopped: AtomicBool,
    preview: Mutex<Option<Preview>>,
    fault: Mutex<Option<BodyFault>>,
}

impl BodyCounters {
    /// Creates counters at zero. `decode_limit` is the maximum decoded size in bytes; `None` if the
    /// body is not decoded. `codings` is the number of its content codings.
    pub(super) const fn new(
        preview: Option<Preview>,
        decode_limit: Option<u64>,
        codings: usize,
    ) -> Self {
        Self {
            decode_limit,
            ratio_exempt: ratio_exempt_bytes(codings),
            transferred: AtomicU64::new(0),
            decoded: AtomicU64::new(0),
            without_output: AtomicU64::new(0),
            written: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            preview: Mutex::new(preview),
            fault: Mutex::new(None),
        }
    }

    /// Returns the number of decoded bytes so far.
    pub(super) fn decoded(&self) -> u64 {
        self.decoded.load(Ordering::Relaxed)
    }

    /// Returns the number of bytes accepted by the output.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Adds `count` bytes to those accepted by the output.
    pub(super) fn add_written(&self, count: u64) {
        self.written.fetch_add(count, Ordering::Relaxed);
    }

    /// Returns true once [`stop`](Self::stop) was called.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Returns the beginning of the body as text, and whether the body goes on after it; `None` if
    /// the body is not text.
    pub(super) fn preview_text(&self) -> Option<(Untrusted, bool)> {
        lock(&self.preview).as_ref()?.text(self.decoded())
    }

    /// Returns the reason for the abort and clears it.
    pub(super) fn take_fault(&self) -> Option<BodyFault> {
        lock(&self.fault).take()
    }

    /// Makes every later call fail, including those from within a running decoder.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Counts bytes that are passed to the first decoder, still coded.
    pub(super) fn count_transferred(&self, bytes: u64) {
        self.transferred.fetch_add(bytes, Ordering::Relaxed);
        self.without_output.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts `bytes` that one decoder passes to the next; `layer` is the total passed between
    /// these two.
    ///
    /// # Errors
    /// Fails if a limit is exceeded or decoding was stopped.
    pub(super) fn count_intermediate(&self, bytes: u64, layer: u64) -> io::Result<()> {
        let without_output = self.without_output.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.check_limits(layer, without_output)
    }

    /// Counts fully decoded bytes and adds them to the preview.
    ///
    /// # Errors
    /// Fails if a limit is exceeded or decoding was stopped.
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

    /// Checks that the decoded bytes so far justify the processor time spent.
    ///
    /// # Errors
    /// Fails if they do not.
    pub(super) fn check_time(&self, work: DecodingTime) -> io::Result<()> {
        self.fail_if_exceeded(work.check(self.decoded()))
    }

    /// Records the reason, unless one is recorded already, and returns an error that stops the
    /// decoders.
    pub(super) fn fail_with(&self, fault: BodyFault) -> io::Error {
        lock(&self.fault).get_or_insert(fault);
        io::Error::other("nothing more is taken")
    }

    /// Checks the limits; `produced` is the number of bytes that one decoder has given in all.
    fn check_limits(&self, produced: u64, without_output: u64) -> io::Result<()> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(io::Error::other("the decoding was stopped"));
        }
        let Some(limit) = self.decode_limit else {
            return Ok(());
        };
        self.fail_if_exceeded(ExceededLimit::check(
            limit,
            self.ratio_exempt,
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
