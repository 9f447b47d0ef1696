//! The verdict: one sentence or two about whose time an exchange took, made of its ledger.

use super::Ledger;
use super::incoming::ACKNOWLEDGED_AND_NOT_ANSWERED;
use super::owner::{Attribution, Cause, Owner};
use crate::units::{Nanos, format_percent};

/// An owner with at least this share of the time is named as the answer, in percent.
const MAJORITY_PERCENT: u64 = 50;
/// What took less than this share of the rest is not named, in percent of the whole.
const NAMED_PERCENT: u64 = 2;

/// Time of one owner and cause, whatever its details and clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CauseTotal {
    /// Owner, cause, and the detail of most of it.
    pub attribution: Attribution,
    /// The time.
    pub total: Nanos,
    /// Number of intervals.
    pub count: u64,
    /// The cause was still going on at the exchange's end.
    pub is_open: bool,
    /// Of a loss: the part that went on retransmission timeouts.
    pub timeouts: Nanos,
}

/// Time of one owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerTotal {
    /// The owner.
    pub owner: Owner,
    /// The time.
    pub total: Nanos,
}

impl Ledger {
    /// Returns the time of each owner that has any, the largest first.
    pub fn owner_totals(&self) -> Vec<OwnerTotal> {
        let mut totals: Vec<OwnerTotal> = Owner::ALL
            .into_iter()
            .map(|owner| OwnerTotal {
                owner,
                total: self.owned_by(owner),
            })
            .filter(|owned| owned.total > Nanos::ZERO)
            .collect();
        totals.sort_by_key(|owned| std::cmp::Reverse(owned.total));
        totals
    }

    /// Returns the time of each cause that has any, the largest first.
    pub fn cause_totals(&self) -> Vec<CauseTotal> {
        let mut totals = Vec::<CauseTotal>::new();
        for entry in &self.entries {
            let count = entry.intervals.len() as u64 + entry.intervals_omitted;
            let same = totals.iter_mut().find(|known| {
                (known.attribution.owner, known.attribution.cause)
                    == (entry.attribution.owner, entry.attribution.cause)
            });
            let is_open = entry.rule == ACKNOWLEDGED_AND_NOT_ANSWERED;
            match same {
                Some(known) => {
                    known.total += entry.duration;
                    known.count += count;
                    known.is_open |= is_open;
                }
                None => totals.push(CauseTotal {
                    attribution: entry.attribution,
                    total: entry.duration,
                    count,
                    is_open,
                    timeouts: Nanos::ZERO,
                }),
            }
        }
        totals.sort_by_key(|cause| std::cmp::Reverse(cause.total));
        totals
    }

    /// Returns the time of each cause, timeouts and losses as one.
    fn told_causes(&self) -> Vec<CauseTotal> {
        let is = |cause: Cause| {
            move |total: &CauseTotal| total.attribution == Attribution::network(cause)
        };
        let mut causes = self.cause_totals();
        if let Some(place) = causes.iter().position(is(Cause::Timeout))
            && let Some(loss) = causes.iter().position(is(Cause::Loss))
        {
            let timeouts = causes[place].total;
            causes[loss].total += timeouts;
            causes[loss].timeouts = timeouts;
            causes.remove(place);
            causes.sort_by_key(|cause| std::cmp::Reverse(cause.total));
        }
        causes
    }

    /// Returns the time that counts: all but what was nobody's.
    fn counted(&self) -> Nanos {
        self.total.saturating_sub(self.owned_by(Owner::None))
    }

    /// Describes each cause that took at least a twentieth of the time and a millisecond, in
    /// sentences, the largest first.
    pub fn cause_sentences(&self) -> Vec<String> {
        let least = Nanos(self.total.0 / 20).max(Nanos::from_millis(1));
        self.cause_totals()
            .iter()
            .filter(|cause| cause.total >= least)
            .map(|cause| {
                let share = format_percent(cause.total, self.total).unwrap_or_default();
                format!("{} ({share}).", cause.sentence())
            })
            .collect()
    }

    /// Describes whose time it was in one sentence or two; `None` if no time has passed.
    ///
    /// The largest cause of the largest owner comes first. If no owner has half of the time, the
    /// sentence says so.
    pub fn verdict(&self) -> Option<String> {
        let counted = self.counted();
        let owners = self.owner_totals();
        let first = owners.iter().find(|owned| owned.owner != Owner::None)?;
        let causes = self.told_causes();
        let main = causes
            .iter()
            .find(|cause| cause.attribution.owner == first.owner)?;
        let share = format_percent(main.total, counted)?;
        let is_majority =
            first.total.0.saturating_mul(100) >= counted.0.saturating_mul(MAJORITY_PERCENT);
        let head = if is_majority {
            format!("{} ({share}).", main.sentence())
        } else {
            format!(
                "No single owner had most of the time: {} ({share})",
                main.clause()
            )
        };
        let rest: Vec<String> = causes
            .iter()
            .filter(|cause| *cause != main && cause.attribution.owner != Owner::None)
            .filter(|cause| {
                cause.total.0.saturating_mul(100) >= counted.0.saturating_mul(NAMED_PERCENT)
            })
            .take(2)
            .map(|cause| format!("{} ({})", cause.clause(), cause.total))
            .collect();
        Some(match (is_majority, rest.as_slice()) {
            (true, []) => head,
            (true, [one]) => format!("{head} Most of the rest: {one}."),
            (true, [one, other, ..]) => format!("{head} Most of the rest: {one}, {other}."),
            (false, []) => format!("{head}."),
            (false, rest) => format!("{head}, {}.", rest.join(", ")),
        })
    }
}

impl CauseTotal {
    /// A sentence without its full stop.
    pub fn sentence(&self) -> String {
        let time = self.total;
        match (self.attribution.owner, self.attribution.cause) {
            (Owner::Server, Cause::Think) if self.is_open => {
                format!("The server had not answered after {time}")
            }
            (Owner::Server, Cause::Think) => {
                format!("The server thought for {time} before it answered")
            }
            (Owner::Server, Cause::Pause) => {
                format!("The server paused for {time} within its response")
            }
            (Owner::Server, Cause::Window | Cause::FlowControl) => {
                format!("The server's receive window was full for {time}")
            }
            (Owner::Client, Cause::Window | Cause::FlowControl) => {
                format!(
                    "This machine's receive window was full for {time}, so the server had to wait"
                )
            }
            (Owner::Client, Cause::Delay) => format!(
                "This machine waited for {time} by its own choice: {}",
                self.attribution.delay()
            ),
            (Owner::Client | Owner::Server, Cause::Nagle) => {
                format!("Small segments waited for delayed acknowledgments for {time} (Nagle)")
            }
            (Owner::Client, _) => format!("This machine's own work took {time}"),
            (Owner::Network, Cause::RoundTrip) => format!("Round trips took {time}"),
            (Owner::Network, Cause::CongestionWindow) => {
                format!(
                    "The sender waited for {time} for acknowledgments, because its congestion \
                        window {}",
                    self.attribution.congestion()
                )
            }
            (Owner::Network, Cause::Bandwidth) => {
                format!("The link was busy with the bytes for {time}")
            }
            (Owner::Network, Cause::Queueing) => {
                format!("Packets stood in queues on the way for {time}")
            }
            (Owner::Network, Cause::Loss) if self.timeouts > Nanos::ZERO => {
                format!(
                    "Lost segments and the recovery from them took {time}, {} of it \
                        retransmission timeouts",
                    self.timeouts
                )
            }
            (Owner::Network, Cause::Loss) => {
                format!("Lost segments and the recovery from them took {time}")
            }
            (Owner::Network, Cause::Timeout) => {
                format!("Retransmission timeouts after lost segments took {time}")
            }
            (Owner::Network, Cause::Unanswered) => format!("Nothing came back for {time}"),
            (Owner::Resolver, _) => format!("The name servers took {time} to answer"),
            (Owner::Proxy, Cause::Forward) => format!("The proxy took {time} to answer"),
            (Owner::Proxy, _) => format!("The proxy took {time} to reach its target"),
            (Owner::None, _) => format!("Nothing was outstanding for {time}"),
            _ => format!("For {time} the evidence does not say whose time it was"),
        }
    }

    /// The cause in a few words.
    pub fn clause(&self) -> String {
        self.attribution.clause()
    }
}
