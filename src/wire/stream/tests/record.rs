//! A sink that records what the parser reports, each unit once.

use std::fmt::Write as _;

use crate::wire::Side;
use crate::wire::http1::FieldLine;
use crate::wire::stream::{
    ByteAxis, HeadContent, MessageEnd, MessageHead, StreamFault, StreamGap, StreamParser,
    StreamUpgrade, TlsHello, UnitKind, UnitPiece, UnitSink,
};

/// Reports for each direction.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RecordedUnits {
    client: Vec<String>,
    server: Vec<String>,
    open: [Option<(UnitPiece<'static>, u64)>; 2],
    pub(super) skips_fields: bool,
}

impl RecordedUnits {
    /// Returns the reports for a direction, in order.
    pub(super) fn of(&self, from: Side) -> &[String] {
        match from {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// Returns all reports.
    pub(super) fn both(mut self) -> [Vec<String>; 2] {
        self.close(Side::Client);
        self.close(Side::Server);
        [self.client, self.server]
    }

    /// Returns the lines of both directions that begin with a word.
    pub(super) fn lines(self, word: &str) -> Vec<String> {
        let both = self.both().concat();
        both.into_iter()
            .filter(|line| line.starts_with(word))
            .collect()
    }

    fn say(&mut self, from: Side, line: String) {
        self.close(from);
        self.list(from).push(line);
    }

    fn list(&mut self, from: Side) -> &mut Vec<String> {
        match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn close(&mut self, from: Side) {
        if let Some((piece, end)) = self.open[from as usize].take() {
            let line = format!(
                "unit {:?} {}..{end} {:?} {}",
                piece.axis, piece.start, piece.kind, piece.is_last
            );
            self.list(from).push(line);
        }
    }
}

/// Returns true if a piece continues the unit of the previous one.
fn continues_unit(before: UnitKind, next: UnitKind) -> bool {
    match (before, next) {
        (UnitKind::Http1Head { .. }, UnitKind::Http1Head { .. }) => true,
        (
            UnitKind::TlsRecord {
                content_type: one, ..
            },
            UnitKind::TlsRecord {
                content_type: other,
                ..
            },
        ) => one == other,
        _ => before == next,
    }
}

impl UnitSink for RecordedUnits {
    fn unit(&mut self, piece: &UnitPiece<'_>) {
        assert!(!piece.bytes.is_empty(), "{piece:?}");
        let end = piece.start + piece.bytes.len() as u64;
        let piece = UnitPiece {
            bytes: &[],
            ..*piece
        };
        let open = &mut self.open[piece.from as usize];
        let known = open.take_if(|(known, known_end)| {
            *known_end == piece.start
                && known.axis == piece.axis
                && !known.is_last
                && continues_unit(known.kind, piece.kind)
        });
        let start = known.map(|(known, _)| known.start);
        if start.is_none() {
            self.close(piece.from);
        }
        self.open[piece.from as usize] = Some((
            UnitPiece {
                start: start.unwrap_or(piece.start),
                ..piece
            },
            end,
        ));
    }

    fn head(&mut self, head: MessageHead<'_>) {
        let said = match &head.content {
            HeadContent::Request(request) => {
                format!(
                    "{} {}",
                    request.method,
                    String::from_utf8_lossy(&request.target)
                )
            }
            HeadContent::Response(response) => response.status.to_string(),
            HeadContent::Fields { stream, fields } => {
                let mut said = format!("stream {stream}");
                for FieldLine { name, value } in fields {
                    write!(said, " {}={}", name.escape_ascii(), value.escape_ascii()).unwrap();
                }
                said
            }
        };
        self.say(
            head.from,
            format!("head {} {:?} {said}", head.start, head.request),
        );
    }

    fn message(&mut self, end: MessageEnd) {
        self.say(end.from, format!("message {:?}", end.message));
    }

    fn upgrade(&mut self, upgrade: StreamUpgrade) {
        let StreamUpgrade {
            start,
            protocol,
            request,
            ..
        } = upgrade;
        self.say(
            upgrade.from,
            format!("speaks {protocol:?} from {start} for {request:?}"),
        );
    }

    fn hello(&mut self, from: Side, _: ByteAxis, hello: &TlsHello) {
        let said = match hello {
            TlsHello::Client(hello) => format!(
                "{:?}",
                hello
                    .server_name
                    .as_ref()
                    .map(|name| name.escape_ascii().to_string())
            ),
            TlsHello::Server(hello) => format!("{:04x}", hello.version),
        };
        // The position of a hello in a record depends only on the bytes, but it is reported before
        // the record's last piece.
        self.list(from).push(format!("hello {said}"));
    }

    fn gap(&mut self, gap: &StreamGap) {
        self.say(
            gap.from,
            format!("gap {}+{} within {:?}", gap.start, gap.bytes, gap.within),
        );
    }

    fn fault(&mut self, fault: StreamFault<'_>) {
        self.say(
            fault.from,
            format!("fault {} {}", fault.start, fault.reason),
        );
    }

    fn wants_fields(&self) -> bool {
        !self.skips_fields
    }
}

/// Input of a parser: bytes or a gap.
#[derive(Clone, Debug)]
pub(super) enum ParserInput {
    Bytes(Side, Vec<u8>),
    Gap(Side, u64),
}

/// Returns what a parser reports for this input.
pub(super) fn parse_all(passing: &[ParserInput]) -> RecordedUnits {
    let (mut parser, mut record) = (StreamParser::default(), RecordedUnits::default());
    for one in passing {
        match one {
            ParserInput::Bytes(from, bytes) => parser.push(*from, bytes, &mut record),
            ParserInput::Gap(from, bytes) => parser.push_gap(*from, *bytes, &mut record),
        }
    }
    for from in [Side::Client, Side::Server] {
        parser.finish(from, &mut record);
    }
    record
}

pub(super) fn client(bytes: &[u8]) -> ParserInput {
    ParserInput::Bytes(Side::Client, bytes.to_vec())
}

pub(super) fn server(bytes: &[u8]) -> ParserInput {
    ParserInput::Bytes(Side::Server, bytes.to_vec())
}

/// Returns an HTTP/2 frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream][..], payload].concat()
}

/// Returns a TLS record.
pub(super) fn record(content_type: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[content_type, 3, 3][..], &length, content].concat()
}

/// Returns a `ClientHello` with a host name, or a `ServerHello` that chooses TLS 1.3.
pub(super) fn hello(is_client: bool) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    if is_client {
        body.extend([0, 0, 2, 0x13, 1, 1, 0, 0, 13, 0, 0, 0, 9, 0, 7, 0, 0, 4]);
        body.extend(b"host");
    } else {
        body.extend([0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 3, 4]);
    }
    let length = u8::try_from(body.len()).unwrap();
    record(
        22,
        &[&[if is_client { 1 } else { 2 }, 0, 0, length][..], &body].concat(),
    )
}
