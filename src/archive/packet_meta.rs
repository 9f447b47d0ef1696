//! Metadata of a saved packet that its bytes do not contain, in a pcapng option for local use
//! (pcapng §3.5), which other programs ignore.

use std::num::NonZeroU16;

use crate::trace::Packet;
use crate::units::{Moment, json_line};
use crate::wire::{LinkType, ParsedFrame, parse_frame};
use serde::{Deserialize, Serialize};

/// The option's code: the bit for local use, and `ta`.
pub(super) const OPTION_CODE: u16 = 0x8000 | 0x7461;

/// The metadata of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PacketMeta {
    /// When the event was emitted that this packet, and those after it, belong to.
    #[serde(rename = "at_ns", default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<Moment>,
    /// See [`Packet::segment_bytes`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) segment_bytes: Option<NonZeroU16>,
    /// The whole packet, if parsing its bytes would not yield the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) packet: Option<Packet>,
}

/// The option's value. Codes for local use are not registered, so the value names its owner.
#[derive(Serialize, Deserialize)]
struct OptionValue {
    tapline: PacketMeta,
}

impl PacketMeta {
    /// The metadata needed to restore the packet from its bytes. The time of its event is added by
    /// the caller.
    pub(super) fn for_packet(packet: &Packet, link: Option<LinkType>, bytes: &[u8]) -> Self {
        let frame_bytes = packet
            .frame_bytes
            .max(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        let read = match link.map(|link| parse_frame(link, bytes, frame_bytes)) {
            Some(ParsedFrame::Segment(segment)) => Some(Packet::from_segment(
                &segment,
                packet.wall,
                frame_bytes,
                None,
            )),
            _ => None,
        };
        if read
            == Some(Packet {
                stored: None,
                segment_bytes: None,
                ..*packet
            })
        {
            return Self {
                segment_bytes: packet.segment_bytes,
                ..Self::default()
            };
        }
        Self {
            packet: Some(Packet {
                stored: None,
                ..*packet
            }),
            ..Self::default()
        }
    }

    /// The option's value; `None` if there is no metadata.
    pub(super) fn to_option_value(self) -> Option<String> {
        (self != Self::default()).then(|| json_line(&OptionValue { tapline: self }))
    }

    /// Parses an option's value; `None` if it belongs to another program or is damaged.
    pub(super) fn from_option_value(value: &[u8]) -> Option<Self> {
        serde_json::from_slice::<OptionValue>(value)
            .ok()
            .map(|value| value.tapline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_written_metadata_is_read() {
        assert_eq!(PacketMeta::default().to_option_value(), None);
        let meta = PacketMeta {
            at: Some(Moment(-3)),
            segment_bytes: NonZeroU16::new(1_448),
            packet: None,
        };
        let written = meta.to_option_value().unwrap_or_default();
        assert_eq!(written, r#"{"tapline":{"at_ns":-3,"segment_bytes":1448}}"#);
        assert_eq!(
            PacketMeta::from_option_value(written.as_bytes()),
            Some(meta)
        );
        for foreign in [
            &b""[..],
            b"{}",
            b"tapline",
            br#"{"tapline":{"at_ns":"x"}}"#,
            b"\xff\xff",
        ] {
            assert_eq!(PacketMeta::from_option_value(foreign), None);
        }
    }
}
