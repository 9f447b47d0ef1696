//! Cache of dissected conversations: requested when a conversation is first looked at, and kept.

use std::collections::HashMap;
use std::sync::Arc;

use super::{ScreenEffect, ScreenState};
use crate::dissect::Dissection;
use crate::trace::FlowKey;
use crate::tui::cursor::conversation_of_cursor;
use crate::units::Moment;

/// Dissections by flow.
#[derive(Clone, Debug, Default)]
pub(super) struct DissectionCache {
    entries: HashMap<FlowKey, Arc<Dissection>>,
    /// Approximate memory they take.
    bytes: usize,
}

impl DissectionCache {
    /// Limits on the number of dissections and on their memory; beyond them the cache is emptied.
    const MAX_ENTRIES: usize = 256;
    const MAX_BYTES: usize = 64 << 20;

    /// Returns the dissection of a flow.
    pub(super) fn get(&self, flow: &FlowKey) -> Option<&Dissection> {
        self.entries.get(flow).map(Arc::as_ref)
    }

    /// Keeps only the dissections for which `keep` holds.
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
    /// Requests the dissection of the selected conversation once it is complete. One at a time:
    /// while the user scrolls through the list, those passed by need no dissection.
    pub(super) fn request_dissection(&mut self, now: Moment) -> Option<ScreenEffect> {
        let (run, _) = self.displayed_run(now);
        if self.pending_dissection.is_some() || run.under_way || !run.trace.exchanges().is_empty() {
            return None;
        }
        let flow = match self.view_state.cursor.flow() {
            Some(key) => run.trace.flow(&key)?,
            None => conversation_of_cursor(run, self.view_state.cursor)?.flow,
        };
        if run.dissections.get(&flow.key).is_some() {
            return None;
        }
        let effect = ScreenEffect::Dissect(Box::new((flow.clone(), run.trace.clock().clone())));
        self.pending_dissection = Some(flow.key);
        Some(effect)
    }

    /// Stores a dissection.
    pub(super) fn receive_dissection(&mut self, flow: FlowKey, mut dissection: Dissection) {
        self.pending_dissection = None;
        dissection.mask(self.settings.masking.redactor());
        let dissection = Arc::new(dissection);
        if let Some(paused) = &mut self.paused {
            paused.run.dissections.insert(flow, Arc::clone(&dissection));
        }
        self.run.dissections.insert(flow, dissection);
    }
}
