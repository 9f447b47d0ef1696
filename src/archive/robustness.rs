//! Robustness tests: valid files, invalid files, and arbitrary bytes.

use std::io::Cursor;

use proptest::prelude::*;

use super::sample_files::{CaptureBuilder, file_with_everything, tcp_frame};
use super::*;
use crate::trace::{ByteStore, Direction, EventKind, Packet, Trace};
use crate::units::{Untrusted, WallTime};

/// Everything read from a file.
struct FileContent {
    events: Vec<Event>,
    attachments: Attachments,
    store: Arc<CaptureStore>,
}

fn read_content(bytes: &[u8]) -> Result<FileContent, ArchiveError> {
    let archive = Archive::from_pipe(Cursor::new(bytes.to_vec()))?;
    let store = archive.store();
    let mut events = Vec::new();
    let attachments = archive.read_events(|event| events.push(event));
    Ok(FileContent {
        events,
        attachments,
        store,
    })
}

impl FileContent {
    fn packets(&self) -> Vec<Packet> {
        let packets = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::Packets { packets } => Some(packets.clone()),
            _ => None,
        });
        packets.flatten().collect()
    }

    fn notes(&self) -> Vec<String> {
        let notes = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::Note { text, .. } => Some(text.raw().to_owned()),
            _ => None,
        });
        notes.collect()
    }
}

#[test]
fn every_variant_of_pcap_yields_the_same_events() {
    const MICROS: u32 = 0xa1b2_c3d4;
    const NANOS: u32 = 0xa1b2_3c4d;
    const LONGER: u32 = 0xa1b2_cd34;
    for big_endian in [false, true] {
        for (magic, fraction, between) in [(MICROS, 250, 0), (NANOS, 250_000, 0), (LONGER, 250, 8)]
        {
            let mut sample = CaptureBuilder::pcap(big_endian, magic);
            sample.packet(
                1_700_000_000,
                fraction,
                &vec![9; between],
                &tcp_frame(1, 100),
            );
            sample.packet(
                1_700_000_001,
                fraction,
                &vec![9; between],
                &tcp_frame(101, 50),
            );
            let content = read_content(&sample.bytes).unwrap();
            let packets = content.packets();
            let seen: Vec<_> = packets
                .iter()
                .map(|packet| (packet.wall, packet.payload_bytes))
                .collect();
            assert_eq!(
                seen,
                [
                    (WallTime(1_700_000_000_000_250_000), 100),
                    (WallTime(1_700_000_001_000_250_000), 50)
                ],
                "{magic:x}"
            );
            let mut bytes = Vec::new();
            content
                .store
                .read(packets[1].stored.unwrap(), usize::MAX, &mut bytes)
                .unwrap();
            assert_eq!(bytes, tcp_frame(101, 50));
            assert_eq!(content.store.link_type(0), Some(1));
            assert_eq!(
                (
                    content.attachments,
                    content.events.last().map(|event| event.at.0)
                ),
                (Attachments::default(), Some(1_000_000_000))
            );
        }
    }
}

#[test]
fn everything_in_a_pcapng_is_read() {
    let content = read_content(&file_with_everything()).unwrap();
    let packets = content.packets();
    let seen: Vec<_> = packets
        .iter()
        .map(|packet| (packet.wall.0, packet.payload_bytes))
        .collect();
    let second = 1_700_000_000_000_000_000;
    assert_eq!(
        seen,
        [
            (second, 10),
            (second, 20),
            (second + 2_000_000_000, 30),
            (second + 3_500_000_000, 40)
        ]
    );
    for packet in &packets {
        let mut bytes = Vec::new();
        content
            .store
            .read(packet.stored.unwrap(), usize::MAX, &mut bytes)
            .unwrap();
        assert_eq!(
            u32::try_from(bytes.len()).unwrap(),
            packet.payload_bytes + 54
        );
    }
    assert_eq!(
        packets
            .iter()
            .map(|packet| packet.stored.unwrap().interface)
            .collect::<Vec<_>>(),
        [0, 0, 2, 1]
    );
    assert_eq!(
        content.notes(),
        [
            "a comment in the file: a remark",
            "a comment in the file: look here",
            "1 packet without a timestamp in the file; each gets that of the packet before it"
        ]
    );
    let secrets: Vec<_> = content
        .attachments
        .key_logs
        .iter()
        .map(|extent| content.store.read_extent(*extent, 100).unwrap())
        .collect();
    assert_eq!(secrets, [b"secret"]);
    let journal: Vec<_> = content
        .attachments
        .journal
        .iter()
        .map(|extent| content.store.read_extent(*extent, 7).unwrap())
        .collect();
    assert_eq!(journal, [b"MESSAGE"]);
    assert_eq!(
        content
            .attachments
            .names
            .values()
            .map(Untrusted::raw)
            .collect::<Vec<_>>(),
        ["server.test"]
    );
    let trace = Trace::from_events(content.events);
    assert_eq!(
        (trace.capture().packets, trace.capture().dropped),
        (4, Some(7))
    );
    assert_eq!(trace.flows()[0].counts(Direction::Sent).payload_bytes, 100);
}

#[test]
fn a_truncated_file_yields_everything_before_the_end_and_its_offset() {
    let whole = file_with_everything();
    let mut known = 0;
    let mut ends = 0;
    for end in 0..whole.len() {
        match read_content(&whole[..end]) {
            Err(error) => assert!(end < 28 && known == 0, "{error} at {end}"),
            Ok(content) => {
                let packets = content.packets().len();
                assert!(packets >= known);
                known = packets;
                match content.attachments.error {
                    None => ends += 1,
                    Some(ArchiveError::Truncated {
                        offset,
                        needed,
                        found,
                        ..
                    }) => {
                        assert!(
                            found < needed && offset + found == end as u64,
                            "{offset} + {found} at {end}"
                        );
                        assert!(
                            content
                                .notes()
                                .iter()
                                .any(|note| note.contains("not read to its end"))
                        );
                    }
                    Some(other) => panic!("{other} at {end}"),
                }
            }
        }
    }
    assert_eq!(
        (known, ends),
        (4, 13),
        "packets, and ends between two blocks"
    );
}

#[test]
fn errors_have_an_offset() {
    let said = |sample: &CaptureBuilder| match read_content(&sample.bytes) {
        Ok(content) => content.attachments.error.unwrap().to_string(),
        Err(error) => error.to_string(),
    };
    let refused = |bytes: &[u8]| {
        read_content(bytes)
            .err()
            .map(|error| (error.is_not_capture(), error.to_string()))
    };
    assert_eq!(
        refused(b""),
        Some((true, "not a capture file: it is empty".to_owned()))
    );
    let sentence =
        "not a capture file: pcap and pcapng files do not begin with 23 21 2f 62".to_owned();
    assert_eq!(refused(b"#!/bin/sh"), Some((true, sentence)));

    let mut huge = CaptureBuilder::pcap(false, 0xa1b2_c3d4);
    huge.u32(1).u32(0).u32(3_000_000_000).u32(60);
    assert_eq!(
        said(&huge),
        "a packet at offset 24 has a length of 3000000000 bytes; expected at most 262144"
    );

    let mut stranger = CaptureBuilder::new(false);
    stranger
        .section()
        .enhanced_packet(3, 0, &tcp_frame(1, 1), |_| {});
    let sentence = "an enhanced packet block at offset 28 has interface 3; expected an \
        interface that the section has described before";
    assert_eq!(said(&stranger), sentence);

    let mut apart = CaptureBuilder::new(true);
    apart
        .section()
        .interface(|_| {})
        .u32(0x0bad)
        .u32(16)
        .u32(0)
        .u32(20);
    assert_eq!(
        said(&apart),
        "a block at offset 48 has a length of 16 bytes; expected 20, as at its end"
    );
    let mut short = CaptureBuilder::new(true);
    short.section().u32(6).u32(16).u32(0).u32(16);
    assert_eq!(
        said(&short),
        "an enhanced packet block at offset 28 has a length of 16 bytes; expected at least 32"
    );
}

#[test]
fn a_length_that_leaves_out_its_padding_is_understood() {
    let mut sample = CaptureBuilder::new(false);
    let frame = tcp_frame(1, 11);
    sample.section().interface(|_| {});
    sample
        .u32(6)
        .u32(32 + 65)
        .u32(0)
        .u32(0)
        .u32(0)
        .u32(65)
        .u32(65)
        .padded(&frame)
        .u32(32 + 65);
    sample.enhanced_packet(0, 0, &frame, |_| {});
    let content = read_content(&sample.bytes).unwrap();
    assert_eq!(
        (content.packets().len(), content.attachments.error),
        (2, None)
    );
}

fn is_bounded(content: &FileContent, bytes: usize) -> bool {
    // A packet takes up at least its header.
    content.packets().len() <= bytes / 16
        && content.attachments.names.len() <= bytes
        && content.events.len() <= bytes + 16
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_to_an_end(
        kind in 0_usize..4,
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let begin = [
            Vec::new(),
            CaptureBuilder::pcap(false, 0xa1b2_c3d4).bytes,
            CaptureBuilder::new(false).section().bytes.clone(),
            file_with_everything(),
        ];
        let bytes = [begin[kind].as_slice(), bytes.as_slice()].concat();
        if let Ok(content) = read_content(&bytes) {
            prop_assert!(is_bounded(&content, bytes.len()));
            let _ = Trace::from_events(content.events);
        }
    }

    #[test]
    fn a_file_with_some_bytes_changed_is_read_to_an_end(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = file_with_everything();
        for (index, value) in changes {
            let index = index.index(bytes.len());
            bytes[index] = value;
        }
        if let Ok(content) = read_content(&bytes) {
            prop_assert!(is_bounded(&content, bytes.len()));
            for packet in content.packets() {
                let mut read = Vec::new();
                let stored = packet.stored.unwrap();
                prop_assert!(content.store.read(stored, usize::MAX, &mut read).is_ok());
                prop_assert_eq!(read.len(), stored.bytes.get() as usize);
            }
            let _ = Trace::from_events(content.events);
        }
    }
}
