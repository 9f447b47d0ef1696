//! The ledger of a DNS query in a capture.

use super::Ledger;
use super::owner::{Attribution, Cause, Owner};
use super::partition::{Partition, Reason};
use crate::trace::{ClockMap, Flow};
use crate::units::{Moment, Nanos, WallTime};

/// Returns the ledger of a DNS query, from the query to its answer.
pub fn query_ledger(
    clock: &ClockMap,
    flow: &Flow,
    query: (usize, WallTime),
    answer: (usize, WallTime),
) -> Ledger {
    let at = |wall| clock.moment_of(wall).unwrap_or(Moment::START);
    let (start, end) = (at(query.1), at(answer.1));
    let mut partition = Partition::new(start, end, &[]);
    let number = |index| usize::try_from(flow.packet_number(index)?).ok();
    let lookup = Attribution::new(Owner::Resolver, Cause::Lookup);
    let reason = Reason {
        packets: number(query.0).zip(number(answer.0)),
        error: Nanos::ZERO,
        ..Reason::on_wire(lookup, "query_to_answer", (0, 0))
    };
    partition.until(end, reason);
    Ledger::from_entries(partition.finish().0)
}
