//! Parser for one direction of TLS: its records (RFC 8446 §5.1), and their content if the keys are
//! known.

use super::detect::{RECORD_HEADER, record_length};
use super::lane::{LaneContext, NextState};
use super::sink::{FaultReason, TlsHello};
use super::unit::UnitKind;
use crate::wire::Side;
use crate::wire::tls::{Decipherer, HandshakeItemKind, HandshakeReader, KeyLog, Undecipherable};

/// Content type of the record after which TLS 1.2 encrypts.
const CHANGE_CIPHER_SPEC: u8 = 20;
/// Content type of application data.
const APPLICATION_DATA: u8 = 23;
/// Maximum number of bytes at the beginning of a direction that are searched for its hello.
const OPENING: usize = 1 << 16;
/// Maximum number of consecutive records that do not match the keys before decryption stops.
const MOST_UNREADABLE: u32 = 64;
/// Maximum number of bytes buffered of what a client sends before the `ServerHello` is known: early
/// data (RFC 8446 §4.2.10), or more if packets were captured out of order.
const MOST_EARLY: usize = 1 << 17;

/// State of a direction.
#[derive(Debug, Default)]
pub(super) struct TlsLane {
    header: [u8; RECORD_HEADER],
    filled: usize,
    record: Option<OpenRecord>,
    /// Number of bytes that were searched for hellos.
    looked_at: usize,
    /// Whether records are no longer decrypted.
    is_shut: bool,
    /// Number of consecutive records that did not match the keys.
    unreadable: u32,
    /// Encrypted records that wait for the other side's hello, with the offset of each.
    early: Vec<(u64, Vec<u8>)>,
    early_bytes: usize,
}

/// A record that is not complete.
#[derive(Debug)]
struct OpenRecord {
    content_type: u8,
    began: u64,
    left: usize,
    /// All its bytes so far, if it may be decrypted.
    kept: Option<Vec<u8>>,
}

/// State shared by both directions of TLS.
#[derive(Default)]
pub(super) struct TlsSession {
    reader: HandshakeReader,
    client: Option<crate::wire::tls::ClientHello>,
    /// Side of the `ClientHello`.
    client_side: Option<Side>,
    decipherer: Option<Decipherer>,
    /// Whether the `ServerHello` is known, and with it whether there are keys.
    is_agreed: bool,
}

impl std::fmt::Debug for TlsSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsSession")
            .field("is_agreed", &self.is_agreed)
            .finish_non_exhaustive()
    }
}

impl TlsSession {
    /// Searches a direction's bytes for hellos.
    fn find_hellos(&mut self, bytes: &[u8], keys: Option<&KeyLog>, cx: &mut LaneContext<'_>) {
        let mut hellos = Vec::new();
        self.reader.read(cx.from(), bytes, |seen| match seen.what {
            HandshakeItemKind::ClientHello(Some(hello)) => hellos.push(TlsHello::Client(hello)),
            HandshakeItemKind::ServerHello(Some(hello)) => hellos.push(TlsHello::Server(hello)),
            _ => {}
        });
        for hello in hellos {
            cx.sink.hello(cx.from, cx.axis, &hello);
            match hello {
                TlsHello::Client(hello) => {
                    self.client = Some(hello);
                    self.client_side = Some(cx.from());
                }
                TlsHello::Server(server) => {
                    // Another hello follows a HelloRetryRequest (RFC 8446 §4.1.4).
                    let (Some(client), false) = (&self.client, server.is_retry || self.is_agreed)
                    else {
                        continue;
                    };
                    self.is_agreed = true;
                    let Some(keys) = keys else { continue };
                    match Decipherer::new(client, &server, keys) {
                        Ok(decipherer) => self.decipherer = Some(decipherer),
                        Err(reason) => {
                            cx.fault_at(cx.at(), FaultReason::Sealed(reason), &[]);
                        }
                    }
                }
            }
        }
    }

    /// Returns true if records may be decrypted, now or once more is known.
    const fn may_open(&self) -> bool {
        !self.is_agreed || self.decipherer.is_some()
    }

    /// Decrypts the next record of a direction.
    fn open(&mut self, from: Side, record: &[u8]) -> Option<Result<Vec<u8>, Undecipherable>> {
        let decipherer = self.decipherer.as_mut()?;
        let side = if self.client_side == Some(from) {
            Side::Client
        } else {
            Side::Server
        };
        Some(decipherer.decrypt(side, record).map(|opened| {
            if opened.kind == APPLICATION_DATA {
                opened.plaintext
            } else {
                Vec::new()
            }
        }))
    }
}

impl TlsLane {
    /// Creates the state for records found by a search. After a gap their sequence numbers are
    /// unknown, so they are not decrypted; `was_spoken` says whether TLS was detected before.
    pub(super) fn resynced(is_behind_gap: bool, was_spoken: bool) -> Self {
        Self {
            looked_at: if was_spoken { OPENING } else { 0 },
            is_shut: is_behind_gap,
            ..Self::default()
        }
    }

    /// Consumes at least one byte, unless it is not a record. Decrypted application data is
    /// appended to `plain`.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        session: &mut TlsSession,
        keys: Option<&KeyLog>,
        plain: &mut Vec<u8>,
        cx: &mut LaneContext<'_>,
    ) -> (usize, NextState) {
        let Some(record) = &mut self.record else {
            return self.take_header(bytes, session, keys, plain, cx);
        };
        let taken = bytes.len().min(record.left);
        let piece = bytes.get(..taken).unwrap_or_default();
        record.left -= taken;
        let is_over = record.left == 0;
        if let Some(kept) = &mut record.kept {
            kept.extend_from_slice(piece);
            *cx.at += taken as u64;
        } else {
            let kind = sealed_record(record.content_type);
            cx.emit(kind, piece, is_over);
        }
        self.find_hellos(piece, session, keys, cx);
        if is_over {
            self.end_record(session, plain, cx);
        }
        (taken, NextState::Stay)
    }

    /// Skips a gap. Within a record the next boundary stays known, but the record cannot be
    /// decrypted. Returns the unit that continues after the gap.
    pub(super) fn skip(
        &mut self,
        bytes: u64,
        session: &TlsSession,
        cx: &mut LaneContext<'_>,
    ) -> Option<UnitKind> {
        self.tell_early(cx);
        if !std::mem::replace(&mut self.is_shut, true) && session.decipherer.is_some() {
            cx.fault_at(cx.at(), FaultReason::RecordsMissing, &[]);
        }
        let record = self.record.as_mut()?;
        // The record cannot be decrypted any more, so its buffered bytes are reported now.
        let kind = sealed_record(record.content_type);
        if let Some(kept) = record.kept.take() {
            cx.emit_at(record.began, kind, &kept, false);
        }
        let bytes = usize::try_from(bytes)
            .ok()
            .filter(|bytes| *bytes <= record.left)?;
        record.left -= bytes;
        Some(kind)
    }

    /// Ends the record if a gap ended it.
    pub(super) fn after_gap(&mut self) {
        if self.record.as_ref().is_some_and(|record| record.left == 0) {
            self.record = None;
        }
    }

    /// Ends the direction: waiting records are reported undecrypted.
    pub(super) fn end(&mut self, cx: &mut LaneContext<'_>) {
        self.tell_early(cx);
        if let Some(record) = &mut self.record
            && let Some(kept) = record.kept.take()
        {
            cx.emit_at(
                record.began,
                sealed_record(record.content_type),
                &kept,
                false,
            );
        }
    }

    /// Decrypts records that waited for the other side's hello.
    pub(super) fn open_early(
        &mut self,
        session: &mut TlsSession,
        plain: &mut Vec<u8>,
        cx: &mut LaneContext<'_>,
    ) {
        self.early_bytes = 0;
        for (began, record) in std::mem::take(&mut self.early) {
            self.open(began, &record, session, plain, cx);
        }
    }

    /// Returns true if there are waiting records that may be decrypted now.
    pub(super) const fn has_early(&self, session: &TlsSession) -> bool {
        session.is_agreed && !self.early.is_empty()
    }

    /// Returns true if part of a record header is buffered.
    pub(super) const fn is_within_header(&self) -> bool {
        self.filled > 0
    }

    /// Removes the buffered part of a header that will not be completed.
    pub(super) fn take_partial_header(&mut self) -> Vec<u8> {
        let filled = std::mem::take(&mut self.filled);
        self.header.get(..filled).unwrap_or_default().to_vec()
    }

    fn take_header(
        &mut self,
        bytes: &[u8],
        session: &mut TlsSession,
        keys: Option<&KeyLog>,
        plain: &mut Vec<u8>,
        cx: &mut LaneContext<'_>,
    ) -> (usize, NextState) {
        let taken = bytes.len().min(RECORD_HEADER - self.filled);
        let end = self.filled + taken;
        let piece = bytes.get(..taken).unwrap_or_default();
        if let Some(place) = self.header.get_mut(self.filled..end) {
            place.copy_from_slice(piece);
        }
        self.filled = end % RECORD_HEADER;
        if end < RECORD_HEADER {
            return (taken, NextState::Stay);
        }
        let Some(length) = record_length(self.header) else {
            self.tell_early(cx);
            cx.fault_at(cx.at(), FaultReason::NoRecord, &[]);
            return (taken, NextState::FindRecord(self.header));
        };
        let [content_type, ..] = self.header;
        let may_open = keys.is_some() && !self.is_shut && session.may_open();
        let began = cx.at();
        let header = self.header;
        let kept = may_open.then(|| {
            let mut kept = Vec::with_capacity(RECORD_HEADER + length);
            kept.extend_from_slice(&header);
            kept
        });
        if kept.is_some() {
            *cx.at += RECORD_HEADER as u64;
        } else {
            cx.emit(sealed_record(content_type), &header, length == 0);
        }
        self.record = Some(OpenRecord {
            content_type,
            began,
            left: length,
            kept,
        });
        self.find_hellos(&header, session, keys, cx);
        if length == 0 {
            self.end_record(session, plain, cx);
        }
        (taken, NextState::Stay)
    }

    fn find_hellos(
        &mut self,
        bytes: &[u8],
        session: &mut TlsSession,
        keys: Option<&KeyLog>,
        cx: &mut LaneContext<'_>,
    ) {
        if self.looked_at < OPENING {
            self.looked_at = self.looked_at.saturating_add(bytes.len());
            session.find_hellos(bytes, keys, cx);
        }
    }

    fn end_record(
        &mut self,
        session: &mut TlsSession,
        plain: &mut Vec<u8>,
        cx: &mut LaneContext<'_>,
    ) {
        let Some(record) = self.record.take() else {
            return;
        };
        let Some(kept) = record.kept else { return };
        // Records from here on are encrypted.
        let is_sealed = matches!(record.content_type, CHANGE_CIPHER_SPEC | APPLICATION_DATA);
        let waits = !self.early.is_empty() || is_sealed;
        if waits && !session.is_agreed && self.early_bytes + kept.len() <= MOST_EARLY {
            self.early_bytes += kept.len();
            self.early.push((record.began, kept));
        } else {
            self.tell_early(cx);
            self.open(record.began, &kept, session, plain, cx);
        }
    }

    fn open(
        &mut self,
        began: u64,
        record: &[u8],
        session: &mut TlsSession,
        plain: &mut Vec<u8>,
        cx: &mut LaneContext<'_>,
    ) {
        let content_type = record.first().copied().unwrap_or_default();
        let opened = if self.is_shut {
            None
        } else {
            session.open(cx.from(), record)
        };
        let text = match opened {
            Some(Ok(text)) => {
                self.unreadable = 0;
                text
            }
            Some(Err(reason)) => {
                self.unreadable += 1;
                if self.unreadable == MOST_UNREADABLE {
                    cx.fault_at(began, FaultReason::Unfit(reason), &[]);
                    self.is_shut = true;
                }
                Vec::new()
            }
            None => Vec::new(),
        };
        let kind = UnitKind::TlsRecord {
            content_type,
            plain_bytes: u32::try_from(text.len()).unwrap_or(u32::MAX),
        };
        cx.emit_at(began, kind, record, true);
        plain.extend_from_slice(&text);
    }

    /// Reports waiting records undecrypted.
    fn tell_early(&mut self, cx: &mut LaneContext<'_>) {
        self.early_bytes = 0;
        for (began, record) in std::mem::take(&mut self.early) {
            let content_type = record.first().copied().unwrap_or_default();
            cx.emit_at(began, sealed_record(content_type), &record, true);
        }
    }
}

/// Returns the unit kind of a record that is not decrypted.
const fn sealed_record(content_type: u8) -> UnitKind {
    UnitKind::TlsRecord {
        content_type,
        plain_bytes: 0,
    }
}
