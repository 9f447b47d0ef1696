//! Each type agrees with looking at every byte.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Stretches of a sequence of 120 bytes.
fn stretches() -> impl Strategy<Value = Vec<Range<u64>>> {
    vec((0_u64..120, 0_u64..30), 0..40).prop_map(|pieces| {
        let range = |(start, length)| start..start + length;
        pieces.into_iter().map(range).collect()
    })
}

/// A sequence, cut anywhere, with repeats and overlaps, in any order; some of it never comes.
fn pieces() -> impl Strategy<Value = (Vec<u8>, Vec<Range<usize>>)> {
    let cut = |bytes: Vec<u8>| {
        let length = bytes.len();
        let pieces = vec((0..length, 1..40_usize), 0..40).prop_map(move |pieces| {
            let range = |(start, bytes): (usize, usize)| start..(start + bytes).min(length);
            pieces.into_iter().map(range).collect()
        });
        (Just(bytes), pieces)
    };
    vec(any::<u8>(), 1..200).prop_flat_map(cut)
}

/// Naive model: for every byte whether it has passed, or the tag of the gap in which it is missing.
#[derive(Default)]
struct ByteMap {
    passed: BTreeMap<u64, bool>,
    tags: BTreeMap<u64, u32>,
    end: u64,
}

impl ByteMap {
    fn insert(&mut self, range: Range<u64>, tag: u32) -> Insertion<u32> {
        let mut insertion = Insertion {
            skipped: 0,
            appended: 0,
            filled: 0,
            repeated: 0,
            least_tag: None,
        };
        if range.is_empty() {
            return insertion;
        }
        for missing in self.end..range.start {
            insertion.skipped += 1;
            self.tags.insert(missing, tag);
        }
        for byte in range.clone() {
            if byte >= self.end {
                insertion.appended += 1;
            } else if self.passed.contains_key(&byte) {
                insertion.repeated += 1;
            } else {
                insertion.filled += 1;
                let tag = self.tags[&byte];
                insertion.least_tag =
                    Some(insertion.least_tag.map_or(tag, |least: u32| least.min(tag)));
            }
            self.passed.insert(byte, true);
        }
        self.end = self.end.max(range.end);
        insertion
    }

    fn missing(&self) -> Vec<(u64, u32)> {
        let missing = (0..self.end).filter(|byte| !self.passed.contains_key(byte));
        missing.map(|byte| (byte, self.tags[&byte])).collect()
    }
}

proptest! {
    #[test]
    fn coverage_is_what_a_map_of_bytes_says(
        stretches in stretches(),
        asked in (0_u64..150, 0_u64..80),
        kept in 0_u32..40,
    ) {
        let mut coverage = Coverage::<64, u32>::default();
        let mut bytes = ByteMap::default();
        for (tag, stretch) in (0..).zip(stretches) {
            prop_assert_eq!(
                coverage.insert(stretch.clone(), tag),
                bytes.insert(stretch, tag)
            );
            prop_assert_eq!(coverage.end(), bytes.end);
            let missing = coverage.gaps().flat_map(|(gap, tag)| gap.clone().map(move |byte| (byte, *tag)));
            prop_assert_eq!(missing.collect::<Vec<_>>(), bytes.missing());
            let first = bytes.missing().first().map_or(bytes.end, |(byte, _)| *byte);
            prop_assert_eq!(coverage.in_order_end(), first);
        }
        let asked = asked.0..asked.0 + asked.1;
        let passed: Vec<Range<u64>> = coverage.passed_within(&asked).collect();
        prop_assert!(passed.is_sorted_by(|one, next| one.end < next.start));
        let expected: Vec<u64> = asked.filter(|byte| bytes.passed.contains_key(byte)).collect();
        prop_assert_eq!(passed.into_iter().flatten().collect::<Vec<_>>(), expected);
        coverage.retain_gaps(|tag| *tag >= kept);
        let missing = coverage.gaps().flat_map(|(gap, _)| gap.clone());
        let expected = bytes.missing().into_iter().filter(|(_, tag)| *tag >= kept);
        prop_assert_eq!(missing.collect::<Vec<_>>(), expected.map(|(byte, _)| byte).collect::<Vec<_>>());
    }

    #[test]
    fn however_a_sequence_is_cut_its_bytes_come_once_and_in_order((sequence, pieces) in pieces()) {
        let mut assembler = Assembler::<65_536>::default();
        let mut come = vec![false; sequence.len()];
        let mut delivered = Vec::new();
        for piece in pieces {
            let start = piece.start as u64;
            let was = come.iter().position(|come| !come).unwrap_or(come.len()) as u64;
            let expected = if piece.end as u64 <= was {
                PiecePosition::Repeat
            } else if start <= was {
                PiecePosition::Next { known: was - start }
            } else {
                PiecePosition::Ahead { missing: start - was }
            };
            prop_assert_eq!(assembler.place(start, piece.len() as u64), expected);
            come[piece.clone()].fill(true);
            prop_assert!(assembler.push(start, &sequence[piece], 0, |bytes, _| delivered.extend_from_slice(bytes)));
            let run = come.iter().position(|come| !come).unwrap_or(come.len());
            prop_assert_eq!(&delivered, &sequence[..run]);
            prop_assert_eq!(assembler.position(), run as u64);
        }
        if come.iter().all(|come| *come) {
            prop_assert_eq!(assembler.held_bytes(), 0);
        }
    }

    /// Pieces that contradict each other: what had its turn is final, and of the others the one that
    /// begins first counts, or came first.
    #[test]
    fn where_pieces_contradict_each_other_the_first_counts(
        pieces in vec((0_u64..40, vec(any::<u8>(), 1..20)), 0..20),
    ) {
        let mut assembler = Assembler::<65_536>::default();
        let (mut delivered, mut waiting) = (Vec::new(), Vec::<(u64, Vec<u8>)>::new());
        let mut expected: Vec<u8> = Vec::new();
        for (start, piece) in pieces {
            assembler.push(start, &piece, 0, |bytes, _| delivered.extend_from_slice(bytes));
            if start > expected.len() as u64 {
                waiting.push((start, piece));
                continue;
            }
            let known = expected.len() - usize::try_from(start).unwrap();
            expected.extend(piece.get(known..).unwrap_or_default());
            // Whose byte comes next: that of the piece which begins first and, of those, came first.
            loop {
                let next = expected.len() as u64;
                let byte = waiting
                    .iter()
                    .filter(|(start, piece)| (*start..*start + piece.len() as u64).contains(&next))
                    .min_by_key(|(start, _)| *start)
                    .map(|(start, piece)| piece[usize::try_from(next - start).unwrap()]);
                let Some(byte) = byte else { break };
                expected.push(byte);
            }
        }
        prop_assert_eq!(delivered, expected);
    }

    #[test]
    fn what_was_not_captured_keeps_its_place(
        pieces in vec((0_u64..60, vec(any::<u8>(), 0..10), 0_u64..10), 0..20),
    ) {
        let mut assembler = Assembler::<65_536>::default();
        for (start, bytes, uncaptured) in pieces {
            let length = bytes.len() as u64 + uncaptured;
            match assembler.place(start, length) {
                PiecePosition::Repeat => {}
                PiecePosition::Next { known } => assembler.advance(length - known),
                PiecePosition::Ahead { .. } => prop_assert!(assembler.hold(start, &bytes, uncaptured)),
            }
            let mut position = assembler.position();
            while let Some(held) = assembler.next_held() {
                let length = held.bytes.len() as u64 + held.uncaptured;
                prop_assert!(length > 0);
                position += length;
                prop_assert_eq!(assembler.position(), position);
            }
        }
    }

    #[test]
    fn no_memory_beyond_the_limit_whatever_comes(
        pieces in vec((any::<u64>(), vec(any::<u8>(), 0..80), any::<u64>()), 0..80),
    ) {
        let mut assembler = Assembler::<2_000>::default();
        let mut coverage = Coverage::<5>::default();
        let mut refusing = Coverage::<5>::default();
        for (start, bytes, uncaptured) in pieces {
            match assembler.place(start, bytes.len() as u64) {
                PiecePosition::Ahead { .. } => _ = assembler.hold(start, &bytes, uncaptured),
                _ => _ = assembler.push(start, &bytes, uncaptured, |_, _| {}),
            }
            prop_assert!(assembler.held_bytes() <= 2_000);
            let range = start..start.saturating_add(bytes.len() as u64);
            coverage.insert(range.clone(), ());
            let before = refusing.clone();
            if refusing.try_insert(range, ()).is_err() {
                prop_assert_eq!(&refusing, &before);
                prop_assert_eq!(refusing.gaps().count(), 5);
            }
            prop_assert!(coverage.gaps().count() <= 5 && refusing.gaps().count() <= 5);
        }
    }

    #[test]
    fn carriers_are_the_packets_that_share_a_byte(
        packets in vec((0_u64..120, 0_u32..30), 0..40),
        from in 0_u64..130,
        bytes in 0_u64..60,
    ) {
        let mut carriers = Carriers::EMPTY;
        for (packet, (at, bytes)) in packets.iter().enumerate() {
            carriers.add(packet, *at, *bytes);
        }
        let stretch = from..from + bytes;
        let mut seen = std::collections::HashSet::new();
        let mut expected = Vec::new();
        for (packet, (at, bytes)) in packets.iter().enumerate() {
            let shared: Vec<u64> = (*at..at + u64::from(*bytes)).filter(|byte| stretch.contains(byte)).collect();
            if !shared.is_empty() {
                let is_first = shared.iter().filter(|byte| seen.insert(**byte)).count() > 0;
                expected.push(Carrier { packet, is_first });
            }
        }
        let range_of = |packet: usize| packets.get(packet).map(|(at, bytes)| *at..at + u64::from(*bytes));
        prop_assert_eq!(carriers.carrying(&stretch, range_of), expected);
        let first = packets.iter().position(|(at, bytes)| (*at..at + u64::from(*bytes)).contains(&from));
        prop_assert_eq!(carriers.first_carrying(from, range_of), first);
    }
}

#[test]
fn of_too_many_gaps_the_first_counts_as_passed() {
    let mut coverage = Coverage::<2, u8>::default();
    for (tag, start) in [(0, 10), (1, 20), (2, 30)] {
        coverage.insert(start..start + 5, tag);
    }
    let gaps: Vec<_> = coverage
        .gaps()
        .map(|(gap, tag)| (gap.clone(), *tag))
        .collect();
    assert_eq!(gaps, [(15..20, 1), (25..30, 2)]);
    assert_eq!(coverage.insert(0..5, 3).repeated, 5);
    // A gap that is cut in two is one more, too.
    assert_eq!(coverage.insert(27..28, 3).filled, 1);
    assert_eq!(coverage.in_order_end(), 25);
    assert_eq!(coverage.try_insert(40..41, 4), Err(TooManyGaps));
    assert_eq!(coverage.end(), 35);
}

#[test]
fn of_pieces_at_one_offset_the_longer_adds_what_it_has_more() {
    let mut assembler = Assembler::<1_000>::default();
    let mut delivered = Vec::new();
    let mut deliver = |bytes: &[u8], _| delivered.extend_from_slice(bytes);
    assembler.push(2, b"cd", 0, &mut deliver);
    assembler.push(2, b"CDEF", 0, &mut deliver);
    assembler.push(2, b"x", 0, &mut deliver);
    assembler.push(0, b"ab", 0, &mut deliver);
    assert_eq!(delivered, b"abcdEF");
    assert_eq!(assembler.held_bytes(), 0);
}

#[test]
fn sequence_numbers_become_the_nearest_offset() {
    const EPOCH: u64 = 1 << 32;
    for (low, near, offset) in [
        (5, 0, Some(5)),
        (u32::MAX, 0, None),
        (u32::MAX, EPOCH, Some(EPOCH - 1)),
        (3, EPOCH - 2, Some(EPOCH + 3)),
        (7, 3 * EPOCH + 9, Some(3 * EPOCH + 7)),
        (5, u64::MAX, None),
    ] {
        assert_eq!(unwrap_offset(low, near), offset, "{low} near {near}");
    }
}
