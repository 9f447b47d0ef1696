//! Says what lies where in a connection's two streams, in batches.
//!
//! ```text
//! http1, http2 ─► Parts ──────────────┐
//! tap above TLS ─► plaintext counted ─┼─► Layering ─► What::Layered
//! records seen below TLS ─────────────┘
//! ```
//!
//! What is read above TLS came in the latest record handed to rustls, for rustls gives out what a
//! record held before it asks for more. What is written above is sealed at once, but some of its
//! records have gone out when the writer hears how much was taken, and some go later: see
//! [`Sealing`].

mod batch;
mod parts;
mod sealing;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::batch::Batch;
use self::sealing::Sealing;
use super::Recorder;
use super::pace::Pace;
use super::tap::Observer;
use crate::trace::{ConnectionId, Part, Record, Side, What};
use crate::wire::tls::RecordHeader;

pub(super) use self::parts::Parts;
pub(super) use self::sealing::Seal;

/// Told before the pace allows it once there are so many.
const MOST_AT_ONCE: usize = 4_096;

/// What is known of a connection's layers and not told yet.
pub(super) struct Layering {
    recorder: Recorder,
    connection: ConnectionId,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sent: Lane,
    received: Lane,
    sealing: Sealing,
    /// TLS layers on the connection.
    over: u8,
    /// Offsets are not known any more.
    lost: bool,
    pace: Pace,
}

/// One direction.
#[derive(Debug, Default)]
struct Lane {
    records: Batch<Record>,
    parts: Batch<Part>,
    /// Plaintext of the records so far.
    plain: u64,
    /// Plaintext that passed above: for what is sent, perhaps ahead of its records.
    passed: u64,
}

impl fmt::Debug for Layering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layering")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

impl Layering {
    pub(super) fn new(recorder: Recorder, connection: ConnectionId) -> Self {
        Self {
            recorder,
            connection,
            state: Mutex::default(),
        }
    }

    /// TLS begins; whether it is the lowest on the connection, so that its records lie in the
    /// streams as they are.
    pub(super) fn begins_tls(&self) -> bool {
        let mut state = self.lock();
        state.over = state.over.saturating_add(1);
        state.over == 1
    }

    /// TLS is established: what it adds to what it seals.
    pub(super) fn sealed_with(&self, seal: Seal) {
        self.lock().sealing.begin(seal);
        self.tell();
    }

    /// Where things lie is not known on this connection.
    pub(super) fn lose(&self) {
        self.lock().lost = true;
    }

    /// For telling the parts of one direction from now on; `stream` is how far it has come below
    /// all TLS. `None` where their place is not known: above two layers of TLS.
    pub(super) fn parts(self: &Arc<Self>, from: Side, stream: u64) -> Option<Parts> {
        let mut state = self.lock();
        let at = match state.over {
            0 => stream,
            1 => state.lane(from).passed,
            _ => return None,
        };
        drop(state);
        Some(Parts::new(Arc::clone(self), from, at))
    }

    /// A record's header has passed.
    pub(super) fn record(&self, from: Side, header: RecordHeader) {
        self.change(
            |State {
                 sent,
                 received,
                 sealing,
                 ..
             }| match from {
                Side::Client => {
                    sealing.went_out(header);
                    sealing.settle(|header, plain| sent.take(header, plain));
                }
                Side::Server => received.take(header, 0),
            },
        );
    }

    /// A part begins, goes on, or turns out to be something else.
    fn part(&self, from: Side, part: Part) {
        self.change(|state| state.lane(from).parts.put(part, |open| open.at == part.at));
    }

    /// Tells what is not told yet.
    pub(super) fn tell(&self) {
        let told = self.lock().take(self.connection);
        told.into_iter()
            .flatten()
            .for_each(|what| self.recorder.emit(what));
    }

    /// The connection is over: tells the rest.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        let State { sent, sealing, .. } = &mut *state;
        sealing.rest(|header| sent.take(header, 0));
        drop(state);
        self.tell();
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        if state.lost {
            return;
        }
        change(&mut state);
        let waiting = state.sent.waiting() + state.received.waiting();
        if waiting >= MOST_AT_ONCE || (waiting > 0 && state.pace.is_due(self.recorder.now())) {
            drop(state);
            self.tell();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn lane(&mut self, from: Side) -> &mut Lane {
        match from {
            Side::Client => &mut self.sent,
            Side::Server => &mut self.received,
        }
    }

    fn take(&mut self, connection: ConnectionId) -> [Option<What>; 2] {
        [Side::Client, Side::Server].map(|from| {
            let lane = self.lane(from);
            let unlisted = lane.records.take_unlisted() + lane.parts.take_unlisted();
            let (records, parts) = (lane.records.take(), lane.parts.take());
            let is_empty = records.is_empty() && parts.is_empty() && unlisted == 0;
            (!is_empty).then_some(What::Layered {
                connection,
                from,
                records,
                parts,
                unlisted,
            })
        })
    }
}

impl Lane {
    fn take(&mut self, RecordHeader { at, bytes, kind }: RecordHeader, plain_bytes: u32) {
        self.records.put(
            Record {
                at,
                bytes,
                kind,
                plain_at: self.plain,
                plain_bytes,
            },
            |_| false,
        );
        self.plain += u64::from(plain_bytes);
    }

    const fn waiting(&self) -> usize {
        self.records.waiting() + self.parts.waiting()
    }
}

/// Watches the plaintext right above the lowest TLS layer.
pub(super) struct Plaintext(Option<Arc<Layering>>);

impl Plaintext {
    /// `None` above any other layer: nothing is watched.
    pub(super) const fn over(layering: Option<Arc<Layering>>) -> Self {
        Self(layering)
    }
}

impl Observer for Plaintext {
    fn sent(&mut self, _: &[u8]) {}

    fn wrote(&mut self, bytes: usize) {
        let Some(layering) = &self.0 else { return };
        layering.change(|State { sent, sealing, .. }| {
            sent.passed += bytes as u64;
            sealing.written(bytes as u64);
            sealing.settle(|header, plain| sent.take(header, plain));
        });
    }

    fn received(&mut self, bytes: &[u8]) {
        let Some(layering) = &self.0 else { return };
        layering.change(|State { received, .. }| {
            let count = bytes.len() as u64;
            received.passed += count;
            received.plain += count;
            received.records.change(|record| {
                record.plain_bytes = record
                    .plain_bytes
                    .saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
            });
        });
    }
}
