//! Stub resolver (RFC 1034 §5.3.1): tries candidate names, servers and retries, follows aliases,
//! and resolves both address families in parallel.
//!
//! ```text
//! candidate names ─┬► AAAA ┬ (RFC 8305 §3) ─► servers until one answers ─► aliases until addresses
//!                  └► A ───┘
//! ```

use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::time::timeout;

use super::answer::{AnswerContent, follow_aliases};
use super::configuration::{NameServer, ResolverConfiguration};
use super::order::has_route;
use super::query::{DnsQueryOutcome, FinishedQuery, send_query};
use crate::probe::exchange_context::ExchangeContext;
use crate::probe::spec::AddressFamily;
use crate::trace::DnsTransport;

/// Time to wait for the other family once one has addresses: the "Resolution Delay" of RFC 8305 §3.
const RESOLUTION_DELAY: Duration = Duration::from_millis(50);
/// Maximum number of queries that follow aliases from response to response.
const MAX_ALIAS_QUERIES: usize = 8;

/// Queries DNS servers and keeps a log of the queries.
pub(super) struct StubResolver<'a> {
    pub(super) context: &'a ExchangeContext<'a>,
    pub(super) configuration: &'a ResolverConfiguration,
    log: Mutex<Vec<FinishedQuery>>,
}

/// Result of a lookup for one address family, or for both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LookupResult {
    /// The addresses.
    Addresses(Vec<IpAddr>),
    /// No server gave a conclusive response.
    Unknown,
    /// The aliases form a loop.
    AliasLoop,
    /// The name exists but has no address.
    NoAddress,
    /// The name does not exist.
    NoSuchName,
}

impl<'a> StubResolver<'a> {
    pub(super) const fn new(
        context: &'a ExchangeContext<'a>,
        configuration: &'a ResolverConfiguration,
    ) -> Self {
        Self {
            context,
            configuration,
            log: Mutex::new(Vec::new()),
        }
    }

    /// Looks up a host. The first candidate name that has addresses decides; without one, the
    /// candidate about which most is known.
    pub(super) async fn lookup(&self, host: &Name) -> LookupResult {
        let mut best = LookupResult::NoSuchName;
        for name in self.configuration.candidates(host) {
            let result = self.look_up_families(&name).await;
            match result {
                LookupResult::Addresses(_) => return result,
                LookupResult::Unknown if self.servers_are_silent() => return result,
                LookupResult::NoSuchName => {}
                _ if matches!(best, LookupResult::NoSuchName | LookupResult::Unknown) => {
                    best = result;
                }
                _ => {}
            }
        }
        best
    }

    /// Returns the finished queries in the order they ended.
    pub(super) fn finished_queries(&self) -> Vec<FinishedQuery> {
        self.log
            .lock()
            .map(|query| query.clone())
            .unwrap_or_default()
    }

    pub(super) fn log_query(&self, query: FinishedQuery) {
        if let Ok(mut log) = self.log.lock() {
            log.push(query);
        }
    }

    /// Returns true if the last query got no response: then a query for another name will not get
    /// one either.
    fn servers_are_silent(&self) -> bool {
        self.log.lock().is_ok_and(|log| {
            !matches!(
                log.last(),
                Some(FinishedQuery {
                    outcome: DnsQueryOutcome::Answered(_),
                    ..
                })
            )
        })
    }

    async fn look_up_families(&self, name: &Name) -> LookupResult {
        match self.context.spec.family {
            AddressFamily::V4 => self.look_up_family(name, RecordType::A).await,
            AddressFamily::V6 => self.look_up_family(name, RecordType::AAAA).await,
            AddressFamily::Any => {
                let mut v4 = pin!(self.look_up_family(name, RecordType::A));
                let mut v6 = pin!(self.look_up_family(name, RecordType::AAAA));
                tokio::select! {
                    // AAAA is queried first, and A right after it.
                    biased;
                    result = &mut v6 => {
                        let late = slower_family(v4, is_v6_sufficient(&result)).await;
                        merge_results(result, late)
                    }
                    result = &mut v4 => {
                        let late = slower_family(v6, is_v4_sufficient(&result)).await;
                        merge_results(result, late)
                    }
                }
            }
        }
    }

    /// Looks up the addresses of one family, following aliases.
    async fn look_up_family(&self, name: &Name, kind: RecordType) -> LookupResult {
        let mut name = name.clone();
        for _ in 0..MAX_ALIAS_QUERIES {
            let Some(message) = self.query_servers(&name, kind).await else {
                return LookupResult::Unknown;
            };
            if message.metadata.response_code == ResponseCode::NXDomain {
                return LookupResult::NoSuchName;
            }
            match follow_aliases(&message, &name, kind) {
                AnswerContent::Addresses(addresses) => return LookupResult::Addresses(addresses),
                AnswerContent::Alias(target) => name = target,
                AnswerContent::NoData => return LookupResult::NoAddress,
                AnswerContent::AliasLoop => return LookupResult::AliasLoop,
            }
        }
        LookupResult::AliasLoop
    }

    /// Returns the first conclusive response. A server that reports an error is not queried again;
    /// one that was silent or unreachable is.
    async fn query_servers(&self, name: &Name, kind: RecordType) -> Option<Message> {
        let mut willing: Vec<&NameServer> = self.configuration.servers.iter().collect();
        for _ in 0..self.configuration.attempts {
            let mut silent = Vec::new();
            for server in willing {
                match self.query_server(server, name, kind).await {
                    Some(message) if is_conclusive(&message) => return Some(message),
                    Some(_) => {}
                    None => silent.push(server),
                }
            }
            willing = silent;
        }
        None
    }

    /// Queries one server, and again over TCP if the response was truncated (RFC 7766 §5).
    async fn query_server(
        &self,
        server: &NameServer,
        name: &Name,
        kind: RecordType,
    ) -> Option<Message> {
        let message = send_query(self, server, server.transport(), name, kind).await?;
        if message.metadata.truncation && server.transport() == DnsTransport::Udp {
            return send_query(self, server, DnsTransport::Tcp, name, kind).await;
        }
        Some(message)
    }
}

fn is_conclusive(message: &Message) -> bool {
    matches!(
        message.metadata.response_code,
        ResponseCode::NoError | ResponseCode::NXDomain
    )
}

/// Returns true if the result for IPv4 is enough to continue: there are addresses, or the name does
/// not exist, which holds for any family.
const fn is_v4_sufficient(result: &LookupResult) -> bool {
    matches!(
        result,
        LookupResult::Addresses(_) | LookupResult::NoSuchName
    )
}

/// Returns true if the result for IPv6 is enough to continue. That the name does not exist is not
/// enough: some servers wrongly say so for names with only IPv4 addresses (RFC 4074 §4.2).
/// Addresses are not enough without a route for IPv6.
fn is_v6_sufficient(result: &LookupResult) -> bool {
    match result {
        LookupResult::Addresses(addresses) => addresses.first().is_some_and(|ip| has_route(*ip)),
        _ => false,
    }
}

/// Returns the result of the slower family, waiting only the resolution delay if that of the faster
/// one suffices.
async fn slower_family(
    result: Pin<&mut impl Future<Output = LookupResult>>,
    first_suffices: bool,
) -> Option<LookupResult> {
    if first_suffices {
        timeout(RESOLUTION_DELAY, result).await.ok()
    } else {
        Some(result.await)
    }
}

/// Merges the results of both families. Addresses take precedence, then what is known of the name,
/// then failures.
fn merge_results(first: LookupResult, second: Option<LookupResult>) -> LookupResult {
    match (first, second) {
        (LookupResult::Addresses(mut all), Some(LookupResult::Addresses(more))) => {
            all.extend(more);
            LookupResult::Addresses(all)
        }
        (result @ LookupResult::Addresses(_), _)
        | (_, Some(result @ LookupResult::Addresses(_)))
        | (result, None) => result,
        (LookupResult::NoSuchName, _) | (_, Some(LookupResult::NoSuchName)) => {
            LookupResult::NoSuchName
        }
        (LookupResult::Unknown, _) | (_, Some(LookupResult::Unknown)) => LookupResult::Unknown,
        (LookupResult::AliasLoop, _) | (_, Some(LookupResult::AliasLoop)) => {
            LookupResult::AliasLoop
        }
        (LookupResult::NoAddress, Some(LookupResult::NoAddress)) => LookupResult::NoAddress,
    }
}
