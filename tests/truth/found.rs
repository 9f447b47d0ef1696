//! What a report says of a run's time.

use std::time::Duration;

use serde_json::Value;

/// The ledgers of a run's exchanges.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Sum of the exchanges' durations.
    pub(crate) total: Duration,
    entries: Vec<Entry>,
    /// Where durations do not add up to the exchange's.
    pub(crate) inexact: Vec<String>,
    /// Packets were captured.
    pub(crate) has_packets: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    owner: String,
    cause: String,
    detail: Option<String>,
    duration: Duration,
}

impl Found {
    /// Reads a JSON report.
    pub(crate) fn from_report(report: &Value) -> Result<Self, String> {
        let exchanges = report["exchanges"]
            .as_array()
            .ok_or("the report has no exchanges")?;
        let mut found = Self {
            has_packets: report["capture"]["packets"].as_u64() > Some(0),
            ..Self::default()
        };
        for (number, exchange) in exchanges.iter().enumerate() {
            found
                .add_exchange(number, exchange)
                .ok_or_else(|| format!("exchange {number} is not understood"))?;
        }
        Ok(found)
    }

    fn add_exchange(&mut self, number: usize, exchange: &Value) -> Option<()> {
        let mut sum = 0;
        for entry in exchange["time_spent"].as_array()? {
            let nanos = entry["duration_ns"].as_u64()?;
            sum += nanos;
            self.entries.push(Entry {
                owner: entry["owner"].as_str()?.to_owned(),
                cause: entry["cause"].as_str()?.to_owned(),
                detail: entry["detail"].as_str().map(str::to_owned),
                duration: Duration::from_nanos(nanos),
            });
        }
        // An exchange that has not ended has no duration.
        if let Some(total) = exchange["duration_ns"].as_u64()
            && total != sum
        {
            self.inexact.push(format!(
                "exchange {number} took {total} ns, its entries {sum}"
            ));
        }
        self.total += Duration::from_nanos(sum);
        Some(())
    }

    /// The time of an owner.
    pub(crate) fn owned_by(&self, owner: &str) -> Duration {
        self.sum(|entry| entry.owner == owner)
    }

    /// The time of some causes of an owner; a cause may be followed by `/` and a detail.
    pub(crate) fn caused_by(&self, owner: &str, causes: &[impl AsRef<str>]) -> Duration {
        self.sum(|entry| {
            entry.owner == owner
                && causes
                    .iter()
                    .any(|cause| match cause.as_ref().split_once('/') {
                        Some((cause, detail)) => {
                            entry.cause == cause && entry.detail.as_deref() == Some(detail)
                        }
                        None => entry.cause == cause.as_ref(),
                    })
        })
    }

    /// Owner, cause and time of all, the largest first: `server.think 300.1`.
    pub(crate) fn summary(&self) -> String {
        let mut causes = std::collections::BTreeMap::<String, Duration>::new();
        for entry in &self.entries {
            let detail = entry
                .detail
                .as_ref()
                .map_or(String::new(), |d| format!("/{d}"));
            let name = format!("{}.{}{detail}", entry.owner, entry.cause);
            *causes.entry(name).or_default() += entry.duration;
        }
        let mut causes: Vec<_> = causes.into_iter().collect();
        causes.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        let words: Vec<String> = causes
            .iter()
            .filter(|(_, time)| *time >= Duration::from_millis(1))
            .map(|(name, time)| format!("{name} {}", millis(*time)))
            .collect();
        words.join(" · ")
    }

    fn sum(&self, wanted: impl Fn(&Entry) -> bool) -> Duration {
        self.entries
            .iter()
            .filter(|entry| wanted(entry))
            .map(|entry| entry.duration)
            .sum()
    }
}

/// A time in milliseconds with a decimal.
pub(crate) fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}
