//! Names of addresses, learned from the run's events.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::trace::{Event, EventKind, Trace};

/// The names that have been written.
#[derive(Debug, Default)]
pub(super) struct WrittenNames(BTreeMap<IpAddr, String>);

impl WrittenNames {
    /// Maximum number of names; the first ones are kept.
    const MAX_NAMES: usize = 4_096;

    /// The names that an event adds. `known` is the trace before it.
    pub(super) fn learn(&mut self, event: &Event, known: &Trace) -> Vec<(IpAddr, &str)> {
        let found: Vec<(IpAddr, String)> = match &event.kind {
            EventKind::Resolved {
                exchange,
                addresses,
                ..
            } => {
                let url = known
                    .exchange(*exchange)
                    .and_then(|exchange| url::Url::parse(exchange.url.raw()).ok());
                let name = url.as_ref().and_then(url::Url::domain).and_then(host_name);
                name.map(|name| {
                    addresses
                        .iter()
                        .map(|address| (*address, name.clone()))
                        .collect()
                })
                .unwrap_or_default()
            }
            EventKind::DnsAnswered {
                exchange,
                query,
                answer,
            } => {
                let queries = known
                    .exchange(*exchange)
                    .and_then(|exchange| exchange.resolution.as_ref())
                    .map(|found| &found.queries);
                let name = queries
                    .and_then(|queries| queries.iter().find(|asked| asked.id == *query))
                    .map(|asked| asked.name.raw());
                let records = answer
                    .records
                    .iter()
                    .filter(|record| matches!(record.kind.as_str(), "A" | "AAAA"));
                let addresses = records.filter_map(|record| record.data.raw().parse().ok());
                name.and_then(host_name)
                    .map(|name| addresses.map(|address| (address, name.clone())).collect())
                    .unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let new: Vec<(IpAddr, String)> = found
            .into_iter()
            .filter(|(address, _)| !self.0.contains_key(address))
            .collect();
        let mut added = Vec::new();
        for (address, name) in new {
            if self.0.len() < Self::MAX_NAMES && !added.contains(&address) {
                self.0.insert(address, name);
                added.push(address);
            }
        }
        added
            .into_iter()
            .filter_map(|address| Some((address, self.0.get(&address)?.as_str())))
            .collect()
    }
}

/// A host name without the root's dot, if it is a valid one.
fn host_name(name: &str) -> Option<String> {
    const MAX_LENGTH: usize = 253;
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    (is_plain && !name.is_empty() && name.len() <= MAX_LENGTH).then(|| name.to_owned())
}
