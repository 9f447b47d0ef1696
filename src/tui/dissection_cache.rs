//! Conversations of others taken apart: asked for when one is looked at, and kept for when it is
//! looked at again.

use std::collections::HashMap;
use std::sync::Arc;

use super::{ScreenEffect, ScreenState};
use crate::dissect::Dissection;
use crate::trace::FlowKey;
use crate::tui::talk::talk_of_cursor;
use crate::units::Moment;

/// What is known of what conversations say.
#[derive(Clone, Debug, Default)]
pub(super) struct DissectionCache {
    entries: HashMap<FlowKey, Arc<Dissection>>,
    /// Memory that they take, about, in bytes.
    bytes: usize,
}

impl DissectionCache {
    /// Conversations kept, and what they may take together; beyond that they are asked for again.
    const MAX_ENTRIES: usize = 256;
    const MAX_BYTES: usize = 64 << 20;

    /// One of them.
    pub(super) fn get(&self, flow: &FlowKey) -> Option<&Dissection> {
        self.entries.get(flow).map(Arc::as_ref)
    }

    /// Forgets those that are not to be kept.
    pub(super) fn retain(&mut self, keep: impl Fn(&FlowKey) -> bool) {
        self.entries.retain(|flow, _| keep(flow));
        self.bytes = self
            .entries
            .values()
            .map(|dissection| dissection.weight())
            .sum();
    }

    fn insert(&mut self, flow: FlowKey, dissection: Arc<Dissection>) {
        let weight = dissection.weight();
        if self.entries.len() >= Self::MAX_ENTRIES || self.bytes + weight > Self::MAX_BYTES {
            self.entries.clear();
            self.bytes = 0;
        }
        self.bytes += weight;
        self.entries.insert(flow, dissection);
    }
}

impl ScreenState {
    /// Asks for the conversation that is looked at, once it is complete. One at a time: while the
    /// list is walked through, what is passed by need not be known.
    pub(super) fn request_dissection(&mut self, now: Moment) -> Option<ScreenEffect> {
        let (run, _) = self.displayed_run(now);
        if self.pending_dissection.is_some() || run.under_way || !run.trace.exchanges().is_empty() {
            return None;
        }
        let flow = match self.view_state.cursor.flow() {
            Some(key) => run.trace.flow(&key)?,
            None => talk_of_cursor(run, self.view_state.cursor)?.flow,
        };
        if run.dissections.get(&flow.key).is_some() {
            return None;
        }
        let effect = ScreenEffect::Dissect(Box::new(flow.clone()));
        self.pending_dissection = Some(flow.key);
        Some(effect)
    }

    /// Takes in what one says.
    pub(super) fn receive_dissection(&mut self, flow: FlowKey, mut dissection: Dissection) {
        self.pending_dissection = None;
        dissection.mask(self.settings.masking.redactor());
        let dissection = Arc::new(dissection);
        if let Some(held) = &mut self.paused {
            held.run.dissections.insert(flow, Arc::clone(&dissection));
        }
        self.run.dissections.insert(flow, dissection);
    }
}
