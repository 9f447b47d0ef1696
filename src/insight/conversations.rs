//! The flows of a capture of others' traffic, told as conversations.

use crate::trace::{CaptureState, Flow, Trace};
use crate::units::{Nanos, WallTime};

/// The flows of a trace that is a capture and nothing else; `None` where it has exchanges of its
/// own, or no capture.
pub fn captured_conversations(trace: &Trace) -> Option<&[Flow]> {
    let captured = trace.capture().packets > 0 || trace.capture().state == CaptureState::On;
    (captured && trace.exchanges().is_empty()).then(|| trace.flows())
}

/// When a flow's first packet passed, and how long it was to the last one, of those that are
/// listed.
pub fn flow_span(flow: &Flow) -> Option<(WallTime, Nanos)> {
    let (first, last) = flow.span()?;
    Some((first, last.since(first)))
}
