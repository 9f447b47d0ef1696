//! The conversations in a capture of other programs' traffic.

use crate::trace::{CaptureState, Flow, Trace};
use crate::units::{Nanos, WallTime};

/// The flows of a trace that only contains a capture; `None` if it has exchanges of its own, or no
/// capture.
pub fn captured_conversations(trace: &Trace) -> Option<&[Flow]> {
    let captured = trace.capture().packets > 0 || trace.capture().state == CaptureState::On;
    (captured && trace.exchanges().is_empty()).then(|| trace.flows())
}

/// The time of a flow's first packet, and the duration to its last one, among those still listed.
pub fn flow_span(flow: &Flow) -> Option<(WallTime, Nanos)> {
    let (first, last) = flow.span()?;
    Some((first, last.since(first)))
}
