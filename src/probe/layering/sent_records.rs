//! How much plaintext each record carries that goes out.
//!
//! A record's length tells: a cipher adds as many bytes to each. But not every record carries what
//! was written above. TLS 1.3 sends alerts and key updates in records that look like all others.
//! What was written above decides: it is sealed at once and in its order, so a record for which
//! nothing is outstanding carries none of it. A key update goes out right before the next thing
//! written, and is known by its length, where the first record of that should be longer or shorter.

use std::collections::VecDeque;

use crate::wire::tls::RecordHeader;

/// What a cipher adds to what it seals.
#[derive(Clone, Copy, Debug)]
pub(in crate::probe) struct RecordOverhead {
    /// Bytes of a record that are not plaintext, its header included.
    pub(in crate::probe) bytes: u32,
    /// Content types are sealed too.
    pub(in crate::probe) hides_types: bool,
}

/// Application data's content type (RFC 8446 §5.1).
const APPLICATION_DATA: u8 = 23;
/// The most plaintext in a record (RFC 8446 §5.1); a write is cut into records of that and what is
/// left.
const MAX_PLAINTEXT: u64 = 1 << 14;
/// A `KeyUpdate` message (RFC 8446 §4.6.3).
const KEY_UPDATE_BYTES: u64 = 5;

/// Follows the records that go out and what was written to be in them.
#[derive(Debug, Default)]
pub(super) struct SentRecords {
    overhead: Option<RecordOverhead>,
    /// Records that went out and whose share is not known yet, with the plaintext there is room
    /// for.
    unmatched: VecDeque<(RecordHeader, u64)>,
    /// Plaintext written above for which no record went out.
    unassigned_plaintext: u64,
}

impl SentRecords {
    pub(super) const fn set_overhead(&mut self, seal: RecordOverhead) {
        self.overhead = Some(seal);
    }

    /// A record goes out.
    pub(super) fn record_sent(&mut self, header: RecordHeader) {
        let room = self
            .overhead
            .filter(|_| header.kind == APPLICATION_DATA)
            .map_or(0, |seal| header.bytes.saturating_sub(seal.bytes));
        self.unmatched.push_back((header, room.into()));
    }

    /// So much was written above.
    pub(super) fn plaintext_written(&mut self, bytes: u64) {
        let hides_types = self.overhead.is_some_and(|seal| seal.hides_types);
        if let Some((_, room)) = self.unmatched.front_mut()
            && (hides_types
                && self.unassigned_plaintext == 0
                && *room == KEY_UPDATE_BYTES
                && bytes.min(MAX_PLAINTEXT) != KEY_UPDATE_BYTES)
        {
            *room = 0;
        }
        self.unassigned_plaintext += bytes;
    }

    /// Tells the records whose share is known, with it.
    pub(super) fn take_matched(&mut self, mut tell: impl FnMut(RecordHeader, u32)) {
        while let Some((header, room)) = self
            .unmatched
            .front()
            .copied()
            .filter(|(_, room)| *room == 0 || self.unassigned_plaintext > 0)
        {
            let plain = room.min(self.unassigned_plaintext);
            self.unassigned_plaintext -= plain;
            self.unmatched.pop_front();
            tell(header, u32::try_from(plain).unwrap_or(u32::MAX));
        }
    }

    /// Tells the records that are left: nothing was written that they could carry.
    pub(super) fn take_remaining(&mut self, tell: impl FnMut(RecordHeader)) {
        self.unmatched
            .drain(..)
            .map(|(header, _)| header)
            .for_each(tell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(at: u64, plain: u32) -> RecordHeader {
        RecordHeader {
            at,
            bytes: plain + 22,
            kind: APPLICATION_DATA,
        }
    }

    fn matched_records(sealing: &mut SentRecords) -> Vec<(u64, u32)> {
        let mut told = Vec::new();
        sealing.take_matched(|header, plain| told.push((header.at, plain)));
        told
    }

    #[test]
    fn records_that_went_out_before_or_after_the_writer_heard_carry_what_was_written() {
        let mut sealing = SentRecords::default();
        sealing.record_sent(record(0, 53));
        assert_eq!(
            matched_records(&mut sealing),
            [(0, 0)],
            "the handshake's end"
        );
        sealing.set_overhead(RecordOverhead {
            bytes: 22,
            hides_types: true,
        });
        sealing.record_sent(record(100, 16_384));
        assert_eq!(matched_records(&mut sealing), []);
        sealing.plaintext_written(20_000);
        assert_eq!(matched_records(&mut sealing), [(100, 16_384)]);
        sealing.record_sent(record(200, 3_616));
        assert_eq!(matched_records(&mut sealing), [(200, 3_616)]);
    }

    #[test]
    fn a_key_update_and_a_goodbye_carry_nothing() {
        let mut sealing = SentRecords::default();
        sealing.set_overhead(RecordOverhead {
            bytes: 22,
            hides_types: true,
        });
        sealing.record_sent(record(0, 5));
        sealing.record_sent(record(27, 300));
        sealing.plaintext_written(300);
        sealing.record_sent(record(400, 2));
        assert_eq!(matched_records(&mut sealing), [(0, 0), (27, 300)]);
        let mut rest = Vec::new();
        sealing.take_remaining(|header| rest.push(header.at));
        assert_eq!(rest, [400]);
    }

    #[test]
    fn five_bytes_that_were_written_are_five_bytes() {
        let mut sealing = SentRecords::default();
        sealing.set_overhead(RecordOverhead {
            bytes: 22,
            hides_types: true,
        });
        sealing.record_sent(record(0, 5));
        sealing.plaintext_written(5);
        assert_eq!(matched_records(&mut sealing), [(0, 5)]);
    }
}
