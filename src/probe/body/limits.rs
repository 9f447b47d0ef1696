//! Limits on the cost of decoding a body, and the messages for exceeding them.

use std::time::Duration;

use crate::units::{Bytes, Nanos};

/// Maximum overall expansion: decoded bytes per transferred byte. DEFLATE reaches at most 1,032;
/// ordinary text and logs stay below 100.
const MAX_RATIO: u64 = 500;
/// Decoded size in bytes up to which the ratio of one coding is not checked: 1 GiB. Files of zeros
/// are real, such as disk images; `br` and `zstd` compress any number of zeros to next to nothing.
const RATIO_EXEMPT_BYTES: u64 = 1 << 30;
/// The same for several nested codings, which are not used for such files in practice: 32 MiB.
const NESTED_RATIO_EXEMPT_BYTES: u64 = 32 << 20;
/// Maximum number of bytes that may pass through the decoders without one byte of output: 16 MiB.
/// Data that decode to nothing are small in honest responses: a gzip header, a zstd seek table.
const MAX_WITHOUT_OUTPUT: u64 = 16 << 20;
/// Processor time up to which the decoding rate is not checked.
const RATE_EXEMPT_TIME: Duration = Duration::from_secs(10);
/// Minimum decoding rate after that, in bytes per second: 1 MiB. Ordinary decoders exceed 50 MiB.
const MIN_BYTES_PER_SECOND: u64 = 1 << 20;

/// An exceeded decoding limit with its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExceededLimit {
    /// The body decodes to more than this many bytes.
    Size(u64),
    /// Transferred bytes, and the bytes they decoded to.
    Ratio(u64, u64),
    /// Bytes that passed through the decoders without output.
    WithoutOutput(u64),
    /// Processor time spent, and the bytes it produced.
    ProcessorTime(Duration, u64),
}

/// Returns the decoded size in bytes up to which the ratio is not checked for a body with this many
/// content codings.
pub(super) const fn ratio_exempt_bytes(codings: usize) -> u64 {
    if codings > 1 {
        NESTED_RATIO_EXEMPT_BYTES
    } else {
        RATIO_EXEMPT_BYTES
    }
}

impl ExceededLimit {
    /// Returns the limit that is exceeded once a decoder has produced `produced` bytes from
    /// `transferred` ones, the latest `without_output` of which gave no output. The ratio is not
    /// checked up to `ratio_exempt` bytes.
    pub(super) fn check(
        decode_limit: u64,
        ratio_exempt: u64,
        transferred: u64,
        produced: u64,
        without_output: u64,
    ) -> Option<Self> {
        if produced > decode_limit {
            return Some(Self::Size(decode_limit));
        }
        if produced > ratio_exempt && produced / MAX_RATIO > transferred {
            return Some(Self::Ratio(transferred, produced));
        }
        (without_output > MAX_WITHOUT_OUTPUT).then_some(Self::WithoutOutput(without_output))
    }

    /// Describes the limit in a sentence that starts with `what`, the data that were decoded:
    /// `4,096 B of br body`.
    pub(super) fn describe(self, what: &str) -> String {
        match self {
            Self::Size(limit) => {
                format!("{what} decode to more than the limit of {}", Bytes(limit))
            }
            Self::Ratio(transferred, produced) => {
                let ratio = produced / transferred.max(1);
                format!(
                    "{what} decode to {ratio} times their size ({} so far); the limit is \
                        {MAX_RATIO} times",
                    Bytes(produced)
                )
            }
            Self::WithoutOutput(bytes) => {
                format!(
                    "{what} decode to nothing: {} passed through the decoders without a byte of \
                        output, which is the limit",
                    Bytes(bytes)
                )
            }
            Self::ProcessorTime(time, decoded) => {
                let time = Nanos::from(time);
                let least = Bytes(MIN_BYTES_PER_SECOND);
                format!(
                    "{what} took {time} of processor time to decode to {}; the minimum is {least} \
                        per second",
                    Bytes(decoded)
                )
            }
        }
    }
}

/// Processor time spent on decoding.
#[derive(Clone, Copy, Debug)]
pub(super) struct DecodingTime(pub(super) Duration);

impl DecodingTime {
    /// Returns the limit that is exceeded if this time produced only `decoded` bytes.
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
        for (codings, exempt) in [
            (1, RATIO_EXEMPT_BYTES),
            (2, NESTED_RATIO_EXEMPT_BYTES),
            (5, NESTED_RATIO_EXEMPT_BYTES),
        ] {
            let find = |transferred, produced| {
                let exempt = ratio_exempt_bytes(codings);
                ExceededLimit::check(u64::MAX, exempt, transferred, produced, 0)
            };
            assert_eq!(find(1, exempt), None);
            assert_eq!(
                find(1, exempt + 1),
                Some(ExceededLimit::Ratio(1, exempt + 1))
            );
            assert_eq!(find(4 << 20, (4 << 20) * MAX_RATIO), None);
            assert_eq!(
                find(4 << 20, ((4 << 20) + 1) * MAX_RATIO),
                Some(ExceededLimit::Ratio(4 << 20, ((4 << 20) + 1) * MAX_RATIO))
            );
        }
    }

    #[test]
    fn a_gibibyte_of_zeros_is_a_bomb_only_if_it_is_coded_twice() {
        // Sizes of it in br, zstd and gzip.
        for transferred in [900, 33_000, 1_042_000] {
            let is_bomb = |codings| {
                let exempt = ratio_exempt_bytes(codings);
                ExceededLimit::check(u64::MAX, exempt, transferred, 1 << 30, 0).is_some()
            };
            assert!(!is_bomb(1) && is_bomb(2), "{transferred}");
        }
    }

    #[test]
    fn a_size_and_input_for_nothing_have_their_limits() {
        let find = |produced, without_output| {
            ExceededLimit::check(100, RATIO_EXEMPT_BYTES, 90, produced, without_output)
        };
        assert_eq!(find(100, 0), None);
        assert_eq!(find(101, 0), Some(ExceededLimit::Size(100)));
        assert_eq!(find(0, MAX_WITHOUT_OUTPUT), None);
        assert_eq!(
            find(0, MAX_WITHOUT_OUTPUT + 1),
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
