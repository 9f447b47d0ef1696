//! Errors of starting the lab.

use std::io;
use std::net::IpAddr;

/// Errors of starting the lab.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// A port could not be bound on an address.
    #[error(
        "the lab could not open a port on {address}: {source}; is the interface that has this \
            address up?"
    )]
    Bind {
        /// The address.
        address: IpAddr,
        /// The operating system's error.
        source: io::Error,
    },
    /// A certificate could not be created.
    #[error("the lab could not make the certificate of {name}: {source}")]
    Certificate {
        /// Subject of the certificate.
        name: String,
        /// The library's error.
        source: rcgen::Error,
    },
    /// A TLS server could not be set up.
    #[error("the lab could not set up TLS for {name}: {source}")]
    Tls {
        /// Host name.
        name: String,
        /// The library's error.
        source: rustls::Error,
    },
    /// A record of the DNS zone could not be created.
    #[error("the lab could not make its DNS zone: {source}")]
    Zone {
        /// The library's error.
        source: hickory_server::proto::ProtoError,
    },
    /// The thread or its runtime could not be started.
    #[error("the lab could not start its thread: {source}")]
    Thread {
        /// The operating system's error.
        source: io::Error,
    },
}
