//! Recorder: the engine's clock, the numbers of its exchanges, connections and attempts, and the
//! sink for its events.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::trace::{
    AttemptId, ConnectionId, EVENT_SCHEMA, Event, EventKind, ExchangeId, Phase, QueryId,
    StreamPosition,
};
use crate::units::{Moment, Nanos, Untrusted, WallTime};

/// Receiver of events. It must not block for long, because the engine waits for it.
pub type EventSink = Arc<dyn Fn(Event) + Send + Sync>;

/// Emits events on the run's time axis. Cheap to clone; all clones share the same state.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    start: Instant,
    sink: EventSink,
    /// End of the latest phase, or else the start of the exchange.
    last_boundary: Mutex<(ExchangeId, Moment)>,
    exchanges: AtomicU32,
    connections: AtomicU32,
    attempts: AtomicU32,
    queries: AtomicU32,
}

impl Recorder {
    /// Starts the run's time axis and emits the start of the run.
    pub fn start(sink: EventSink) -> Self {
        let recorder = Self(Arc::new(Inner {
            start: Instant::now(),
            sink,
            last_boundary: Mutex::new((ExchangeId(0), Moment::START)),
            exchanges: AtomicU32::new(0),
            connections: AtomicU32::new(0),
            attempts: AtomicU32::new(0),
            queries: AtomicU32::new(0),
        }));
        recorder.emit_at(
            Moment::START,
            EventKind::RunStarted {
                schema: EVENT_SCHEMA.to_owned(),
                tool_version: env!("CARGO_PKG_VERSION").to_owned(),
                started_at: wall_clock_now(),
            },
        );
        recorder.pair_clocks();
        recorder
    }

    /// Returns the current time on the run's axis.
    pub fn now(&self) -> Moment {
        self.moment_of(Instant::now())
    }

    /// Converts an instant of the monotonic clock to the run's axis.
    pub fn moment_of(&self, instant: Instant) -> Moment {
        Moment::START + Nanos::from(instant.saturating_duration_since(self.0.start))
    }

    /// Emits an event with the current time.
    pub fn emit(&self, what: EventKind) {
        self.emit_at(self.now(), what);
    }

    /// Emits an event with the time `at`.
    pub fn emit_at(&self, at: Moment, what: EventKind) {
        if let EventKind::ExchangeStarted { exchange, .. }
        | EventKind::PhaseEnded { exchange, .. } = &what
        {
            self.set_last_boundary(*exchange, at);
        }
        (self.0.sink)(Event { at, kind: what });
    }

    /// Emits a note: something worth knowing that is not a failure.
    pub fn note(&self, exchange: ExchangeId, text: impl Into<Untrusted>) {
        self.emit(EventKind::Note {
            exchange: Some(exchange),
            text: text.into(),
        });
    }

    /// Begins a phase at the end of the previous one: work of this program between two phases is
    /// counted as part of the later one, as in curl's timings.
    pub fn begin_phase(
        &self,
        exchange: ExchangeId,
        phase: Phase,
        position: Option<StreamPosition>,
    ) {
        self.emit_at(
            self.last_boundary(exchange),
            EventKind::PhaseBegan {
                exchange,
                phase,
                position,
            },
        );
    }

    /// Returns the end of the exchange's latest phase, or else the start of the exchange.
    pub fn last_boundary(&self, exchange: ExchangeId) -> Moment {
        let (boundary_exchange, at) = *self
            .0
            .last_boundary
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if boundary_exchange == exchange {
            at
        } else {
            self.now()
        }
    }

    fn set_last_boundary(&self, exchange: ExchangeId, at: Moment) {
        *self
            .0
            .last_boundary
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = (exchange, at);
    }

    /// Ends a phase now.
    pub fn end_phase(&self, exchange: ExchangeId, phase: Phase, position: Option<StreamPosition>) {
        self.emit(EventKind::PhaseEnded {
            exchange,
            phase,
            position,
        });
    }

    /// Emits a pairing of the monotonic and the wall clock: the most precise one of a few readings.
    pub fn pair_clocks(&self) {
        let tightest = (0..4)
            .map(|_| self.read_both_clocks())
            .min_by_key(|(_, _, uncertainty)| *uncertainty);
        if let Some((at, wall, uncertainty)) = tightest {
            self.emit_at(at, EventKind::ClockPaired { wall, uncertainty });
        }
    }

    /// Reads the wall clock between two readings of the monotonic clock. Their distance bounds the
    /// error.
    fn read_both_clocks(&self) -> (Moment, WallTime, Nanos) {
        let before = self.now();
        let wall = wall_clock_now();
        let width = self.now().since(before);
        (
            before + Nanos(width.0 / 2),
            wall,
            Nanos(width.0.div_ceil(2)),
        )
    }

    /// Returns the number for the next exchange.
    pub fn next_exchange(&self) -> ExchangeId {
        ExchangeId(self.0.exchanges.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns the number for the next connection.
    pub fn next_connection(&self) -> ConnectionId {
        ConnectionId(self.0.connections.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns the number for the next connection attempt.
    pub fn next_attempt(&self) -> AttemptId {
        AttemptId(self.0.attempts.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns the number for the next DNS query.
    pub fn next_query(&self) -> QueryId {
        QueryId(self.0.queries.fetch_add(1, Ordering::Relaxed))
    }
}

fn wall_clock_now() -> WallTime {
    let since_1970 = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    WallTime(Nanos::from(since_1970).0)
}
