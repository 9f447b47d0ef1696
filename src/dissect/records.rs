//! The TLS records of a stream, and what is in them where their keys are known.

use super::stream::{self, StreamPiece};
use super::stream_parser::StreamParser;
use super::{Dissection, name, note};
use crate::trace::{ByteStore, Direction, Flow, Record, Side, StreamLayers};
use crate::wire::tls::{Decipherer, Sender};

const HEADER: usize = 5;
const APPLICATION_DATA: u8 = 23;
/// The longest record: 2^14 bytes, and what encryption may add (RFC 5246 §6.2.3).
const LONGEST: usize = (1 << 14) + 2_048;
/// Records that in a row do not fit the keys before they are given up.
const MOST_UNREADABLE: u32 = 64;

/// Whether bytes may be the beginning of a TLS record.
pub(super) fn begins_with_record(bytes: &[u8]) -> bool {
    bytes
        .first_chunk()
        .is_some_and(|header| length_of(*header).is_some())
}

/// A record's length without its header, by its header; `None` for what is none.
fn length_of([kind, major, _, high, low]: [u8; HEADER]) -> Option<usize> {
    let length = usize::from(u16::from_be_bytes([high, low]));
    ((20..=24).contains(&kind) && major == 3 && length <= LONGEST).then_some(length)
}

/// Follows a direction's records, and hands what is in them to `speech`.
pub(super) fn follow(
    flow: &Flow,
    direction: Direction,
    store: &dyn ByteStore,
    decipherer: Option<&mut Decipherer>,
    speech: &mut StreamParser,
    dissection: &mut Dissection,
) {
    let mut reader = Reader {
        from: direction.side(),
        at: 0,
        waiting: Vec::new(),
        lost: false,
        records: Vec::new(),
        plain: 0,
        decipherer,
        unreadable: 0,
        speech,
        notes: Vec::new(),
    };
    let all = stream::follow(flow, direction, store, |piece| reader.take(piece));
    if !all {
        reader.note(
            "the connection is longer than 1 GiB; what comes after that is not taken apart"
                .to_owned(),
        );
    }
    let Reader {
        from,
        records,
        mut notes,
        ..
    } = reader;
    dissection.layers.tell(from, &records, &[]);
    dissection.notes.append(&mut notes);
}

struct Reader<'a> {
    from: Side,
    /// Stream offset of the first byte that waits.
    at: u64,
    /// The beginning of a record.
    waiting: Vec<u8>,
    /// Where the next record begins is not known.
    lost: bool,
    records: Vec<Record>,
    plain: u64,
    decipherer: Option<&'a mut Decipherer>,
    unreadable: u32,
    speech: &'a mut StreamParser,
    notes: Vec<String>,
}

impl Reader<'_> {
    fn take(&mut self, piece: StreamPiece<'_>) {
        match piece {
            StreamPiece::Bytes(bytes) => {
                if self.lost && self.waiting.is_empty() {
                    // A segment often begins with a record, and only a true one is followed by
                    // others.
                    self.lost = !begins_with_record(bytes);
                }
                if self.lost {
                    self.at += bytes.len() as u64;
                } else {
                    self.waiting.extend_from_slice(bytes);
                    self.complete();
                }
            }
            StreamPiece::Missing(bytes) => self.lose(bytes),
        }
    }

    /// Takes out the records that are whole.
    fn complete(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut begin = 0;
        while let Some(header) = waiting.get(begin..).and_then(<[u8]>::first_chunk) {
            let Some(length) = length_of(*header) else {
                self.lost = true;
                self.note(format!(
                    "no TLS record begins at offset {} from the {}",
                    self.at,
                    name(self.from)
                ));
                self.at += (waiting.len() - begin) as u64;
                waiting.clear();
                begin = 0;
                break;
            };
            let Some(record) = waiting.get(begin..begin + HEADER + length) else {
                break;
            };
            self.record(record);
            begin += record.len();
        }
        waiting.drain(..begin);
        self.waiting = waiting;
    }

    fn record(&mut self, bytes: &[u8]) {
        let kind = bytes.first().copied().unwrap_or_default();
        let text = self.open(bytes);
        let plain_bytes = text.as_ref().map_or(0, Vec::len);
        if self.records.len() < StreamLayers::MOST {
            self.records.push(Record {
                at: self.at,
                bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
                kind,
                plain_at: self.plain,
                plain_bytes: u32::try_from(plain_bytes).unwrap_or(u32::MAX),
            });
        }
        self.at += bytes.len() as u64;
        self.plain += plain_bytes as u64;
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.speech.take(StreamPiece::Bytes(&text));
        }
    }

    /// The application's text in a record; `None` where there is none, or it cannot be read.
    fn open(&mut self, record: &[u8]) -> Option<Vec<u8>> {
        let from = if self.from == Side::Client {
            Sender::Client
        } else {
            Sender::Server
        };
        match self.decipherer.as_mut()?.open(from, record) {
            Ok(opened) => {
                self.unreadable = 0;
                (opened.kind == APPLICATION_DATA).then_some(opened.text)
            }
            Err(reason) => {
                self.unreadable += 1;
                if self.unreadable == MOST_UNREADABLE {
                    self.note(format!(
                        "from offset {} on, what is inside TLS is not shown for the {}: {reason}",
                        self.at,
                        name(self.from)
                    ));
                    self.decipherer = None;
                }
                None
            }
        }
    }

    fn lose(&mut self, bytes: u64) {
        if !self.lost {
            self.note(format!(
                "{bytes} bytes from the {} at offset {} were not captured",
                name(self.from),
                self.at + self.waiting.len() as u64
            ));
        }
        self.lost = true;
        self.at += self.waiting.len() as u64 + bytes;
        self.waiting.clear();
        // The number of the next record is not known, and so neither is its nonce.
        if self.decipherer.take().is_some() {
            self.speech.take(StreamPiece::Missing(0));
            self.note(format!(
                "what is inside TLS after that is not shown for the {}",
                name(self.from)
            ));
        }
    }

    fn note(&mut self, text: String) {
        note(&mut self.notes, text);
    }
}
