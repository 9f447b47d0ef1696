//! Dissections of all conversations of a capture.

use std::collections::BTreeMap;

use super::{Dissection, dissect};
use crate::trace::{ByteStore, Layers, Trace};
use crate::wire::tls::KeyLog;

/// Dissections by the index of the flow in [`Trace::flows`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DissectedFlows(pub(super) BTreeMap<usize, Dissection>);

impl DissectedFlows {
    /// Maximum memory for all of them in bytes, approximately.
    const MOST: usize = 128 << 20;

    /// Dissects every conversation, without the positions of records and parts. Beyond the memory
    /// limit, conversations that began later are left out.
    pub fn from_trace(trace: &Trace, store: &dyn ByteStore, keys: &KeyLog) -> Self {
        let (mut all, mut weight) = (BTreeMap::new(), 0);
        for (place, flow) in trace.flows().iter().enumerate() {
            if weight > Self::MOST {
                let notes = vec![
                    "not taken apart: the conversations before it fill what is kept".to_owned(),
                ];
                all.insert(
                    place,
                    Dissection {
                        notes,
                        ..Dissection::default()
                    },
                );
                continue;
            }
            let dissection = Dissection {
                layers: Layers::default(),
                ..dissect(flow, store, keys)
            };
            weight += dissection.weight();
            all.insert(place, dissection);
        }
        Self(all)
    }

    /// Returns the dissection of the flow at an index.
    pub fn at(&self, place: usize) -> Option<&Dissection> {
        self.0.get(&place)
    }
}
