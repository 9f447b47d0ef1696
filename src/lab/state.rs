//! State shared by the servers of one lab.

use super::addresses::AddressBook;
use super::api;
use super::identity::TlsIdentities;
use super::key_value_store::KeyValueStore;
use super::load_balancer::RoundRobin;
use super::workers::WorkerPool;

/// State shared by the servers of one lab.
pub(super) struct LabState {
    /// Addresses of hosts and services.
    pub(super) addresses: AddressBook,
    /// TLS server configurations.
    pub(super) identities: TlsIdentities,
    /// State of the first host's pages.
    pub(super) api: api::ApiState,
    /// Next backend of the load balancer.
    pub(super) round_robin: RoundRobin,
    /// Content of the key-value store.
    pub(super) key_values: KeyValueStore,
    /// Threads of the worker-pool server.
    pub(super) workers: WorkerPool,
}

impl LabState {
    /// The initial state.
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
