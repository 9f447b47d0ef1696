//! Which part a unit of the stream parser is.

use super::PartKind;
use crate::wire::http2::Frame;
use crate::wire::stream::UnitKind;

impl PartKind {
    /// Returns the part that a unit is; `None` for what is not listed as a part. A
    /// [`UnitKind`] is what the parser of a stream recognises, a part what is saved of it: records
    /// of TLS are listed by themselves, and other protocols than HTTP are not.
    ///
    /// A response with status 101 is no informational head: it ends HTTP on the connection, so no
    /// other response follows it (RFC 9110 §15.2.2).
    pub const fn from_unit(unit: UnitKind) -> Option<Self> {
        Some(match unit {
            UnitKind::Http1Head {
                status: Some(100 | 102..=199),
            } => Self::Http1InformationalHead,
            UnitKind::Http1Head { .. } => Self::Http1Head,
            UnitKind::Http1Body => Self::Http1Body,
            UnitKind::Http1ChunkHeader => Self::Http1ChunkHeader,
            UnitKind::Http1Trailers => Self::Http1Trailers,
            UnitKind::Http2Preface => Self::Http2Preface,
            UnitKind::Http2Frame(frame) => Self::from_frame(frame),
            UnitKind::TlsRecord { .. }
            | UnitKind::Socks5Message
            | UnitKind::Socks5Credential
            | UnitKind::Skipped
            | UnitKind::Text
            | UnitKind::Opaque => return None,
        })
    }

    /// Returns the part that a frame of HTTP/2 is. Its length is the part's.
    pub const fn from_frame(frame: Frame) -> Self {
        Self::Http2Frame {
            kind: frame.kind,
            flags: frame.flags,
            stream: frame.stream,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn informational_are_the_responses_that_another_one_follows() {
        for (status, is_informational) in [
            (Some(99), false),
            (Some(100), true),
            (Some(101), false),
            (Some(102), true),
            (Some(103), true),
            (Some(199), true),
            (Some(200), false),
            (None, false),
        ] {
            let part = PartKind::from_unit(UnitKind::Http1Head { status });
            let expected = if is_informational {
                PartKind::Http1InformationalHead
            } else {
                PartKind::Http1Head
            };
            assert_eq!(part, Some(expected), "{status:?}");
        }
    }
}
