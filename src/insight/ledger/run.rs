//! The ledger of a run: the critical path through its exchanges and the waits between them.
//!
//! Exchanges may overlap, so their sum is not the run. The path goes back from the run's end: what
//! ended last is on it, then the wait before it, back to the exchange whose end it followed, and so
//! on. What ran beside it owns nothing.
//!
//! | interval | is |
//! |---|---|
//! | an exchange on the path | as in its own ledger |
//! | between the exchange before and a wait that the program chose | client `processing` |
//! | that wait | client `delay` |
//! | from there to the exchange | client `processing` |
//! | before the first exchange | client `processing` |
//! | after the last one: connections close, the last packets arrive | none `idle` |
//!
//! Of a long run some exchanges are retired. Their time was [added up](TimeSpent) with the wait
//! before each, which is exact as long as they did not overlap.

use super::owner::{Attribution, Cause, Detail, Owner};
use super::partition::{Partition, Reason};
use super::{ExchangeLedger, Ledger, LedgerFigures};
use crate::insight::Transfer;
use crate::trace::{Clock, DelayReason, Exchange, LedgerEntry, TimeSpent, Trace};
use crate::units::{Moment, Nanos};

/// Returns the ledger of a whole run, from its start to its end; `None` without exchanges. Its
/// packets are numbered among those of the run.
pub fn run_ledger(trace: &Trace) -> Option<Ledger> {
    let latest = latest_end(trace, trace.exchanges())?;
    let path = CriticalPath {
        trace,
        start: Moment::START,
        end: trace.ended().unwrap_or(latest).max(latest),
    };
    Some(path.ledger(trace.exchanges(), &retired_time(trace)))
}

/// Returns the part of a run's ledger from the start of its first exchange to the end of the last;
/// `None` without exchanges.
pub fn requests_ledger(trace: &Trace) -> Option<Ledger> {
    let path = CriticalPath {
        trace,
        start: trace.exchanges().first()?.started,
        end: latest_end(trace, trace.exchanges())?,
    };
    Some(path.ledger(trace.exchanges(), &retired_time(trace)))
}

/// Returns the ledger of a request with all its redirects and retries; `None` without exchanges.
pub fn transfer_ledger(trace: &Trace, transfer: &Transfer<'_>) -> Option<Ledger> {
    let mut retired = TimeSpent::default();
    for hops in transfer.retired() {
        retired.add_all(&hops.sums.spent);
    }
    let path = CriticalPath {
        trace,
        start: transfer.hops().first()?.started,
        end: latest_end(trace, transfer.hops())?,
    };
    Some(path.ledger(transfer.hops(), &retired))
}

/// Returns the time of consecutive exchanges and of the wait before each.
pub fn time_of_exchanges(trace: &Trace, exchanges: &[Exchange]) -> TimeSpent {
    let mut spent = TimeSpent::default();
    for exchange in exchanges {
        for entry in numbered_entries(trace, exchange) {
            spent.add(&entry);
        }
        if let Some(after) = exchange.release.after {
            add_wait(&mut spent, after, exchange);
        }
    }
    spent
}

/// Returns the entries of an exchange's ledger; their packets are numbered among those of the run.
pub fn numbered_entries(trace: &Trace, exchange: &Exchange) -> Vec<LedgerEntry> {
    let connection = exchange.connection.and_then(|id| trace.connection(id));
    let flow = connection.and_then(|connection| trace.flow_of(connection));
    let number = |index| usize::try_from(flow?.packet_number(index)?).ok();
    let mut entries = ExchangeLedger::new(trace, exchange).whole.entries;
    for entry in &mut entries {
        entry.packets = entry
            .packets
            .and_then(|(first, last)| Some((number(first)?, number(last)?)));
    }
    entries
}

/// The critical path through exchanges between two instants.
struct CriticalPath<'a> {
    trace: &'a Trace,
    start: Moment,
    end: Moment,
}

impl CriticalPath<'_> {
    fn ledger(&self, exchanges: &[Exchange], retired: &TimeSpent) -> Ledger {
        let mut spent = retired.clone();
        let mut by_end: Vec<(Moment, usize)> = exchanges
            .iter()
            .enumerate()
            .map(|(index, exchange)| (end_of(self.trace, exchange), index))
            .collect();
        by_end.sort_unstable();
        let mut cursor = self.end;
        let mut is_last = true;
        while let Some((end, index)) = by_end.pop() {
            let Some(exchange) = exchanges.get(index).filter(|_| end <= cursor) else {
                continue;
            };
            if std::mem::take(&mut is_last) {
                let idle = Attribution::new(Owner::None, Cause::Idle);
                add_interval(&mut spent, end, self.end, idle, "after_last_exchange");
            }
            for entry in numbered_entries(self.trace, exchange) {
                spent.add(&entry);
            }
            cursor = exchange.release.after.unwrap_or(self.start).max(self.start);
            add_wait(&mut spent, cursor, exchange);
        }
        Ledger {
            figures: LedgerFigures {
                has_packets: self.trace.capture().packets > 0,
                ..LedgerFigures::default()
            },
            ..Ledger::from_entries(spent.entries())
        }
    }
}

/// Adds the time between an instant and the start of an exchange that followed it.
fn add_wait(spent: &mut TimeSpent, from: Moment, exchange: &Exchange) {
    let rule = match exchange.release.after {
        Some(_) => "between_exchanges",
        None => "before_first_exchange",
    };
    let mut partition = Partition::new(from, exchange.started, &[]);
    if let Some((began, length, reason)) = exchange.release.delay {
        let detail = match reason {
            DelayReason::Interval => Detail::Interval,
        };
        let delay = Attribution::new(Owner::Client, Cause::Delay).with_detail(detail);
        partition.until(began, reason_of(Attribution::PROCESSING, rule));
        partition.until(began + length, reason_of(delay, "delay_before_exchange"));
    }
    partition.until(exchange.started, reason_of(Attribution::PROCESSING, rule));
    add_partition(spent, partition);
}

fn add_interval(
    spent: &mut TimeSpent,
    from: Moment,
    to: Moment,
    attribution: Attribution,
    rule: &'static str,
) {
    let mut partition = Partition::new(from, to, &[]);
    partition.until(to, reason_of(attribution, rule));
    add_partition(spent, partition);
}

fn add_partition(spent: &mut TimeSpent, partition: Partition) {
    for entry in partition.finish().0 {
        spent.add(&entry);
    }
}

const fn reason_of(attribution: Attribution, rule: &'static str) -> Reason {
    Reason {
        attribution,
        rule,
        clock: Clock::App,
        error: Nanos::ZERO,
        packets: None,
    }
}

/// The end of an exchange, or now where it goes on.
fn end_of(trace: &Trace, exchange: &Exchange) -> Moment {
    ExchangeLedger::end_of(trace, exchange)
}

fn latest_end(trace: &Trace, exchanges: &[Exchange]) -> Option<Moment> {
    exchanges
        .iter()
        .map(|exchange| end_of(trace, exchange))
        .max()
}

/// The time of all exchanges that were retired: of whole runs, and from the middle of those held.
fn retired_time(trace: &Trace) -> TimeSpent {
    let retired = trace.retired();
    let mut spent = retired.spent.clone();
    for hops in retired.hops() {
        spent.add_all(&hops.sums.spent);
    }
    spent
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::insight::trace_builder::TraceBuilder;
    use crate::insight::{HopLimits, RetentionLimits, Retirement, group_into_transfers};
    use crate::trace::{EventKind, ExchangeCause, ExchangeId, HttpVersion, Phase};

    /// The causes of a ledger with their times in microseconds, in order of their names.
    fn causes(ledger: &Ledger) -> Vec<(String, u64)> {
        let mut causes: Vec<_> = ledger
            .entries
            .iter()
            .map(|entry| {
                let Attribution { owner, cause, .. } = entry.attribution;
                let name = format!("{}.{}", owner.name(), cause.name());
                (name, entry.duration.0 / 1_000)
            })
            .collect();
        causes.sort();
        causes
    }

    fn named(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
        let own = |(name, time): &(&str, u64)| ((*name).to_owned(), *time);
        expected.iter().map(own).collect()
    }

    fn delayed(scene: TraceBuilder, at: i64, length: u64) -> TraceBuilder {
        let length = Nanos(length * 1_000);
        let reason = DelayReason::Interval;
        scene.event(at, EventKind::Delayed { reason, length })
    }

    #[test]
    fn a_run_is_its_exchanges_and_the_waits_between_them() {
        let scene = TraceBuilder::new()
            .ended(60)
            .start_because(70, ExchangeId(1), ExchangeCause::Redirect)
            .ended(110);
        let scene = delayed(scene, 112, 1_000)
            .start_because(1_115, ExchangeId(2), ExchangeCause::Repeat)
            .ended(1_200)
            .event(1_250, EventKind::RunEnded);
        let trace = scene.build();
        let ledger = run_ledger(&trace).unwrap();
        assert_eq!(
            causes(&ledger),
            named(&[
                ("client.delay", 1_000),
                ("client.processing", 200),
                ("none.idle", 50)
            ])
        );
        assert_eq!(ledger.total, trace.ended().unwrap().from_start());
        let requests = requests_ledger(&trace).unwrap();
        assert_eq!(requests.total, Nanos(1_200_000));
        let [first, second] = group_into_transfers(&trace).collect::<Vec<_>>()[..] else {
            panic!("two transfers")
        };
        for transfer in [first, second] {
            assert_eq!(
                transfer_ledger(&trace, &transfer).map(|ledger| ledger.total),
                transfer.total()
            );
        }
    }

    #[test]
    fn what_ran_beside_the_critical_path_owns_nothing() {
        let end = |at, id| {
            move |scene: TraceBuilder| {
                let exchange = ExchangeId(id);
                scene.event(at, EventKind::ExchangeEnded { exchange })
            }
        };
        // 0 and 1 run side by side; the end of 1 lets 2 begin, which ends before 3 does.
        let scene = TraceBuilder::new()
            .start(10, ExchangeId(1))
            .phase_without_position(Phase::Wait, 10, 90);
        let scene = end(90, 1)(scene).start(100, ExchangeId(2));
        let scene = end(200, 2)(end(150, 0)(scene)).start(210, ExchangeId(3));
        let scene = end(300, 3)(scene).event(300, EventKind::RunEnded);
        let trace = scene.build();
        let ledger = run_ledger(&trace).unwrap();
        assert_eq!(ledger.total, Nanos(300_000));
        assert_eq!(
            ledger
                .entries
                .iter()
                .map(|entry| entry.duration)
                .sum::<Nanos>(),
            Nanos(300_000)
        );
    }

    #[test]
    fn an_exchange_that_goes_on_is_counted_until_now() {
        let scene = TraceBuilder::new().phase_without_position(Phase::Dns, 0, 40);
        let trace = scene.event(70, EventKind::CaptureOff).build();
        assert_eq!(run_ledger(&trace).unwrap().total, Nanos(70_000));
        assert_eq!(run_ledger(&Trace::default()), None);
    }

    const LITTLE: RetentionLimits = RetentionLimits {
        all: 8,
        first: 2,
        latest: 2,
        failed: 0,
        requests: 2,
        hops: HopLimits {
            all: 6,
            first: 1,
            latest: 2,
        },
    };

    /// Runs, each with two redirects, the fifth with ten; a wait of 30 before each.
    fn long_run(retire: bool) -> Trace {
        let mut scene = TraceBuilder::new();
        let mut id = 0;
        let mut at = 0;
        for run in 0..40 {
            for hop in 0..if run == 5 { 11 } else { 3 } {
                let cause = match (run, hop) {
                    (0, 0) => None,
                    (_, 0) => Some(ExchangeCause::Repeat),
                    _ => Some(ExchangeCause::Redirect),
                };
                if let Some(cause) = cause {
                    scene = scene.start_because(at, ExchangeId(id), cause);
                }
                scene = scene.phase_without_position(Phase::Wait, at + 2, at + 12 + run);
                let version = HttpVersion::Http11;
                scene = scene.answered(at + 12 + run, version).ended(at + 14 + run);
                at += 17 + run;
                id += 1;
            }
            scene = delayed(scene, at, 30);
            at += 31;
        }
        let mut retirement = Retirement::new(LITTLE);
        let mut trace = Trace::default();
        for event in scene.into_events() {
            trace.apply(event);
            if retire {
                retirement.retire(&mut trace, |_, _| {});
            }
        }
        trace
    }

    #[test]
    fn a_run_has_the_same_ledger_after_its_exchanges_are_retired() {
        let whole = long_run(false);
        let little = long_run(true);
        assert!(little.retired().exchanges > 60);
        for ledger in [run_ledger, requests_ledger] {
            let (whole, little) = (ledger(&whole).unwrap(), ledger(&little).unwrap());
            assert_eq!(causes(&little), causes(&whole));
            assert_eq!(little.total, whole.total);
            assert!(whole.total > Nanos(1_000_000));
        }
        let totals = |trace: &Trace| {
            group_into_transfers(trace)
                .map(|run| {
                    (
                        transfer_ledger(trace, &run).map(|ledger| ledger.total),
                        run.total(),
                    )
                })
                .collect::<Vec<_>>()
        };
        assert!(
            totals(&little)
                .iter()
                .all(|(ledger, total)| ledger == total)
        );
    }
}
