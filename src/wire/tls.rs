//! TLS records (RFC 8446 §5.1, RFC 5246 §6.2.1) and the handshake messages that travel in the
//! clear.
//!
//! ```text
//! record   │ type 1 │ version 2 │ length 2 │ fragment …
//! message  │ type 1 │ length 3 │ body …
//! ```
//!
//! One record may carry several messages, and one message may span several records.

mod boundary;
mod decipherer;
mod hello;
mod key_log;
mod protection;
mod schedule;
mod suite;

use super::Side;

pub use boundary::{Header as RecordHeader, RecordBoundary};
pub use decipherer::{Decipherer, DecryptedRecord, Undecipherable};
pub use hello::{ClientHello, ServerHello};
pub use key_log::{KeyLog, Label};
pub(super) use schedule::expand_label;
pub(super) use suite::Hash;
pub use suite::explicit_nonce;

/// Length of a record header in bytes.
const RECORD_HEADER: usize = 5;
/// Length of a handshake message header in bytes.
const MESSAGE_HEADER: usize = 4;
/// Maximum number of bytes buffered of a hello's body; longer hellos are reported without their
/// content.
const MOST_KEPT: usize = 1 << 16;

/// An item of a handshake, with its position in the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeItem {
    /// Offset of its first byte in its direction's stream.
    pub offset: u64,
    /// Number of bytes that carried it. The first message of a record includes the record header.
    pub bytes: u64,
    /// The item itself.
    pub what: HandshakeItemKind,
}

/// Kind of an item, with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeItemKind {
    /// A `ClientHello` in plaintext; `None` if it cannot be parsed.
    ClientHello(Option<ClientHello>),
    /// A `ServerHello` in plaintext; `None` if it cannot be parsed.
    ServerHello(Option<ServerHello>),
    /// Another handshake message in plaintext, by its type.
    Message(u8),
    /// `change_cipher_spec`.
    ChangeCipherSpec,
    /// An alert in plaintext: its description.
    Alert(u8),
    /// A record whose content is encrypted.
    Encrypted,
    /// Not TLS: the bytes in place of a record header. Nothing more is reported of this direction.
    Garbage([u8; RECORD_HEADER]),
}

/// Parser of both directions of a handshake.
#[derive(Debug, Default)]
pub struct HandshakeReader {
    client: Lane,
    server: Lane,
    /// Whether the server chose TLS 1.3, in which `change_cipher_spec` has no meaning (RFC 8446
    /// §D.4).
    tls13: bool,
}

impl HandshakeReader {
    /// Parses the next bytes of one direction and calls `tell` for each item that they complete.
    pub fn read(&mut self, from: Side, bytes: &[u8], mut tell: impl FnMut(HandshakeItem)) {
        let Self {
            client,
            server,
            tls13,
        } = self;
        let lane = match from {
            Side::Client => client,
            Side::Server => server,
        };
        lane.read(bytes, tls13, &mut tell);
    }
}

/// State of one direction.
#[derive(Debug, Default)]
struct Lane {
    offset: u64,
    header: [u8; RECORD_HEADER],
    header_filled: usize,
    record: Option<Record>,
    message: Option<Message>,
    ciphered: bool,
    lost: bool,
}

#[derive(Debug)]
struct Record {
    kind: u8,
    start: u64,
    length: usize,
    left: usize,
    /// Offset of the first byte that was not attributed to a message yet.
    unaccounted: u64,
    /// The first bytes of its content: enough for an alert.
    first: [u8; 2],
}

#[derive(Debug)]
struct Message {
    start: u64,
    header: [u8; MESSAGE_HEADER],
    header_filled: usize,
    body_left: usize,
    body: Vec<u8>,
}

impl Lane {
    fn read(&mut self, mut bytes: &[u8], tls13: &mut bool, tell: &mut impl FnMut(HandshakeItem)) {
        while !bytes.is_empty() && !self.lost {
            bytes = match self.record.take() {
                None => self.read_header(bytes, tell),
                Some(record) => self.read_content(record, bytes, tls13, tell),
            };
        }
    }

    fn read_header<'a>(
        &mut self,
        bytes: &'a [u8],
        tell: &mut impl FnMut(HandshakeItem),
    ) -> &'a [u8] {
        let (taken, rest) = bytes.split_at(bytes.len().min(RECORD_HEADER - self.header_filled));
        if let Some(place) = self
            .header
            .get_mut(self.header_filled..self.header_filled + taken.len())
        {
            place.copy_from_slice(taken);
        }
        self.header_filled += taken.len();
        self.offset += taken.len() as u64;
        if self.header_filled == RECORD_HEADER {
            self.begin_record(tell);
        }
        rest
    }

    fn begin_record(&mut self, tell: &mut impl FnMut(HandshakeItem)) {
        self.header_filled = 0;
        let [kind, major, _, high, low] = self.header;
        let start = self.offset - RECORD_HEADER as u64;
        if !(20..=24).contains(&kind) || major != 3 {
            self.lost = true;
            tell(HandshakeItem {
                offset: start,
                bytes: RECORD_HEADER as u64,
                what: HandshakeItemKind::Garbage(self.header),
            });
            return;
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        self.record = (length > 0).then_some(Record {
            kind,
            start,
            length,
            left: length,
            unaccounted: start,
            first: [0; 2],
        });
    }

    fn read_content<'a>(
        &mut self,
        mut record: Record,
        bytes: &'a [u8],
        tls13: &mut bool,
        tell: &mut impl FnMut(HandshakeItem),
    ) -> &'a [u8] {
        let (content, rest) = bytes.split_at(bytes.len().min(record.left));
        let already = record.length - record.left;
        for (place, byte) in record.first.iter_mut().skip(already).zip(content) {
            *place = *byte;
        }
        let clear = record.kind == 22 && (*tls13 || !self.ciphered);
        if clear {
            self.read_messages(&mut record, content, tls13, tell);
        } else {
            self.offset += content.len() as u64;
        }
        record.left -= content.len();
        if record.left > 0 {
            self.record = Some(record);
        } else if !clear {
            self.end_record(&record, *tls13, tell);
        }
        rest
    }

    fn end_record(&mut self, record: &Record, tls13: bool, tell: &mut impl FnMut(HandshakeItem)) {
        let what = match (record.kind, record.length) {
            (20, _) => {
                self.ciphered = true;
                HandshakeItemKind::ChangeCipherSpec
            }
            (21, 2) if tls13 || !self.ciphered => HandshakeItemKind::Alert(record.first[1]),
            _ => HandshakeItemKind::Encrypted,
        };
        tell(HandshakeItem {
            offset: record.start,
            bytes: self.offset - record.start,
            what,
        });
    }

    fn read_messages(
        &mut self,
        record: &mut Record,
        mut content: &[u8],
        tls13: &mut bool,
        tell: &mut impl FnMut(HandshakeItem),
    ) {
        while !content.is_empty() {
            let start = record.unaccounted;
            let mut message = self.message.take().unwrap_or_else(|| Message::at(start));
            let used = message.take(content);
            content = content.get(used..).unwrap_or_default();
            self.offset += used as u64;
            if message.is_complete() {
                record.unaccounted = self.offset;
                let what = message.meaning();
                if let HandshakeItemKind::ServerHello(Some(hello)) = &what {
                    *tls13 |= hello.version == 0x0304;
                }
                tell(HandshakeItem {
                    offset: message.start,
                    bytes: self.offset - message.start,
                    what,
                });
            } else {
                self.message = Some(message);
            }
        }
    }
}

impl Message {
    const fn at(start: u64) -> Self {
        Self {
            start,
            header: [0; MESSAGE_HEADER],
            header_filled: 0,
            body_left: 0,
            body: Vec::new(),
        }
    }

    /// Consumes the bytes that belong to it; returns their number.
    fn take(&mut self, content: &[u8]) -> usize {
        let into_header = content.len().min(MESSAGE_HEADER - self.header_filled);
        let (head, body) = content.split_at(into_header);
        if let Some(place) = self
            .header
            .get_mut(self.header_filled..self.header_filled + into_header)
        {
            place.copy_from_slice(head);
        }
        self.header_filled += into_header;
        if self.header_filled < MESSAGE_HEADER {
            return into_header;
        }
        if into_header > 0 {
            let [_, a, b, c] = self.header;
            self.body_left =
                usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
        }
        let part = body.get(..body.len().min(self.body_left)).unwrap_or(body);
        if self.is_hello() && self.body.len() + part.len() <= MOST_KEPT {
            self.body.extend_from_slice(part);
        }
        self.body_left -= part.len();
        into_header + part.len()
    }

    const fn is_complete(&self) -> bool {
        self.header_filled == MESSAGE_HEADER && self.body_left == 0
    }

    const fn is_hello(&self) -> bool {
        matches!(self.header[0], 1 | 2)
    }

    fn meaning(&self) -> HandshakeItemKind {
        match self.header[0] {
            1 => HandshakeItemKind::ClientHello(ClientHello::parse(&self.body)),
            2 => HandshakeItemKind::ServerHello(ServerHello::parse(&self.body)),
            kind => HandshakeItemKind::Message(kind),
        }
    }
}

/// Returns the name of a handshake message type (RFC 8446 §B.3, RFC 5246 §A.4); `None` for an
/// unassigned one.
pub const fn message_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 => "HelloRequest",
        1 => "ClientHello",
        2 => "ServerHello",
        4 => "NewSessionTicket",
        5 => "EndOfEarlyData",
        8 => "EncryptedExtensions",
        11 => "Certificate",
        12 => "ServerKeyExchange",
        13 => "CertificateRequest",
        14 => "ServerHelloDone",
        15 => "CertificateVerify",
        16 => "ClientKeyExchange",
        20 => "Finished",
        22 => "CertificateStatus",
        24 => "KeyUpdate",
        25 => "CompressedCertificate",
        _ => return None,
    })
}

/// Returns the name of an alert description (RFC 8446 §6.2, RFC 5246 §7.2.2); `None` for an
/// unassigned one.
pub const fn alert_name(description: u8) -> Option<&'static str> {
    Some(match description {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        111 => "certificate_unobtainable",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        114 => "bad_certificate_hash_value",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        121 => "ech_required",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test fails by panicking"
    )]
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn record(kind: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![kind, 3, 3];
        out.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        out.extend(content);
        out
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut out = vec![kind];
        out.extend(&u32::try_from(body.len()).unwrap().to_be_bytes()[1..]);
        out.extend(body);
        out
    }

    fn read(from: Side, bytes: &[u8]) -> Vec<HandshakeItem> {
        let mut seen = Vec::new();
        HandshakeReader::default().read(from, bytes, |one| seen.push(one));
        seen
    }

    #[test]
    fn several_messages_in_one_record_are_separated() {
        let bytes = record(22, &[message(11, &[0; 7]), message(14, &[])].concat());
        let seen = read(Side::Server, &bytes);
        assert_eq!(
            seen,
            [
                HandshakeItem {
                    offset: 0,
                    bytes: 16,
                    what: HandshakeItemKind::Message(11)
                },
                HandshakeItem {
                    offset: 16,
                    bytes: 4,
                    what: HandshakeItemKind::Message(14)
                }
            ]
        );
    }

    #[test]
    fn one_message_over_several_records_is_reported_once() {
        let whole = message(11, &[0; 20]);
        let bytes = [record(22, &whole[..9]), record(22, &whole[9..])].concat();
        assert_eq!(
            read(Side::Server, &bytes),
            [HandshakeItem {
                offset: 0,
                bytes: 34,
                what: HandshakeItemKind::Message(11)
            }]
        );
    }

    #[test]
    fn after_change_cipher_spec_handshake_records_are_encrypted() {
        let bytes = [record(20, &[1]), record(22, &[9; 40])].concat();
        let what: Vec<HandshakeItemKind> = read(Side::Client, &bytes)
            .into_iter()
            .map(|seen| seen.what)
            .collect();
        assert_eq!(
            what,
            [
                HandshakeItemKind::ChangeCipherSpec,
                HandshakeItemKind::Encrypted
            ]
        );
    }

    #[test]
    fn an_answer_in_plain_http_is_garbage_at_its_first_byte() {
        let seen = read(Side::Server, b"HTTP/1.1 400 Bad Request\r\n");
        assert_eq!(
            seen,
            [HandshakeItem {
                offset: 0,
                bytes: 5,
                what: HandshakeItemKind::Garbage(*b"HTTP/")
            }]
        );
    }

    #[test]
    fn an_alert_in_the_clear_gives_its_description() {
        assert_eq!(
            read(Side::Server, &record(21, &[2, 70])),
            [HandshakeItem {
                offset: 0,
                bytes: 7,
                what: HandshakeItemKind::Alert(70)
            }]
        );
    }

    proptest! {
        #[test]
        fn the_result_does_not_depend_on_how_bytes_are_split(
            bytes in proptest::collection::vec(any::<u8>(), 0..600),
            cut in 0usize..600,
        ) {
            let cut = cut.min(bytes.len());
            let mut pieces = Vec::new();
            let mut reader = HandshakeReader::default();
            reader.read(Side::Server, &bytes[..cut], |seen| pieces.push(seen));
            reader.read(Side::Server, &bytes[cut..], |seen| pieces.push(seen));
            let whole = read(Side::Server, &bytes);
            prop_assert_eq!(whole, pieces);
        }

        #[test]
        fn plausible_records_never_reach_past_their_bytes(
            records in vec((20u8..=24, vec(any::<u8>(), 0..80)), 0..12),
            from_client in any::<bool>(),
        ) {
            let bytes: Vec<u8> = records
                .iter()
                .flat_map(|(kind, content)| record(*kind, content))
                .collect();
            let from = if from_client { Side::Client } else { Side::Server };
            for seen in read(from, &bytes) {
                prop_assert!(seen.offset + seen.bytes <= bytes.len() as u64);
            }
        }
    }
}
