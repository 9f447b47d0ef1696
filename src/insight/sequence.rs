//! How far a direction of a flow has come: what was sent, what of it was acknowledged, up to where the receiver had room.

use crate::trace::{Direction, Flow};
use crate::units::WallTime;

/// What a packet says of it. Offsets are those of the direction's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it passed.
    pub wall: WallTime,
    /// What.
    pub what: Advance,
}

/// How a direction advances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// Bytes passed.
    Sent {
        /// Offset of the first.
        from: u64,
        /// Offset behind the last.
        to: u64,
        /// They had passed before, or were lost before.
        again: bool,
    },
    /// The other side has all bytes up to an offset, and room for more.
    Acknowledged {
        /// The offset.
        to: u64,
        /// Up to where it has room; `None` where its window's scale is not known.
        room: Option<u64>,
    },
}

/// The steps of a direction, in the order they passed.
pub fn sequence(flow: &Flow, direction: Direction) -> impl Iterator<Item = Step> {
    let mut end = 0_u64;
    flow.packets().iter().filter_map(move |packet| {
        let what = if packet.direction == direction {
            let to = packet.offset.saturating_add(packet.payload_bytes.into());
            end = end.max(to);
            (packet.payload_bytes > 0).then_some(Advance::Sent { from: packet.offset, to, again: packet.retransmitted })
        } else {
            flow.acknowledged_offset(packet, end).map(|to| {
                let room = flow.window_of(packet).map(|window| to.saturating_add(window));
                Advance::Acknowledged { to, room }
            })
        };
        what.map(|what| Step { wall: packet.wall, what })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::super::scene::Scene;
    use super::*;

    #[test]
    fn what_is_sent_is_acknowledged_by_the_other_side() {
        let trace = Scene::new().connected(100, false).syn(10).syn_ack(50).up(60, 0, 300).down(90, 0, 200).up(95, 0, 300).told();
        let flow = trace.flow_of(trace.connections().first().unwrap()).unwrap();
        let steps: Vec<Advance> = sequence(flow, Direction::Sent).map(|step| step.what).collect();
        let sent = |again| Advance::Sent { from: 0, to: 300, again };
        assert!(steps.contains(&sent(false)) && steps.contains(&sent(true)), "{steps:?}");
        assert_eq!(sequence(flow, Direction::Received).filter(|step| matches!(step.what, Advance::Sent { .. })).count(), 1);
    }
}
