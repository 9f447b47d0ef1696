//! What a server answered, whatever the HTTP version.

use bytes::Bytes;
use http::HeaderMap;

use crate::trace::HttpHeader;
use crate::units::Untrusted;
use crate::wire::http1::ResponseHead;

/// The final response's head, as far as the run needs it.
#[derive(Clone, Debug)]
pub(super) struct FinalResponseHead {
    /// Status code.
    pub(super) status: u16,
    /// Field lines.
    pub(super) headers: Vec<HttpHeader>,
    /// The values of `Set-Cookie`, as they came.
    pub(super) set_cookies: Vec<Vec<u8>>,
    /// The body's length, where one is announced.
    pub(super) expected: Option<u64>,
}

/// A piece of what follows the head.
#[derive(Debug)]
pub(super) enum BodyFrame {
    /// Bytes of the body, as transferred.
    Data(Bytes),
    /// Trailer fields.
    Trailers(Vec<HttpHeader>),
}

impl FinalResponseHead {
    pub(super) fn from_http1(head: &ResponseHead, expected: Option<u64>) -> Self {
        let headers = head.fields.iter().map(|(name, value)| HttpHeader {
            name: Untrusted::from_bytes(name),
            value: Untrusted::from_bytes(value),
        });
        let set_cookies = head
            .fields
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(b"set-cookie"))
            .map(|(_, value)| value.clone());
        Self {
            status: head.status,
            headers: headers.collect(),
            set_cookies: set_cookies.collect(),
            expected,
        }
    }

    /// All values of a field, in order.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |header| header.is(name))
            .map(|header| header.value.raw())
    }
}

/// Field lines out of a map.
pub(super) fn headers_from_map(fields: &HeaderMap) -> Vec<HttpHeader> {
    fields
        .iter()
        .map(|(name, value)| HttpHeader {
            name: name.as_str().into(),
            value: Untrusted::from_bytes(value.as_bytes()),
        })
        .collect()
}
