//! The three phases of a message: send, wait, receive.
//!
//! They are contiguous: one ends and the next begins at the same instant. A response that comes
//! before the request's last byte is written ends the send phase with its first byte; then there is
//! no wait phase, because nobody waited.

use std::sync::Arc;

use super::Recorder;
use super::tap::Meter;
use crate::trace::{ExchangeId, Phase, StreamPosition, What};
use crate::units::Moment;

/// How far an exchange on a connection has come.
pub(super) struct Stage {
    pub(super) recorder: Recorder,
    pub(super) exchange: ExchangeId,
    meter: Arc<Meter>,
    phase: Phase,
}

impl Stage {
    /// The request is handed over now.
    pub(super) fn begin(recorder: Recorder, exchange: ExchangeId, meter: Arc<Meter>) -> Self {
        recorder.begin(exchange, Phase::Send, Some(meter.position()));
        Self {
            recorder,
            exchange,
            meter,
            phase: Phase::Send,
        }
    }

    /// The phase that is under way, or the last one.
    pub(super) const fn phase(&self) -> Phase {
        self.phase
    }

    /// How far the connection's streams have come, but for what the latest bytes received came in.
    pub(super) fn position_before_latest(&self) -> StreamPosition {
        self.meter.position_before_latest()
    }

    /// The request's last byte was written at `at`.
    pub(super) fn sent(&mut self, at: Moment) {
        if self.phase == Phase::Send {
            self.pass_to(Phase::Wait, at, self.meter.position());
        }
    }

    /// The first byte of the final response's head was read at `at`; it lies at or after
    /// `position`.
    pub(super) fn answered(&mut self, at: Moment, position: StreamPosition) {
        if self.phase != Phase::Receive {
            self.pass_to(Phase::Receive, at, position);
        }
    }

    /// The last byte of the message was read.
    pub(super) fn finished(&self) {
        self.recorder
            .end(self.exchange, self.phase, Some(self.meter.position()));
        self.meter.layering().tell();
    }

    fn pass_to(&mut self, phase: Phase, at: Moment, position: StreamPosition) {
        let (exchange, position) = (self.exchange, Some(position));
        self.recorder.emit_at(
            at,
            What::PhaseEnded {
                exchange,
                phase: self.phase,
                position,
            },
        );
        self.recorder.emit_at(
            at,
            What::PhaseBegan {
                exchange,
                phase,
                position,
            },
        );
        self.phase = phase;
        self.meter.layering().tell();
    }
}
