//! What is true of a run's time, and whether a ledger says so.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::found::{Found, millis};

/// Share of a run's time that may be given to a wrong owner, in percent.
const MAX_WRONG_PERCENT: f64 = 2.0;
/// Share of a run's time that may be unknown, in percent.
const MAX_UNKNOWN_PERCENT: f64 = 5.0;
/// What is less is not told from the scheduling of two processes.
const NOISE: Duration = Duration::from_millis(2);

/// What is true of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Truth {
    /// Causes with their time.
    pub(crate) figures: Vec<Figure>,
    /// The most that an owner truly had, in nanoseconds. Who is not named had nothing; the network,
    /// if it is not, the rest.
    pub(crate) at_most_ns: BTreeMap<String, u64>,
}

/// Time of some causes of an owner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Figure {
    pub(crate) owner: String,
    /// Causes, each perhaps with a detail after a `/`.
    pub(crate) causes: Vec<String>,
    pub(crate) wanted_ns: u64,
    pub(crate) tolerance_ns: u64,
}

/// What came of comparing a ledger with the truth.
pub(crate) struct Judgement {
    pub(crate) wanted: String,
    pub(crate) found: String,
    pub(crate) wrong_percent: f64,
    pub(crate) unknown_percent: f64,
    pub(crate) is_exact: bool,
    /// Why it fails; empty if it passes.
    pub(crate) reasons: Vec<String>,
}

impl Truth {
    /// A run in which this machine did what any run takes: so much.
    pub(crate) fn new() -> Self {
        Self::default().at_most("client", Duration::from_millis(8))
    }

    /// With the time of some causes of an owner, which has no more than that and its tolerance.
    pub(crate) fn figure(
        mut self,
        owner: &str,
        causes: &[&str],
        wanted: Duration,
        tolerance: Duration,
    ) -> Self {
        self.figures.push(Figure {
            owner: owner.to_owned(),
            causes: causes.iter().map(|cause| (*cause).to_owned()).collect(),
            wanted_ns: nanos(wanted),
            tolerance_ns: nanos(tolerance),
        });
        if owner != "network" {
            *self.at_most_ns.entry(owner.to_owned()).or_default() += nanos(wanted + tolerance);
        }
        self
    }

    /// With the most that an owner truly had.
    pub(crate) fn at_most(mut self, owner: &str, time: Duration) -> Self {
        self.at_most_ns.insert(owner.to_owned(), nanos(time));
        self
    }

    /// With so much more than is said so far that an owner may have had.
    pub(crate) fn and_also(mut self, owner: &str, time: Duration) -> Self {
        *self.at_most_ns.entry(owner.to_owned()).or_default() += nanos(time);
        self
    }

    /// Compares a ledger with it.
    pub(crate) fn judge(&self, found: &Found) -> Judgement {
        let total = found.total.as_secs_f64().max(1e-9);
        let percent = |time: Duration| 100.0 * time.as_secs_f64() / total;
        let mut reasons = found.inexact.clone();
        let (mut wanted, mut figures) = (Vec::new(), Vec::new());
        for figure in &self.figures {
            let seen = found.caused_by(&figure.owner, &figure.causes);
            let name = format!("{}.{}", figure.owner, figure.causes.join("+"));
            let (right, tolerance) = (
                Duration::from_nanos(figure.wanted_ns),
                Duration::from_nanos(figure.tolerance_ns),
            );
            wanted.push(format!("{name} {}±{}", millis(right), millis(tolerance)));
            figures.push(millis(seen));
            if seen.abs_diff(right) > tolerance {
                reasons.push(format!("{name} is {}, not {}", millis(seen), millis(right)));
            }
        }
        let wrong = self.wrong(found);
        let (wrong_percent, unknown) = (percent(wrong), found.owned_by("unknown"));
        if wrong_percent > MAX_WRONG_PERCENT && wrong > NOISE {
            reasons.push(format!("{} to a wrong owner", millis(wrong)));
        }
        if percent(unknown) > MAX_UNKNOWN_PERCENT && unknown > NOISE {
            reasons.push(format!("{} unknown", millis(unknown)));
        }
        Judgement {
            wanted: wanted.join(" "),
            found: figures.join(" "),
            wrong_percent,
            unknown_percent: percent(unknown),
            is_exact: found.inexact.is_empty(),
            reasons,
        }
    }

    /// Time that owners have beyond what was truly theirs.
    fn wrong(&self, found: &Found) -> Duration {
        ["client", "network", "server", "resolver", "proxy", "none"]
            .into_iter()
            .map(|owner| {
                let most = match self.at_most_ns.get(owner) {
                    Some(most) => Duration::from_nanos(*most),
                    None if owner == "network" => found.total.saturating_sub(self.of_others()),
                    None => Duration::ZERO,
                };
                found.owned_by(owner).saturating_sub(most)
            })
            .sum()
    }

    /// Time that is known to be others' than the network's.
    fn of_others(&self) -> Duration {
        let figures = self.figures.iter();
        let nanos = figures
            .filter(|figure| figure.owner != "network")
            .map(|figure| figure.wanted_ns.saturating_sub(figure.tolerance_ns))
            .sum();
        Duration::from_nanos(nanos)
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
