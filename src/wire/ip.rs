//! IP headers: version 4 (RFC 791 §3.1), and version 6 with its extension headers (RFC 8200 §3,
//! §4).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A parsed IP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IpPacket<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// Protocol number of the payload, after any extension headers.
    pub(super) protocol: u8,
    /// Length of the IP header with its extension headers.
    pub(super) header_bytes: usize,
    /// The IP header with its extension headers, as far as captured.
    pub(super) header: &'a [u8],
    /// Captured payload.
    pub(super) payload: &'a [u8],
    /// Length of the payload on the link.
    pub(super) payload_bytes: u32,
    /// Position of a fragment; `None` for a whole packet.
    pub(super) fragment: Option<FragmentInfo>,
}

/// Identification and position of a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FragmentInfo {
    /// Identification, which the fragments of one datagram share in addition to addresses and
    /// protocol.
    pub(super) id: u32,
    /// Offset in the datagram's payload.
    pub(super) offset: u32,
    /// More fragments follow.
    pub(super) more_fragments: bool,
}

/// Extension headers skipped; a packet with more is crafted.
const MAX_EXTENSIONS: usize = 16;

/// Parses an IPv4 packet of which `reported` bytes were on the link; `None` if it ends within its
/// header.
pub(super) fn parse_ipv4(bytes: &[u8], reported: u32) -> Option<IpPacket<'_>> {
    let fixed: &[u8; 20] = bytes.first_chunk()?;
    let [
        first,
        _,
        total_0,
        total_1,
        id_0,
        id_1,
        offset_0,
        offset_1,
        _,
        protocol,
        _,
        _,
        s0,
        s1,
        s2,
        s3,
        d0,
        d1,
        d2,
        d3,
    ] = *fixed;
    let header_bytes = usize::from(first & 0x0f) * 4;
    if first >> 4 != 4 || header_bytes < 20 {
        return None;
    }
    let flags_and_offset = u16::from_be_bytes([offset_0, offset_1]);
    let fragment = (flags_and_offset & 0x3fff != 0).then(|| FragmentInfo {
        id: u32::from(u16::from_be_bytes([id_0, id_1])),
        offset: u32::from(flags_and_offset & 0x1fff) * 8,
        more_fragments: flags_and_offset & 0x2000 != 0,
    });
    let total = effective_length(u32::from(u16::from_be_bytes([total_0, total_1])), reported);
    Some(IpPacket {
        source: IpAddr::V4(Ipv4Addr::new(s0, s1, s2, s3)),
        destination: IpAddr::V4(Ipv4Addr::new(d0, d1, d2, d3)),
        protocol,
        header_bytes,
        header: bytes.get(..header_bytes).unwrap_or(bytes),
        payload: bytes.get(header_bytes..).unwrap_or_default(),
        payload_bytes: total.saturating_sub(u32::from(first & 0x0f) * 4),
        fragment,
    })
}

/// Parses an IPv6 packet of which `reported` bytes were on the link; `None` if it ends within its
/// headers.
pub(super) fn parse_ipv6(bytes: &[u8], reported: u32) -> Option<IpPacket<'_>> {
    const FIXED: u32 = 40;
    let fixed: &[u8; 40] = bytes.first_chunk()?;
    let [first, _, _, _, length_0, length_1, next, _, addresses @ ..] = fixed;
    if first >> 4 != 6 {
        return None;
    }
    let source: &[u8; 16] = addresses.first_chunk()?;
    let destination: &[u8; 16] = addresses.last_chunk()?;
    let stated_payload = u32::from(u16::from_be_bytes([*length_0, *length_1]));
    let total = effective_length(
        if stated_payload == 0 {
            0
        } else {
            stated_payload + FIXED
        },
        reported,
    );
    let extensions = skip_extensions(bytes, *next)?;
    Some(IpPacket {
        source: IpAddr::V6(Ipv6Addr::from(*source)),
        destination: IpAddr::V6(Ipv6Addr::from(*destination)),
        protocol: extensions.protocol,
        header_bytes: extensions.end,
        header: bytes.get(..extensions.end).unwrap_or(bytes),
        payload: bytes.get(extensions.end..).unwrap_or_default(),
        payload_bytes: total.saturating_sub(u32::try_from(extensions.end).ok()?),
        fragment: extensions.fragment,
    })
}

/// The effective packet length. Aggregates, which never were one packet on a wire, state 0; a
/// length beyond the frame is wrong.
const fn effective_length(total: u32, reported: u32) -> u32 {
    if total == 0 || total > reported {
        reported
    } else {
        total
    }
}

struct ExtensionHeaders {
    protocol: u8,
    end: usize,
    fragment: Option<FragmentInfo>,
}

/// Skips the extension headers after the fixed one.
fn skip_extensions(bytes: &[u8], next: u8) -> Option<ExtensionHeaders> {
    let mut skipped = ExtensionHeaders {
        protocol: next,
        end: 40,
        fragment: None,
    };
    for _ in 0..MAX_EXTENSIONS {
        let length = match skipped.protocol {
            // Hop-by-hop, routing, destination options, mobility, host identity, shim6: length in
            // units of 8 bytes, not counting the first.
            0 | 43 | 60 | 135 | 139 | 140 => (usize::from(*bytes.get(skipped.end + 1)?) + 1) * 8,
            // Authentication (RFC 4302 §2.2): length in units of 4 bytes, not counting the first
            // two.
            51 => (usize::from(*bytes.get(skipped.end + 1)?) + 2) * 4,
            44 => {
                let header: &[u8; 8] = bytes.get(skipped.end..)?.first_chunk()?;
                let [_, _, offset_0, offset_1, id @ ..] = *header;
                let flags_and_offset = u16::from_be_bytes([offset_0, offset_1]);
                let fragment = FragmentInfo {
                    id: u32::from_be_bytes(id),
                    offset: u32::from(flags_and_offset & 0xfff8),
                    more_fragments: flags_and_offset & 1 != 0,
                };
                // Both zero is an atomic fragment: a whole datagram with a fragment header (RFC
                // 6946).
                skipped.fragment =
                    (fragment.offset != 0 || fragment.more_fragments).then_some(fragment);
                8
            }
            _ => break,
        };
        let is_later_fragment = skipped
            .fragment
            .is_some_and(|fragment| fragment.offset != 0);
        skipped.protocol = *bytes.get(skipped.end)?;
        skipped.end += length;
        if is_later_fragment {
            // What follows is not a header but the middle of the payload.
            break;
        }
    }
    Some(skipped)
}
