//! Conversations of others taken apart: asked for when one is looked at, and kept for when it is
//! looked at again.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Effect, State};
use crate::dissect::Dissection;
use crate::trace::FlowKey;
use crate::tui::talk::talk_at;
use crate::units::Moment;

/// What is known of what conversations say.
#[derive(Clone, Debug, Default)]
pub(super) struct Dissections {
    known: HashMap<FlowKey, Arc<Dissection>>,
    /// Memory that they take, about, in bytes.
    weight: usize,
}

impl Dissections {
    /// Conversations kept, and what they may take together; beyond that they are asked for again.
    const MOST: usize = 256;
    const MOST_BYTES: usize = 64 << 20;

    /// One of them.
    pub(super) fn of(&self, flow: &FlowKey) -> Option<&Dissection> {
        self.known.get(flow).map(Arc::as_ref)
    }

    /// Forgets those that are not to be kept.
    pub(super) fn retain(&mut self, keep: impl Fn(&FlowKey) -> bool) {
        self.known.retain(|flow, _| keep(flow));
        self.weight = self
            .known
            .values()
            .map(|dissection| dissection.weight())
            .sum();
    }

    fn put(&mut self, flow: FlowKey, dissection: Arc<Dissection>) {
        let weight = dissection.weight();
        if self.known.len() >= Self::MOST || self.weight + weight > Self::MOST_BYTES {
            self.known.clear();
            self.weight = 0;
        }
        self.weight += weight;
        self.known.insert(flow, dissection);
    }
}

impl State {
    /// Asks for the conversation that is looked at, once it is complete. One at a time: while the
    /// list is walked through, what is passed by need not be known.
    pub(super) fn want_dissection(&mut self, now: Moment) -> Option<Effect> {
        let (run, _) = self.shown(now);
        if self.taking_apart.is_some() || run.under_way || !run.trace.exchanges().is_empty() {
            return None;
        }
        let flow = match self.sight.cursor.flow() {
            Some(key) => run.trace.flow(&key)?,
            None => talk_at(run, self.sight.cursor)?.flow,
        };
        if run.dissections.of(&flow.key).is_some() {
            return None;
        }
        let effect = Effect::TakeApart(Box::new(flow.clone()));
        self.taking_apart = Some(flow.key);
        Some(effect)
    }

    /// Takes in what one says.
    pub(super) fn hear_of_dissection(&mut self, flow: FlowKey, mut dissection: Dissection) {
        self.taking_apart = None;
        dissection.mask(self.settings.masking.redactor());
        let dissection = Arc::new(dissection);
        if let Some(held) = &mut self.held {
            held.run.dissections.put(flow, Arc::clone(&dissection));
        }
        self.run.dissections.put(flow, dissection);
    }
}
