//! Transfers: what the user asked for once, with the redirects and retries that followed from it.

use crate::trace::{Exchange, ExchangeCause, Phase, Trace};
use crate::units::Nanos;

/// The exchanges that one request of the user's led to, in order; never empty.
#[derive(Clone, Copy, Debug)]
pub struct Transfer<'a> {
    hops: &'a [Exchange],
}

/// The transfers of a run: one, unless it was repeated or had several URLs.
pub fn group_into_transfers(trace: &Trace) -> impl Iterator<Item = Transfer<'_>> {
    trace
        .exchanges()
        .chunk_by(|_, next| matches!(next.cause, ExchangeCause::Redirect | ExchangeCause::Retry))
        .map(|hops| Transfer { hops })
}

impl<'a> Transfer<'a> {
    /// Its exchanges, in order.
    pub const fn hops(&self) -> &'a [Exchange] {
        self.hops
    }

    /// The exchange that was answered for good, or is under way, or failed.
    pub fn last(&self) -> Option<&'a Exchange> {
        self.hops.last()
    }

    /// From the start of the first exchange to the end of the last; `None` while it goes on.
    pub fn total(&self) -> Option<Nanos> {
        Some(self.hops.last()?.ended?.since(self.hops.first()?.started))
    }

    /// Time spent in a phase, over all hops; `None` where no hop had it or it goes on.
    pub fn phase(&self, phase: Phase) -> Option<Nanos> {
        let mut spans = self
            .hops
            .iter()
            .filter_map(|hop| hop.phases.get(phase))
            .peekable();
        spans.peek()?;
        spans.map(crate::trace::PhaseSpan::duration).sum()
    }

    /// From the start of the first exchange to the first byte of the last one's final response.
    pub fn first_byte(&self) -> Option<Nanos> {
        let last = self.hops.last()?;
        last.response.as_ref()?;
        Some(
            last.phases
                .get(Phase::Wait)?
                .ended?
                .since(self.hops.first()?.started),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::trace_builder::TraceBuilder;
    use crate::trace::{ExchangeId, HttpVersion};

    #[test]
    fn a_transfer_spans_its_hops_and_adds_their_phases() {
        let first = TraceBuilder::new()
            .phase_without_position(Phase::Wait, 10, 50)
            .ended(60);
        let second = first
            .start_because(70, ExchangeId(1), ExchangeCause::Redirect)
            .phase_without_position(Phase::Wait, 80, 100);
        let running = second.answered(100, HttpVersion::Http11);
        let trace = running.ended(110).build();
        let [transfer] = group_into_transfers(&trace).collect::<Vec<_>>()[..] else {
            panic!("one transfer")
        };
        assert_eq!(transfer.total(), Some(Nanos(110_000)));
        assert_eq!(transfer.phase(Phase::Wait), Some(Nanos(60_000)));
        assert_eq!(transfer.phase(Phase::Dns), None);
        assert_eq!(transfer.first_byte(), Some(Nanos(100_000)));
    }
}
