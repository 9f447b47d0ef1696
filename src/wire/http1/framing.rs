//! Body framing of HTTP/1 messages, and contradictory length fields (RFC 9112 §6.3).

use super::{FieldLine, RequestHead, ResponseHead};

/// Contradictory statements about a body's length. A receiver that guesses can be made to take part
/// of one message's body for another message (response splitting, request smuggling).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LengthConflict {
    /// Several `Content-Length` values that differ.
    TwoLengths(Vec<u8>, Vec<u8>),
    /// `Content-Length` is not a number.
    NotANumber(Vec<u8>),
    /// `Content-Length` together with `Transfer-Encoding`.
    LengthAndCoding(Vec<u8>, Vec<u8>),
}

/// Finds a contradiction. Responses that never have a body (204, 304) are exempt.
pub fn length_conflict(head: &ResponseHead) -> Option<LengthConflict> {
    if matches!(head.status, 100..=199 | 204 | 304) {
        return None;
    }
    let mut lengths = field_values(&head.fields, "content-length")
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii);
    let first = lengths.next()?;
    if let Some(coding) = field_values(&head.fields, "transfer-encoding").next() {
        return Some(LengthConflict::LengthAndCoding(
            first.to_vec(),
            coding.to_vec(),
        ));
    }
    if first.is_empty() || !first.iter().all(u8::is_ascii_digit) {
        return Some(LengthConflict::NotANumber(first.to_vec()));
    }
    lengths
        .find(|other| *other != first)
        .map(|other| LengthConflict::TwoLengths(first.to_vec(), other.to_vec()))
}

/// Framing of a body: how its end is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// After this many bytes; 0 if there is no body.
    Length(u64),
    /// After the last chunk and the trailer section (RFC 9112 §7.1).
    Chunked,
    /// When the connection closes.
    UntilClose,
}

/// Framing of a response body (RFC 9112 §6.3), provided there is no [`length_conflict`].
pub fn response_framing(head: &ResponseHead, to_head_request: bool) -> BodyFraming {
    if to_head_request || matches!(head.status, 100..=199 | 204 | 304) {
        return BodyFraming::Length(0);
    }
    framing_from_fields(&head.fields).unwrap_or(BodyFraming::UntilClose)
}

/// Framing of a request body (RFC 9112 §6.3): without a length field there is no body.
pub fn request_framing(head: &RequestHead) -> BodyFraming {
    match framing_from_fields(&head.fields) {
        Some(BodyFraming::UntilClose) | None => BodyFraming::Length(0),
        Some(framing) => framing,
    }
}

/// Framing according to the fields.
fn framing_from_fields(fields: &[FieldLine]) -> Option<BodyFraming> {
    if let Some(codings) = field_values(fields, "transfer-encoding").last() {
        let last = codings
            .rsplit(|byte| *byte == b',')
            .next()
            .unwrap_or_default();
        return Some(if last.trim_ascii().eq_ignore_ascii_case(b"chunked") {
            BodyFraming::Chunked
        } else {
            BodyFraming::UntilClose
        });
    }
    let length = field_values(fields, "content-length")
        .flat_map(|value| value.split(|byte| *byte == b','))
        .next();
    length
        .and_then(|length| std::str::from_utf8(length.trim_ascii()).ok()?.parse().ok())
        .map(BodyFraming::Length)
}

fn field_values<'a>(fields: &'a [FieldLine], name: &'static str) -> impl Iterator<Item = &'a [u8]> {
    fields
        .iter()
        .filter(move |field| field.is(name))
        .map(|field| field.value.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conflict(status: u16, fields: &[(&str, &str)]) -> Option<LengthConflict> {
        let fields = fields
            .iter()
            .map(|(name, value)| FieldLine {
                name: name.as_bytes().to_vec(),
                value: value.as_bytes().to_vec(),
            })
            .collect();
        length_conflict(&ResponseHead {
            minor: 1,
            status,
            reason: Vec::new(),
            fields,
            bytes: 0,
        })
    }

    #[test]
    fn the_same_length_twice_is_one_length() {
        assert_eq!(
            conflict(200, &[("Content-Length", "5"), ("content-length", "5")]),
            None
        );
        assert_eq!(conflict(200, &[("Content-Length", "5, 5")]), None);
        assert_eq!(conflict(200, &[("Transfer-Encoding", "chunked")]), None);
    }

    #[test]
    fn contradictions_are_found() {
        let two = LengthConflict::TwoLengths(b"5".to_vec(), b"6".to_vec());
        assert_eq!(
            conflict(200, &[("Content-Length", "5"), ("Content-Length", "6")]),
            Some(two.clone())
        );
        assert_eq!(conflict(200, &[("Content-Length", "5,6")]), Some(two));
        assert_eq!(
            conflict(200, &[("Content-Length", "+5")]),
            Some(LengthConflict::NotANumber(b"+5".to_vec()))
        );
        let both = LengthConflict::LengthAndCoding(b"5".to_vec(), b"chunked".to_vec());
        assert_eq!(
            conflict(
                200,
                &[("Transfer-Encoding", "chunked"), ("Content-Length", "5")]
            ),
            Some(both)
        );
    }

    #[test]
    fn a_body_ends_where_the_head_says() {
        let framing = |status, fields: &[(&str, &str)], to_head| {
            let fields = fields
                .iter()
                .map(|(name, value)| FieldLine {
                    name: name.as_bytes().to_vec(),
                    value: value.as_bytes().to_vec(),
                })
                .collect();
            response_framing(
                &ResponseHead {
                    minor: 1,
                    status,
                    reason: Vec::new(),
                    fields,
                    bytes: 0,
                },
                to_head,
            )
        };
        assert_eq!(
            framing(200, &[("Content-Length", "5")], false),
            BodyFraming::Length(5)
        );
        assert_eq!(
            framing(200, &[("Content-Length", "5, 5")], false),
            BodyFraming::Length(5)
        );
        assert_eq!(
            framing(200, &[("Content-Length", "5")], true),
            BodyFraming::Length(0)
        );
        assert_eq!(
            framing(304, &[("Content-Length", "5")], false),
            BodyFraming::Length(0)
        );
        assert_eq!(
            framing(
                200,
                &[
                    ("Transfer-Encoding", "gzip"),
                    ("transfer-encoding", "gzip, Chunked")
                ],
                false
            ),
            BodyFraming::Chunked
        );
        assert_eq!(
            framing(200, &[("Transfer-Encoding", "gzip")], false),
            BodyFraming::UntilClose
        );
        assert_eq!(framing(200, &[], false), BodyFraming::UntilClose);
    }

    #[test]
    fn where_there_is_no_body_there_is_no_contradiction() {
        assert_eq!(
            conflict(304, &[("Content-Length", "5"), ("Content-Length", "6")]),
            None
        );
    }
}
