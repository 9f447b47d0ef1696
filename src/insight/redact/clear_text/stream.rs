//! Reassembly of one direction of a connection, and the masking of its bytes.

use super::BLANK;
use super::mask::ConversationMask;
use crate::insight::redact::RedactionRules;
use crate::wire::assembler::{Assembler, Coverage, PiecePosition, unwrap_offset};
use crate::wire::{Side, TcpFlags, TcpHeader};

/// Maximum memory in bytes for out-of-order bytes.
const MOST_EARLY: usize = 1 << 20;
/// Maximum number of harmless ranges between secrets that are tracked. Beyond it, the first ones
/// count as secret when they are retransmitted.
const MOST_STRETCHES: usize = 4_096;

/// State of one direction.
#[derive(Default)]
pub(super) struct ClearTextStream {
    /// Sequence number of offset 0.
    base: Option<u32>,
    /// In-order position, and out-of-order pieces.
    assembler: Assembler<MOST_EARLY>,
    /// Ranges that were overwritten.
    blanked: Coverage<MOST_STRETCHES>,
}

/// Mask of a connection, and the side that sends.
pub(super) struct SenderMask<'a> {
    pub(super) conversation: &'a mut ConversationMask,
    pub(super) from: Side,
}

impl ClearTextStream {
    /// Overwrites secrets in a segment's payload, after which `missing` bytes were not captured.
    pub(super) fn take(
        &mut self,
        tcp: &TcpHeader,
        payload: &mut [u8],
        missing: u64,
        mask: &mut SenderMask<'_>,
        rules: &RedactionRules,
    ) {
        let syn = tcp.flags.has(TcpFlags::SYN);
        let first = tcp.seq.wrapping_add(u32::from(syn));
        if syn && self.base != Some(first) {
            *self = Self {
                base: Some(first),
                ..Self::default()
            };
            let is_first = !tcp.flags.has(TcpFlags::ACK);
            mask.conversation.restart(mask.from, is_first);
        }
        let low = first.wrapping_sub(*self.base.get_or_insert(first));
        let Some(start) = unwrap_offset(low, self.assembler.position()) else {
            return payload.fill(BLANK);
        };
        let length = (payload.len() as u64).saturating_add(missing);
        let known = match self.assembler.place(start, length) {
            PiecePosition::Ahead { .. } => return self.hold(start, payload, missing, mask),
            PiecePosition::Repeat => length,
            PiecePosition::Next { known } => known,
        };
        let captured = known.min(payload.len() as u64);
        let (again, new) = payload.split_at_mut(usize::try_from(captured).unwrap_or(0));
        self.blank_again(start, again);
        self.receive(new, missing.saturating_sub(known - captured), mask, rules);
        while let Some(mut held) = self.assembler.next_held() {
            self.mask(&mut held.bytes, held.uncaptured, mask, rules);
        }
    }

    /// Processes the next bytes in order.
    fn receive(
        &mut self,
        bytes: &mut [u8],
        missing: u64,
        mask: &mut SenderMask<'_>,
        rules: &RedactionRules,
    ) {
        self.assembler
            .advance((bytes.len() as u64).saturating_add(missing));
        self.mask(bytes, missing, mask, rules);
    }

    /// Overwrites secrets in the last bytes before the position, some of which were not captured.
    fn mask(
        &mut self,
        bytes: &mut [u8],
        missing: u64,
        mask: &mut SenderMask<'_>,
        rules: &RedactionRules,
    ) {
        let length = (bytes.len() as u64).saturating_add(missing);
        let start = self.assembler.position().saturating_sub(length);
        let secrets = mask.conversation.secrets(mask.from, bytes, rules);
        if missing > 0 {
            mask.conversation.skip(mask.from, missing, rules);
        }
        for secret in secrets {
            let range = start + secret.start as u64..start + secret.end as u64;
            self.blanked.insert(range, ());
            if let Some(secret) = bytes.get_mut(secret) {
                secret.fill(BLANK);
            }
        }
    }

    /// Holds out-of-order bytes, which are masked entirely since secrets in them are not known yet.
    fn hold(&mut self, start: u64, payload: &mut [u8], missing: u64, mask: &SenderMask<'_>) {
        if !mask.conversation.is_encrypted(mask.from) && !payload.is_empty() {
            self.assembler.hold(start, payload, missing);
            payload.fill(BLANK);
        }
    }

    /// Overwrites retransmitted bytes in the same places as before.
    fn blank_again(&self, start: u64, bytes: &mut [u8]) {
        let end = start.saturating_add(bytes.len() as u64);
        for range in self.blanked.passed_within(&(start..end)) {
            let place = |offset: u64| usize::try_from(offset - start).unwrap_or(usize::MAX);
            if let Some(secret) = bytes.get_mut(place(range.start)..place(range.end)) {
                secret.fill(BLANK);
            }
        }
    }
}
