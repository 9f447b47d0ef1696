//! One direction of a connection: which bytes are new, and which were there before.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use super::BLANK;
use super::mask::ConversationMask;
use crate::insight::redact::RedactionRules;
use crate::wire::{Side, TcpFlags, TcpHeader};

/// What was heard so far.
#[derive(Default)]
pub(super) struct ClearTextStream {
    /// The sequence number of the next byte, and its offset.
    next: Option<(u32, u64)>,
    /// What was overwritten.
    blanked: VecDeque<Range<u64>>,
    /// Before it, what was overwritten is forgotten.
    forgotten: u64,
    /// What came before its time, by its offset, and how many bytes of it were not captured.
    early: BTreeMap<u64, (Vec<u8>, u64)>,
    early_bytes: usize,
}

/// What is known of a connection, and which of its sides sends.
pub(super) struct SenderMask<'a> {
    pub(super) conversation: &'a mut ConversationMask,
    pub(super) from: Side,
}

impl ClearTextStream {
    /// Stretches remembered.
    const MOST_BLANKED: usize = 4_096;
    /// Bytes held that came before their time.
    const MOST_EARLY: usize = 1 << 20;

    /// Overwrites what is secret in a segment's payload, behind which so many bytes were not
    /// captured.
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
        if syn
            && self
                .next
                .is_none_or(|(next, at)| first != next.wrapping_sub(low(at)))
        {
            *self = Self {
                next: Some((first, 0)),
                ..Self::default()
            };
            let is_first = !tcp.flags.has(TcpFlags::ACK);
            mask.conversation.restart(mask.from, is_first);
        }
        let (next, at) = *self.next.get_or_insert((first, 0));
        let distance = i64::from(first.wrapping_sub(next).cast_signed());
        let Some(start) = at.checked_add_signed(distance) else {
            return payload.fill(BLANK);
        };
        if start > at {
            return self.come_early(start, payload, missing, mask);
        }
        let known = usize::try_from(at - start)
            .unwrap_or(usize::MAX)
            .min(payload.len());
        let (again, new) = payload.split_at_mut(known);
        self.blank_again(start, again);
        let not_new = (at - start).saturating_sub(known as u64);
        self.receive(new, missing.saturating_sub(not_new), mask, rules);
        self.hear_early(mask, rules);
    }

    /// New bytes that are next.
    fn receive(
        &mut self,
        bytes: &mut [u8],
        missing: u64,
        mask: &mut SenderMask<'_>,
        rules: &RedactionRules,
    ) {
        let Some((next, at)) = self.next else { return };
        let secrets = mask.conversation.secrets(mask.from, bytes, rules);
        if missing > 0 {
            mask.conversation.skip(mask.from, missing, rules);
        }
        for secret in secrets {
            self.remember(at + secret.start as u64..at + secret.end as u64);
            if let Some(secret) = bytes.get_mut(secret) {
                secret.fill(BLANK);
            }
        }
        let passed = (bytes.len() as u64).saturating_add(missing);
        self.next = Some((next.wrapping_add(low(passed)), at.saturating_add(passed)));
    }

    fn come_early(&mut self, start: u64, payload: &mut [u8], missing: u64, mask: &SenderMask<'_>) {
        if mask.conversation.is_encrypted(mask.from) || payload.is_empty() {
            return;
        }
        if self.early_bytes + payload.len() <= Self::MOST_EARLY && !self.early.contains_key(&start)
        {
            self.early_bytes += payload.len();
            self.early.insert(start, (payload.to_vec(), missing));
        }
        payload.fill(BLANK);
    }

    /// What is next by now.
    fn hear_early(&mut self, mask: &mut SenderMask<'_>, rules: &RedactionRules) {
        while let Some(entry) = self.early.first_entry()
            && let Some((_, at)) = self.next
            && *entry.key() <= at
        {
            let (start, (mut bytes, missing)) = entry.remove_entry();
            self.early_bytes -= bytes.len();
            let known = usize::try_from(at - start).unwrap_or(usize::MAX);
            if let Some(new) = bytes.get_mut(known..) {
                self.receive(new, missing, mask, rules);
            }
        }
    }

    fn remember(&mut self, stretch: Range<u64>) {
        match self.blanked.back_mut() {
            Some(last) if last.end == stretch.start => last.end = stretch.end,
            _ => self.blanked.push_back(stretch),
        }
        if self.blanked.len() > Self::MOST_BLANKED {
            self.forgotten = self
                .blanked
                .pop_front()
                .map_or(self.forgotten, |oldest| oldest.end);
        }
    }

    /// What was there before is overwritten where it was then.
    fn blank_again(&self, start: u64, bytes: &mut [u8]) {
        let end = start + bytes.len() as u64;
        let first = self.blanked.partition_point(|stretch| stretch.end <= start);
        let forgotten = start..self.forgotten.min(end);
        let stretches = self
            .blanked
            .range(first..)
            .take_while(|stretch| stretch.start < end);
        for stretch in stretches.cloned().chain([forgotten]) {
            let within =
                |offset: u64| usize::try_from(offset.clamp(start, end) - start).unwrap_or(0);
            if let Some(secret) = bytes.get_mut(within(stretch.start)..within(stretch.end)) {
                secret.fill(BLANK);
            }
        }
    }
}

/// The lower half of an offset, as sequence numbers count.
#[expect(clippy::cast_possible_truncation, reason = "sequence numbers wrap")]
const fn low(offset: u64) -> u32 {
    offset as u32
}
