//! Failures of name resolution, with their messages.

use hickory_resolver::proto::op::ResponseCode;

use super::query::{DnsQueryOutcome, FinishedQuery};
use super::stub::LookupResult;
use crate::probe::PhaseFailure;
use crate::probe::exchange_context::ExchangeContext;
use crate::probe::spec::AddressFamily;
use crate::trace::{DnsServer, DnsTransport, FailureCode, Phase};
use crate::units::Nanos;
use crate::wire::dns::rcode_name;

const CHECK_NAME: &str =
    "check the spelling of the name; another server may know it (--dns-servers)";
const CHECK_SERVER: &str = "check the name servers of this machine (/etc/resolv.conf), or query \
    another one (--dns-servers)";
const CHECK_ZONE: &str = "the server or the zone is at fault (perhaps DNSSEC); query another \
    server (--dns-servers)";

/// Returns the failure of a lookup that ended without an address.
pub(super) fn lookup_failure(
    context: &ExchangeContext<'_>,
    host: &str,
    result: &LookupResult,
    log: &[FinishedQuery],
) -> PhaseFailure {
    match result {
        LookupResult::NoSuchName => no_such_name_failure(host, log),
        LookupResult::NoAddress | LookupResult::Addresses(_) => no_data_failure(context, host, log),
        LookupResult::AliasLoop => dns_failure(
            FailureCode::DnsServerFailure,
            format!("the aliases (CNAME) of {host} form a loop, or there are too many"),
            CHECK_ZONE,
        ),
        LookupResult::Unknown => no_answer_failure(host, log),
    }
}

/// Returns the failure of a lookup that reached the time limit.
pub(super) fn timeout_failure(
    context: &ExchangeContext<'_>,
    host: &str,
    log: &[FinishedQuery],
) -> PhaseFailure {
    let servers = describe_unanswered(log);
    let reason = if servers.is_empty() {
        "no DNS server was queried in time".to_owned()
    } else {
        format!("no answer from {servers}")
    };
    dns_failure(
        FailureCode::DnsTimeout,
        format!(
            "{host} was not resolved: {reason}; the limit was {}",
            context.connect_limit()
        ),
        CHECK_SERVER,
    )
}

/// Returns the failure for a name that cannot be queried.
pub(super) fn invalid_name_failure(host: &str, why: &str) -> PhaseFailure {
    dns_failure(
        FailureCode::DnsNoSuchName,
        format!("{host} is not a valid DNS name: {why}"),
        "check the spelling of the name",
    )
}

fn dns_failure(code: FailureCode, message: String, hint: &str) -> PhaseFailure {
    PhaseFailure::new(Phase::Dns, code, message, hint)
}

fn no_such_name_failure(host: &str, log: &[FinishedQuery]) -> PhaseFailure {
    let denials = |query: &&FinishedQuery| {
        matches!(
            query.outcome,
            DnsQueryOutcome::Answered(ResponseCode::NXDomain)
        )
    };
    let by = log
        .iter()
        .rfind(denials)
        .map_or_else(String::new, |query| format!(": {}", describe_answer(query)));
    let mut others: Vec<&str> = Vec::new();
    for query in log
        .iter()
        .filter(denials)
        .filter(|query| query.name != host.trim_end_matches('.'))
    {
        if !others.contains(&query.name.as_str()) {
            others.push(&query.name);
        }
    }
    let also = if others.is_empty() {
        String::new()
    } else {
        format!("; nor does {}", others.join(" or "))
    };
    dns_failure(
        FailureCode::DnsNoSuchName,
        format!("{host} does not exist{by}{also}"),
        CHECK_NAME,
    )
}

fn no_data_failure(
    context: &ExchangeContext<'_>,
    host: &str,
    log: &[FinishedQuery],
) -> PhaseFailure {
    let (wanted, hint) = match context.spec.family {
        AddressFamily::Any => ("IPv4 or IPv6", CHECK_NAME),
        AddressFamily::V4 => ("IPv4", "leave out -4 to allow IPv6"),
        AddressFamily::V6 => ("IPv6", "leave out -6 to allow IPv4"),
    };
    let empty = |query: &&FinishedQuery| {
        matches!(
            query.outcome,
            DnsQueryOutcome::Answered(ResponseCode::NoError)
        )
    };
    let by = log
        .iter()
        .rfind(empty)
        .map_or_else(String::new, |query| format!(": {}", describe_answer(query)));
    dns_failure(
        FailureCode::DnsNoAddress,
        format!("{host} exists but has no {wanted} address{by}"),
        hint,
    )
}

/// Returns the failure if no server gave a conclusive response. An error response is more
/// informative than silence, and silence more than an unreachable server.
fn no_answer_failure(host: &str, log: &[FinishedQuery]) -> PhaseFailure {
    let is_refusal = |query: &&FinishedQuery| match query.outcome {
        DnsQueryOutcome::Answered(code) => !is_conclusive_code(code),
        DnsQueryOutcome::NoAnswer | DnsQueryOutcome::Error(_) => false,
    };
    if let Some(query) = log.iter().rfind(is_refusal) {
        return match query.outcome {
            DnsQueryOutcome::Answered(ResponseCode::ServFail) => dns_failure(
                FailureCode::DnsServerFailure,
                format!("{host} was not resolved: {}", describe_answer(query)),
                CHECK_ZONE,
            ),
            _ => dns_failure(
                FailureCode::DnsRefused,
                format!("{host} was not resolved: {}", describe_answer(query)),
                CHECK_SERVER,
            ),
        };
    }
    if log
        .iter()
        .any(|query| matches!(query.outcome, DnsQueryOutcome::NoAnswer))
    {
        return dns_failure(
            FailureCode::DnsTimeout,
            format!(
                "{host} was not resolved: no answer from {}",
                describe_unanswered(log)
            ),
            CHECK_SERVER,
        );
    }
    let error = log.iter().rev().find_map(|query| {
        if let DnsQueryOutcome::Error(why) = &query.outcome {
            Some((query, why))
        } else {
            None
        }
    });
    let what = error.map_or_else(
        || "no DNS server was queried".to_owned(),
        |(query, why)| {
            format!(
                "{} could not be queried: {why} (after {})",
                server_name(&query.server),
                query.took
            )
        },
    );
    dns_failure(
        FailureCode::DnsUnreachable,
        format!("{host} was not resolved: {what}"),
        CHECK_SERVER,
    )
}

const fn is_conclusive_code(code: ResponseCode) -> bool {
    matches!(code, ResponseCode::NoError | ResponseCode::NXDomain)
}

/// Describes a response: `127.0.0.1:53 over UDP answered NXDOMAIN after 1.20 ms`.
fn describe_answer(query: &FinishedQuery) -> String {
    let answer = match query.outcome {
        DnsQueryOutcome::Answered(code) => rcode_name(code.into()),
        DnsQueryOutcome::NoAnswer | DnsQueryOutcome::Error(_) => "nothing".to_owned(),
    };
    format!(
        "{} answered {answer} after {}",
        server_name(&query.server),
        query.took
    )
}

/// Lists the servers that were silent or unreachable: `10.0.0.1:53 over UDP (queried 4
/// times, waiting up to 5.00 s)`.
fn describe_unanswered(log: &[FinishedQuery]) -> String {
    let mut servers: Vec<(DnsServer, usize, Nanos)> = Vec::new();
    for query in log
        .iter()
        .filter(|query| !matches!(query.outcome, DnsQueryOutcome::Answered(_)))
    {
        match servers
            .iter_mut()
            .find(|(server, _, _)| *server == query.server)
        {
            Some((_, times, longest)) => {
                *times += 1;
                *longest = query.took.max(*longest);
            }
            None => servers.push((query.server, 1, query.took)),
        }
    }
    let each = servers.iter().map(|(server, times, longest)| {
        let times = if *times == 1 {
            "once".to_owned()
        } else {
            format!("{times} times")
        };
        format!(
            "{} (queried {times}, waiting up to {longest})",
            server_name(server)
        )
    });
    each.collect::<Vec<_>>().join(", ")
}

fn server_name(server: &DnsServer) -> String {
    let transport = match server.transport {
        DnsTransport::Udp => "UDP",
        DnsTransport::Tcp => "TCP",
        DnsTransport::Tls => "TLS",
        DnsTransport::Https => "HTTPS",
    };
    format!("{} over {transport}", server.address)
}
