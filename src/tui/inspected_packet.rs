//! The packet whose layers are shown, and its bytes once they were read.

use super::state::View;
use super::{ScreenEffect, ScreenState};
use crate::dissect::ConversationView;
use crate::trace::{PacketEntry, PacketLocation};
use crate::tui::cursor::conversation_of_cursor;
use crate::units::Moment;
use crate::wire::LinkType;

/// State of reading a packet's bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum InspectedPacket {
    #[default]
    None,
    Requested(PacketLocation),
    Read {
        stored: PacketLocation,
        link: LinkType,
        bytes: Vec<u8>,
    },
    Failed {
        stored: PacketLocation,
        error: String,
    },
}

impl InspectedPacket {
    /// Returns the location of the packet.
    const fn stored(&self) -> Option<PacketLocation> {
        match self {
            Self::None => None,
            Self::Requested(stored) | Self::Read { stored, .. } | Self::Failed { stored, .. } => {
                Some(*stored)
            }
        }
    }

    /// Returns the bytes if they are those of this packet.
    pub(super) fn bytes_of(&self, packet: &PacketEntry) -> Option<(LinkType, &[u8])> {
        match self {
            Self::Read {
                stored,
                link,
                bytes,
            } if Some(*stored) == packet.stored => Some((*link, bytes)),
            _ => None,
        }
    }

    /// Returns the bytes, whichever packet they belong to.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        if let Self::Read { bytes, .. } = self {
            Some(bytes)
        } else {
            None
        }
    }

    /// Returns why the bytes could not be read.
    pub(super) fn error(&self) -> Option<&str> {
        if let Self::Failed { error: why, .. } = self {
            Some(why)
        } else {
            None
        }
    }
}

impl ScreenState {
    /// Returns the index of the packet to show: the selected one, otherwise the first with payload.
    pub(super) fn inspected_index(
        &self,
        conversation: &ConversationView<'_>,
        now: Moment,
    ) -> Option<usize> {
        let (run, _) = self.displayed_run(now);
        let selected = self
            .view_state
            .cursor
            .packet(run)
            .filter(|(key, _)| *key == conversation.flow.key)
            .map(|(_, index)| index);
        let packets = conversation.flow.packets();
        selected
            .or_else(|| packets.iter().position(|packet| packet.payload_bytes > 0))
            .or_else(|| (!packets.is_empty()).then_some(0))
    }

    /// Requests the bytes of the packet to show, once.
    pub(super) fn request_inspected_packet(&mut self, now: Moment) -> Option<ScreenEffect> {
        if self.view_state.view != View::Layers {
            return None;
        }
        let stored = {
            let (run, _) = self.displayed_run(now);
            let conversation = conversation_of_cursor(run, self.view_state.cursor)?;
            conversation
                .packet(self.inspected_index(&conversation, now)?)?
                .stored?
        };
        if self.inspected_packet.stored() == Some(stored) {
            return None;
        }
        self.view_state.bytes_scroll = 0;
        self.inspected_packet = InspectedPacket::Requested(stored);
        Some(ScreenEffect::ReadPacket(stored))
    }

    /// Stores the bytes, if they are still wanted.
    pub(super) fn receive_packet_bytes(
        &mut self,
        stored: PacketLocation,
        read: Result<(u16, Vec<u8>), String>,
    ) {
        if self.inspected_packet != InspectedPacket::Requested(stored) {
            return;
        }
        let link = |number: u16| {
            LinkType::from_number(i32::from(number))
                .ok_or_else(|| format!("link type {number} is not supported"))
        };
        self.inspected_packet = match read.and_then(|(number, bytes)| Ok((link(number)?, bytes))) {
            Ok((link, mut bytes)) => {
                self.settings.masking.overwrite_secrets(&mut bytes);
                InspectedPacket::Read {
                    stored,
                    link,
                    bytes,
                }
            }
            Err(why) => InspectedPacket::Failed { stored, error: why },
        };
    }
}
