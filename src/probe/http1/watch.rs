//! Watches one HTTP/1 connection above TLS: what is written and read, in its own bytes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::inbound::Inbound;
use super::outbound::Outbound;
use crate::probe::PhaseFailure;
use crate::probe::layering::PartTracker;
use crate::probe::message_phases::MessagePhases;
use crate::probe::tap::StreamObserver;
use crate::wire::stream::StreamParser;

/// Observes a connection and knows how far its exchange has come. Every clone is the same watch.
#[derive(Clone)]
pub(super) struct Http1Monitor(Arc<Mutex<State>>);

struct State {
    exchange: Option<Http1ExchangeState>,
    /// For telling what lies where, sent and received.
    parts: Option<(PartTracker, PartTracker)>,
}

/// The exchange that passes.
pub(super) struct Http1ExchangeState {
    pub(super) phases: MessagePhases,
    /// Finds the boundaries in what passes.
    pub(super) parser: StreamParser<'static>,
    pub(super) outbound: Outbound,
    pub(super) inbound: Inbound,
    /// A fault found in what was read.
    pub(super) fault: Option<PhaseFailure>,
}

impl Http1Monitor {
    pub(super) fn new(parts: Option<(PartTracker, PartTracker)>) -> Self {
        Self(Arc::new(Mutex::new(State {
            exchange: None,
            parts,
        })))
    }

    /// From now on, what passes belongs to this exchange.
    pub(super) fn begin(&self, passing: Http1ExchangeState) {
        self.lock().exchange = Some(passing);
    }

    /// Looks at the exchange that passes.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Http1ExchangeState) -> T) -> Option<T> {
        self.lock().exchange.as_mut().map(look)
    }

    /// A fault found in what was read, once.
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
