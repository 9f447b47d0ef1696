//! The limits of decoding, and what is said where one is exceeded.

use std::time::Duration;

use crate::units::{Bytes, Nanos};

/// The most bytes that one transferred byte may decode to, on the whole. DEFLATE cannot give more
/// than 1,032; text as people write and log it stays below 100.
const MAX_RATIO: u64 = 500;
/// Up to so many decoded bytes the ratio does not matter: 32 MiB.
const RATIO_EXEMPT_BYTES: u64 = 32 << 20;
/// Bytes that may go through the decoders without one of output: 16 MiB. What holds nothing is
/// small where it is honest: a gzip header, a zstd seek table.
const MAX_WITHOUT_OUTPUT: u64 = 16 << 20;
/// Processor time that decoding may take at any rate.
const RATE_EXEMPT_TIME: Duration = Duration::from_secs(10);
/// Beyond that, so many bytes have to be decoded a second: 1 MiB. Ordinary decoders give more than
/// 50.
const MIN_BYTES_PER_SECOND: u64 = 1 << 20;

/// A limit that decoding has exceeded, with the figures of the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExceededLimit {
    /// The body decodes to more bytes than this.
    Size(u64),
    /// So many transferred bytes gave so many.
    Ratio(u64, u64),
    /// So many bytes were decoded without one of output.
    WithoutOutput(u64),
    /// So much processor time gave so many bytes.
    ProcessorTime(Duration, u64),
}

impl ExceededLimit {
    /// The limit that is exceeded once a decoder has `produced` so many bytes in all from
    /// `transferred` ones, the latest `without_output` of which came to nothing.
    pub(super) fn check(
        decode_limit: u64,
        transferred: u64,
        produced: u64,
        without_output: u64,
    ) -> Option<Self> {
        if produced > decode_limit {
            return Some(Self::Size(decode_limit));
        }
        if produced > RATIO_EXEMPT_BYTES && produced / MAX_RATIO > transferred {
            return Some(Self::Ratio(transferred, produced));
        }
        (without_output > MAX_WITHOUT_OUTPUT).then_some(Self::WithoutOutput(without_output))
    }

    /// What was exceeded, for a sentence that begins with what was decoded: `4,096 B of br body`.
    pub(super) fn describe(self, what: &str) -> String {
        match self {
            Self::Size(limit) => {
                format!(
                    "{what} decode to more than {}, the limit here",
                    Bytes(limit)
                )
            }
            Self::Ratio(transferred, produced) => {
                let ratio = produced / transferred.max(1);
                format!(
                    "{what} decode to {ratio} times as much ({} so far); the limit here is \
                        {MAX_RATIO} times",
                    Bytes(produced)
                )
            }
            Self::WithoutOutput(bytes) => {
                format!(
                    "{what} hold nothing: {} were decoded without a byte of output, the limit here",
                    Bytes(bytes)
                )
            }
            Self::ProcessorTime(time, decoded) => {
                let (time, least) = (Nanos::from(time), Bytes(MIN_BYTES_PER_SECOND));
                format!(
                    "{what} took {time} of processor time to decode to {}; the limit here is \
                        {least} a second",
                    Bytes(decoded)
                )
            }
        }
    }
}

/// Processor time that decoding has taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct DecodingTime(pub(super) Duration);

impl DecodingTime {
    /// The limit that is exceeded where it gave so many bytes.
    pub(super) fn check(self, decoded: u64) -> Option<ExceededLimit> {
        let least =
            MIN_BYTES_PER_SECOND.saturating_mul(self.0.saturating_sub(RATE_EXEMPT_TIME).as_secs());
        (self.0 > RATE_EXEMPT_TIME && decoded < least)
            .then_some(ExceededLimit::ProcessorTime(self.0, decoded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_counts_only_beyond_some_output() {
        let find = |transferred, produced| ExceededLimit::check(u64::MAX, transferred, produced, 0);
        assert_eq!(find(1, RATIO_EXEMPT_BYTES), None);
        assert_eq!(
            find(1, RATIO_EXEMPT_BYTES + 1),
            Some(ExceededLimit::Ratio(1, RATIO_EXEMPT_BYTES + 1))
        );
        assert_eq!(find(4 << 20, (4 << 20) * MAX_RATIO), None);
        assert_eq!(
            find(4 << 20, ((4 << 20) + 1) * MAX_RATIO),
            Some(ExceededLimit::Ratio(4 << 20, ((4 << 20) + 1) * MAX_RATIO))
        );
    }

    #[test]
    fn a_size_and_input_for_nothing_have_their_limits() {
        assert_eq!(ExceededLimit::check(100, 90, 100, 0), None);
        assert_eq!(
            ExceededLimit::check(100, 90, 101, 0),
            Some(ExceededLimit::Size(100))
        );
        assert_eq!(ExceededLimit::check(100, 90, 0, MAX_WITHOUT_OUTPUT), None);
        assert_eq!(
            ExceededLimit::check(100, 90, 0, MAX_WITHOUT_OUTPUT + 1),
            Some(ExceededLimit::WithoutOutput(MAX_WITHOUT_OUTPUT + 1))
        );
    }

    #[test]
    fn processor_time_has_to_be_worth_it_once_it_is_much() {
        let exceeded = |seconds, decoded| {
            DecodingTime(Duration::from_secs(seconds))
                .check(decoded)
                .is_some()
        };
        assert!(!exceeded(10, 0));
        assert!(exceeded(12, MIN_BYTES_PER_SECOND));
        assert!(!exceeded(12, 2 * MIN_BYTES_PER_SECOND));
        assert!(!exceeded(100_000, 50 * MIN_BYTES_PER_SECOND * 100_000));
    }
}
