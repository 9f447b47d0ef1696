//! The final response's head and the frames of its body, independent of the HTTP version.

use bytes::Bytes;
use http::HeaderMap;

use crate::trace::HttpHeader;
use crate::wire::http1::ResponseHead;

/// Head of the final response, reduced to what the run needs.
#[derive(Clone, Debug)]
pub(super) struct FinalResponseHead {
    /// Status code.
    pub(super) status: u16,
    /// Field lines, in the order received.
    pub(super) headers: Vec<HttpHeader>,
    /// Values of `Set-Cookie` as raw bytes: cookies are sent back byte for byte.
    pub(super) set_cookies: Vec<Vec<u8>>,
    /// Length of the body in bytes, if the response announces one.
    pub(super) expected: Option<u64>,
}

/// One frame of the response's body.
#[derive(Debug)]
pub(super) enum BodyFrame {
    /// Body bytes as transferred, content coding not undone.
    Data(Bytes),
    /// Trailer fields.
    Trailers(Vec<HttpHeader>),
}

impl FinalResponseHead {
    /// Converts a parsed HTTP/1 head; `expected` is the length hyper derived from its framing.
    pub(super) fn from_http1(head: &ResponseHead, expected: Option<u64>) -> Self {
        let headers = head.fields.iter().map(HttpHeader::from);
        let set_cookies = head
            .fields
            .iter()
            .filter(|field| field.is("set-cookie"))
            .map(|field| field.value.clone());
        Self {
            status: head.status,
            headers: headers.collect(),
            set_cookies: set_cookies.collect(),
            expected,
        }
    }

    /// Returns all values of the field `name`, in order.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |header| header.is(name))
            .map(|header| header.value.raw())
    }
}

/// Converts a field map into field lines. Lines of one name stay in order; the order between names
/// is the map's.
pub(super) fn headers_from_map(fields: &HeaderMap) -> Vec<HttpHeader> {
    fields
        .iter()
        .map(|(name, value)| HttpHeader::from_bytes(name.as_str().as_bytes(), value.as_bytes()))
        .collect()
}
