//! Assignment of sent plaintext to the TLS records that carry it.
//!
//! The length of a record gives the size of its plaintext, since a cipher adds the same number of
//! bytes to each. But not every record carries data written by the application: TLS 1.3 sends
//! alerts and key updates in records that look like all others (RFC 8446 §5.2). What the
//! application wrote decides: it is sealed at once and in order, so a record for which no plaintext
//! is outstanding carries none. A key update goes out right before the next application data; it is
//! recognized by its length, unless the first record of those data has the same.

use std::collections::VecDeque;

use crate::wire::tls::RecordHeader;

/// Overhead of a cipher per record.
#[derive(Clone, Copy, Debug)]
pub(in crate::probe) struct RecordOverhead {
    /// Bytes of a record that are not plaintext, including its header.
    pub(in crate::probe) bytes: u32,
    /// Whether content types are encrypted as well.
    pub(in crate::probe) hides_types: bool,
}

/// Content type of application data (RFC 8446 §5.1).
const APPLICATION_DATA: u8 = 23;
/// Maximum plaintext in a record (RFC 8446 §5.1). rustls splits a longer write into records of this
/// size and a remainder.
const MAX_PLAINTEXT: u64 = 1 << 14;
/// Length of a `KeyUpdate` message (RFC 8446 §4.6.3).
const KEY_UPDATE_BYTES: u64 = 5;

/// Matches sent records with the plaintext written.
#[derive(Debug, Default)]
pub(super) struct SentRecords {
    overhead: Option<RecordOverhead>,
    /// Records sent whose plaintext is not known yet, each with its capacity for plaintext.
    unmatched: VecDeque<(RecordHeader, u64)>,
    /// Plaintext bytes written that no record has been matched with.
    unassigned_plaintext: u64,
}

impl SentRecords {
    pub(super) const fn set_overhead(&mut self, overhead: RecordOverhead) {
        self.overhead = Some(overhead);
    }

    /// Adds a record that was sent.
    pub(super) fn record_sent(&mut self, header: RecordHeader) {
        let room = self
            .overhead
            .filter(|_| header.kind == APPLICATION_DATA)
            .map_or(0, |overhead| header.bytes.saturating_sub(overhead.bytes));
        self.unmatched.push_back((header, room.into()));
    }

    /// Adds plaintext that was written.
    pub(super) fn plaintext_written(&mut self, bytes: u64) {
        let hides_types = self.overhead.is_some_and(|overhead| overhead.hides_types);
        if let Some((_, room)) = self.unmatched.front_mut()
            && (hides_types
                && self.unassigned_plaintext == 0
                && *room == KEY_UPDATE_BYTES
                && bytes.min(MAX_PLAINTEXT) != KEY_UPDATE_BYTES)
        {
            // The front record was sent while nothing was outstanding, and its length fits a key
            // update but not the first record of this write: it carries no application data.
            *room = 0;
        }
        self.unassigned_plaintext += bytes;
    }

    /// Passes the records whose plaintext is known to `emit`, with its length.
    pub(super) fn take_matched(&mut self, mut emit: impl FnMut(RecordHeader, u32)) {
        while let Some((header, room)) = self
            .unmatched
            .front()
            .copied()
            .filter(|(_, room)| *room == 0 || self.unassigned_plaintext > 0)
        {
            let plain = room.min(self.unassigned_plaintext);
            self.unassigned_plaintext -= plain;
            self.unmatched.pop_front();
            emit(header, u32::try_from(plain).unwrap_or(u32::MAX));
        }
    }

    /// Passes the remaining records to `emit`: no plaintext was written that they could carry.
    pub(super) fn take_remaining(&mut self, emit: impl FnMut(RecordHeader)) {
        self.unmatched
            .drain(..)
            .map(|(header, _)| header)
            .for_each(emit);
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

    fn matched_records(records: &mut SentRecords) -> Vec<(u64, u32)> {
        let mut matched = Vec::new();
        records.take_matched(|header, plain| matched.push((header.at, plain)));
        matched
    }

    #[test]
    fn records_sent_before_or_after_the_write_returns_carry_its_plaintext() {
        let mut records = SentRecords::default();
        records.record_sent(record(0, 53));
        assert_eq!(
            matched_records(&mut records),
            [(0, 0)],
            "the handshake's end"
        );
        records.set_overhead(RecordOverhead {
            bytes: 22,
            hides_types: true,
        });
        records.record_sent(record(100, 16_384));
        assert_eq!(matched_records(&mut records), []);
        records.plaintext_written(20_000);
        assert_eq!(matched_records(&mut records), [(100, 16_384)]);
        records.record_sent(record(200, 3_616));
        assert_eq!(matched_records(&mut records), [(200, 3_616)]);
    }

    #[test]
    fn a_key_update_and_a_close_notify_carry_no_plaintext() {
        let mut records = SentRecords::default();
        records.set_overhead(RecordOverhead {
            bytes: 22,
            hides_types: true,
        });
        records.record_sent(record(0, 5));
        records.record_sent(record(27, 300));
        records.plaintext_written(300);
        records.record_sent(record(400, 2));
        assert_eq!(matched_records(&mut records), [(0, 0), (27, 300)]);
        let mut rest = Vec::new();
        records.take_remaining(|header| rest.push(header.at));
        assert_eq!(rest, [400]);
    }

    #[test]
    fn five_written_bytes_are_not_a_key_update() {
        let mut records = SentRecords::default();
        records.set_overhead(RecordOverhead {
            bytes: 22,
            hides_types: true,
        });
        records.record_sent(record(0, 5));
        records.plaintext_written(5);
        assert_eq!(matched_records(&mut records), [(0, 5)]);
    }
}
