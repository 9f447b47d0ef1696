//! What got worse.
//!
//! | a transfer | where |
//! |---|---|
//! | is slower | its total grew by more than noise and by more than what is tolerated |
//! | fails now | it did not fail before; of repeated ones, none did |
//! | answers worse | its status is of a worse class: an error of the client's (4xx) or the server's (5xx) where there was none |
//! | is not verified any more | its certificates were trusted before |
//!
//! And a run misses a limit that it met before. What is not there any more is told, and no
//! regression.

use std::collections::HashSet;

use super::facts::{ExchangeFacts, LimitResult};
use super::noise::Judgement;
use super::transfer::TransferDifference;
use crate::trace::Verification;
use crate::units::Untrusted;

/// Something that got worse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regression {
    /// The transfer it is of, by its place in
    /// [`Difference::transfers`](super::Difference::transfers); `None` where it is of the run.
    pub transfer: Option<usize>,
    /// In which way.
    pub kind: RegressionKind,
}

/// In which way something got worse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegressionKind {
    /// It takes longer.
    Slower,
    /// It fails now.
    Fails,
    /// Its status is a worse one.
    Status,
    /// Its certificates do not verify any more.
    Unverified,
    /// A limit is missed.
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

/// What got worse of a transfer.
pub(super) fn transfer_regressions(
    place: usize,
    difference: &TransferDifference<'_>,
) -> Vec<Regression> {
    let [before, after] = difference.runs;
    let mut worse = Vec::new();
    if before.failed == 0 && after.failed > 0 {
        worse.push(RegressionKind::Fails);
    }
    if difference.total.judgement == Judgement::Slower {
        worse.push(RegressionKind::Slower);
    }
    if let [Some(before), Some(after)] = difference.last_exchanges() {
        if status_class(before)
            .zip(status_class(after))
            .is_some_and(|(before, after)| after > before)
        {
            worse.push(RegressionKind::Status);
        }
        let untrusted = |facts: &ExchangeFacts| {
            facts
                .verification
                .as_ref()
                .is_some_and(|it| *it != Verification::Trusted)
        };
        if before.verification == Some(Verification::Trusted) && untrusted(after) {
            worse.push(RegressionKind::Unverified);
        }
    }
    worse
        .into_iter()
        .map(|worse| Regression {
            transfer: Some(place),
            kind: worse,
        })
        .collect()
}

/// How bad a status is; what has none compares with nothing.
fn status_class(facts: &ExchangeFacts) -> Option<u16> {
    facts.status.map(|status| (status / 100).clamp(3, 5))
}

/// Limits that were met before and are missed now.
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
