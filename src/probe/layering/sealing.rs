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
pub(in crate::probe) struct Seal {
    /// Bytes of a record that are not plaintext, its header included.
    pub(in crate::probe) added: u32,
    /// Content types are sealed too.
    pub(in crate::probe) hides_types: bool,
}

/// Application data's content type (RFC 8446 §5.1).
const APPLICATION_DATA: u8 = 23;
/// The most plaintext in a record (RFC 8446 §5.1); a write is cut into records of that and what is
/// left.
const MOST_PLAIN: u64 = 1 << 14;
/// A `KeyUpdate` message (RFC 8446 §4.6.3).
const KEY_UPDATE: u64 = 5;

/// Follows the records that go out and what was written to be in them.
#[derive(Debug, Default)]
pub(super) struct Sealing {
    seal: Option<Seal>,
    /// Records that went out and whose share is not known yet, with the plaintext there is room
    /// for.
    out: VecDeque<(RecordHeader, u64)>,
    /// Plaintext written above for which no record went out.
    outstanding: u64,
}

impl Sealing {
    pub(super) const fn begin(&mut self, seal: Seal) {
        self.seal = Some(seal);
    }

    /// A record goes out.
    pub(super) fn went_out(&mut self, header: RecordHeader) {
        let room = self
            .seal
            .filter(|_| header.kind == APPLICATION_DATA)
            .map_or(0, |seal| header.bytes.saturating_sub(seal.added));
        self.out.push_back((header, room.into()));
    }

    /// So much was written above.
    pub(super) fn written(&mut self, bytes: u64) {
        let hides_types = self.seal.is_some_and(|seal| seal.hides_types);
        if let Some((_, room)) = self.out.front_mut()
            && (hides_types
                && self.outstanding == 0
                && *room == KEY_UPDATE
                && bytes.min(MOST_PLAIN) != KEY_UPDATE)
        {
            *room = 0;
        }
        self.outstanding += bytes;
    }

    /// Tells the records whose share is known, with it.
    pub(super) fn settle(&mut self, mut tell: impl FnMut(RecordHeader, u32)) {
        while let Some((header, room)) = self
            .out
            .front()
            .copied()
            .filter(|(_, room)| *room == 0 || self.outstanding > 0)
        {
            let plain = room.min(self.outstanding);
            self.outstanding -= plain;
            self.out.pop_front();
            tell(header, u32::try_from(plain).unwrap_or(u32::MAX));
        }
    }

    /// Tells the records that are left: nothing was written that they could carry.
    pub(super) fn rest(&mut self, tell: impl FnMut(RecordHeader)) {
        self.out.drain(..).map(|(header, _)| header).for_each(tell);
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

    fn settled(sealing: &mut Sealing) -> Vec<(u64, u32)> {
        let mut told = Vec::new();
        sealing.settle(|header, plain| told.push((header.at, plain)));
        told
    }

    #[test]
    fn records_that_went_out_before_or_after_the_writer_heard_carry_what_was_written() {
        let mut sealing = Sealing::default();
        sealing.went_out(record(0, 53));
        assert_eq!(settled(&mut sealing), [(0, 0)], "the handshake's end");
        sealing.begin(Seal {
            added: 22,
            hides_types: true,
        });
        sealing.went_out(record(100, 16_384));
        assert_eq!(settled(&mut sealing), []);
        sealing.written(20_000);
        assert_eq!(settled(&mut sealing), [(100, 16_384)]);
        sealing.went_out(record(200, 3_616));
        assert_eq!(settled(&mut sealing), [(200, 3_616)]);
    }

    #[test]
    fn a_key_update_and_a_goodbye_carry_nothing() {
        let mut sealing = Sealing::default();
        sealing.begin(Seal {
            added: 22,
            hides_types: true,
        });
        sealing.went_out(record(0, 5));
        sealing.went_out(record(27, 300));
        sealing.written(300);
        sealing.went_out(record(400, 2));
        assert_eq!(settled(&mut sealing), [(0, 0), (27, 300)]);
        let mut rest = Vec::new();
        sealing.rest(|header| rest.push(header.at));
        assert_eq!(rest, [400]);
    }

    #[test]
    fn five_bytes_that_were_written_are_five_bytes() {
        let mut sealing = Sealing::default();
        sealing.begin(Seal {
            added: 22,
            hides_types: true,
        });
        sealing.went_out(record(0, 5));
        sealing.written(5);
        assert_eq!(settled(&mut sealing), [(0, 5)]);
    }
}
