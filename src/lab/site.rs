//! What the servers of one lab know.

use super::identity::Identities;
use super::places::Places;

/// What the servers of one lab know: of each other, and of what they were told.
pub(super) struct Site {
    /// Where everything is.
    pub(super) places: Places,
    /// Who is who in the TLS handshake.
    pub(super) identities: Identities,
}
