//! Comparison of ledgers: by how much the time of each owner and cause differs.

use super::facts::ExchangeFacts;
use super::noise::{FigureComparator, FigureDifference};
use crate::insight::ledger::{Attribution, Cause, Owner};
use crate::units::Nanos;

/// The time of a cause in two runs, over all hops of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CauseDifference {
    /// Whose time it is.
    pub owner: Owner,
    /// What it was spent on.
    pub cause: Cause,
    /// The time; zero if the cause is in the other run only.
    pub time: FigureDifference,
}

impl CauseDifference {
    /// The cause in a few words: `the server's thinking`.
    pub fn clause(&self) -> String {
        cause_clause(self.owner, self.cause)
    }
}

/// A cause in a few words.
pub(super) fn cause_clause(owner: Owner, cause: Cause) -> String {
    if cause == Cause::Delay {
        return "waits that this machine chose".to_owned();
    }
    Attribution::new(owner, cause).clause()
}

/// Compares the ledgers of a transfer's runs, the largest difference first; empty unless all
/// exchanges have one.
pub(super) fn compare_ledgers(
    before: &[&[ExchangeFacts]],
    after: &[&[ExchangeFacts]],
    judge: FigureComparator,
) -> Vec<CauseDifference> {
    let all = || before.iter().chain(after).flat_map(|hops| hops.iter());
    if !all().all(ExchangeFacts::has_ledger) {
        return Vec::new();
    }
    let mut keys: Vec<(Owner, Cause)> = all()
        .flat_map(|facts| &facts.spent)
        .filter(|spent| spent.phase.is_none())
        .map(|spent| (spent.owner, spent.cause))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let mut differences: Vec<CauseDifference> = keys
        .into_iter()
        .map(|(owner, cause)| {
            let times = |runs: &[&[ExchangeFacts]]| {
                let of_run = |hops: &&[ExchangeFacts]| {
                    hops.iter()
                        .map(|facts| facts.time_spent(None, owner, cause))
                        .sum()
                };
                runs.iter().map(of_run).collect::<Vec<Nanos>>()
            };
            CauseDifference {
                owner,
                cause,
                time: judge.compare_app(&times(before), &times(after)),
            }
        })
        .collect();
    differences
        .sort_by_key(|each| std::cmp::Reverse(each.time.difference().unwrap_or(0).unsigned_abs()));
    differences
}
