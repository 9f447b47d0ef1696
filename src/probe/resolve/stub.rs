//! The stub resolver (RFC 1034 §5.3.1): candidates, servers and retries, aliases, both families at
//! once.
//!
//! ```text
//! candidates of the name ─┬► AAAA ┬ (RFC 8305 §3) ─► servers, in order, until one answers ─► aliases, until addresses
//!                         └► A ───┘
//! ```

use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::time::timeout;

use super::answer::{Said, follow};
use super::configuration::{Configuration, Server};
use super::order::has_route;
use super::query::{Asked, Ending, ask};
use crate::probe::spec::Family;
use crate::probe::step::Step;
use crate::trace::DnsTransport;

/// How long to wait for the other family once there are addresses: the "Resolution Delay" of RFC
/// 8305 §3.
const RESOLUTION_DELAY: Duration = Duration::from_millis(50);
/// Further questions that aliases may lead to.
const MOST_QUESTIONS: usize = 8;

/// Asks DNS servers and keeps a log of it.
pub(super) struct Stub<'a> {
    pub(super) step: &'a Step<'a>,
    pub(super) configuration: &'a Configuration,
    asked: Mutex<Vec<Asked>>,
}

/// What is known of a name's addresses of one family, or of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Here they are.
    Addresses(Vec<IpAddr>),
    /// No server could say.
    Unknown,
    /// It is an alias of itself, in the end.
    Circle,
    /// The name is there, but has none.
    NoAddress,
    /// There is no such name.
    NoSuchName,
}

impl<'a> Stub<'a> {
    pub(super) const fn new(step: &'a Step<'a>, configuration: &'a Configuration) -> Self {
        Self {
            step,
            configuration,
            asked: Mutex::new(Vec::new()),
        }
    }

    /// The addresses of a host. Of several candidates the first that has any decides, else the one
    /// of which most is known.
    pub(super) async fn lookup(&self, host: &Name) -> Found {
        let mut best = Found::NoSuchName;
        for name in self.configuration.candidates(host) {
            let found = self.both_families(&name).await;
            match found {
                Found::Addresses(_) => return found,
                Found::Unknown if self.servers_are_silent() => return found,
                Found::NoSuchName => {}
                _ if matches!(best, Found::NoSuchName | Found::Unknown) => best = found,
                _ => {}
            }
        }
        best
    }

    /// Every question that was asked, in the order they ended.
    pub(super) fn log(&self) -> Vec<Asked> {
        self.asked
            .lock()
            .map(|asked| asked.clone())
            .unwrap_or_default()
    }

    pub(super) fn note(&self, asked: Asked) {
        if let Ok(mut log) = self.asked.lock() {
            log.push(asked);
        }
    }

    /// Whether the last question got no answer at all; then another name will not get one either.
    fn servers_are_silent(&self) -> bool {
        self.asked.lock().is_ok_and(|log| {
            !matches!(
                log.last(),
                Some(Asked {
                    ending: Ending::Answered(_),
                    ..
                })
            )
        })
    }

    async fn both_families(&self, name: &Name) -> Found {
        match self.step.spec.family {
            Family::V4 => self.one_family(name, RecordType::A).await,
            Family::V6 => self.one_family(name, RecordType::AAAA).await,
            Family::Any => {
                let (mut v4, mut v6) = (
                    pin!(self.one_family(name, RecordType::A)),
                    pin!(self.one_family(name, RecordType::AAAA)),
                );
                tokio::select! {
                    // AAAA is asked for first, and A right after it.
                    biased;
                    found = &mut v6 => { let late = second(v4, v6_suffices(&found)).await; merged(found, late) }
                    found = &mut v4 => { let late = second(v6, v4_suffices(&found)).await; merged(found, late) }
                }
            }
        }
    }

    /// Addresses of one kind, however many aliases away.
    async fn one_family(&self, name: &Name, kind: RecordType) -> Found {
        let mut name = name.clone();
        for _ in 0..MOST_QUESTIONS {
            let Some(message) = self.any_server(&name, kind).await else {
                return Found::Unknown;
            };
            if message.metadata.response_code == ResponseCode::NXDomain {
                return Found::NoSuchName;
            }
            match follow(&message, &name, kind) {
                Said::Addresses(addresses) => return Found::Addresses(addresses),
                Said::Alias(target) => name = target,
                Said::Nothing => return Found::NoAddress,
                Said::Circle => return Found::Circle,
            }
        }
        Found::Circle
    }

    /// The first answer that settles the question. A server that says it cannot or will not is not
    /// asked again; one that was silent, or could not be reached, is.
    async fn any_server(&self, name: &Name, kind: RecordType) -> Option<Message> {
        let mut willing: Vec<&Server> = self.configuration.servers.iter().collect();
        for _ in 0..self.configuration.attempts {
            let mut silent = Vec::new();
            for server in willing {
                match self.one_server(server, name, kind).await {
                    Some(message) if settles(&message) => return Some(message),
                    Some(_) => {}
                    None => silent.push(server),
                }
            }
            willing = silent;
        }
        None
    }

    /// An answer that was cut to fit a datagram is asked for again over TCP (RFC 7766 §5).
    async fn one_server(&self, server: &Server, name: &Name, kind: RecordType) -> Option<Message> {
        let message = ask(self, server, server.transport(), name, kind).await?;
        if message.metadata.truncation && server.transport() == DnsTransport::Udp {
            return ask(self, server, DnsTransport::Tcp, name, kind).await;
        }
        Some(message)
    }
}

fn settles(message: &Message) -> bool {
    matches!(
        message.metadata.response_code,
        ResponseCode::NoError | ResponseCode::NXDomain
    )
}

/// Whether the answer about IPv4 is enough to go on with: there are addresses, or there is no such
/// name for any family.
const fn v4_suffices(found: &Found) -> bool {
    matches!(found, Found::Addresses(_) | Found::NoSuchName)
}

/// Whether the answer about IPv6 is. Some servers wrongly deny a name that has IPv4 addresses only
/// (RFC 4074 §4.2), and where this machine has no route for IPv6, its addresses are not enough.
fn v6_suffices(found: &Found) -> bool {
    matches!(found, Found::Addresses(addresses) if addresses.first().is_some_and(|ip| has_route(*ip)))
}

/// The slower family's answer; it is waited for only shortly where the faster one's suffices.
async fn second(
    found: Pin<&mut impl Future<Output = Found>>,
    first_suffices: bool,
) -> Option<Found> {
    if first_suffices {
        timeout(RESOLUTION_DELAY, found).await.ok()
    } else {
        Some(found.await)
    }
}

/// What two families come to together. Addresses win, then what is known of the name, and only then
/// that nothing is.
fn merged(first: Found, second: Option<Found>) -> Found {
    match (first, second) {
        (Found::Addresses(mut all), Some(Found::Addresses(more))) => {
            all.extend(more);
            Found::Addresses(all)
        }
        (found @ Found::Addresses(_), _)
        | (_, Some(found @ Found::Addresses(_)))
        | (found, None) => found,
        (Found::NoSuchName, _) | (_, Some(Found::NoSuchName)) => Found::NoSuchName,
        (Found::Unknown, _) | (_, Some(Found::Unknown)) => Found::Unknown,
        (Found::Circle, _) | (_, Some(Found::Circle)) => Found::Circle,
        (Found::NoAddress, Some(Found::NoAddress)) => Found::NoAddress,
    }
}
