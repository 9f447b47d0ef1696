//! Watches one HTTP/1 connection above TLS: what is written and read, in its own bytes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::inbound::Inbound;
use super::outbound::Outbound;
use crate::probe::Failed;
use crate::probe::layering::Parts;
use crate::probe::stage::Stage;
use crate::probe::tap::Observer;

/// Observes a connection and knows how far its exchange has come. Every clone is the same watch.
#[derive(Clone)]
pub(super) struct Watch(Arc<Mutex<State>>);

struct State {
    passing: Option<Passing>,
    /// For telling what lies where, sent and received.
    parts: Option<(Parts, Parts)>,
}

/// The exchange that passes.
pub(super) struct Passing {
    pub(super) stage: Stage,
    pub(super) outbound: Outbound,
    pub(super) inbound: Inbound,
    /// A fault found in what was read.
    pub(super) fault: Option<Failed>,
}

impl Watch {
    pub(super) fn new(parts: Option<(Parts, Parts)>) -> Self {
        Self(Arc::new(Mutex::new(State {
            passing: None,
            parts,
        })))
    }

    /// From now on, what passes belongs to this exchange.
    pub(super) fn begin(&self, passing: Passing) {
        self.lock().passing = Some(passing);
    }

    /// Looks at the exchange that passes.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Passing) -> T) -> Option<T> {
        self.lock().passing.as_mut().map(look)
    }

    /// A fault found in what was read, once.
    pub(super) fn take_fault(&self) -> Option<Failed> {
        self.with(|passing| passing.fault.take()).flatten()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Watch {
    fn sent(&mut self, bytes: &[u8]) {
        let State {
            passing: Some(passing),
            parts,
        } = &mut *self.lock()
        else {
            return;
        };
        passing
            .outbound
            .sent(bytes, &passing.stage, parts.as_mut().map(|(sent, _)| sent));
    }

    fn received(&mut self, bytes: &[u8]) {
        let State {
            passing: Some(passing),
            parts,
        } = &mut *self.lock()
        else {
            return;
        };
        let parts = parts.as_mut().map(|(_, received)| received);
        if passing.fault.is_none()
            && let Err(failed) = passing.inbound.received(bytes, &mut passing.stage, parts)
        {
            passing.fault = Some(failed);
        }
    }

    fn flushed(&mut self) {
        self.with(|passing| passing.outbound.flushed(&mut passing.stage));
    }
}
