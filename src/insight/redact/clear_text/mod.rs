//! Masking of secrets in the packets of cleartext connections: they are overwritten in place.
//! Lengths stay the same and checksums are updated, so that packet sizes and times remain
//! meaningful.
//!
//! ```text
//! frame ─► segment ─► stream ─► StreamParser ─► mask ──► secret ranges of these bytes
//!                       │         TLS: none                     HTTP/1: fields, bodies
//!                       │         HTTP/2: field sections, bodies
//!                       │         SOCKS5: passwords             anything else: everything
//!                       └── retransmitted bytes are overwritten as they were before
//! ```
//!
//! Packets are passed on at once, so everything that is not known to be harmless counts as secret:
//! a line of a head whose end is in the next packet, bytes after a gap.

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

/// Masks the packets of connections one after another.
#[derive(Default)]
pub struct ClearText {
    connections: HashMap<EndpointPair, TrackedConnection, RandomState>,
    /// Connections in the order in which they began.
    began: VecDeque<EndpointPair>,
}

/// Endpoints of a connection, the lesser one first.
type EndpointPair = (SocketAddr, SocketAddr);

/// State of a connection, the stream of the lesser endpoint first.
#[derive(Default)]
struct TrackedConnection {
    streams: [ClearTextStream; 2],
    conversation: ConversationMask,
}

/// Byte that overwrites secrets.
pub(super) const BLANK: u8 = b'*';

impl ClearText {
    /// Maximum number of connections that are tracked. Beyond it the oldest are dropped; if they
    /// continue, their next bytes count as unknown.
    const MAX_CONNECTIONS: usize = 256;

    /// Overwrites the secrets in a frame, of which `frame_bytes` were on the link.
    pub fn mask_frame(
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
        self.mask_payload(&segment, payload, rules);
        if *payload != *before {
            checksum::update_checksum(link, frame, &segment, begin, &before);
        }
    }

    fn mask_payload(
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
        let endpoints = (source.min(destination), source.max(destination));
        if !self.connections.contains_key(&endpoints) {
            self.began.push_back(endpoints);
            if self.began.len() > Self::MAX_CONNECTIONS {
                self.began
                    .pop_front()
                    .and_then(|oldest| self.connections.remove(&oldest));
            }
        }
        let TrackedConnection {
            streams: [lesser, greater],
            conversation,
        } = self.connections.entry(endpoints).or_default();
        let (stream, from) = if source == endpoints.0 {
            (lesser, Side::Client)
        } else {
            (greater, Side::Server)
        };
        let missing = u64::from(segment.payload_bytes).saturating_sub(payload.len() as u64);
        let mut mask = SenderMask { conversation, from };
        stream.take(&tcp, payload, missing, &mut mask, rules);
    }
}

/// Returns true for DNS, and for QUIC, which is encrypted.
fn is_harmless(datagram: &TransportSegment) -> bool {
    let is = |port| matches!(port, 53 | 443 | 5353);
    is(datagram.source.port()) || is(datagram.destination.port())
}
