//! Conversations of others taken apart: asked for when one is looked at, and kept for when it is looked at again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::ladder::Talk;
use super::{Effect, State};
use crate::dissect::Dissection;
use crate::trace::FlowKey;
use crate::units::Moment;

/// What is known of what conversations say.
#[derive(Clone, Debug, Default)]
pub(super) struct Dissections {
    known: HashMap<FlowKey, Arc<Dissection>>,
    asked: HashSet<FlowKey>,
}

impl Dissections {
    /// Conversations kept; where there are more, they are asked for again.
    const MOST: usize = 256;

    /// One of them.
    pub(super) fn of(&self, flow: &FlowKey) -> Option<&Dissection> {
        self.known.get(flow).map(Arc::as_ref)
    }

    fn put(&mut self, flow: FlowKey, dissection: Arc<Dissection>) {
        if self.known.len() >= Self::MOST {
            self.known.clear();
            self.asked.clear();
        }
        self.asked.insert(flow);
        self.known.insert(flow, dissection);
    }
}

impl State {
    /// Asks for the conversation that is looked at, once it is complete.
    pub(super) fn want_dissection(&mut self, now: Moment) -> Option<Effect> {
        let (run, _) = self.shown(now);
        if run.under_way || !run.trace.exchanges().is_empty() {
            return None;
        }
        let flow = match self.sight.cursor.flow() {
            Some(key) => run.trace.flow(&key)?,
            None => Talk::of(run, self.sight.cursor)?.flow,
        };
        if run.dissections.asked.contains(&flow.key) {
            return None;
        }
        let effect = Effect::TakeApart(Box::new(flow.clone()));
        let key = flow.key;
        self.run.dissections.asked.insert(key);
        if let Some(held) = &mut self.held {
            held.run.dissections.asked.insert(key);
        }
        Some(effect)
    }

    /// Takes in what one says.
    pub(super) fn hear_of_dissection(&mut self, flow: FlowKey, dissection: Dissection) {
        let dissection = Arc::new(dissection);
        if let Some(held) = &mut self.held {
            held.run.dissections.put(flow, Arc::clone(&dissection));
        }
        self.run.dissections.put(flow, dissection);
    }
}
