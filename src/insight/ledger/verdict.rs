//! The verdict: one sentence or two about whose time an exchange took, made of its ledger.

use super::Ledger;
use super::figures::LedgerFigures;
use super::incoming::ACKNOWLEDGED_AND_NOT_ANSWERED;
use super::owner::{Attribution, Cause, Detail, Owner};
use crate::units::{Nanos, format_percent, group_digits};

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
    /// What its sentence and its advice name beyond times.
    pub figures: LedgerFigures,
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
                    figures: self.figures,
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

    /// Describes whose time it was and what would change it, in two or three sentences; `None` if
    /// no time has passed.
    ///
    /// The largest cause of the largest owner comes first. If no owner has half of the time, the
    /// sentence says so.
    pub fn verdict(&self) -> Option<String> {
        self.verdict_wordings().into_iter().next()
    }

    /// Returns wordings of the verdict, the longest first: without the rest of the time, without
    /// what would change it, the main cause alone. Empty if no time has passed.
    pub fn verdict_wordings(&self) -> Vec<String> {
        let Some(parts) = self.verdict_parts() else {
            return Vec::new();
        };
        let VerdictParts { main, rest, advice } = parts;
        let sentences = |parts: &[&str]| {
            let given = parts.iter().filter(|part| !part.is_empty());
            given.copied().collect::<Vec<_>>().join(" ")
        };
        let mut wordings = vec![
            sentences(&[&main, &rest, &advice]),
            sentences(&[&main, &advice]),
            sentences(&[&main, &rest]),
            main,
        ];
        wordings.dedup();
        wordings
    }

    fn verdict_parts(&self) -> Option<VerdictParts> {
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
        let named: Vec<String> = causes
            .iter()
            .filter(|cause| *cause != main && cause.attribution.owner != Owner::None)
            .filter(|cause| {
                cause.total.0.saturating_mul(100) >= counted.0.saturating_mul(NAMED_PERCENT)
            })
            .take(2)
            .map(|cause| format!("{} ({})", cause.clause(), cause.total))
            .collect();
        let named = named.join(", ");
        let advice = main
            .advice()
            .filter(|_| !self.figures.has_failed)
            .map(|advice| format!("What would help: {advice}."));
        let (main, rest) = match (is_majority, named.as_str()) {
            (true, "") => (format!("{} ({share}).", main.sentence()), String::new()),
            (true, named) => (
                format!("{} ({share}).", main.sentence()),
                format!("Most of the rest: {named}."),
            ),
            (false, named) => {
                let others = if named.is_empty() { "" } else { ", " };
                let sentence = format!(
                    "No single owner had most of the time: {} ({share}){others}{named}.",
                    main.clause()
                );
                (sentence, String::new())
            }
        };
        Some(VerdictParts {
            main,
            rest,
            advice: advice.unwrap_or_default(),
        })
    }
}

/// The sentences of a verdict; empty where there is nothing to say.
struct VerdictParts {
    main: String,
    rest: String,
    advice: String,
}

impl CauseTotal {
    /// A sentence without its full stop.
    pub fn sentence(&self) -> String {
        let time = self.total;
        match (self.attribution.owner, self.attribution.cause) {
            (Owner::Server, Cause::Think) if self.is_open => {
                format!("The server had not answered after {time}")
            }
            (Owner::Server, Cause::Think) => match self.figures.intermediary {
                Some(field) => format!(
                    "The server, or a cache before it ({field}), thought for {time} before it \
                        answered"
                ),
                None => format!("The server thought for {time} before it answered"),
            },
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
                format!("The sender waited {time} {}", self.attribution.congestion())
            }
            (Owner::Network, Cause::Bandwidth) => self.bandwidth_sentence(),
            (Owner::Network, Cause::Queueing) => {
                format!("Packets stood in queues on the way for {time}")
            }
            (Owner::Network, Cause::Loss | Cause::Timeout) => self.loss_sentence(),
            (Owner::Network, Cause::Unanswered) => format!("Nothing came back for {time}"),
            (Owner::Resolver, _) => format!("The name servers took {time} to answer"),
            (Owner::Proxy, Cause::Forward) => format!("The proxy took {time} to answer"),
            (Owner::Proxy, _) => format!("The proxy took {time} to reach its target"),
            (Owner::None, _) => format!("Nothing was outstanding for {time}"),
            _ => format!("For {time} the evidence does not say whose time it was"),
        }
    }

    fn bandwidth_sentence(&self) -> String {
        let time = self.total;
        let (busy, what) = match self.attribution.detail {
            Some(Detail::Paced) => ("The link or the sender was", "the link or the sender lets"),
            _ => ("The link was", "the link carries"),
        };
        let through = if what.ends_with("lets") {
            " through"
        } else {
            ""
        };
        match self.figures.link {
            Some(link) => format!(
                "The bytes took {time}: {what} {link}{through}, segments {} apart",
                link.spacing
            ),
            None => format!("{busy} busy with the bytes for {time}"),
        }
    }

    fn loss_sentence(&self) -> String {
        let time = self.total;
        let LedgerFigures {
            lost,
            lost_by_timeout: late,
            ..
        } = self.figures;
        let found = match late {
            0 => String::new(),
            late if late == lost => " and found by timeout".to_owned(),
            late => format!(", {} of them found by timeout", group_digits(late)),
        };
        match (lost, self.attribution.cause) {
            (1, _) => format!("1 segment was lost{found}: recovery took {time}"),
            (2.., _) => format!(
                "{} segments were lost{found}: recovery took {time}",
                group_digits(lost)
            ),
            (0, Cause::Timeout) => {
                format!("Retransmission timeouts after lost segments took {time}")
            }
            (0, _) if self.timeouts > Nanos::ZERO => format!(
                "Lost segments and the recovery from them took {time}, {} of it timeouts",
                self.timeouts
            ),
            (0, _) => format!("Lost segments and the recovery from them took {time}"),
        }
    }

    /// The cause in a few words.
    pub fn clause(&self) -> String {
        self.attribution.clause()
    }
}
