//! All conversations of a capture, taken apart.

use std::collections::BTreeMap;

use super::{Dissection, dissect};
use crate::trace::{ByteStore, Layers, Trace};
use crate::wire::tls::KeyLog;

/// Conversations taken apart, by the place of the flow in [`Trace::flows`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TakenApart(BTreeMap<usize, Dissection>);

impl TakenApart {
    /// Every conversation, without what lies where in its streams.
    pub fn of(trace: &Trace, store: &dyn ByteStore, keys: &KeyLog) -> Self {
        let flows = trace.flows().iter().enumerate();
        Self(flows.map(|(place, flow)| (place, Dissection { layers: Layers::default(), ..dissect(flow, store, keys) })).collect())
    }

    /// One of them.
    pub fn at(&self, place: usize) -> Option<&Dissection> {
        self.0.get(&place)
    }
}
