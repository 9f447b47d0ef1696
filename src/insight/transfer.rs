//! Transfers: what the user requested once, including the redirects and retries that followed.

use crate::trace::{Exchange, ExchangeCause, HopSums, Phase, PhaseSpan, RetiredHops, Trace};
use crate::units::Nanos;

/// The exchanges that one request of the user led to, in order; never empty.
#[derive(Clone, Copy, Debug)]
pub struct Transfer<'a> {
    hops: &'a [Exchange],
    /// The retired middle of a very long redirect chain.
    retired: &'a [RetiredHops],
}

/// Groups the exchanges of a run into transfers: one, unless it was repeated or had several URLs.
pub fn group_into_transfers(trace: &Trace) -> impl Iterator<Item = Transfer<'_>> {
    trace
        .exchanges()
        .chunk_by(|_, next| matches!(next.cause, ExchangeCause::Redirect | ExchangeCause::Retry))
        .map(|hops| Transfer {
            hops,
            retired: hops
                .first()
                .zip(hops.last())
                .map(|(first, last)| trace.retired().hops_between(first.id, last.id))
                .unwrap_or_default(),
        })
}

impl<'a> Transfer<'a> {
    /// Its retained exchanges, in order: all of them, unless it is a very long redirect chain.
    pub const fn hops(&self) -> &'a [Exchange] {
        self.hops
    }

    /// Its retired exchanges, in order.
    pub const fn retired(&self) -> &'a [RetiredHops] {
        self.retired
    }

    /// The number of its retired exchanges.
    pub fn retired_count(&self) -> u64 {
        self.retired.iter().map(RetiredHops::count).sum()
    }

    /// The number of its exchanges, including retired ones.
    pub fn hop_count(&self) -> u64 {
        self.retired_count().saturating_add(self.hops.len() as u64)
    }

    /// The number of an exchange among all of them, counted from 1.
    pub fn number_of(&self, hop: &Exchange) -> u64 {
        let retained = self
            .hops
            .partition_point(|hop_before| hop_before.id.0 < hop.id.0) as u64;
        let retired = self
            .retired
            .iter()
            .filter(|retired| retired.first.0 < hop.id.0);
        retained
            .saturating_add(retired.map(RetiredHops::count).sum())
            .saturating_add(1)
    }

    /// The sum of a value over all exchanges: `of` for retired ones, `retained` for retained ones.
    pub fn sum(&self, of: impl Fn(&HopSums) -> u64, retained: impl Fn(&Exchange) -> u64) -> u64 {
        let retired = self.retired.iter().map(|retired| of(&retired.sums));
        self.hops
            .iter()
            .map(retained)
            .chain(retired)
            .fold(0, u64::saturating_add)
    }

    /// The final exchange: answered, failed, or still in progress.
    pub fn last(&self) -> Option<&'a Exchange> {
        self.hops.last()
    }

    /// The time from the start of the first exchange to the end of the last; `None` while in
    /// progress.
    pub fn total(&self) -> Option<Nanos> {
        Some(self.hops.last()?.ended?.since(self.hops.first()?.started))
    }

    /// Time in a phase over all hops; `None` if no hop had it or it is in progress.
    pub fn phase(&self, phase: Phase) -> Option<Nanos> {
        let retired = self
            .retired
            .iter()
            .filter_map(|retired| retired.sums.phases.get(&phase).copied().map(Some));
        let mut times = self
            .hops
            .iter()
            .filter_map(|hop| hop.phases.get(phase).map(PhaseSpan::duration))
            .chain(retired)
            .peekable();
        times.peek()?;
        times.sum()
    }

    /// The time from the start of the first exchange to the first byte of the final response.
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
