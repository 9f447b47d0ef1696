//! All conversations of a capture, taken apart.

use std::collections::BTreeMap;

use super::{Dissection, dissect};
use crate::trace::{ByteStore, Layers, Trace};
use crate::wire::tls::KeyLog;

/// Conversations taken apart, by the place of the flow in [`Trace::flows`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DissectedFlows(pub(super) BTreeMap<usize, Dissection>);

impl DissectedFlows {
    /// Bytes that all of it may take, about.
    const MOST: usize = 128 << 20;

    /// Every conversation, without what lies where in its streams; of a capture that says too much,
    /// those that began first.
    pub fn of(trace: &Trace, store: &dyn ByteStore, keys: &KeyLog) -> Self {
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

    /// One of them.
    pub fn at(&self, place: usize) -> Option<&Dissection> {
        self.0.get(&place)
    }
}
