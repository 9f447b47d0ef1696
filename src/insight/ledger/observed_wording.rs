//! The words for the time of others: the same as for one's own, but that the client is not this
//! machine.

use super::Ledger;
use super::owner::Owner;
use super::turn::NO_ROUND_TRIP;
use crate::units::{Nanos, format_percent};

impl Ledger {
    /// Returns the [verdict](Self::verdict) on an exchange of others. Where the distance to the
    /// server is not known, it says how long the server thought at most.
    pub fn verdict_on_others(&self) -> Option<String> {
        let verdict = name_client(&self.verdict()?);
        let unknown = self
            .entries
            .iter()
            .find(|entry| entry.rule == NO_ROUND_TRIP);
        Some(match unknown {
            Some(entry) => format!(
                "{verdict} The capture does not show how far the server is, which thought for at \
                 most {}.",
                entry.duration
            ),
            None => verdict,
        })
    }

    /// Returns the time and the share of each owner of an exchange of others: `server 120 ms
    /// (80 %)`.
    pub fn owner_shares_of_others(&self) -> Vec<String> {
        let share = |total: Nanos| format_percent(total, self.total).unwrap_or_default();
        self.owner_totals()
            .iter()
            .map(|owned| {
                let name = match owned.owner {
                    Owner::Client => "client",
                    other => other.label(),
                };
                format!("{name} {} ({})", owned.total, share(owned.total))
            })
            .collect()
    }
}

/// Names the client in a sentence of this program's own.
fn name_client(sentence: &str) -> String {
    sentence
        .replace("This machine", "The client")
        .replace("this machine", "the client")
}
