//! The queries agree with looking at every byte.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Records of some plaintext each, and parts of these lengths over it.
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

/// For every byte of the stream the plaintext byte under it.
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
    fn what_is_in_a_stretch_is_what_lies_under_its_bytes(
        records in vec(0_u32..40, 0..8), parts in vec(1_u64..50, 0..10), nonce in prop::sample::select(vec![0_u64, 8]), from in 0_u64..400, bytes in 0_u64..200
    ) {
        let layers = layers(nonce, &records, &parts);
        prop_assume!(!layers.records().is_empty());
        let stretch = from..from + bytes;
        let under: Vec<u64> = byte_by_byte(&layers, nonce).iter().skip(usize::try_from(from).unwrap()).take(usize::try_from(bytes).unwrap()).flatten().copied().collect();
        let contents = layers.contents(stretch.clone(), nonce);
        prop_assert_eq!(contents.plain().clone().collect::<Vec<_>>(), under.clone());
        for record in layers.records() {
            let expected: Vec<u64> = record.range().filter(|at| stretch.contains(at)).map(|at| at - record.at).collect();
            let found = contents.records().find(|piece| piece.of == *record).map_or(0..0, |piece| piece.bytes);
            prop_assert_eq!(found.collect::<Vec<_>>(), expected);
        }
        for part in layers.parts() {
            let expected: Vec<u64> = part.range().filter(|at| under.contains(at)).map(|at| at - part.at).collect();
            let found = contents.parts().find(|piece| piece.of == *part).map_or(0..0, |piece| piece.bytes);
            prop_assert_eq!(found.collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_part_lies_from_its_first_byte_to_its_last(
        records in vec(0_u32..40, 1..8),
        parts in vec(1_u64..50, 1..10),
        nonce in prop::sample::select(vec![0_u64, 8]),
    ) {
        let layers = layers(nonce, &records, &parts);
        let bytes = byte_by_byte(&layers, nonce);
        for part in layers.parts() {
            let place = |plain: u64| bytes.iter().position(|byte| *byte == Some(plain)).map(|at| at as u64);
            let first = part.range().find_map(place);
            let last = part.range().rev().find_map(place);
            prop_assert_eq!(layers.stream_of(&part.range(), nonce), first.zip(last).map(|(first, last)| first..last + 1));
        }
    }

    #[test]
    fn whatever_is_told_lies_in_order_and_can_be_asked_for(
        records in vec((any::<u64>(), any::<u32>(), any::<u64>(), any::<u32>()), 0..20), parts in vec((any::<u64>(), any::<u64>()), 0..20), from in any::<u64>(), to in any::<u64>()
    ) {
        let record = |(at, bytes, plain_at, plain_bytes)| Record { at, bytes, kind: 0, plain_at, plain_bytes };
        let part = |(at, bytes)| Part { at, bytes, what: PartKind::Http1Head };
        let mut layers = StreamLayers::default();
        layers.take(&records.into_iter().map(record).collect::<Vec<_>>(), &parts.into_iter().map(part).collect::<Vec<_>>(), 0);
        prop_assert!(layers.records().is_sorted_by(|one, next| one.range().end <= next.at && one.plain().end <= next.plain_at));
        prop_assert!(layers.parts().is_sorted_by(|one, next| one.range().end <= next.at));
        let contents = layers.contents(from..to, 8);
        prop_assert!(contents.records().count() <= 20 && contents.parts().count() <= 20);
        _ = layers.stream_of(&(from..to), 8);
    }
}

#[test]
fn without_tls_parts_lie_in_the_stream_itself() {
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
fn what_goes_on_is_told_again_and_stands_once() {
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
    // And what lies before it is no sense.
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
fn what_comes_before_tls_lies_in_the_stream_itself() {
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
