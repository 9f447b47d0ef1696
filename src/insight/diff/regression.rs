//! Regressions between two runs.
//!
//! | a transfer | if |
//! |---|---|
//! | is slower | its total grew by more than noise and tolerance |
//! | fails | it did not fail before; for repeated ones, none of them did |
//! | has a worse status | its status is in a worse class, such as 5xx instead of 4xx or 2xx |
//! | is unverified | its certificates were trusted before |
//!
//! In addition, a run may miss a budget rule that it met before. A transfer that is missing now is
//! reported, but is not a regression.

use std::collections::HashSet;

use super::facts::{ExchangeFacts, LimitResult};
use super::noise::Judgement;
use super::transfer::TransferDifference;
use crate::trace::Verification;
use crate::units::Untrusted;

/// A regression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regression {
    /// The index of its transfer in [`RunDifference::transfers`](super::RunDifference::transfers);
    /// `None` if it concerns the whole run.
    pub transfer: Option<usize>,
    /// The kind of regression.
    pub kind: RegressionKind,
}

/// The kind of a regression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegressionKind {
    /// It takes longer.
    Slower,
    /// It fails now.
    Fails,
    /// Its status is in a worse class.
    Status,
    /// Its certificates no longer verify.
    Unverified,
    /// A budget rule is no longer met.
    LimitMissed(Untrusted),
}

impl RegressionKind {
    /// The name in machine output.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Slower => "slower",
            Self::Fails => "fails",
            Self::Status => "status",
            Self::Unverified => "unverified",
            Self::LimitMissed(_) => "budget_missed",
        }
    }
}

/// The regressions of a transfer.
pub(super) fn transfer_regressions(
    index: usize,
    difference: &TransferDifference<'_>,
) -> Vec<Regression> {
    let [before, after] = difference.runs;
    let mut kinds = Vec::new();
    if before.failed == 0 && after.failed > 0 {
        kinds.push(RegressionKind::Fails);
    }
    if difference.total.judgement == Judgement::Slower {
        kinds.push(RegressionKind::Slower);
    }
    if let [Some(before), Some(after)] = difference.last_exchanges() {
        if status_class(before)
            .zip(status_class(after))
            .is_some_and(|(before, after)| after > before)
        {
            kinds.push(RegressionKind::Status);
        }
        let untrusted = |facts: &ExchangeFacts| {
            facts
                .verification
                .as_ref()
                .is_some_and(|it| *it != Verification::Trusted)
        };
        if before.verification == Some(Verification::Trusted) && untrusted(after) {
            kinds.push(RegressionKind::Unverified);
        }
    }
    kinds
        .into_iter()
        .map(|kind| Regression {
            transfer: Some(index),
            kind,
        })
        .collect()
}

/// The class of a status code, where everything below 400 is equally good; `None` without a status.
fn status_class(facts: &ExchangeFacts) -> Option<u16> {
    facts.status.map(|status| (status / 100).clamp(3, 5))
}

/// Budget rules that were met before and are missed now.
pub(super) fn budget_regressions(before: &[LimitResult], after: &[LimitResult]) -> Vec<Regression> {
    let met: HashSet<&Untrusted> = before
        .iter()
        .filter(|verdict| verdict.met == Some(true))
        .map(|verdict| &verdict.rule)
        .collect();
    let missed = after
        .iter()
        .filter(|verdict| verdict.met == Some(false) && met.contains(&verdict.rule));
    missed
        .map(|verdict| Regression {
            transfer: None,
            kind: RegressionKind::LimitMissed(verdict.rule.clone()),
        })
        .collect()
}
