//! Collects what the stream parser reports about a connection into its dissection.

use super::Dissection;
use super::messages::{Heads, Message, StartLine};
use super::parts::Parts;
use crate::trace::{HttpHeader, PartKind, Record, StreamLayers};
use crate::units::Untrusted;
use crate::wire::Side;
use crate::wire::http1::{FieldLine, IrregularLine};
use crate::wire::stream::{
    ByteAxis, FaultReason, HeadContent, MessageHead, StreamFault, StreamGap, StreamProtocol,
    StreamUpgrade, TlsHello, UnitKind, UnitPiece, UnitSink,
};
use crate::wire::tls::{ClientHello, ServerHello, explicit_nonce};

/// Findings so far.
#[derive(Default)]
pub(super) struct Findings {
    client: SideFindings,
    server: SideFindings,
    /// Protocols in the order in which they were recognized.
    protocols: Vec<StreamProtocol>,
    client_hello: Option<ClientHello>,
    server_hello: Option<ServerHello>,
    notes: Vec<String>,
}

/// Findings in one direction.
#[derive(Default)]
struct SideFindings {
    parts: Parts,
    records: Vec<Record>,
    /// Offset of the current record.
    record: Option<u64>,
    /// Offset at which TLS begins; earlier bytes are plaintext.
    tls_from: Option<u64>,
    /// Whether the boundary of the next record is unknown.
    is_lost: bool,
    /// Number of plaintext bytes in the records so far.
    plain: u64,
    heads: Heads,
    /// Notes on its stream, and on the plaintext in it.
    stream_notes: Vec<String>,
    notes: Vec<String>,
}

impl Findings {
    /// Combines the findings of both directions.
    pub(super) fn add_to(self, dissection: &mut Dissection) {
        let names = self.protocol_names();
        let Self {
            client,
            server,
            protocols,
            client_hello,
            server_hello,
            notes,
        } = self;
        dissection.protocols.extend(names);
        dissection.notes.extend(notes);
        if let (Some(_), Some(hello)) = (client_hello, server_hello) {
            dissection.explicit_nonce = explicit_nonce(hello.version, hello.cipher_suite);
        } else if protocols.contains(&StreamProtocol::Tls) {
            let note = "the hellos of TLS are not in the capture, so its records cannot be opened";
            dissection.notes.push(note.to_owned());
        }
        let mut sides = [(Side::Client, client), (Side::Server, server)];
        for (from, side) in &mut sides {
            dissection.layers.tell(*from, &side.records, &[]);
            dissection.notes.append(&mut side.stream_notes);
        }
        for (from, mut side) in sides {
            dissection.messages.append(&mut side.heads.into_list());
            dissection.notes.append(&mut side.notes);
            side.parts.add_to(from, &mut dissection.layers);
        }
    }

    /// Adds a note that concerns both directions.
    pub(super) fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    fn protocol_names(&self) -> Vec<&'static str> {
        let version = self.server_hello.as_ref().map(|hello| hello.version);
        let mut names = Vec::new();
        for protocol in &self.protocols {
            let name = match protocol {
                StreamProtocol::Tls => Some(tls_name(version)),
                StreamProtocol::Http1 => Some("HTTP/1"),
                StreamProtocol::Http2 => Some("HTTP/2"),
                StreamProtocol::Socks5 => Some("SOCKS5"),
                StreamProtocol::Text(name) => *name,
                StreamProtocol::Opaque => None,
            };
            names.extend(name.filter(|name| !names.contains(name)));
        }
        if names.is_empty() && self.protocols.contains(&StreamProtocol::Text(None)) {
            names.push("unknown text");
        }
        names
    }

    const fn side(&mut self, from: Side) -> &mut SideFindings {
        match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

const fn tls_name(version: Option<u16>) -> &'static str {
    match version {
        Some(0x0304) => "TLSv1.3",
        Some(0x0303) => "TLSv1.2",
        Some(0x0302) => "TLSv1.1",
        Some(0x0301) => "TLSv1.0",
        _ => "TLS",
    }
}

impl UnitSink for Findings {
    fn unit(&mut self, piece: &UnitPiece<'_>) {
        self.side(piece.from).take(piece);
    }

    fn head(&mut self, head: MessageHead<'_>) {
        let from = head.from;
        let side = self.side(from);
        if let Some(at) = side.plain_offset(head.axis, head.start) {
            side.heads.push(message(head, at));
        }
    }

    fn upgrade(&mut self, upgrade: StreamUpgrade) {
        let StreamUpgrade {
            from,
            axis,
            start,
            protocol,
            request,
        } = upgrade;
        if !self.protocols.contains(&protocol) {
            self.protocols.push(protocol);
        }
        if protocol == StreamProtocol::Tls && is_transport(axis) {
            let side = self.side(from);
            if side.tls_from.is_none() {
                (side.tls_from, side.plain) = (Some(start), start);
            }
            side.is_lost = false;
        }
        if let (StreamProtocol::Http2, Some(request)) = (protocol, request) {
            self.client.heads.set_stream(request, 1);
        }
    }

    fn hello(&mut self, _: Side, axis: ByteAxis, hello: &TlsHello) {
        if !is_transport(axis) {
            return;
        }
        match hello {
            TlsHello::Client(hello) => self.client_hello = Some(hello.clone()),
            TlsHello::Server(hello) => self.server_hello = Some(hello.clone()),
        }
    }

    fn gap(&mut self, gap: &StreamGap) {
        self.side(gap.from).add_gap(gap);
    }

    fn fault(&mut self, fault: StreamFault<'_>) {
        if let FaultReason::Sealed(reason) = fault.reason {
            self.note(format!("what is inside TLS is not shown: {reason}"));
        } else {
            self.side(fault.from).fail(&fault);
        }
    }
}

impl SideFindings {
    fn take(&mut self, piece: &UnitPiece<'_>) {
        let bytes = piece.bytes.len();
        if let UnitKind::TlsRecord {
            content_type,
            plain_bytes,
        } = piece.kind
            && is_transport(piece.axis)
        {
            let end = piece.start + bytes as u64;
            let at = *self.record.get_or_insert(piece.start);
            if piece.is_last {
                self.record = None;
                self.end_record(at, end, content_type, plain_bytes);
            }
            return;
        }
        let Some(at) = self.plain_offset(piece.axis, piece.start) else {
            return;
        };
        self.parts.seek(at);
        let Some(kind) = PartKind::from_unit(piece.kind) else {
            return self.parts.skip_bytes(bytes as u64);
        };
        match piece.kind {
            // The last piece of a head has its final kind.
            UnitKind::Http1Head { .. } => {
                self.parts.extend_part(PartKind::Http1Head, bytes);
                if kind != PartKind::Http1Head {
                    self.parts.reclassify(kind);
                }
            }
            _ => self.parts.extend_part(kind, bytes),
        }
        if piece.is_last {
            self.parts.end_part();
        }
    }

    fn end_record(&mut self, at: u64, end: u64, kind: u8, plain_bytes: u32) {
        self.is_lost = false;
        if self.records.len() < StreamLayers::MOST {
            self.records.push(Record {
                at,
                bytes: u32::try_from(end - at).unwrap_or(u32::MAX),
                kind,
                plain_at: self.plain,
                plain_bytes,
            });
        }
        self.plain += u64::from(plain_bytes);
    }

    /// Returns an offset in the plaintext, which includes the bytes before TLS; `None` for TLS
    /// within TLS.
    fn plain_offset(&self, axis: ByteAxis, start: u64) -> Option<u64> {
        match axis {
            ByteAxis::Transport { .. } => {
                Some(start).filter(|start| self.tls_from.is_none_or(|from| *start < from))
            }
            ByteAxis::Plaintext { depth: 1 } => Some(self.tls_from.unwrap_or(0) + start),
            ByteAxis::Plaintext { .. } | ByteAxis::Body { .. } => None,
        }
    }

    fn add_gap(&mut self, gap: &StreamGap) {
        let StreamGap { start, bytes, .. } = *gap;
        if !is_transport(gap.axis) || self.tls_from.is_none() {
            note(
                &mut self.notes,
                format!("{bytes} bytes at offset {start} were not captured"),
            );
            return;
        }
        if !self.is_lost {
            let name = gap.from.name();
            note(
                &mut self.stream_notes,
                format!("{bytes} bytes from the {name} at offset {start} were not captured"),
            );
        }
        if gap.within.is_none() {
            (self.is_lost, self.record) = (true, None);
        }
    }

    fn fail(&mut self, fault: &StreamFault<'_>) {
        let (start, reason, name) = (fault.start, fault.reason, fault.from.name());
        match reason {
            FaultReason::NoRecord if is_transport(fault.axis) => {
                self.is_lost = true;
                let text = format!("no TLS record begins at offset {start} from the {name}");
                note(&mut self.stream_notes, text);
            }
            FaultReason::Unfit(reason) => {
                let text = format!(
                    "from offset {start} on, what is inside TLS is not shown for the {name}: \
                        {reason}"
                );
                note(&mut self.stream_notes, text);
            }
            FaultReason::RecordsMissing => {
                let text = format!(
                    "from offset {start} on, what is inside TLS is not shown for the {name}: a \
                        record is missing"
                );
                note(&mut self.stream_notes, text);
            }
            reason => {
                let text = fault.line.map_or_else(
                    || format!("from offset {start} of what the {name} says: {reason}"),
                    |IrregularLine { number, reason }| {
                        format!(
                            "line {number} of the head at offset {start} of what the {name} says \
                             violates HTTP/1: {reason}"
                        )
                    },
                );
                note(&mut self.notes, text);
            }
        }
    }
}

const fn is_transport(axis: ByteAxis) -> bool {
    matches!(axis, ByteAxis::Transport { .. })
}

fn message(head: MessageHead<'_>, at: u64) -> Message {
    let from = head.from;
    let message = |stream, start, fields: &[FieldLine]| Message {
        from,
        at,
        stream,
        request: head.request,
        start,
        headers: fields.iter().map(HttpHeader::from).collect(),
    };
    match head.content {
        HeadContent::Request(request) => {
            let start = StartLine::Request {
                method: request.method.as_str().into(),
                target: Untrusted::from_bytes(&request.target),
            };
            message(None, start, &request.fields)
        }
        HeadContent::Response(response) => {
            let status = response.status;
            message(None, StartLine::Response { status }, &response.fields)
        }
        HeadContent::Fields { stream, fields } => {
            let (pseudo, fields): (Vec<FieldLine>, Vec<FieldLine>) = fields
                .into_iter()
                .partition(|field| field.name.starts_with(b":"));
            message(Some(stream), http2_start(&pseudo), &fields)
        }
    }
}

/// Determines the kind of message by its pseudo-header fields (RFC 9113 §8.3); without any these
/// are trailers.
fn http2_start(pseudo: &[FieldLine]) -> StartLine {
    let value = |name: &[u8]| {
        pseudo
            .iter()
            .find(|field| field.name == name)
            .map(|field| field.value.as_slice())
    };
    let status =
        value(b":status").and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
    match (status, value(b":method")) {
        (Some(status), _) => StartLine::Response { status },
        (None, Some(method)) => {
            let target = value(b":path").or_else(|| value(b":authority"));
            StartLine::Request {
                method: Untrusted::from_bytes(method),
                target: Untrusted::from_bytes(target.unwrap_or_default()),
            }
        }
        (None, None) => StartLine::Trailers,
    }
}

/// Adds a note, up to a limit: a crafted capture may have a gap between any two packets.
fn note(notes: &mut Vec<String>, text: String) {
    const MOST: usize = 20;
    if notes.len() < MOST {
        notes.push(text);
    }
}
