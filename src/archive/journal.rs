//! Entries of the systemd journal (<https://systemd.io/JOURNAL_EXPORT_FORMATS>), and the one in which an event of a run lies.
//!
//! ```text
//! NAME=value\n                      where the value is text without control characters
//! NAME\n │ length 8 │ value │ \n    else; the length is little-endian in any file
//! \n                                ends the entry
//! ```

use crate::trace::Event;
use crate::units::{Untrusted, WallTime, json_line};

const TIME: &str = "__REALTIME_TIMESTAMP";
const MESSAGE: &str = "MESSAGE";
const IDENTIFIER: &str = "SYSLOG_IDENTIFIER";
const EVENT: &str = "TAPLINE_EVENT";
/// Who we are in a journal.
const TAPLINE: &str = "tapline";

/// Bytes of an entry that is read; a longer one is somebody else's. The longest event there is, a
/// head of nothing but characters that JSON spells out, comes to some 3 MiB.
pub(super) const LONGEST: usize = 4 << 20;

/// An entry that tells an event: when it happened by the wall clock, in a sentence for people, and
/// as it is.
pub(super) fn entry_of(event: &Event, wall: WallTime, sentence: &str) -> Vec<u8> {
    let mut entry = Vec::new();
    add(&mut entry, TIME, &(wall.0 / 1_000).to_string());
    add(&mut entry, MESSAGE, sentence);
    add(&mut entry, IDENTIFIER, TAPLINE);
    add(&mut entry, EVENT, &json_line(event));
    entry.push(b'\n');
    entry
}

fn add(entry: &mut Vec<u8>, name: &str, value: &str) {
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

/// What an entry is to us.
#[derive(Debug, PartialEq)]
pub(super) enum Entry {
    /// An event of a run.
    Told(Box<Event>),
    /// It says it is one, and is not; why.
    Unreadable(Untrusted),
    /// Somebody else's.
    Foreign,
}

/// Reads an entry.
pub(super) fn read(bytes: &[u8]) -> Entry {
    let (mut ours, mut event) = (false, None);
    for (name, value) in Fields(bytes) {
        match name {
            b"SYSLOG_IDENTIFIER" => ours = value == TAPLINE.as_bytes(),
            b"TAPLINE_EVENT" => event = Some(value),
            _ => {}
        }
    }
    match event {
        Some(event) if ours => parsed(event),
        _ => Entry::Foreign,
    }
}

fn parsed(json: &[u8]) -> Entry {
    match serde_json::from_slice::<Event>(json) {
        Ok(mut event) => {
            // Where bytes lay when it was written says nothing about this file.
            event.what.forget_places();
            event.what.escape_words();
            Entry::Told(Box::new(event))
        }
        Err(error) => Entry::Unreadable(Untrusted::new(error.to_string())),
    }
}

/// An entry's fields, up to the empty line that ends it, its end, or one that reaches beyond it.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let end = self.0.iter().position(|byte| *byte == b'\n')?;
        let (line, rest) = (self.0.get(..end)?, self.0.get(end + 1..)?);
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
    use crate::trace::What;
    use crate::trace::law::event;
    use crate::units::Moment;

    #[test]
    fn values_are_written_as_text_or_with_their_length() {
        let mut entry = Vec::new();
        add(&mut entry, "A", "a=b\tc");
        add(&mut entry, "B", "one\ntwo");
        assert_eq!(entry, b"A=a=b\tc\nB\n\x07\0\0\0\0\0\0\0one\ntwo\n");
        let fields: Vec<_> = Fields(&entry).collect();
        assert_eq!(fields, [(&b"A"[..], &b"a=b\tc"[..]), (b"B", b"one\ntwo")]);
    }

    #[test]
    fn an_entry_is_for_people_and_for_programs() {
        let event = Event {
            at: Moment(5),
            what: What::RunEnded,
        };
        let entry = entry_of(&event, WallTime(1_700_000_000_123_456_789), "the run ended");
        let text = "__REALTIME_TIMESTAMP=1700000000123456\nMESSAGE=the run \
            ended\nSYSLOG_IDENTIFIER=tapline\n\
                    TAPLINE_EVENT={\"at_ns\":5,\"event\":\"run_ended\"}\n\n";
        assert_eq!(String::from_utf8(entry.clone()).unwrap(), text);
        assert_eq!(read(&entry), Entry::Told(Box::new(event)));
    }

    #[test]
    fn what_is_not_ours_or_not_right_is_told_apart() {
        assert_eq!(
            read(b"MESSAGE=hello\nSYSLOG_IDENTIFIER=sshd\n\n"),
            Entry::Foreign
        );
        assert_eq!(
            read(
                b"SYSLOG_IDENTIFIER=sshd\nTAPLINE_EVENT={\"at_ns\":5,\"event\":\"run_ended\"}\n\n"
            ),
            Entry::Foreign
        );
        assert_eq!(
            read(b"SYSLOG_IDENTIFIER=tapline\nMESSAGE=x\n\n"),
            Entry::Foreign
        );
        assert!(matches!(
            read(b"SYSLOG_IDENTIFIER=tapline\nTAPLINE_EVENT={\"at_ns\":5}\n\n"),
            Entry::Unreadable(_)
        ));
        assert_eq!(
            read(b"SYSLOG_IDENTIFIER=tapline\nTAPLINE_EVENT\n\xff\xff\xff\xff\xff\xff\xff\xff{}"),
            Entry::Foreign
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_event_is_told_and_read_again_without_its_places_and_with_its_words_spelt_out(
            event in event(),
            sentence in any::<String>(),
        ) {
            let mut expected = event.clone();
            expected.what.forget_places();
            expected.what.escape_words();
            let entry = entry_of(&event, WallTime(7), &sentence);
            prop_assert_eq!(read(&entry), Entry::Told(Box::new(expected)));
        }

        #[test]
        fn any_bytes_are_read_to_an_end(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            prefix in any::<bool>(),
        ) {
            let ours: &[u8] = if prefix { b"SYSLOG_IDENTIFIER=tapline\nTAPLINE_EVENT" } else { b"" };
            let _ = read(&[ours, &bytes].concat());
        }
    }
}
