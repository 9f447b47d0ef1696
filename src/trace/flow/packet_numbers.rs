//! Numbers of a flow's listed packets, counted over all packets of the trace.
//!
//! Packets of a flow mostly follow each other, so only the places are stored at which packets of
//! other flows come between: two LEB128 numbers each, most of them one byte.

use crate::units::push_tight;

/// The numbers of the listed packets, in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PacketNumbers {
    /// The number of the first listed packet.
    first: u64,
    /// The number of the last listed packet.
    last: u64,
    /// Packets listed since the last jump.
    since_jump: u64,
    /// For each jump the packets listed before it since the jump before, and the numbers left out.
    jumps: Vec<u8>,
}

impl PacketNumbers {
    pub(super) const NONE: Self = Self {
        first: 0,
        last: 0,
        since_jump: 0,
        jumps: Vec::new(),
    };

    /// Adds the number of the next listed packet, which is larger than all before.
    pub(super) fn push(&mut self, number: u64) {
        if self.since_jump == 0 {
            self.first = number;
        } else if let Some(left_out @ 1..) = number.checked_sub(self.last + 1) {
            push_leb128(&mut self.jumps, self.since_jump);
            push_leb128(&mut self.jumps, left_out);
            self.since_jump = 0;
        }
        self.since_jump += 1;
        self.last = number;
    }

    /// Returns the number of a listed packet.
    pub(super) fn get(&self, index: u64) -> Option<u64> {
        let mut before = 0;
        let mut number = self.first;
        for (listed, left_out) in self.jumps() {
            if index < before + listed {
                break;
            }
            before += listed;
            number += listed + left_out;
        }
        Some(number + (index - before)).filter(|number| self.since_jump > 0 && *number <= self.last)
    }

    /// Drops the numbers of the first packets.
    pub(super) fn drop_first(&mut self, packets: u64) {
        let Some(first) = self.get(packets) else {
            *self = Self::NONE;
            return;
        };
        let mut dropped = 0;
        let mut rest = self.jumps.as_slice();
        let mut jumps = Vec::new();
        while let Some((listed, left_out, behind)) = read_gap(rest) {
            rest = behind;
            dropped += listed;
            if dropped > packets {
                push_leb128(&mut jumps, dropped - packets);
                push_leb128(&mut jumps, left_out);
                jumps.extend_from_slice(behind);
                break;
            }
        }
        if jumps.is_empty() {
            self.since_jump -= packets - dropped;
        }
        jumps.shrink_to_fit();
        self.jumps = jumps;
        self.first = first;
    }

    fn jumps(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let mut rest = self.jumps.as_slice();
        std::iter::from_fn(move || {
            let (listed, left_out, behind) = read_gap(rest)?;
            rest = behind;
            Some((listed, left_out))
        })
    }
}

fn read_gap(bytes: &[u8]) -> Option<(u64, u64, &[u8])> {
    let (listed, rest) = read_leb128(bytes)?;
    let (left_out, rest) = read_leb128(rest)?;
    Some((listed, left_out, rest))
}

fn push_leb128(bytes: &mut Vec<u8>, mut number: u64) {
    while let [low, ..] = number.to_le_bytes()
        && number >= 0x80
    {
        push_tight(bytes, low | 0x80);
        number >>= 7;
    }
    push_tight(bytes, number.to_le_bytes()[0]);
}

fn read_leb128(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let (number, rest) = bytes.split_at_checked(length)?;
    let value = number
        .iter()
        .rev()
        .fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f));
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Steps between the numbers, and how many of the first packets are dropped, twice.
        #[test]
        fn every_number_is_found_also_after_the_first_were_dropped(
            steps in prop::collection::vec(
                prop_oneof![4 => Just(1_u64), 2 => 2_u64..4, 1 => 100_u64..1 << 40], 0..200),
            dropped in (0_usize..120, 0_usize..120),
        ) {
            let mut numbers = PacketNumbers::NONE;
            let mut all: Vec<u64> = steps
                .iter()
                .scan(0, |number, step| {
                    *number += step;
                    Some(*number)
                })
                .collect();
            for number in &all {
                numbers.push(*number);
            }
            for count in [0, dropped.0, dropped.1] {
                all.drain(..count.min(all.len()));
                numbers.drop_first(count as u64);
                let found: Vec<u64> = (0..).map_while(|index| numbers.get(index)).collect();
                prop_assert_eq!(&found, &all);
            }
            numbers.push(1 << 60);
            prop_assert_eq!(numbers.get(all.len() as u64), Some(1 << 60));
        }
    }

    #[test]
    fn consecutive_numbers_take_no_room() {
        let mut numbers = PacketNumbers::NONE;
        (7..1_000_000).for_each(|number| numbers.push(number));
        assert_eq!((numbers.get(0), numbers.jumps.len()), (Some(7), 0));
    }
}
