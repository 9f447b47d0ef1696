//! The packet that is looked at from inside: which one, and its bytes once they were read.

use super::state::View;
use super::{Effect, State};
use crate::dissect::Talk;
use crate::trace::{PacketEntry, Stored};
use crate::tui::talk::talk_at;
use crate::units::Moment;
use crate::wire::Link;

/// Bytes of a packet, asked for and read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Specimen {
    #[default]
    None,
    Asked(Stored),
    Read {
        stored: Stored,
        link: Link,
        bytes: Vec<u8>,
    },
    Refused {
        stored: Stored,
        why: String,
    },
}

impl Specimen {
    /// Which packet it is of.
    const fn stored(&self) -> Option<Stored> {
        match self {
            Self::None => None,
            Self::Asked(stored) | Self::Read { stored, .. } | Self::Refused { stored, .. } => {
                Some(*stored)
            }
        }
    }

    /// The bytes of a packet, if it is of that one.
    pub(super) fn of(&self, packet: &PacketEntry) -> Option<(Link, &[u8])> {
        match self {
            Self::Read {
                stored,
                link,
                bytes,
            } if Some(*stored) == packet.stored => Some((*link, bytes)),
            _ => None,
        }
    }

    /// The bytes, whichever packet's they are.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        if let Self::Read { bytes, .. } = self {
            Some(bytes)
        } else {
            None
        }
    }

    /// Why there are none.
    pub(super) fn refusal(&self) -> Option<&str> {
        if let Self::Refused { why, .. } = self {
            Some(why)
        } else {
            None
        }
    }
}

impl State {
    /// The packet that is looked at, by its place: the selected one, else the first that carries
    /// something.
    pub(super) fn specimen_place(&self, talk: &Talk<'_>, now: Moment) -> Option<usize> {
        let (run, _) = self.shown(now);
        let selected = self
            .sight
            .cursor
            .packet(run)
            .filter(|(key, _)| *key == talk.flow.key)
            .map(|(_, place)| place);
        let packets = talk.flow.packets();
        selected
            .or_else(|| packets.iter().position(|packet| packet.payload_bytes > 0))
            .or_else(|| (!packets.is_empty()).then_some(0))
    }

    /// Asks for the bytes of the packet that is looked at, once.
    pub(super) fn want_specimen(&mut self, now: Moment) -> Option<Effect> {
        if self.sight.view != View::Layers {
            return None;
        }
        let stored = {
            let (run, _) = self.shown(now);
            let talk = talk_at(run, self.sight.cursor)?;
            talk.packet(self.specimen_place(&talk, now)?)?.stored?
        };
        if self.specimen.stored() == Some(stored) {
            return None;
        }
        self.sight.dump = 0;
        self.specimen = Specimen::Asked(stored);
        Some(Effect::ReadPacket(stored))
    }

    /// Takes in the bytes, if they are still wanted.
    pub(super) fn hear_of_packet(&mut self, stored: Stored, read: Result<(u16, Vec<u8>), String>) {
        if self.specimen != Specimen::Asked(stored) {
            return;
        }
        let link = |number: u16| {
            Link::from_number(i32::from(number))
                .ok_or_else(|| format!("frames of link type {number} are not read here"))
        };
        self.specimen = match read.and_then(|(number, bytes)| Ok((link(number)?, bytes))) {
            Ok((link, mut bytes)) => {
                self.settings.masking.blank(&mut bytes);
                Specimen::Read {
                    stored,
                    link,
                    bytes,
                }
            }
            Err(why) => Specimen::Refused { stored, why },
        };
    }
}
