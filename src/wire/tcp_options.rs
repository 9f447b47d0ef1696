//! TCP options (RFC 9293 §3.1).
//!
//! ```text
//! │ kind 1 │ length 1, of the whole option │ data … │
//! ```
//!
//! Kinds 0 (end of the list) and 1 (padding) have no length and no data.

/// A TCP option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TcpOption<'a> {
    /// Maximum segment size that the other side may send (RFC 9293 §3.7.1).
    MaximumSegmentSize(u16),
    /// Bits by which later windows are shifted, as sent (RFC 7323 §2).
    WindowScale(u8),
    /// Selective acknowledgments are understood (RFC 2018 §2).
    SackPermitted,
    /// Selective acknowledgments (RFC 2018 §3): see [`sack_blocks`].
    Sack(&'a [u8]),
    /// Timestamps (RFC 7323 §3).
    Timestamps {
        /// The sender's clock.
        value: u32,
        /// The latest one of the other side.
        echo: u32,
    },
    /// An option that is not parsed, or one of another length than its standard says.
    Other {
        /// Its kind in IANA's registry.
        kind: u8,
        /// Its length with kind and length.
        bytes: u8,
    },
}

/// Options of a header, up to the end of the list or one that is not complete.
pub(super) struct TcpOptions<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for TcpOptions<'a> {
    type Item = TcpOption<'a>;

    fn next(&mut self) -> Option<TcpOption<'a>> {
        while let [1, rest @ ..] = self.0 {
            self.0 = rest;
        }
        let [kind @ 2..=u8::MAX, bytes @ 2..=u8::MAX, ..] = *self.0 else {
            return None;
        };
        let (option, rest) = self.0.split_at_checked(bytes.into())?;
        self.0 = rest;
        Some(match *option {
            [2, 4, high, low] => TcpOption::MaximumSegmentSize(u16::from_be_bytes([high, low])),
            [3, 3, bits] => TcpOption::WindowScale(bits),
            [4, 2] => TcpOption::SackPermitted,
            [5, _, ref blocks @ ..] if !blocks.is_empty() && blocks.len().is_multiple_of(8) => {
                TcpOption::Sack(blocks)
            }
            [8, 10, v0, v1, v2, v3, e0, e1, e2, e3] => TcpOption::Timestamps {
                value: u32::from_be_bytes([v0, v1, v2, v3]),
                echo: u32::from_be_bytes([e0, e1, e2, e3]),
            },
            _ => TcpOption::Other { kind, bytes },
        })
    }
}

/// The blocks of a selective acknowledgment: the first sequence number of each, and the one after
/// its last.
pub(super) fn sack_blocks(blocks: &[u8]) -> impl Iterator<Item = (u32, u32)> {
    let (edges, _) = blocks.as_chunks::<4>();
    let (pairs, _) = edges.as_chunks::<2>();
    pairs
        .iter()
        .map(|[from, to]| (u32::from_be_bytes(*from), u32::from_be_bytes(*to)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use etherparse::{PacketBuilder, TcpOptionElement};
    use proptest::prelude::*;

    use super::*;

    fn options(bytes: &[u8]) -> Vec<TcpOption<'_>> {
        TcpOptions(bytes).collect()
    }

    #[test]
    fn options_are_read_as_another_library_writes_them() {
        let mut packet = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64)
            .tcp(1, 2, 3, 4)
            .options(&[
                TcpOptionElement::Noop,
                TcpOptionElement::WindowScale(7),
                TcpOptionElement::SelectiveAcknowledgementPermitted,
                TcpOptionElement::SelectiveAcknowledgement((1, 2), [Some((3, 4)), None, None]),
                TcpOptionElement::Noop,
                TcpOptionElement::Noop,
            ])
            .unwrap()
            .write(&mut packet, &[])
            .unwrap();
        let found = options(packet.get(40..).unwrap());
        let [
            TcpOption::WindowScale(7),
            TcpOption::SackPermitted,
            TcpOption::Sack(blocks),
        ] = found[..]
        else {
            panic!("{found:?}")
        };
        assert_eq!(sack_blocks(blocks).collect::<Vec<_>>(), [(1, 2), (3, 4)]);
    }

    #[test]
    fn the_list_ends_where_it_says_or_cannot_go_on() {
        const MSS: TcpOption<'_> = TcpOption::MaximumSegmentSize(1_460);
        let other = |kind, bytes| TcpOption::Other { kind, bytes };
        for (bytes, expected) in [
            (&[][..], vec![]),
            (&[1, 1, 1], vec![]),
            (&[2, 4, 5, 180, 0, 3, 3, 7], vec![MSS]),
            (
                &[2, 4, 5, 180, 1, 3, 3, 7],
                vec![MSS, TcpOption::WindowScale(7)],
            ),
            // Fast Open (RFC 7413), which is not parsed, does not hide what comes after it.
            (&[34, 4, 9, 9, 2, 4, 5, 180], vec![other(34, 4), MSS]),
            // A length that is not the standard's.
            (&[2, 3, 5, 2, 4, 5, 180], vec![other(2, 3), MSS]),
            (
                &[3, 4, 7, 0, 5, 6, 0, 0, 0, 0],
                vec![other(3, 4), other(5, 6)],
            ),
            (&[5, 2, 4, 2], vec![other(5, 2), TcpOption::SackPermitted]),
            // Lengths of 0 and 1 would not lead on; one beyond the end is not complete.
            (&[2, 4, 5, 180, 8, 0, 3, 3, 7], vec![MSS]),
            (&[2, 4, 5, 180, 8, 1, 3, 3, 7], vec![MSS]),
            (&[2, 4, 5, 180, 8, 10, 0, 0], vec![MSS]),
            (&[2, 4, 5, 180, 8], vec![MSS]),
        ] {
            assert_eq!(options(bytes), expected, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(TcpOptions(&bytes).count() <= bytes.len() / 2);
        }
    }
}
