//! What the servers of one lab know.

use super::addresses::AddressBook;
use super::api;
use super::identity::TlsIdentities;
use super::key_value_store::KeyValueStore;
use super::load_balancer::RoundRobin;
use super::workers::WorkerPool;

/// What the servers of one lab know: of each other, and of what they were told.
pub(super) struct LabState {
    /// Where everything is.
    pub(super) addresses: AddressBook,
    /// Who is who in the TLS handshake.
    pub(super) identities: TlsIdentities,
    /// What the first host keeps.
    pub(super) api: api::ApiState,
    /// Which backend is next.
    pub(super) round_robin: RoundRobin,
    /// What the key-value store keeps.
    pub(super) key_values: KeyValueStore,
    /// The threads of the server that has some.
    pub(super) workers: WorkerPool,
}

impl LabState {
    /// A lab in which nothing happened yet.
    pub(super) fn new(places: AddressBook, identities: TlsIdentities) -> Self {
        Self {
            addresses: places,
            identities,
            api: api::ApiState::default(),
            round_robin: RoundRobin::default(),
            key_values: KeyValueStore::default(),
            workers: WorkerPool::default(),
        }
    }
}
