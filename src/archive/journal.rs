//! Entries of the systemd journal (<https://systemd.io/JOURNAL_EXPORT_FORMATS>) that contain the
//! events of a saved run.
//!
//! ```text
//! NAME=value\n                      if the value is text without control characters
//! NAME\n │ length 8 │ value │ \n    otherwise; the length is little-endian in any file
//! \n                                ends the entry
//! ```

use crate::trace::Event;
use crate::units::{Untrusted, WallTime, json_line};

const TIME: &str = "__REALTIME_TIMESTAMP";
const MESSAGE: &str = "MESSAGE";
const IDENTIFIER: &str = "SYSLOG_IDENTIFIER";
const EVENT: &str = "TAPLINE_EVENT";
/// The value of `SYSLOG_IDENTIFIER` in entries written by tapline.
const TAPLINE: &str = "tapline";

/// Maximum size of an entry that is read; longer ones come from other programs. The longest event,
/// a head full of characters that JSON escapes, takes some 3 MiB.
pub(super) const MAX_ENTRY_BYTES: usize = 4 << 20;

/// Encodes an event as a journal entry: its wall-clock time, a sentence for people, and the event
/// itself as JSON.
pub(super) fn encode_entry(event: &Event, wall: WallTime, sentence: &str) -> Vec<u8> {
    let mut entry = Vec::new();
    append_field(&mut entry, TIME, &(wall.0 / 1_000).to_string());
    append_field(&mut entry, MESSAGE, sentence);
    append_field(&mut entry, IDENTIFIER, TAPLINE);
    append_field(&mut entry, EVENT, &json_line(event));
    entry.push(b'\n');
    entry
}

fn append_field(entry: &mut Vec<u8>, name: &str, value: &str) {
    entry.extend(name.as_bytes());
    if value.chars().any(|c| c.is_control() && c != '\t') {
        entry.push(b'\n');
        entry.extend((value.len() as u64).to_le_bytes());
    } else {
        entry.push(b'=');
    }
    entry.extend(value.as_bytes());
    entry.push(b'\n');
}

/// A parsed journal entry.
#[derive(Debug, PartialEq)]
pub(super) enum JournalEntry {
    /// An event of a run.
    Event(Box<Event>),
    /// An entry of tapline whose event is invalid, with the error.
    Unreadable(Untrusted),
    /// An entry of another program.
    Foreign,
}

/// Parses a journal entry.
pub(super) fn parse_entry(bytes: &[u8]) -> JournalEntry {
    let mut is_tapline = false;
    let mut event = None;
    for (name, value) in JournalFields(bytes) {
        match name {
            b"SYSLOG_IDENTIFIER" => is_tapline = value == TAPLINE.as_bytes(),
            b"TAPLINE_EVENT" => event = Some(value),
            _ => {}
        }
    }
    match event {
        Some(event) if is_tapline => parse_event(event),
        _ => JournalEntry::Foreign,
    }
}

fn parse_event(json: &[u8]) -> JournalEntry {
    match serde_json::from_slice::<Event>(json) {
        Ok(mut event) => {
            // Byte positions from when it was written do not refer to this file.
            event.kind.clear_stored_locations();
            event.kind.escape_own_strings();
            JournalEntry::Event(Box::new(event))
        }
        Err(error) => JournalEntry::Unreadable(Untrusted::new(error.to_string())),
    }
}

/// The fields of an entry, up to the empty line that ends it, the end of the input, or a field that
/// reaches beyond it.
struct JournalFields<'a>(&'a [u8]);

impl<'a> Iterator for JournalFields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let end = self.0.iter().position(|byte| *byte == b'\n')?;
        let line = self.0.get(..end)?;
        let rest = self.0.get(end + 1..)?;
        if line.is_empty() {
            return None;
        }
        if let Some(equals) = line.iter().position(|byte| *byte == b'=') {
            self.0 = rest;
            return Some((line.get(..equals)?, line.get(equals + 1..)?));
        }
        let (length, rest) = rest.split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let value = rest.get(..length)?;
        self.0 = rest.get(length..)?.strip_prefix(b"\n")?;
        Some((line, value))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;
    use crate::trace::EventKind;
    use crate::trace::event_round_trip::any_event;
    use crate::units::Moment;

    #[test]
    fn values_are_written_as_text_or_with_their_length() {
        let mut entry = Vec::new();
        append_field(&mut entry, "A", "a=b\tc");
        append_field(&mut entry, "B", "one\ntwo");
        assert_eq!(entry, b"A=a=b\tc\nB\n\x07\0\0\0\0\0\0\0one\ntwo\n");
        let fields: Vec<_> = JournalFields(&entry).collect();
        assert_eq!(fields, [(&b"A"[..], &b"a=b\tc"[..]), (b"B", b"one\ntwo")]);
    }

    #[test]
    fn an_entry_is_for_people_and_for_programs() {
        let event = Event {
            at: Moment(5),
            kind: EventKind::RunEnded,
        };
        let entry = encode_entry(&event, WallTime(1_700_000_000_123_456_789), "the run ended");
        let text = "__REALTIME_TIMESTAMP=1700000000123456\nMESSAGE=the run \
            ended\nSYSLOG_IDENTIFIER=tapline\n\
                    TAPLINE_EVENT={\"at_ns\":5,\"event\":\"run_ended\"}\n\n";
        assert_eq!(String::from_utf8(entry.clone()).unwrap(), text);
        assert_eq!(parse_entry(&entry), JournalEntry::Event(Box::new(event)));
    }

    #[test]
    fn foreign_and_invalid_entries_are_distinguished() {
        assert_eq!(
            parse_entry(b"MESSAGE=hello\nSYSLOG_IDENTIFIER=sshd\n\n"),
            JournalEntry::Foreign
        );
        assert_eq!(
            parse_entry(
                b"SYSLOG_IDENTIFIER=sshd\nTAPLINE_EVENT={\"at_ns\":5,\"event\":\"run_ended\"}\n\n"
            ),
            JournalEntry::Foreign
        );
        assert_eq!(
            parse_entry(b"SYSLOG_IDENTIFIER=tapline\nMESSAGE=x\n\n"),
            JournalEntry::Foreign
        );
        assert!(matches!(
            parse_entry(b"SYSLOG_IDENTIFIER=tapline\nTAPLINE_EVENT={\"at_ns\":5}\n\n"),
            JournalEntry::Unreadable(_)
        ));
        assert_eq!(
            parse_entry(
                b"SYSLOG_IDENTIFIER=tapline\nTAPLINE_EVENT\n\xff\xff\xff\xff\xff\xff\xff\xff{}"
            ),
            JournalEntry::Foreign
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None,
            ..ProptestConfig::default() })]

        #[test]
        fn every_event_survives_a_round_trip_without_stored_locations(
            event in any_event(),
            sentence in any::<String>(),
        ) {
            let mut expected = event.clone();
            expected.kind.clear_stored_locations();
            expected.kind.escape_own_strings();
            let entry = encode_entry(&event, WallTime(7), &sentence);
            prop_assert_eq!(parse_entry(&entry), JournalEntry::Event(Box::new(expected)));
        }

        #[test]
        fn any_bytes_are_read_to_an_end(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            prefix in any::<bool>(),
        ) {
            const PREFIX: &[u8] = b"SYSLOG_IDENTIFIER=tapline\nTAPLINE_EVENT";
            let prefix = if prefix { PREFIX } else { b"" };
            let _ = parse_entry(&[prefix, &bytes].concat());
        }
    }
}
