//! Decoding of captured frames into packets and counts, collected until they are emitted.

use std::num::NonZeroU32;

use super::packet_meta::PacketMeta;
use super::record::CapturedFrame;
use super::store::{CaptureStore, REASSEMBLED};
use crate::trace::{DeliveryError, OtherFrames, Packet, PacketLocation};
use crate::units::WallTime;
use crate::wire::{Fragments, LinkType, ParsedFrame, parse_frame};

/// Decoded frames that have not been emitted yet.
pub(super) struct FrameBatch {
    /// The link layers of the interfaces; `None` if one is not supported.
    links: Vec<Option<LinkType>>,
    fragments: Fragments,
    packets: Vec<Packet>,
    errors: Vec<DeliveryError>,
    others: OtherFrames,
}

impl FrameBatch {
    /// Maximum number of packets, or of other frames.
    const MAX: usize = 512;

    pub(super) fn new() -> Self {
        Self {
            links: Vec::new(),
            fragments: Fragments::default(),
            packets: Vec::with_capacity(Self::MAX),
            errors: Vec::new(),
            others: OtherFrames::default(),
        }
    }

    /// Adds the next interface.
    pub(super) fn add_interface(&mut self, link: Option<LinkType>) {
        self.links.push(link);
    }

    /// Returns true if the batch has to be emitted.
    pub(super) fn is_full(&self) -> bool {
        self.packets.len() >= Self::MAX || self.others.total() >= Self::MAX as u64
    }

    /// Decodes a frame that passed at `wall`. `meta` is what a saved run adds to its bytes;
    /// packets that came in fragments are put into the store.
    pub(super) fn decode(
        &mut self,
        frame: &CapturedFrame<'_>,
        wall: WallTime,
        meta: PacketMeta,
        store: &CaptureStore,
    ) {
        let stored = location_of(frame);
        if let Some(packet) = meta.packet {
            self.packets.push(Packet { stored, ..packet });
            return;
        }
        let link = self.links.get(usize::from(frame.interface));
        let parsed = link.copied().flatten().map_or(ParsedFrame::Other, |link| {
            parse_frame(link, frame.bytes, frame.frame_bytes)
        });
        match parsed {
            ParsedFrame::Segment(segment) => {
                let packet = Packet::from_segment(&segment, wall, frame.frame_bytes, stored);
                self.packets.push(Packet {
                    segment_bytes: meta.segment_bytes,
                    ..packet
                });
            }
            ParsedFrame::Fragment(fragment) => match self.fragments.take(&fragment) {
                Some(whole) => {
                    let stored = whole
                        .packet
                        .and_then(|packet| store.add_reassembled(&packet));
                    let bytes = frame.frame_bytes;
                    self.packets
                        .push(Packet::from_segment(&whole.segment, wall, bytes, stored));
                }
                None => self.others.fragments += 1,
            },
            ParsedFrame::Arp => self.others.arp += 1,
            ParsedFrame::Icmp(error) => {
                self.others.icmp += 1;
                self.errors
                    .extend(error.map(|error| DeliveryError { wall, icmp: error }));
            }
            ParsedFrame::Other => self.others.other += 1,
            ParsedFrame::Unreadable => self.others.unreadable += 1,
        }
    }

    /// Removes the packets; `None` if there are none.
    pub(super) fn take_packets(&mut self) -> Option<Vec<Packet>> {
        (!self.packets.is_empty())
            .then(|| std::mem::replace(&mut self.packets, Vec::with_capacity(Self::MAX)))
    }

    /// Removes the delivery errors; `None` if there are none.
    pub(super) fn take_errors(&mut self) -> Option<Vec<DeliveryError>> {
        (!self.errors.is_empty()).then(|| std::mem::take(&mut self.errors))
    }

    /// Removes the counts of other frames; `None` if there are none.
    pub(super) fn take_others(&mut self) -> Option<OtherFrames> {
        (self.others.total() > 0).then(|| std::mem::take(&mut self.others))
    }
}

/// Returns the location of a frame's bytes; `None` if they are not contiguous in the file.
fn location_of(frame: &CapturedFrame<'_>) -> Option<PacketLocation> {
    let bytes = NonZeroU32::new(u32::try_from(frame.bytes.len()).ok()?)?;
    (frame.interface != REASSEMBLED).then_some(PacketLocation {
        at: frame.at,
        bytes,
        interface: frame.interface,
    })
}
