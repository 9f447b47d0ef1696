//! DNS messages (RFC 1035 §4): header, questions and answers.
//!
//! ```text
//! │ id 2 │ flags 2 │ questions 2 │ answers 2 │ authorities 2 │ additional 2 │
//! │ questions … │ answers … │
//! name     │ length 1 │ label … │ … │ 0 │        or │ 11 offset 14 │: compression pointer
//! ```

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::byte_reader::ByteReader;

/// Questions kept, and answers.
const MAX_RECORDS: usize = 256;
/// Labels of a name, compression pointers followed: 255 bytes have no more.
const MAX_LABELS: usize = 128;
/// Characters kept of a record's data.
const MAX_DATA_CHARS: usize = 512;

/// A DNS message, parsed from its bytes; what is saved of a response is `trace::DnsAnswer`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsMessage {
    /// Identifier that matches a response to its query.
    pub id: u16,
    /// Whether it is a response.
    pub is_response: bool,
    /// Whether it was truncated (TC).
    pub is_truncated: bool,
    /// Response code (four bits).
    pub rcode: u8,
    /// Question section.
    pub questions: Vec<DnsQuestion>,
    /// Answer section, as far as it can be read.
    pub answers: Vec<ResourceRecord>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsQuestion {
    /// Name, in presentation format without the final dot.
    pub name: String,
    /// Queried record type.
    pub kind: u16,
}

/// A resource record, parsed from its bytes; what is saved of it is `trace::DnsRecord`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceRecord {
    /// Owner name.
    pub name: String,
    /// Record type.
    pub kind: u16,
    /// Time to live in seconds.
    pub ttl: u32,
    /// Data, in presentation format where the type is known.
    pub data: String,
}

impl DnsMessage {
    /// Parses a message; `None` if it ends within its header or its questions.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = ByteReader::new(bytes);
        let id = rest.u16()?;
        let flags = rest.u16()?;
        let questions = usize::from(rest.u16()?);
        let answers = usize::from(rest.u16()?);
        rest.take(4)?;
        let mut message = Self {
            id,
            is_response: flags & 0x8000 != 0,
            is_truncated: flags & 0x0200 != 0,
            rcode: u8::try_from(flags & 0x000f).unwrap_or_default(),
            ..Self::default()
        };
        for _ in 0..questions.min(MAX_RECORDS) {
            let name = rest.read_name()?;
            let kind = rest.u16()?;
            let _class = rest.u16()?;
            message.questions.push(DnsQuestion { name, kind });
        }
        if questions <= MAX_RECORDS {
            message
                .answers
                .extend(std::iter::from_fn(|| rest.read_record()).take(answers.min(MAX_RECORDS)));
        }
        Some(message)
    }
}

/// Mnemonic of a record type in IANA's registry, or `TYPE123` (RFC 3597 §5).
pub fn record_type_name(kind: u16) -> String {
    let name = match kind {
        1 => "A",
        2 => "NS",
        5 => "CNAME",
        6 => "SOA",
        12 => "PTR",
        15 => "MX",
        16 => "TXT",
        28 => "AAAA",
        33 => "SRV",
        35 => "NAPTR",
        41 => "OPT",
        43 => "DS",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        52 => "TLSA",
        64 => "SVCB",
        65 => "HTTPS",
        255 => "ANY",
        257 => "CAA",
        other => return format!("TYPE{other}"),
    };
    name.to_owned()
}

/// Mnemonic of a response code in IANA's registry, which has more of them than the header has bits
/// for (RFC 6895 §2.3), or `RCODE12`.
pub fn rcode_name(rcode: u16) -> String {
    let name = match rcode {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        16 => "BADVERS",
        other => return format!("RCODE{other}"),
    };
    name.to_owned()
}

/// Readers for the elements of DNS messages.
impl ByteReader<'_> {
    /// Reads a name and follows compression pointers. Each has to point further to the front, so
    /// that a name always ends.
    fn read_name(&mut self) -> Option<String> {
        let mut labels = Vec::new();
        let mut after_first_pointer = None;
        // Pointers must lead to before this offset, which decreases with each, so a crafted loop of
        // pointers terminates.
        let mut frontier = self.position;
        loop {
            let length = self.u8()?;
            match length >> 6 {
                0 if length == 0 => break,
                0 if labels.len() < MAX_LABELS => {
                    labels.push(format_label(self.take(usize::from(length))?));
                }
                3 => {
                    let target = usize::from(u16::from_be_bytes([length & 0x3f, self.u8()?]));
                    after_first_pointer.get_or_insert(self.position);
                    if target >= frontier {
                        return None;
                    }
                    (frontier, self.position) = (target, target);
                }
                _ => return None,
            }
        }
        self.position = after_first_pointer.unwrap_or(self.position);
        Some(if labels.is_empty() {
            ".".to_owned()
        } else {
            labels.join(".")
        })
    }

    fn read_record(&mut self) -> Option<ResourceRecord> {
        let name = self.read_name()?;
        let kind = self.u16()?;
        let _class = self.u16()?;
        let ttl = self.u32()?;
        let length = usize::from(self.u16()?);
        let start = self.position;
        let data = self.take(length)?;
        // Names in it may point to earlier parts of the message.
        let formatted = Self {
            bytes: self.bytes.get(..start + length)?,
            position: start,
        }
        .format_data(kind)
        .unwrap_or_else(|| format_unknown_data(data));
        Some(ResourceRecord {
            name,
            kind,
            ttl,
            data: formatted.chars().take(MAX_DATA_CHARS).collect(),
        })
    }

    /// Formats the data of a record type; `None` if it is malformed or the type is not known here.
    fn format_data(mut self, kind: u16) -> Option<String> {
        Some(match kind {
            1 => Ipv4Addr::from(*self.take(4)?.first_chunk::<4>()?).to_string(),
            28 => Ipv6Addr::from(*self.take(16)?.first_chunk::<16>()?).to_string(),
            2 | 5 | 12 => self.read_name()?,
            15 | 64 | 65 => format!("{} {}", self.u16()?, self.read_name()?),
            33 => format!(
                "{} {} {} {}",
                self.u16()?,
                self.u16()?,
                self.u16()?,
                self.read_name()?
            ),
            6 => format!(
                "{} {} {}",
                self.read_name()?,
                self.read_name()?,
                self.u32()?
            ),
            16 => {
                let strings = std::iter::from_fn(|| {
                    let length = usize::from(self.u8()?);
                    Some(format!("\"{}\"", format_label(self.take(length)?)))
                });
                strings.collect::<Vec<_>>().join(" ")
            }
            _ => return None,
        })
    }
}

/// Formats the data of an unknown type (RFC 3597 §5).
fn format_unknown_data(data: &[u8]) -> String {
    let digits: String = data
        .iter()
        .take(MAX_DATA_CHARS / 2)
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect();
    format!("\\# {} {digits}", data.len())
}

/// Formats a label in presentation format (RFC 4343 §2.1): dots, quotes and backslashes are
/// escaped, and bytes that are not printable ASCII are written as numbers.
fn format_label(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'.' | b'\\' | b'"' => text.extend(['\\', char::from(*byte)]),
            0x20..=0x7e => text.push(char::from(*byte)),
            _ => drop(write!(text, "\\{byte:03}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    /// A response to `host.test A` with an alias, compression pointers and an address.
    fn answer() -> Vec<u8> {
        let mut bytes = vec![0x12, 0x34, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0];
        bytes.extend(b"\x04host\x04test\0\0\x01\0\x01");
        bytes.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 6]);
        bytes.extend(b"\x03www\xc0\x11");
        bytes.extend([0xc0, 39, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 192, 0, 2, 7]);
        bytes
    }

    #[test]
    fn an_answer_with_references_is_read() {
        let message = DnsMessage::parse(&answer()).unwrap();
        assert_eq!(
            (message.id, message.is_response, message.rcode),
            (0x1234, true, 0)
        );
        assert_eq!(
            message.questions,
            [DnsQuestion {
                name: "host.test".to_owned(),
                kind: 1
            }]
        );
        let resource = |name: &str, kind, ttl, data: &str| ResourceRecord {
            name: name.to_owned(),
            kind,
            ttl,
            data: data.to_owned(),
        };
        assert_eq!(
            message.answers,
            [
                resource("host.test", 5, 60, "www.test"),
                resource("www.test", 1, 30, "192.0.2.7")
            ]
        );
    }

    #[test]
    fn a_name_that_refers_to_itself_is_none() {
        let mut bytes = vec![0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        bytes.extend([0xc0, 12, 0, 1, 0, 1]);
        assert_eq!(DnsMessage::parse(&bytes), None);
        bytes.truncate(12);
        bytes.extend([1, b'a', 0xc0, 12, 0, 1, 0, 1]);
        assert_eq!(DnsMessage::parse(&bytes), None);
    }

    #[test]
    fn bytes_that_are_not_text_are_escaped() {
        assert_eq!(format_label(b"a.b\x1b\\"), "a\\.b\\027\\\\");
        let mut bytes = answer();
        let length = bytes.len();
        // The address becomes a record of an unknown type.
        bytes[length - 14] = 0xff;
        assert_eq!(
            DnsMessage::parse(&bytes).unwrap().answers[1].data,
            "\\# 4 c0000207"
        );
    }

    #[test]
    fn response_codes_have_their_names_in_the_registry() {
        let named = [0, 3, 5, 6, 10, 11, 16, 23].map(rcode_name);
        let expected = [
            "NOERROR", "NXDOMAIN", "REFUSED", "YXDOMAIN", "NOTZONE", "RCODE11", "BADVERS",
            "RCODE23",
        ];
        assert_eq!(named, expected);
    }

    #[test]
    fn what_breaks_off_is_read_as_far_as_it_goes() {
        let bytes = answer();
        assert_eq!(
            DnsMessage::parse(&bytes[..bytes.len() - 1])
                .unwrap()
                .answers
                .len(),
            1
        );
        assert_eq!(DnsMessage::parse(&bytes[..20]), None);
        assert_eq!(DnsMessage::parse(&[]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..300),
            plausible in any::<bool>(),
        ) {
            if plausible && bytes.len() > 12 {
                bytes[4..12].copy_from_slice(&[0, 1, 0, 9, 0, 0, 0, 0]);
            }
            if let Some(message) = DnsMessage::parse(&bytes) {
                let printable =
                    |text: &str| text.chars().all(|c| c.is_ascii() && !c.is_ascii_control());
                for answer in &message.answers {
                    prop_assert!(printable(&answer.name) && printable(&answer.data));
                }
            }
        }
    }
}
