//! Layers of a connection: which bytes of its two streams are which TLS records and which parts of
//! HTTP, emitted in batches.
//!
//! ```text
//! http1, http2 ─► PartTracker ────────┐
//! tap above TLS ─► PlaintextObserver ─┼─► LayerTracker ─► EventKind::Layered
//! records observed below TLS ─────────┘
//! ```
//!
//! Plaintext read above TLS came in the record that was last handed to rustls, since rustls returns
//! the plaintext of a record before it asks for the next. Plaintext written is sealed at once, but
//! some of its records have gone out by the time the writer learns how much was accepted, and
//! others go later: see [`SentRecords`].

mod batch;
mod parts;
mod sent_records;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::batch::PendingBatch;
use self::sent_records::SentRecords;
use super::Recorder;
use super::tap::StreamObserver;
use super::throttle::Throttle;
use crate::trace::{ConnectionId, EventKind, Part, Record};
use crate::wire::Side;
use crate::wire::tls::RecordHeader;

pub(super) use self::parts::PartTracker;
pub(super) use self::sent_records::RecordOverhead;

/// Number of waiting items from which a batch is emitted without waiting for the throttle.
const MAX_BATCH: usize = 4_096;

/// Tracks the layers of a connection and emits them.
pub(super) struct LayerTracker {
    recorder: Recorder,
    connection: ConnectionId,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sent: DirectionLayers,
    received: DirectionLayers,
    sent_records: SentRecords,
    /// Number of TLS layers on the connection.
    tls_layers: u8,
    /// Offsets are no longer known.
    offsets_unknown: bool,
    throttle: Throttle,
}

/// Layers of one direction.
#[derive(Debug, Default)]
struct DirectionLayers {
    records: PendingBatch<Record>,
    parts: PendingBatch<Part>,
    /// Plaintext bytes in the records so far.
    record_plaintext: u64,
    /// Plaintext bytes that passed above TLS; for sent data this can be ahead of the records.
    plaintext_passed: u64,
}

impl fmt::Debug for LayerTracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayerTracker")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

impl LayerTracker {
    pub(super) fn new(recorder: Recorder, connection: ConnectionId) -> Self {
        Self {
            recorder,
            connection,
            state: Mutex::default(),
        }
    }

    /// Adds a TLS layer. Returns true if it is the lowest one, whose records lie in the streams as
    /// they are.
    pub(super) fn begin_tls_layer(&self) -> bool {
        let mut state = self.lock();
        state.tls_layers = state.tls_layers.saturating_add(1);
        state.tls_layers == 1
    }

    /// Sets how much TLS adds to each record, once it is established.
    pub(super) fn tls_established(&self, overhead: RecordOverhead) {
        self.lock().sent_records.set_overhead(overhead);
        self.emit_pending();
    }

    /// Stops tracking, because offsets in the streams are not known on this connection.
    pub(super) fn mark_offsets_unknown(&self) {
        self.lock().offsets_unknown = true;
    }

    /// Returns a tracker for the parts of one direction; `stream` is the current offset below all
    /// TLS layers. `None` above two layers of TLS, where offsets are not known.
    pub(super) fn track_parts(self: &Arc<Self>, from: Side, stream: u64) -> Option<PartTracker> {
        let mut state = self.lock();
        let at = match state.tls_layers {
            0 => stream,
            1 => state.direction(from).plaintext_passed,
            _ => return None,
        };
        drop(state);
        Some(PartTracker::new(Arc::clone(self), from, at))
    }

    /// Adds a record, of which the header has passed.
    pub(super) fn add_record(&self, from: Side, header: RecordHeader) {
        self.change(
            |State {
                 sent,
                 received,
                 sent_records,
                 ..
             }| match from {
                Side::Client => {
                    sent_records.record_sent(header);
                    sent_records.take_matched(|header, plain| sent.add_record(header, plain));
                }
                Side::Server => received.add_record(header, 0),
            },
        );
    }

    /// Adds a part, or replaces the one at the same offset with its new length or kind. Returns
    /// true if this part and all further ones are counted only.
    fn add_part(&self, from: Side, part: Part) -> bool {
        let mut is_counted_only = false;
        self.change(|state| {
            let parts = &mut state.direction(from).parts;
            parts.put_or_replace_last(part, |open| open.at == part.at);
            is_counted_only = parts.is_counted_only();
        });
        is_counted_only
    }

    /// Counts parts that are not listed.
    fn add_unlisted_parts(&self, from: Side, parts: u64) {
        self.change(|state| state.direction(from).parts.add_unlisted(parts));
    }

    /// Emits everything that is waiting.
    pub(super) fn emit_pending(&self) {
        let pending = self.lock().take(self.connection);
        pending
            .into_iter()
            .flatten()
            .for_each(|what| self.recorder.emit(what));
    }

    /// Emits the rest when the connection is over.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        let State {
            sent, sent_records, ..
        } = &mut *state;
        sent_records.take_remaining(|header| sent.add_record(header, 0));
        drop(state);
        self.emit_pending();
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        if state.offsets_unknown {
            return;
        }
        change(&mut state);
        let waiting = state.sent.waiting() + state.received.waiting();
        if waiting >= MAX_BATCH || (waiting > 0 && state.throttle.is_due(self.recorder.now())) {
            drop(state);
            self.emit_pending();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn direction(&mut self, from: Side) -> &mut DirectionLayers {
        match from {
            Side::Client => &mut self.sent,
            Side::Server => &mut self.received,
        }
    }

    fn take(&mut self, connection: ConnectionId) -> [Option<EventKind>; 2] {
        [Side::Client, Side::Server].map(|from| {
            let layers = self.direction(from);
            let unlisted = layers.records.take_unlisted() + layers.parts.take_unlisted();
            let records = layers.records.take();
            let parts = layers.parts.take();
            let is_empty = records.is_empty() && parts.is_empty() && unlisted == 0;
            (!is_empty).then_some(EventKind::Layered {
                connection,
                from,
                records,
                parts,
                unlisted,
            })
        })
    }
}

impl DirectionLayers {
    fn add_record(&mut self, RecordHeader { at, bytes, kind }: RecordHeader, plain_bytes: u32) {
        self.records.put_or_replace_last(
            Record {
                at,
                bytes,
                kind,
                plain_at: self.record_plaintext,
                plain_bytes,
            },
            |_| false,
        );
        self.record_plaintext += u64::from(plain_bytes);
    }

    const fn waiting(&self) -> usize {
        self.records.waiting() + self.parts.waiting()
    }
}

/// Observer of the plaintext right above the lowest TLS layer.
pub(super) struct PlaintextObserver(Option<Arc<LayerTracker>>);

impl PlaintextObserver {
    /// Creates an observer; `None` above any other layer, where nothing is tracked.
    pub(super) const fn new(layering: Option<Arc<LayerTracker>>) -> Self {
        Self(layering)
    }
}

impl StreamObserver for PlaintextObserver {
    fn sent(&mut self, _: &[u8]) {}

    fn write_finished(&mut self, bytes: usize) {
        let Some(layering) = &self.0 else { return };
        layering.change(
            |State {
                 sent, sent_records, ..
             }| {
                sent.plaintext_passed += bytes as u64;
                sent_records.plaintext_written(bytes as u64);
                sent_records.take_matched(|header, plain| sent.add_record(header, plain));
            },
        );
    }

    fn received(&mut self, bytes: &[u8]) {
        let Some(layering) = &self.0 else { return };
        layering.change(|State { received, .. }| {
            let count = bytes.len() as u64;
            received.plaintext_passed += count;
            received.record_plaintext += count;
            received.records.change_last(|record| {
                record.plain_bytes = record
                    .plain_bytes
                    .saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
            });
        });
    }
}
