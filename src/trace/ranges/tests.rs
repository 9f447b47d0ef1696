//! Comparison of the lookups with a naive model that examines every byte.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Returns layers of records with these plaintext sizes, and of parts with these lengths.
fn layers(nonce: u64, records: &[u32], parts: &[u64]) -> StreamLayers {
    let (mut at, mut plain_at, mut told) = (0, 0, Vec::new());
    for &plain_bytes in records {
        let bytes = plain_bytes + 5 + u32::try_from(nonce).unwrap() + 17;
        told.push(Record {
            at,
            bytes,
            kind: 23,
            plain_at,
            plain_bytes,
        });
        (at, plain_at) = (at + u64::from(bytes), plain_at + u64::from(plain_bytes));
    }
    let mut at = 0;
    let part = |&bytes: &u64| {
        at += bytes;
        Part {
            at: at - bytes,
            bytes,
            what: PartKind::Http1Body,
        }
    };
    let mut layers = StreamLayers::default();
    layers.take(&told, &parts.iter().map(part).collect::<Vec<_>>(), 0);
    layers
}

/// Returns the plaintext offset for every byte of the stream.
fn byte_by_byte(layers: &StreamLayers, nonce: u64) -> Vec<Option<u64>> {
    let of_record = |record: &Record| {
        let (plain, rest) = (
            record.plain(),
            u64::from(record.bytes) - Record::HEADER - nonce - u64::from(record.plain_bytes),
        );
        let without = |count: u64| std::iter::repeat_n(None, usize::try_from(count).unwrap());
        without(Record::HEADER + nonce)
            .chain(plain.map(Some))
            .chain(without(rest))
            .collect::<Vec<_>>()
    };
    layers.records().iter().flat_map(of_record).collect()
}

proptest! {
    #[test]
    fn contents_of_a_range_match_its_bytes(
        records in vec(0_u32..40, 0..8),
        parts in vec(1_u64..50, 0..10),
        nonce in prop::sample::select(vec![0_u64, 8]),
        from in 0_u64..400,
        bytes in 0_u64..200,
    ) {
        let layers = layers(nonce, &records, &parts);
        prop_assume!(!layers.records().is_empty());
        let range = from..from + bytes;
        let under: Vec<u64> = byte_by_byte(&layers, nonce)
            .into_iter()
            .skip(usize::try_from(from).unwrap())
            .take(usize::try_from(bytes).unwrap())
            .flatten()
            .collect();
        let contents = layers.contents(range.clone(), nonce);
        prop_assert_eq!(contents.plain().clone().collect::<Vec<_>>(), under.clone());
        for record in layers.records() {
            let shared = record.range().filter(|at| range.contains(at));
            let expected: Vec<u64> = shared.map(|at| at - record.at).collect();
            let mut fragments = contents.records();
            let found = fragments.find(|piece| piece.of == *record);
            let found = found.map_or(0..0, |piece| piece.bytes);
            prop_assert_eq!(found.collect::<Vec<_>>(), expected);
        }
        for part in layers.parts() {
            let shared = part.range().filter(|at| under.contains(at));
            let expected: Vec<u64> = shared.map(|at| at - part.at).collect();
            let mut fragments = contents.parts();
            let found = fragments.find(|piece| piece.of == *part);
            let found = found.map_or(0..0, |piece| piece.bytes);
            prop_assert_eq!(found.collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn the_stream_range_of_a_part_is_from_its_first_byte_to_its_last(
        records in vec(0_u32..40, 1..8),
        parts in vec(1_u64..50, 1..10),
        nonce in prop::sample::select(vec![0_u64, 8]),
    ) {
        let layers = layers(nonce, &records, &parts);
        let bytes = byte_by_byte(&layers, nonce);
        for part in layers.parts() {
            let place = |plain: u64| {
                let at = bytes.iter().position(|byte| *byte == Some(plain))?;
                Some(at as u64)
            };
            let first = part.range().find_map(place);
            let last = part.range().rev().find_map(place);
            let expected = first.zip(last).map(|(first, last)| first..last + 1);
            prop_assert_eq!(layers.stream_of(&part.range(), nonce), expected);
        }
    }

    #[test]
    fn arbitrary_items_are_kept_in_order_and_can_be_queried(
        records in vec((any::<u64>(), any::<u32>(), any::<u64>(), any::<u32>()), 0..20),
        parts in vec((any::<u64>(), any::<u64>()), 0..20),
        from in any::<u64>(),
        to in any::<u64>(),
    ) {
        let record = |(at, bytes, plain_at, plain_bytes)| Record {
            at,
            bytes,
            kind: 0,
            plain_at,
            plain_bytes,
        };
        let part = |(at, bytes)| Part { at, bytes, what: PartKind::Http1Head };
        let mut layers = StreamLayers::default();
        let records: Vec<Record> = records.into_iter().map(record).collect();
        let parts: Vec<Part> = parts.into_iter().map(part).collect();
        layers.take(&records, &parts, 0);
        let is_before = |one: &Record, next: &Record| {
            one.range().end <= next.at && one.plain().end <= next.plain_at
        };
        prop_assert!(layers.records().is_sorted_by(is_before));
        prop_assert!(layers.parts().is_sorted_by(|one, next| one.range().end <= next.at));
        let contents = layers.contents(from..to, 8);
        prop_assert!(contents.records().count() <= 20 && contents.parts().count() <= 20);
        _ = layers.stream_of(&(from..to), 8);
    }
}

#[test]
fn without_tls_parts_are_ranges_of_the_stream() {
    let layers = layers(0, &[], &[80, 1_000]);
    let contents = layers.contents(60..200, 0);
    assert_eq!(contents.plain(), &(60..200));
    let pieces: Vec<_> = contents
        .parts()
        .map(|piece| (piece.of.at, piece.bytes))
        .collect();
    assert_eq!(pieces, [(0, 60..80), (80, 0..120)]);
    assert_eq!(layers.stream_of(&(80..1_080), 0), Some(80..1_080));
}

#[test]
fn an_item_that_is_extended_is_listed_once() {
    let mut layers = StreamLayers::default();
    let body = |bytes| Part {
        at: 80,
        bytes,
        what: PartKind::Http1Body,
    };
    layers.take(
        &[],
        &[
            Part {
                at: 0,
                bytes: 80,
                what: PartKind::Http1Head,
            },
            body(100),
        ],
        0,
    );
    layers.take(&[], &[body(5_000)], 0);
    assert_eq!(
        layers
            .parts()
            .iter()
            .map(|part| part.bytes)
            .collect::<Vec<_>>(),
        [80, 5_000]
    );
    // Items before the end of the known ones are ignored.
    layers.take(
        &[],
        &[Part {
            at: 70,
            bytes: 10,
            what: PartKind::Http1Head,
        }],
        0,
    );
    assert_eq!(layers.parts().len(), 2);
}

#[test]
fn parts_before_tls_are_ranges_of_the_stream() {
    let part = |at, bytes| Part {
        at,
        bytes,
        what: PartKind::Http1Head,
    };
    let record = |at, plain_at| Record {
        at,
        bytes: 55,
        kind: 23,
        plain_at,
        plain_bytes: 33,
    };
    let mut layers = StreamLayers::default();
    layers.take(
        &[record(57, 57), record(112, 90)],
        &[part(0, 57), part(57, 66)],
        0,
    );
    let plain = |stream| layers.contents(stream, 0).plain().clone();
    assert_eq!(plain(0..57), 0..57);
    assert_eq!(plain(10..167), 10..123);
    assert_eq!(plain(112..167), 90..123);
    assert_eq!(layers.stream_of(&(0..57), 0), Some(0..57));
    assert_eq!(layers.stream_of(&(57..123), 0), Some(62..150));
}
