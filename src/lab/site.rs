//! What the servers of one lab know.

use super::balancer::Turns;
use super::identity::Identities;
use super::kv::Store;
use super::pages;
use super::places::Places;
use super::work::Pool;

/// What the servers of one lab know: of each other, and of what they were told.
pub(super) struct Site {
    /// Where everything is.
    pub(super) places: Places,
    /// Who is who in the TLS handshake.
    pub(super) identities: Identities,
    /// What the first host keeps.
    pub(super) pages: pages::State,
    /// Which backend is next.
    pub(super) turns: Turns,
    /// What the key-value store keeps.
    pub(super) store: Store,
    /// The threads of the server that has some.
    pub(super) pool: Pool,
}

impl Site {
    /// A lab in which nothing happened yet.
    pub(super) fn new(places: Places, identities: Identities) -> Self {
        Self {
            places,
            identities,
            pages: pages::State::default(),
            turns: Turns::default(),
            store: Store::default(),
            pool: Pool::default(),
        }
    }
}
