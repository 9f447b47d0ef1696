//! Causes found by comparing measurements: which part of a phase's time changed.
//!
//! A part is named as a cause if it changed in the same direction as the phase, by at least half as
//! much.

use crate::insight::diff::change::{ChangeKind, DiffChange, TimingEffect};
use crate::insight::diff::facts::ExchangeFacts;
use crate::insight::diff::noise::Judgement;
use crate::insight::diff::phases::PhaseDifference;
use crate::insight::diff::time_spent::cause_clause;
use crate::trace::{Cause, Owner, Phase};
use crate::units::{Nanos, Untrusted};

/// The causes that measurements suggest for a phase that got slower or faster.
pub(in crate::insight::diff) fn timing_causes(
    phase: &PhaseDifference,
    longer: bool,
    before: &ExchangeFacts,
    after: &ExchangeFacts,
) -> Vec<DiffChange> {
    let (Some(was), Some(is)) = (phase.figure().before, phase.figure().after) else {
        return Vec::new();
    };
    if phase.figure().judgement == Judgement::OneSided {
        return Vec::new();
    }
    let part = PhaseChange {
        phase: phase.phase,
        longer,
        whole: change_in_direction(was, is, longer),
    };
    let mut causes = Vec::new();
    causes.extend(part.dns_answer(before, after));
    causes.extend(part.ledger_causes(before, after));
    causes.extend(part.round_trip(before, after));
    causes.extend(part.local_work(phase));
    causes.extend(part.server_timing(before, after));
    if causes.is_empty() {
        causes.extend(part.server_work(before, after));
    }
    causes
}

/// A phase that changed, whose parts are examined.
struct PhaseChange {
    phase: Phase,
    longer: bool,
    /// By how much the phase changed.
    whole: Nanos,
}

fn change_in_direction(was: Nanos, is: Nanos, longer: bool) -> Nanos {
    if longer {
        is.saturating_sub(was)
    } else {
        was.saturating_sub(is)
    }
}

impl PhaseChange {
    fn explains(&self, was: Nanos, is: Nanos) -> bool {
        change_in_direction(was, is, self.longer)
            .0
            .saturating_mul(2)
            >= self.whole.0
    }

    fn change(&self, kind: ChangeKind, words: impl Into<Untrusted>) -> DiffChange {
        DiffChange {
            kind,
            phase: Some(self.phase),
            effect: TimingEffect::from_increase(self.longer),
            description: words.into(),
        }
    }

    /// The slowest answer of a DNS server.
    fn dns_answer(&self, before: &ExchangeFacts, after: &ExchangeFacts) -> Option<DiffChange> {
        let slowest = |facts: &ExchangeFacts| {
            let answered = facts.questions.iter().filter(|asked| asked.rcode.is_some());
            answered
                .filter_map(|asked| Some((asked.took?, asked.server.clone())))
                .max_by_key(|(took, _)| *took)
        };
        let (was, _) = slowest(before)?;
        let (is, server) = slowest(after)?;
        let words = format!("{} took {is} to answer, {was} before", server.raw());
        (self.phase == Phase::Dns && self.explains(was, is))
            .then(|| self.change(ChangeKind::Questions, words))
    }

    /// Parts of the phase that its ledger tells, without those that other measurements tell better.
    fn ledger_causes(&self, before: &ExchangeFacts, after: &ExchangeFacts) -> Vec<DiffChange> {
        let told = |cause: Cause| {
            !matches!(
                cause,
                Cause::RoundTrip
                    | Cause::Processing
                    | Cause::Delay
                    | Cause::Think
                    | Cause::Lookup
                    | Cause::Idle
                    | Cause::Unexplained
            )
        };
        self.keys(before, after)
            .into_iter()
            .filter(|(_, cause)| told(*cause))
            .filter_map(|(owner, cause)| self.ledger_cause(owner, cause, before, after))
            .collect()
    }

    /// The owners and causes of the phase in either exchange.
    fn keys(&self, before: &ExchangeFacts, after: &ExchangeFacts) -> Vec<(Owner, Cause)> {
        if !before.has_ledger() || !after.has_ledger() {
            return Vec::new();
        }
        let mut keys: Vec<(Owner, Cause)> = before
            .spent
            .iter()
            .chain(&after.spent)
            .filter(|spent| spent.phase == Some(self.phase))
            .map(|spent| (spent.owner, spent.cause))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    fn ledger_cause(
        &self,
        owner: Owner,
        cause: Cause,
        before: &ExchangeFacts,
        after: &ExchangeFacts,
    ) -> Option<DiffChange> {
        let [was, is] =
            [before, after].map(|facts| facts.time_spent(Some(self.phase), owner, cause));
        let what = cause_clause(owner, cause);
        let words = match (was, is) {
            (Nanos::ZERO, _) => format!("{what} took {is}"),
            (_, Nanos::ZERO) => format!("{what} took {was} before, nothing now"),
            _ => format!("{what} took {is}, {was} before"),
        };
        self.explains(was, is)
            .then(|| self.change(ChangeKind::IdleTime, words))
    }

    /// The network's round trip: connecting and waiting take at least one, TLS one or more.
    fn round_trip(&self, before: &ExchangeFacts, after: &ExchangeFacts) -> Option<DiffChange> {
        let trips = match self.phase {
            Phase::Connect | Phase::Wait => 1,
            Phase::Tls => after.tls_round_trips()?.min(before.tls_round_trips()?),
            _ => return None,
        };
        let was = before.rtt?;
        let is = after.rtt?;
        let taken = |rtt: Nanos| Nanos(rtt.0.saturating_mul(trips.into()));
        let words = format!(
            "the round-trip time is {}, {} before",
            is.duration, was.duration
        );
        (was.clock == is.clock && self.explains(taken(was.duration), taken(is.duration)))
            .then(|| self.change(ChangeKind::RoundTrip, words))
    }

    /// Time on the program's clock beyond the wire's.
    fn local_work(&self, phase: &PhaseDifference) -> Option<DiffChange> {
        let own = |app: Option<Nanos>, wire: Option<Nanos>| Some(app?.saturating_sub(wire?));
        let was = own(phase.app.before, phase.wire.before)?;
        let is = own(phase.app.after, phase.wire.after)?;
        // On the program's clock, connecting starts with the first attempt; on the wire, with the
        // successful one.
        let comparable = self.phase != Phase::Connect;
        (comparable && self.explains(was, is)).then(|| {
            self.change(
                ChangeKind::LocalWork,
                format!("local processing took {is}, {was} before"),
            )
        })
    }

    /// The durations that the server reports.
    fn server_timing(&self, before: &ExchangeFacts, after: &ExchangeFacts) -> Vec<DiffChange> {
        if self.phase != Phase::Wait {
            return Vec::new();
        }
        let was = |name: &Untrusted| {
            before
                .server_timing
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, took)| *took)
        };
        let changes = after
            .server_timing
            .iter()
            .take(64)
            .filter_map(|(name, is)| {
                let was = was(name)?;
                let words = format!("the server reports {is} for {}, {was} before", name.raw());
                self.explains(was, *is)
                    .then(|| self.change(ChangeKind::ServerTiming, words))
            });
        changes.collect()
    }

    /// Waiting time that is not the network's is the server's.
    fn server_work(&self, before: &ExchangeFacts, after: &ExchangeFacts) -> Option<DiffChange> {
        if self.phase != Phase::Wait {
            return None;
        }
        let than = if self.longer { "longer" } else { "less time" };
        match (before.rtt, after.rtt) {
            (Some(was), Some(is)) if was.clock == is.clock => {
                let words = format!(
                    "the server took {than}; the round-trip time ({}, {} before) does not explain \
                     it",
                    is.duration, was.duration
                );
                Some(self.change(ChangeKind::ServerWork, words))
            }
            _ => None,
        }
    }
}
