//! Secrets in packets of connections in the clear, overwritten where they lie. Lengths stay the
//! same and checksums are right, so that the packets still say when which bytes passed.
//!
//! ```text
//! frame ─► segment ─► stream ─► StreamParser ─► mask ──► what is secret in these bytes
//!                       │         TLS: nothing      HTTP/1: fields, bodies      HTTP/2: field sections, bodies
//!                       │         SOCKS5: passwords      anything else: all of it
//!                       └── what was sent again is overwritten as it was before
//! ```
//!
//! Packets are handed on at once, so what is not yet known to be harmless counts as secret: a line
//! of a head whose end is in the next packet, bytes behind a gap.

mod checksum;
mod head;
mod mask;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use foldhash::fast::RandomState;

use super::RedactionRules;
use crate::wire::{LinkType, ParsedFrame, Side, TransportHeader, TransportSegment, parse_frame};
use mask::ConversationMask;
use stream::{ClearTextStream, SenderMask};

/// Follows connections packet by packet.
#[derive(Default)]
pub struct ClearText {
    talks: HashMap<Ends, Talk, RandomState>,
    /// In the order in which they began.
    began: VecDeque<Ends>,
}

/// The lesser end, and the other.
type Ends = (SocketAddr, SocketAddr);

/// A connection: its streams, by which end is the lesser.
#[derive(Default)]
struct Talk {
    streams: [ClearTextStream; 2],
    conversation: ConversationMask,
}

/// Stands where a secret was.
pub(super) const BLANK: u8 = b'*';

impl ClearText {
    /// Connections that are followed. With further ones the oldest are forgotten: if they go on,
    /// what they begin with counts as unknown.
    const MOST: usize = 256;

    /// Overwrites what is secret in a frame, of which `frame_bytes` were on the link.
    pub fn over(
        &mut self,
        link: LinkType,
        frame_bytes: u32,
        frame: &mut [u8],
        rules: &RedactionRules,
    ) {
        let ParsedFrame::Segment(segment) = parse_frame(link, frame, frame_bytes) else {
            return;
        };
        let Some(begin) = segment.payload_at.and_then(|at| usize::try_from(at).ok()) else {
            return;
        };
        let end = begin
            .saturating_add(segment.payload_bytes as usize)
            .min(frame.len());
        let Some(payload) = frame.get_mut(begin..end) else {
            return;
        };
        let before = payload.to_vec();
        self.over_payload(&segment, payload, rules);
        if *payload != *before {
            checksum::mend(link, frame, &segment, begin, &before);
        }
    }

    fn over_payload(
        &mut self,
        segment: &TransportSegment,
        payload: &mut [u8],
        rules: &RedactionRules,
    ) {
        let TransportHeader::Tcp(tcp) = segment.header else {
            if !is_harmless(segment) {
                payload.fill(BLANK);
            }
            return;
        };
        let (source, destination) = (segment.source, segment.destination);
        let ends = (source.min(destination), source.max(destination));
        if !self.talks.contains_key(&ends) {
            self.began.push_back(ends);
            if self.began.len() > Self::MOST {
                self.began
                    .pop_front()
                    .and_then(|oldest| self.talks.remove(&oldest));
            }
        }
        let Talk {
            streams: [lesser, greater],
            conversation,
        } = self.talks.entry(ends).or_default();
        let (stream, from) = if source == ends.0 {
            (lesser, Side::Client)
        } else {
            (greater, Side::Server)
        };
        let missing = u64::from(segment.payload_bytes).saturating_sub(payload.len() as u64);
        let mut mask = SenderMask { conversation, from };
        stream.take(&tcp, payload, missing, &mut mask, rules);
    }
}

/// DNS, and QUIC, which is encrypted.
fn is_harmless(datagram: &TransportSegment) -> bool {
    let is = |port| matches!(port, 53 | 443 | 5353);
    is(datagram.source.port()) || is(datagram.destination.port())
}
