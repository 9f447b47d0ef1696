//! The three phases of a message: send, wait, receive.
//!
//! They are contiguous: one ends and the next begins at the same instant. A response that begins
//! before the last byte of the request is written ends the send phase with its first byte; then
//! there is no wait phase.

use std::sync::Arc;

use super::Recorder;
use super::tap::Meter;
use crate::trace::{EventKind, ExchangeId, Phase, StreamPosition};
use crate::units::Moment;

/// Phases of the current exchange on a connection.
pub(super) struct MessagePhases {
    pub(super) recorder: Recorder,
    pub(super) exchange: ExchangeId,
    meter: Arc<Meter>,
    phase: Phase,
}

impl MessagePhases {
    /// Begins the send phase now.
    pub(super) fn begin(recorder: Recorder, exchange: ExchangeId, meter: Arc<Meter>) -> Self {
        recorder.begin_phase(exchange, Phase::Send, Some(meter.position()));
        Self {
            recorder,
            exchange,
            meter,
            phase: Phase::Send,
        }
    }

    /// Returns the current phase, or the last one.
    pub(super) const fn phase(&self) -> Phase {
        self.phase
    }

    /// Returns the offsets of both streams, without the latest bytes received.
    pub(super) fn position_before_latest(&self) -> StreamPosition {
        self.meter.position_before_latest()
    }

    /// Ends the send phase: the request's last byte was written at `at`.
    pub(super) fn request_sent(&mut self, at: Moment) {
        if self.phase == Phase::Send {
            self.enter_phase(Phase::Wait, at, self.meter.position());
        }
    }

    /// Begins the receive phase: the first byte of the final response's head was read at `at`, and
    /// lies at or after `position`.
    pub(super) fn response_began(&mut self, at: Moment, position: StreamPosition) {
        if self.phase != Phase::Receive {
            self.enter_phase(Phase::Receive, at, position);
        }
    }

    /// Ends the last phase: the last byte of the message was read.
    pub(super) fn message_ended(&self) {
        self.recorder
            .end_phase(self.exchange, self.phase, Some(self.meter.position()));
        self.meter.layers().emit_pending();
    }

    fn enter_phase(&mut self, phase: Phase, at: Moment, position: StreamPosition) {
        let exchange = self.exchange;
        let position = Some(position);
        self.recorder.emit_at(
            at,
            EventKind::PhaseEnded {
                exchange,
                phase: self.phase,
                position,
            },
        );
        self.recorder.emit_at(
            at,
            EventKind::PhaseBegan {
                exchange,
                phase,
                position,
            },
        );
        self.phase = phase;
        self.meter.layers().emit_pending();
    }
}
