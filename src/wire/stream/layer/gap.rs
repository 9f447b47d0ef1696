//! Handling of gaps: within a unit that continues after them, or with resynchronization.

use super::{SplitLayer, StreamLayer};
use crate::wire::Side;
use crate::wire::stream::lane::{LaneState, NextState};
use crate::wire::stream::resync::{Resync, ResyncTarget};
use crate::wire::stream::sink::{FaultReason, StreamGap, UnitSink};
use crate::wire::stream::unit::UnitKind;
use crate::wire::tls::KeyLog;

impl StreamLayer {
    /// Skips missing bytes of a direction.
    pub(in crate::wire::stream) fn push_gap(
        &mut self,
        from: Side,
        bytes: u64,
        keys: Option<&KeyLog>,
        sink: &mut dyn UnitSink,
    ) {
        self.decide(from, keys, sink);
        self.flush(from, keys, sink);
        let within = self.skip(from, bytes, sink);
        let (axis, lane) = (self.axis, self.lane_mut(from));
        let start = lane.at;
        lane.at = lane.at.saturating_add(bytes);
        sink.gap(&StreamGap {
            from,
            axis,
            start,
            bytes,
            within,
        });
        if within.is_some() {
            self.after_gap(from, keys, sink);
        } else {
            self.start_resync(from, sink);
        }
        if let Some(inner) = &mut self.inner {
            inner.end_plaintext(from, keys, sink);
        }
    }

    /// Returns the unit that contains the gap.
    fn skip(&mut self, from: Side, bytes: u64, sink: &mut dyn UnitSink) -> Option<UnitKind> {
        let SplitLayer {
            state, tls, mut cx, ..
        } = self.split(from, sink);
        match state {
            LaneState::Http1(lane) => lane.skip(bytes),
            LaneState::Http2(lane) => lane.skip(bytes, &mut cx),
            LaneState::Tls(lane) => lane.skip(bytes, tls, &mut cx),
            LaneState::Text(_) => Some(UnitKind::Text),
            LaneState::Opaque => Some(UnitKind::Opaque),
            LaneState::Resync(resync) if resync.kind() == UnitKind::Opaque => {
                Some(UnitKind::Opaque)
            }
            LaneState::Detect(..) | LaneState::Socks5(_) | LaneState::Resync(_) => None,
        }
    }

    /// Continues after a gap within a unit, which it may have ended.
    fn after_gap(&mut self, from: Side, keys: Option<&KeyLog>, sink: &mut dyn UnitSink) {
        let SplitLayer { state, mut cx, .. } = self.split(from, sink);
        let next = match state {
            LaneState::Http1(lane) => lane.after_gap(&mut cx),
            LaneState::Http2(lane) => {
                lane.after_gap(&mut cx);
                NextState::Stay
            }
            LaneState::Tls(lane) => {
                lane.after_gap();
                NextState::Stay
            }
            _ => NextState::Stay,
        };
        self.change_state(from, next, keys, sink);
    }

    /// Starts to resynchronize after a gap beyond the current unit.
    fn start_resync(&mut self, from: Side, sink: &mut dyn UnitSink) {
        let SplitLayer {
            state,
            pending,
            mut cx,
            ..
        } = self.split(from, sink);
        let target = match state {
            LaneState::Http1(_) => Some(ResyncTarget::Head),
            LaneState::Tls(_) => Some(ResyncTarget::Record),
            LaneState::Resync(resync) => Some(resync.target()),
            LaneState::Detect(..) => Some(ResyncTarget::Either),
            _ => None,
        };
        pending.mark_response_lost();
        if matches!(state, LaneState::Http2(_)) {
            cx.fault_at(cx.at(), FaultReason::FrameLost, &[]);
        }
        *state = target.map_or(LaneState::Opaque, |target| {
            LaneState::Resync(Box::new(Resync::new(target)))
        });
    }

    /// Ends the plaintext after a gap in the records.
    fn end_plaintext(&mut self, from: Side, keys: Option<&KeyLog>, sink: &mut dyn UnitSink) {
        let axis = self.axis;
        let lane = self.lane_mut(from);
        if std::mem::replace(&mut lane.is_broken_off, true) {
            return;
        }
        self.decide(from, keys, sink);
        self.flush(from, keys, sink);
        let start = self.lane(from).at;
        sink.gap(&StreamGap {
            from,
            axis,
            start,
            bytes: 0,
            within: None,
        });
        self.lane_mut(from).state = LaneState::Opaque;
        if let Some(inner) = &mut self.inner {
            inner.end_plaintext(from, keys, sink);
        }
    }
}
