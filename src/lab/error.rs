//! Why the lab could not start.

use std::io;
use std::net::IpAddr;

/// Why the lab could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// A port could not be opened on an address.
    #[error(
        "the lab could not open a port on {address}: {source}; is the interface that has this \
            address up?"
    )]
    Bind {
        /// The address.
        address: IpAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// A certificate could not be made.
    #[error("the lab could not make the certificate of {name}: {source}")]
    Certificate {
        /// Whose certificate.
        name: String,
        /// What the library said.
        source: rcgen::Error,
    },
    /// A TLS server could not be set up.
    #[error("the lab could not set up TLS for {name}: {source}")]
    Tls {
        /// Which host.
        name: String,
        /// What the library said.
        source: rustls::Error,
    },
    /// A record of the zone could not be made.
    #[error("the lab could not make its DNS zone: {source}")]
    Zone {
        /// What the library said.
        source: hickory_server::proto::ProtoError,
    },
    /// The thread or its runtime could not be started.
    #[error("the lab could not start its thread: {source}")]
    Thread {
        /// What the operating system said.
        source: io::Error,
    },
}
