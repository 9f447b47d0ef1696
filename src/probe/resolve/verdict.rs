//! What it means that a name has no address, and the sentence for it.

use hickory_resolver::proto::op::ResponseCode;

use super::answer::mnemonic;
use super::query::{Asked, Ending};
use super::stub::Found;
use crate::probe::Failed;
use crate::probe::spec::Family;
use crate::probe::step::Step;
use crate::trace::{Code, DnsServer, DnsTransport, Phase};
use crate::units::Nanos;

const CHECK_NAME: &str =
    "check the spelling of the name; another server may know it (--dns-servers)";
const CHECK_SERVER: &str =
    "check the name servers of this machine (/etc/resolv.conf), or ask another one (--dns-servers)";
const CHECK_ZONE: &str = "the server, or the zone it asked for, has a fault (DNSSEC too); ask \
    another one (--dns-servers)";

/// The failure of a lookup that ended without an address.
pub(super) fn failure(step: &Step<'_>, host: &str, found: &Found, log: &[Asked]) -> Failed {
    match found {
        Found::NoSuchName => no_such_name(host, log),
        Found::NoAddress | Found::Addresses(_) => no_address(step, host, log),
        Found::Circle => failed(
            Code::DnsServerFailure,
            format!("the aliases of {host} lead in a circle or too far"),
            CHECK_ZONE,
        ),
        Found::Unknown => unknown(host, log),
    }
}

/// The failure of a lookup that its limit ended.
pub(super) fn cut_off(step: &Step<'_>, host: &str, log: &[Asked]) -> Failed {
    let asked = listed(log);
    let whom = if asked.is_empty() {
        "no DNS server was asked in time".to_owned()
    } else {
        format!("no answer from {asked}")
    };
    failed(
        Code::DnsTimeout,
        format!(
            "{host} was not resolved: {whom}; the limit was {}",
            step.connect_limit()
        ),
        CHECK_SERVER,
    )
}

/// A name that cannot be asked for.
pub(super) fn bad_name(host: &str, why: &str) -> Failed {
    failed(
        Code::DnsNoSuchName,
        format!("{host} cannot be a name in DNS: {why}"),
        "check the spelling of the name",
    )
}

fn failed(code: Code, message: String, hint: &str) -> Failed {
    Failed::new(Phase::Dns, code, message, hint)
}

fn no_such_name(host: &str, log: &[Asked]) -> Failed {
    let denials = |asked: &&Asked| matches!(asked.ending, Ending::Answered(ResponseCode::NXDomain));
    let by = log
        .iter()
        .rfind(denials)
        .map_or_else(String::new, |asked| format!(": {}", answered(asked)));
    let mut others: Vec<&str> = Vec::new();
    for asked in log
        .iter()
        .filter(denials)
        .filter(|asked| asked.name != host.trim_end_matches('.'))
    {
        if !others.contains(&asked.name.as_str()) {
            others.push(&asked.name);
        }
    }
    let also = if others.is_empty() {
        String::new()
    } else {
        format!("; nor does {}", others.join(" or "))
    };
    failed(
        Code::DnsNoSuchName,
        format!("{host} does not exist{by}{also}"),
        CHECK_NAME,
    )
}

fn no_address(step: &Step<'_>, host: &str, log: &[Asked]) -> Failed {
    let (wanted, hint) = match step.spec.family {
        Family::Any => ("IPv4 or IPv6", CHECK_NAME),
        Family::V4 => ("IPv4", "leave out -4 to allow IPv6"),
        Family::V6 => ("IPv6", "leave out -6 to allow IPv4"),
    };
    let empty = |asked: &&Asked| matches!(asked.ending, Ending::Answered(ResponseCode::NoError));
    let by = log
        .iter()
        .rfind(empty)
        .map_or_else(String::new, |asked| format!(": {}", answered(asked)));
    failed(
        Code::DnsNoAddress,
        format!("{host} exists but has no {wanted} address{by}"),
        hint,
    )
}

/// No server could say. An answer that is an error tells more than silence, and silence more than a
/// server that is not there.
fn unknown(host: &str, log: &[Asked]) -> Failed {
    let refusal = log
        .iter()
        .rfind(|asked| matches!(asked.ending, Ending::Answered(code) if !is_settled(code)));
    if let Some(asked) = refusal {
        return match asked.ending {
            Ending::Answered(ResponseCode::ServFail) => failed(
                Code::DnsServerFailure,
                format!("{host} was not resolved: {}", answered(asked)),
                CHECK_ZONE,
            ),
            _ => failed(
                Code::DnsRefused,
                format!("{host} was not resolved: {}", answered(asked)),
                CHECK_SERVER,
            ),
        };
    }
    if log
        .iter()
        .any(|asked| matches!(asked.ending, Ending::Silence))
    {
        return failed(
            Code::DnsTimeout,
            format!("{host} was not resolved: no answer from {}", listed(log)),
            CHECK_SERVER,
        );
    }
    let trouble = log.iter().rev().find_map(|asked| {
        if let Ending::Trouble(why) = &asked.ending {
            Some((asked, why))
        } else {
            None
        }
    });
    let what = trouble.map_or_else(
        || "no DNS server was asked".to_owned(),
        |(asked, why)| {
            format!(
                "{} could not be asked: {why} (after {})",
                server_name(&asked.server),
                asked.took
            )
        },
    );
    failed(
        Code::DnsUnreachable,
        format!("{host} was not resolved: {what}"),
        CHECK_SERVER,
    )
}

const fn is_settled(code: ResponseCode) -> bool {
    matches!(code, ResponseCode::NoError | ResponseCode::NXDomain)
}

/// `127.0.0.1:53 over UDP answered NXDOMAIN after 1.20 ms`.
fn answered(asked: &Asked) -> String {
    let said = match asked.ending {
        Ending::Answered(code) => mnemonic(code),
        Ending::Silence | Ending::Trouble(_) => "nothing".to_owned(),
    };
    format!(
        "{} answered {said} after {}",
        server_name(&asked.server),
        asked.took
    )
}

/// `10.0.0.1:53 over UDP (asked 4 times, for up to 5.00 s)`, for each server that was silent or out
/// of reach.
fn listed(log: &[Asked]) -> String {
    let mut servers: Vec<(DnsServer, usize, Nanos)> = Vec::new();
    for asked in log
        .iter()
        .filter(|asked| !matches!(asked.ending, Ending::Answered(_)))
    {
        match servers
            .iter_mut()
            .find(|(server, _, _)| *server == asked.server)
        {
            Some((_, times, longest)) => {
                *times += 1;
                *longest = asked.took.max(*longest);
            }
            None => servers.push((asked.server, 1, asked.took)),
        }
    }
    let each = servers.iter().map(|(server, times, longest)| {
        let times = if *times == 1 {
            "once".to_owned()
        } else {
            format!("{times} times")
        };
        format!(
            "{} (asked {times}, for up to {longest})",
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
