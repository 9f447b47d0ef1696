//! The limits of decoding, and what is said where one is exceeded.

use std::time::Duration;

use crate::units::{Bytes, Nanos};

/// The most bytes that one transferred byte may decode to, on the whole. DEFLATE cannot give more
/// than 1,032; text as people write and log it stays below 100.
const MOST_RATIO: u64 = 500;
/// Up to so many decoded bytes the ratio does not matter: 32 MiB.
const ANY_RATIO: u64 = 32 << 20;
/// Bytes that may go through the decoders without one of output: 16 MiB. What holds nothing is
/// small where it is honest: a gzip header, a zstd seek table.
const MOST_WITHOUT_OUTPUT: u64 = 16 << 20;
/// Processor time that decoding may take at any rate.
const ANY_RATE: Duration = Duration::from_secs(10);
/// Beyond that, so many bytes have to be decoded a second: 1 MiB. Ordinary decoders give more than
/// 50.
const LEAST_RATE: u64 = 1 << 20;

/// A limit that decoding has exceeded, with the figures of the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exceeded {
    /// The body decodes to more bytes than this.
    Size(u64),
    /// So many transferred bytes gave so many.
    Ratio(u64, u64),
    /// So many bytes were decoded without one of output.
    WithoutOutput(u64),
    /// So much processor time gave so many bytes.
    Work(Duration, u64),
}

impl Exceeded {
    /// The limit that is exceeded once a decoder has `produced` so many bytes in all from
    /// `transferred` ones, the latest `without_output` of which came to nothing.
    pub(super) fn find(
        decode_limit: u64,
        transferred: u64,
        produced: u64,
        without_output: u64,
    ) -> Option<Self> {
        if produced > decode_limit {
            return Some(Self::Size(decode_limit));
        }
        if produced > ANY_RATIO && produced / MOST_RATIO > transferred {
            return Some(Self::Ratio(transferred, produced));
        }
        (without_output > MOST_WITHOUT_OUTPUT).then_some(Self::WithoutOutput(without_output))
    }

    /// What was exceeded, for a sentence that begins with what was decoded: `4,096 B of br body`.
    pub(super) fn sentence(self, what: &str) -> String {
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
                        {MOST_RATIO} times",
                    Bytes(produced)
                )
            }
            Self::WithoutOutput(bytes) => {
                format!(
                    "{what} hold nothing: {} were decoded without a byte of output, the limit here",
                    Bytes(bytes)
                )
            }
            Self::Work(time, decoded) => {
                let (time, least) = (Nanos::from(time), Bytes(LEAST_RATE));
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
pub(super) struct Work(pub(super) Duration);

impl Work {
    /// The limit that is exceeded where it gave so many bytes.
    pub(super) fn exceeded(self, decoded: u64) -> Option<Exceeded> {
        let least = LEAST_RATE.saturating_mul(self.0.saturating_sub(ANY_RATE).as_secs());
        (self.0 > ANY_RATE && decoded < least).then_some(Exceeded::Work(self.0, decoded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_counts_only_beyond_some_output() {
        let find = |transferred, produced| Exceeded::find(u64::MAX, transferred, produced, 0);
        assert_eq!(find(1, ANY_RATIO), None);
        assert_eq!(
            find(1, ANY_RATIO + 1),
            Some(Exceeded::Ratio(1, ANY_RATIO + 1))
        );
        assert_eq!(find(4 << 20, (4 << 20) * MOST_RATIO), None);
        assert_eq!(
            find(4 << 20, ((4 << 20) + 1) * MOST_RATIO),
            Some(Exceeded::Ratio(4 << 20, ((4 << 20) + 1) * MOST_RATIO))
        );
    }

    #[test]
    fn a_size_and_input_for_nothing_have_their_limits() {
        assert_eq!(Exceeded::find(100, 90, 100, 0), None);
        assert_eq!(Exceeded::find(100, 90, 101, 0), Some(Exceeded::Size(100)));
        assert_eq!(Exceeded::find(100, 90, 0, MOST_WITHOUT_OUTPUT), None);
        assert_eq!(
            Exceeded::find(100, 90, 0, MOST_WITHOUT_OUTPUT + 1),
            Some(Exceeded::WithoutOutput(MOST_WITHOUT_OUTPUT + 1))
        );
    }

    #[test]
    fn processor_time_has_to_be_worth_it_once_it_is_much() {
        let exceeded = |seconds, decoded| {
            Work(Duration::from_secs(seconds))
                .exceeded(decoded)
                .is_some()
        };
        assert!(!exceeded(10, 0));
        assert!(exceeded(12, LEAST_RATE));
        assert!(!exceeded(12, 2 * LEAST_RATE));
        assert!(!exceeded(100_000, 50 * LEAST_RATE * 100_000));
    }
}
