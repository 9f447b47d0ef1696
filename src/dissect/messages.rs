//! The heads of messages, as the connection carried them.

use crate::trace::Side;
use crate::wire::http1::Field;

/// A message's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sent it.
    pub from: Side,
    /// Plaintext offset of its first byte.
    pub at: u64,
    /// HTTP/2's stream.
    pub stream: Option<u32>,
    /// How it begins.
    pub start: Start,
    /// Field lines in their order; in HTTP/2 without those whose name begins with a colon.
    pub fields: Vec<Field>,
}

/// How a message begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// A request.
    Request {
        /// Its method, as sent.
        method: Vec<u8>,
        /// Its target.
        target: Vec<u8>,
    },
    /// A response.
    Response {
        /// Its status code.
        status: u16,
    },
    /// Trailer fields.
    Trailers,
}

/// Heads kept of a connection; further ones are not listed.
pub(super) const MOST_MESSAGES: usize = 10_000;
