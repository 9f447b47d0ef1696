//! Messages made of the heads that the stream parser reports.

use std::ops::Range;

use super::messages::{Message, StartLine};
use crate::trace::HttpHeader;
use crate::units::Untrusted;
use crate::wire::http1::FieldLine;
use crate::wire::stream::{HeadContent, MessageHead};

/// Returns a message by its head, the head's plaintext offset, and the bytes of the transport that
/// it came in.
pub(super) fn message_of_head(head: MessageHead<'_>, at: u64, bytes: Range<u64>) -> Message {
    let from = head.from;
    let message = |stream, start, fields: &[FieldLine]| Message {
        from,
        at,
        head: bytes.clone(),
        end: None,
        stream,
        request: head.request,
        start,
        headers: fields.iter().map(HttpHeader::from).collect(),
    };
    match head.content {
        HeadContent::Request(request) => {
            let start = StartLine::Request {
                method: request.method.as_str().into(),
                target: Untrusted::from_bytes(&request.target),
            };
            message(None, start, &request.fields)
        }
        HeadContent::Response(response) => {
            let status = response.status;
            message(None, StartLine::Response { status }, &response.fields)
        }
        HeadContent::Fields { stream, fields } => {
            let (pseudo, fields): (Vec<FieldLine>, Vec<FieldLine>) = fields
                .into_iter()
                .partition(|field| field.name.starts_with(b":"));
            message(Some(stream), http2_start(&pseudo), &fields)
        }
    }
}

/// Determines the kind of message by its pseudo-header fields (RFC 9113 §8.3); without any these
/// are trailers.
fn http2_start(pseudo: &[FieldLine]) -> StartLine {
    let value = |name: &[u8]| {
        pseudo
            .iter()
            .find(|field| field.name == name)
            .map(|field| field.value.as_slice())
    };
    let status =
        value(b":status").and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
    match (status, value(b":method")) {
        (Some(status), _) => StartLine::Response { status },
        (None, Some(method)) => {
            let target = value(b":path").or_else(|| value(b":authority"));
            StartLine::Request {
                method: Untrusted::from_bytes(method),
                target: Untrusted::from_bytes(target.unwrap_or_default()),
            }
        }
        (None, None) => StartLine::Trailers,
    }
}
