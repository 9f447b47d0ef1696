//! Round-trip tests of saved runs: events that are written, read and folded yield the same trace,
//! except for the positions of packets' bytes.

use std::io::Cursor;
use std::num::NonZeroU16;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::sample_files::tcp_frame;
use super::saving::{SaveOptions, SavedInterface, Saver};
use super::*;
use crate::insight::redact::{RedactionRules, Redactor};
use crate::trace::event_round_trip::any_event;
use crate::trace::{ByteStore, EventKind, Packet, PacketLocation, StoreError, Trace};
use crate::units::{Moment, WallTime};
use crate::wire::{LinkType, parse_segment};

/// A store that has the frame of a segment at its sequence number, and nothing beyond.
struct SegmentStore;

impl ByteStore for SegmentStore {
    fn read(
        &self,
        stored: PacketLocation,
        most: usize,
        into: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        let Ok(seq) = u32::try_from(stored.at) else {
            return Err(StoreError::Truncated {
                at: stored.at,
                needed: stored.bytes.get().into(),
                found: 0,
            });
        };
        *into = tcp_frame(
            seq,
            (stored.bytes.get() as usize).saturating_sub(54).min(3_000),
        );
        into.truncate(most);
        Ok(())
    }

    fn link_type(&self, interface: u16) -> Option<u16> {
        (interface < 2).then_some(1)
    }
}

fn save_options(with_secrets: bool) -> SaveOptions {
    let device = |name: &str| SavedInterface {
        name: name.to_owned(),
        link_type: 1,
        snap_length: 2_048,
    };
    SaveOptions {
        interfaces: vec![device("eth0"), device("lo")],
        store: Arc::new(SegmentStore),
        rules: RedactionRules::default(),
        with_secrets,
        live: false,
    }
}

/// A packet whose bytes are in the store.
fn stored_packet(wall: u64, seq: u32, payload: u32, segment_bytes: Option<NonZeroU16>) -> Packet {
    let bytes = tcp_frame(seq, payload as usize);
    let stored = PacketLocation {
        at: seq.into(),
        bytes: (payload + 54).try_into().unwrap(),
        interface: 1,
    };
    let segment = parse_segment(LinkType::Ethernet, &bytes, payload + 54).unwrap();
    Packet {
        segment_bytes,
        ..Packet::from_segment(&segment, WallTime(wall), payload + 54, Some(stored))
    }
}

fn any_batch() -> impl Strategy<Value = Event> {
    let wall = prop_oneof![0..1_000_000_000_u64, any::<u64>()];
    let packet = (wall, 0..5_000_u32, 0..1_460_u32, of(any::<NonZeroU16>()));
    let packet =
        packet.prop_map(|(wall, seq, payload, segment)| stored_packet(wall, seq, payload, segment));
    (any::<i64>(), vec(packet, 1..12)).prop_map(|(at, packets)| Event {
        at: Moment(at),
        kind: EventKind::Packets { packets },
    })
}

fn save_events(events: &[Event], with_secrets: bool) -> Vec<u8> {
    let mut saver = Saver::begin(Vec::new(), save_options(with_secrets)).unwrap();
    for event in events {
        saver.add_event(event).unwrap();
    }
    saver.finish().unwrap()
}

fn read_back(file: &[u8]) -> (Vec<Event>, Attachments, Arc<CaptureStore>) {
    let archive = Archive::from_pipe(Cursor::new(file.to_vec())).unwrap();
    let mut events = Vec::new();
    let store = archive.store();
    let kept = archive.read_events(|event| events.push(event));
    (events, kept, store)
}

fn as_read(events: &[Event]) -> Vec<Event> {
    let mut events = events.to_vec();
    for event in &mut events {
        event.kind.clear_stored_locations();
        event.kind.escape_own_strings();
    }
    events
}

fn fold_redacted(events: &[Event], redactor: Redactor) -> Trace {
    Trace::from_events(as_read(events).iter().map(|event| redactor.event(event)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_that_is_saved_and_read_is_the_same_run(
        events in vec(prop_oneof![3 => any_event(), 1 => any_batch()], 0..40),
        with_secrets in any::<bool>(),
    ) {
        let (read, kept, _) = read_back(&save_events(&events, with_secrets));
        prop_assert_eq!(kept.error, None);
        if !events.is_empty() {
            let expected = fold_redacted(&events, Redactor::new(with_secrets));
            prop_assert_eq!(fold_redacted(&read, Redactor::new(true)), expected);
        }
    }

    #[test]
    fn a_saved_run_with_some_bytes_changed_is_read_to_an_end(
        events in vec(prop_oneof![3 => any_event(), 1 => any_batch()], 0..12),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut file = save_events(&events, true);
        for (index, value) in changes {
            let index = index.index(file.len());
            file[index] = value;
        }
        if let Ok(archive) = Archive::from_pipe(Cursor::new(file)) {
            let mut trace = Trace::default();
            archive.read_events(|event| trace.apply(event));
        }
    }
}

/// The text of a note; `None` for other events.
fn note_text(event: &Event) -> Option<&str> {
    match &event.kind {
        EventKind::Note { text, .. } => Some(text.raw()),
        _ => None,
    }
}

fn note_event(at: i64, text: &str) -> Event {
    Event {
        at: Moment(at),
        kind: EventKind::Note {
            exchange: None,
            text: text.into(),
        },
    }
}

fn sample_run() -> Vec<Event> {
    let started = EventKind::RunStarted {
        schema: "tapline/events/1".to_owned(),
        tool_version: "1".to_owned(),
        started_at: WallTime(1_000_000_000),
    };
    let paired = EventKind::ClockPaired {
        wall: WallTime(1_000_000_000),
        uncertainty: crate::units::Nanos(100),
    };
    let packets = |at, packets| Event {
        at: Moment(at),
        kind: EventKind::Packets { packets },
    };
    vec![
        Event {
            at: Moment(0),
            kind: started,
        },
        Event {
            at: Moment(0),
            kind: paired,
        },
        note_event(2_000_000, "second"),
        note_event(6_000_000, "fourth"),
        packets(
            7_000_000,
            vec![
                stored_packet(1_001_000_000, 1, 100, None),
                stored_packet(1_004_000_000, 101, 40, NonZeroU16::new(20)),
            ],
        ),
        Event {
            at: Moment(9_000_000),
            kind: EventKind::RunEnded,
        },
    ]
}

#[test]
fn events_and_packets_are_in_chronological_order() {
    let (read, _, store) = read_back(&save_events(&sample_run(), true));
    let written: Vec<String> = read
        .iter()
        .map(|event| match &event.kind {
            EventKind::Packets { packets } => {
                format!(
                    "{} at {}",
                    packets
                        .iter()
                        .map(|packet| packet.payload_bytes.to_string())
                        .collect::<Vec<_>>()
                        .join("+"),
                    event.at.0
                )
            }
            EventKind::Note { text, .. } => text.raw().to_owned(),
            _ => String::new(),
        })
        .collect();
    assert_eq!(
        written,
        [
            "",
            "",
            "100 at 7000000",
            "second",
            "40 at 7000000",
            "fourth",
            ""
        ]
    );
    let EventKind::Packets { packets } = &read[4].kind else {
        panic!("no packets")
    };
    let mut bytes = Vec::new();
    store
        .read(packets[0].stored.unwrap(), usize::MAX, &mut bytes)
        .unwrap();
    assert!(bytes == tcp_frame(101, 40));
}

#[test]
fn a_saved_run_that_is_cut_anywhere_opens_as_far_as_it_goes() {
    let whole = save_events(&sample_run(), false);
    let expected = as_read(&read_back(&whole).0);
    let mut most = 0;
    for end in 28..whole.len() {
        let Ok(archive) = Archive::from_pipe(Cursor::new(whole[..end].to_vec())) else {
            continue;
        };
        let mut read = Vec::new();
        let kept = archive.read_events(|event| read.push(event));
        if let Some(ArchiveError::Truncated { .. }) = kept.error {
            assert!(
                note_text(read.last().unwrap())
                    .is_some_and(|text| text.contains("not read to its end"))
                    || most == 0
            );
        }
        let whole_events = as_read(&read)
            .iter()
            .zip(&expected)
            .take_while(|(one, other)| one == other)
            .count();
        assert!(
            whole_events >= most,
            "what was read of a shorter file is read of a longer one"
        );
        most = whole_events;
    }
    assert_eq!(
        most,
        expected.len() - 1,
        "all but the last is there before the last byte is"
    );
}

#[test]
fn keys_precede_the_packets_that_they_decrypt() {
    use crate::trace::{ExchangeId, Phase};
    let mut saver = Saver::begin(Vec::new(), save_options(true)).unwrap();
    let phase = |began: bool, at| {
        let exchange = ExchangeId(0);
        let phase = Phase::Tls;
        let position = None;
        let what = if began {
            EventKind::PhaseBegan {
                exchange,
                phase,
                position,
            }
        } else {
            EventKind::PhaseEnded {
                exchange,
                phase,
                position,
            }
        };
        Event {
            at: Moment(at),
            kind: what,
        }
    };
    for event in &sample_run()[..2] {
        saver.add_event(event).unwrap();
    }
    saver.add_event(&phase(true, 0)).unwrap();
    let secret = stored_packet(1_100_000_000, 1, 1, None);
    saver
        .add_event(&Event {
            at: Moment(1),
            kind: EventKind::Packets {
                packets: vec![secret],
            },
        })
        .unwrap();
    saver
        .add_event(&note_event(900_000_000, "long after"))
        .unwrap();
    saver.write_pending().unwrap();
    saver.add_keys("CLIENT_RANDOM 00 01\n").unwrap();
    saver.add_event(&phase(false, 950_000_000)).unwrap();
    let file = saver.finish().unwrap();
    let (read, kept, store) = read_back(&file);
    assert_eq!(
        store.read_extent(kept.key_logs[0], 100).unwrap(),
        b"CLIENT_RANDOM 00 01\n"
    );
    let EventKind::Packets { packets } = &read[3].kind else {
        panic!("{read:?}")
    };
    assert!(kept.key_logs[0].at < packets[0].stored.unwrap().at);
}

#[test]
fn an_event_too_long_to_be_read_is_left_out_with_a_note() {
    let mut events = sample_run();
    events[2] = note_event(2_000_000, &"x".repeat(5 << 20));
    let (read, kept, _) = read_back(&save_events(&events, false));
    assert_eq!(kept.error, None);
    assert!(
        read.iter()
            .filter_map(note_text)
            .any(|text| text.contains("is left out"))
    );
    assert_eq!(
        read.len(),
        read_back(&save_events(&sample_run(), false)).0.len()
    );
}

#[test]
fn the_first_of_concatenated_runs_is_read() {
    let one = save_events(&sample_run(), false);
    let (whole, _, _) = read_back(&one);
    let (read, kept, _) = read_back(&[one.as_slice(), &one].concat());
    assert_eq!(kept.error, None);
    assert_eq!(read[..whole.len()], whole);
    let notes: Vec<_> = read[whole.len()..].iter().map(note_text).collect();
    assert!(
        matches!(notes[..], [Some(text)] if text.starts_with("another run begins")),
        "{notes:?}"
    );
}

#[test]
fn journal_entries_of_other_programs_are_not_events() {
    let mut file = super::sample_files::file_with_everything();
    let ours = save_events(&sample_run(), false);
    // After packets of another capture.
    file.extend(&ours);
    let (read, kept, _) = read_back(&file);
    assert_eq!(kept.error, None);
    assert!(
        !read
            .iter()
            .filter_map(note_text)
            .any(|text| text == "second")
    );
    assert!(
        read.iter()
            .filter_map(note_text)
            .any(|text| text.starts_with("ignored 5 events of a run"))
    );
    // A damaged entry becomes a note, and the rest is read.
    let index = ours
        .windows(6)
        .position(|bytes| bytes == b"second")
        .unwrap();
    let mut damaged = ours.clone();
    let event = damaged[index..]
        .windows(8)
        .position(|bytes| bytes == br#""event":"#)
        .unwrap()
        + index;
    damaged[event + 1] = b'E';
    let (read, _, _) = read_back(&damaged);
    assert_eq!(read.len(), 6);
    let note = note_text(read.last().unwrap()).unwrap();
    assert!(
        note.starts_with("1 event of the run cannot be read"),
        "{note}"
    );
}
