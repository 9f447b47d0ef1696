//! HTTP messages: heads, header fields, versions.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::units::{Moment, Untrusted};
use crate::wire::http1::FieldLine;

/// HTTP version of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum HttpVersion {
    /// RFC 1945.
    #[serde(rename = "HTTP/1.0")]
    Http10,
    /// RFC 9112.
    #[serde(rename = "HTTP/1.1")]
    Http11,
    /// RFC 9113.
    #[serde(rename = "HTTP/2")]
    Http2,
    /// RFC 9114.
    #[serde(rename = "HTTP/3")]
    Http3,
}

impl HttpVersion {
    /// `HTTP/1.1`, `HTTP/2`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
            Self::Http3 => "HTTP/3",
        }
    }
}

impl fmt::Display for HttpVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One header field, in the case and order of the wire, as text that can be saved.
///
/// The bytes that were received are a [`FieldLine`], which becomes text by `From`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpHeader {
    /// Field name as sent.
    pub name: Untrusted,
    /// Field value as sent.
    pub value: Untrusted,
}

impl HttpHeader {
    /// Creates a header field.
    pub fn new(name: impl Into<Untrusted>, value: impl Into<Untrusted>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }

    /// Creates a header field from its bytes.
    pub fn from_bytes(name: &[u8], value: &[u8]) -> Self {
        Self::new(Untrusted::from_bytes(name), Untrusted::from_bytes(value))
    }

    /// Whether it has this name, ignoring case.
    pub fn is(&self, name: &str) -> bool {
        self.name.raw().eq_ignore_ascii_case(name)
    }
}

impl From<&FieldLine> for HttpHeader {
    fn from(field: &FieldLine) -> Self {
        Self::from_bytes(&field.name, &field.value)
    }
}

/// A request as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// When its head was handed to the connection.
    pub at: Moment,
    /// The version it was sent in.
    pub version: HttpVersion,
    /// Request method.
    pub method: String,
    /// Request target: path and query, authority or absolute form.
    pub target: Untrusted,
    /// Header fields; for HTTP/2 the pseudo-header fields come first.
    pub headers: Vec<HttpHeader>,
    /// Size of the head on the connection (for HTTP/2, the payload of the HEADERS frames), before
    /// encryption.
    pub header_bytes: u64,
}

/// An informational response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InformationalResponse {
    /// When it arrived.
    pub at: Moment,
    /// 100 to 199.
    pub status: u16,
    /// Header fields.
    pub headers: Vec<HttpHeader>,
}

/// Head of the final response, with its trailers once they arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// When its head was complete.
    pub at: Moment,
    /// The version it was sent in.
    pub version: HttpVersion,
    /// Status code.
    pub status: u16,
    /// Reason phrase; empty where the version has none.
    pub reason: Untrusted,
    /// Field lines.
    pub headers: Vec<HttpHeader>,
    /// Size of the head on the connection (for HTTP/2, the payload of the HEADERS frames), after
    /// decryption.
    pub header_bytes: u64,
    /// Trailer fields.
    pub trailers: Vec<HttpHeader>,
}

impl Response {
    /// Returns the first value of a header field.
    pub fn header(&self, name: &str) -> Option<&Untrusted> {
        self.headers
            .iter()
            .find(|header| header.is(name))
            .map(|header| &header.value)
    }
}
