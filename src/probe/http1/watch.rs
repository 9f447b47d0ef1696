//! Observer of one HTTP/1 connection above TLS: follows the bytes written and read in plaintext.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::inbound::Inbound;
use super::outbound::Outbound;
use crate::probe::PhaseFailure;
use crate::probe::layering::PartTracker;
use crate::probe::message_phases::MessagePhases;
use crate::probe::tap::StreamObserver;
use crate::wire::stream::StreamParser;

/// Observer of a connection and of the progress of its exchange. All clones share the same state.
#[derive(Clone)]
pub(super) struct Http1Monitor(Arc<Mutex<State>>);

struct State {
    exchange: Option<Http1ExchangeState>,
    /// Recorders of the positions of message parts, sent and received.
    parts: Option<(PartTracker, PartTracker)>,
}

/// State of the exchange in progress.
pub(super) struct Http1ExchangeState {
    pub(super) phases: MessagePhases,
    /// Parser that finds the boundaries of messages in both directions.
    pub(super) parser: StreamParser<'static>,
    pub(super) outbound: Outbound,
    pub(super) inbound: Inbound,
    /// First fault found in what was read.
    pub(super) fault: Option<PhaseFailure>,
}

impl Http1Monitor {
    pub(super) fn new(parts: Option<(PartTracker, PartTracker)>) -> Self {
        Self(Arc::new(Mutex::new(State {
            exchange: None,
            parts,
        })))
    }

    /// Starts an exchange: bytes observed from now on belong to it.
    pub(super) fn begin(&self, passing: Http1ExchangeState) {
        self.lock().exchange = Some(passing);
    }

    /// Calls `look` with the exchange in progress; returns `None` if there is none.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Http1ExchangeState) -> T) -> Option<T> {
        self.lock().exchange.as_mut().map(look)
    }

    /// Takes the fault found in what was read, if any.
    pub(super) fn take_fault(&self) -> Option<PhaseFailure> {
        self.with(|passing| passing.fault.take()).flatten()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StreamObserver for Http1Monitor {
    fn sent(&mut self, bytes: &[u8]) {
        let State {
            exchange: Some(passing),
            parts,
        } = &mut *self.lock()
        else {
            return;
        };
        let parts = parts.as_mut().map(|(sent, _)| sent);
        passing
            .outbound
            .sent(bytes, &mut passing.parser, &passing.phases, parts);
    }

    fn received(&mut self, bytes: &[u8]) {
        let State {
            exchange: Some(passing),
            parts,
        } = &mut *self.lock()
        else {
            return;
        };
        let parts = parts.as_mut().map(|(_, received)| received);
        if passing.fault.is_none()
            && let Err(failed) =
                passing
                    .inbound
                    .received(bytes, &mut passing.parser, &mut passing.phases, parts)
        {
            passing.fault = Some(failed);
        }
    }

    fn flushed(&mut self) {
        self.with(|passing| passing.outbound.flushed(&mut passing.phases));
    }
}
