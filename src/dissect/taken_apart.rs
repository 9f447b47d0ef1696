//! All connections of a capture, taken apart.

use std::collections::BTreeMap;

use super::{Dissection, dissect};
use crate::trace::{ByteStore, Layers, Trace};
use crate::wire::tls::KeyLog;

/// Connections taken apart, by the place of the flow in [`Trace::flows`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TakenApart(BTreeMap<usize, Dissection>);

impl TakenApart {
    /// Every TCP connection, without what lies where in its streams.
    pub fn of(trace: &Trace, store: &dyn ByteStore, keys: &KeyLog) -> Self {
        let connections = trace.flows().iter().enumerate().filter(|(_, flow)| flow.key.tcp);
        Self(connections.map(|(place, flow)| (place, Dissection { layers: Layers::default(), ..dissect(flow, store, keys) })).collect())
    }

    /// One of them.
    pub fn at(&self, place: usize) -> Option<&Dissection> {
        self.0.get(&place)
    }
}
