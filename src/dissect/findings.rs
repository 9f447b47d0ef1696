//! Collects what the stream parser reports about a connection into its dissection.

use std::collections::VecDeque;
use std::ops::Range;

use super::Dissection;
use super::message_head::message_of_head;
use super::messages::Heads;
use super::parts::Parts;
use crate::trace::{PartKind, Record, StreamLayers};
use crate::wire::Side;
use crate::wire::http1::IrregularLine;
use crate::wire::http2::Frame;
use crate::wire::stream::{
    ByteAxis, FaultReason, MessageEnd, MessageHead, StreamFault, StreamGap, StreamProtocol,
    StreamUpgrade, TlsHello, UnitKind, UnitPiece, UnitSink,
};
use crate::wire::tls::{ClientHello, ServerHello, explicit_nonce};

/// TLS's content type of application data (RFC 8446 §5.1).
const APPLICATION_DATA: u8 = 23;

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
    /// The latest records: the plaintext offset after each, and its bytes.
    latest_records: VecDeque<(u64, Range<u64>)>,
    /// Offset after the bytes seen so far.
    end: u64,
    /// Offset of the first record of application data.
    application_data_from: Option<u64>,
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
        dissection.handshake_bytes = if protocols.contains(&StreamProtocol::Tls) {
            client.application_data_from.unwrap_or(u64::MAX)
        } else {
            0
        };
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
        if let UnitKind::Http2Frame(frame) = piece.kind
            && frame.kind == Frame::RST_STREAM
            && piece.is_last
        {
            let side = self.side(piece.from);
            let at = side.transport_end(piece.axis);
            side.heads.end_message(Some(frame.stream.into()), at);
        }
    }

    fn head(&mut self, head: MessageHead<'_>) {
        let from = head.from;
        let side = self.side(from);
        if let Some(at) = side.plain_offset(head.axis, head.start) {
            let bytes = side.transport_bytes(head.axis, at);
            side.heads.push(message_of_head(head, at, bytes));
        }
    }

    fn message(&mut self, end: MessageEnd) {
        let side = self.side(end.from);
        if matches!(
            end.axis,
            ByteAxis::Transport { .. } | ByteAxis::Plaintext { depth: 1 }
        ) {
            let at = side.transport_end(end.axis);
            side.heads.end_message(end.message, at);
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
        if is_transport(piece.axis) {
            self.end = self.end.max(piece.start + bytes as u64);
        }
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
        const LATEST: usize = 64;
        self.is_lost = false;
        if kind == APPLICATION_DATA {
            _ = self.application_data_from.get_or_insert(at);
        }
        if plain_bytes > 0 {
            if self.latest_records.len() == LATEST {
                self.latest_records.pop_front();
            }
            let plain_end = self.plain + u64::from(plain_bytes);
            self.latest_records.push_back((plain_end, at..end));
        }
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

    /// Returns the bytes of the transport that a head came in, from an offset of the plaintext to
    /// where it has come.
    fn transport_bytes(&self, axis: ByteAxis, at: u64) -> Range<u64> {
        let end = self.transport_end(axis).unwrap_or(self.end);
        if is_transport(axis) {
            return at..end;
        }
        let from = self.latest_records.iter().find(|(after, _)| *after > at);
        from.map_or(end, |(_, record)| record.start)..end
    }

    /// Returns the offset in the transport after what was parsed last; `None` for TLS that has not
    /// come in records.
    fn transport_end(&self, axis: ByteAxis) -> Option<u64> {
        if is_transport(axis) {
            return Some(self.end);
        }
        self.latest_records.back().map(|(_, record)| record.end)
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

/// Adds a note, up to a limit: a crafted capture may have a gap between any two packets.
fn note(notes: &mut Vec<String>, text: String) {
    const MOST: usize = 20;
    if notes.len() < MOST {
        notes.push(text);
    }
}
