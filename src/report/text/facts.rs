//! Facts about an exchange.

use super::TextContext;
use super::segments::segments_fact;
use crate::insight::ledger::{ExchangeLedger, Ledger};
use crate::insight::{round_trips, server_timing};
use crate::report::styling::{Role, StyledLine};
use crate::report::wrapping::StyledWords;
use crate::trace::{
    Attempt, AttemptOutcome, DnsTransport, Exchange, Phase, QueryOutcome, ResolutionSource,
};
use crate::units::{Bytes, Nanos, format_percent};

/// A label, and the words after it.
pub(super) type Fact = (&'static str, StyledWords);

/// The facts about an exchange, with labels.
pub(super) fn fact_lines(page: &TextContext, exchange: &Exchange) -> Vec<StyledLine> {
    let ledger = ExchangeLedger::new(page.trace, exchange).whole;
    let facts = [
        resolution_fact(exchange),
        round_trip_fact(page, exchange, &ledger),
    ]
    .into_iter()
    .flatten();
    let facts = ledger_facts(page, &ledger).into_iter().chain(facts);
    let attempts = attempt_facts(page, exchange);
    let rest = [
        proxy_fact(exchange, page),
        informational_fact(page, exchange),
        server_timing_fact(page, exchange),
        body_fact(exchange),
        redirect_fact(page, exchange),
    ];
    let rest = rest
        .into_iter()
        .flatten()
        .chain(segments_fact(page, exchange))
        .chain(note_facts(page, exchange));
    facts
        .chain(attempts)
        .chain(rest)
        .filter(|(_, words)| !words.is_empty())
        .flat_map(|(label, words)| page.fact(label, words))
        .collect()
}

pub(super) fn plain_words(text: &str) -> StyledWords {
    StyledWords::default().add(Role::Plain, text)
}

fn resolution_fact(exchange: &Exchange) -> Option<Fact> {
    let resolution = exchange.resolution.as_ref()?;
    let addresses: Vec<String> = resolution
        .addresses
        .iter()
        .map(ToString::to_string)
        .collect();
    let whom = match resolution.source? {
        ResolutionSource::Dns => {
            let query = resolution
                .queries
                .iter()
                .rfind(|query| matches!(query.outcome, QueryOutcome::Answered(_)))?;
            let transport = match query.server.transport {
                DnsTransport::Udp => "UDP",
                DnsTransport::Tcp => "TCP",
                DnsTransport::Tls => "TLS",
                DnsTransport::Https => "HTTPS",
            };
            format!("from {} over {transport}", query.server.address)
        }
        ResolutionSource::HostsFile => "from the hosts file".to_owned(),
        ResolutionSource::System => "from the system's resolver".to_owned(),
        ResolutionSource::Given => "as given".to_owned(),
    };
    Some((
        "address",
        plain_words(&addresses.join(", ")).add(Role::Dim, &whom),
    ))
}

/// Round trips; not on loopback, where no share of the network is claimed.
fn round_trip_fact(page: &TextContext, exchange: &Exchange, ledger: &Ledger) -> Option<Fact> {
    let trips = round_trips(page.trace, exchange, ledger).filter(|trips| trips.used > 0.0)?;
    let words = StyledWords::default().add_unbroken(
        Role::Plain,
        &format!(
            "{:.1} of {}",
            trips.used,
            page.styler.time(trips.rtt.duration)
        ),
    );
    Some((
        "round trips",
        words
            .append(";")
            .add_unbroken(Role::Dim, &format!("at least {} needed", trips.minimum)),
    ))
}

/// The time of each owner, and the verdict.
pub(super) fn ledger_facts(page: &TextContext, ledger: &Ledger) -> [Fact; 2] {
    let mut owners = StyledWords::default();
    for (place, owned) in ledger.owner_totals().iter().enumerate() {
        if place > 0 {
            owners = owners.append(",");
        }
        let share = format_percent(owned.total, ledger.total).unwrap_or_default();
        owners = owners
            .add_unbroken(
                Role::Plain,
                &format!("{} {}", owned.owner.label(), page.styler.time(owned.total)),
            )
            .add_unbroken(Role::Dim, &format!("({share})"));
    }
    let verdict = ledger.verdict().unwrap_or_default();
    [("whose time", owners), ("verdict", plain_words(&verdict))]
}

/// The connection attempts, if there were several.
fn attempt_facts(page: &TextContext, exchange: &Exchange) -> Vec<Fact> {
    let Some(first) = exchange
        .attempts
        .first()
        .filter(|_| exchange.attempts.len() > 1)
    else {
        return Vec::new();
    };
    exchange
        .attempts
        .iter()
        .enumerate()
        .map(|(i, attempt)| {
            (
                if i == 0 { "attempts" } else { "" },
                attempt_words(page, attempt, first),
            )
        })
        .collect()
}

fn attempt_words(page: &TextContext, attempt: &Attempt, first: &Attempt) -> StyledWords {
    let (role, outcome) = match &attempt.outcome {
        None => (Role::Dim, "in progress".to_owned()),
        Some(AttemptOutcome::Connected) => (Role::Good, "connected".to_owned()),
        Some(AttemptOutcome::Abandoned) => (Role::Dim, "abandoned".to_owned()),
        Some(AttemptOutcome::Failed(why)) => (Role::Bad, format!("failed ({})", why.escaped())),
        Some(AttemptOutcome::TimedOut) => (Role::Bad, "timed out".to_owned()),
        Some(other) => (Role::Bad, other.name().to_owned()),
    };
    let words = plain_words(&attempt.remote.to_string()).add(role, &outcome);
    let words = match attempt.duration() {
        Some(duration) => words.add_unbroken(
            Role::Plain,
            &format!("after {}", page.styler.time(duration)),
        ),
        None => words,
    };
    if attempt.id == first.id {
        return words;
    }
    words.add_unbroken(
        Role::Dim,
        &format!(
            "(started {} after the first)",
            page.styler.time(attempt.started.since(first.started))
        ),
    )
}

fn proxy_fact(exchange: &Exchange, page: &TextContext) -> Option<Fact> {
    let (_, step) = exchange.proxy.last()?;
    Some((
        "proxy",
        plain_words(&format!(
            "{}: {}",
            step.kind,
            page.redactor.text(&step.text).escaped()
        )),
    ))
}

fn informational_fact(page: &TextContext, exchange: &Exchange) -> Option<Fact> {
    let format_response = |early: &crate::trace::InformationalResponse| {
        format!(
            "{} at {}",
            early.status,
            page.styler.time(early.at.since(exchange.started))
        )
    };
    let all: Vec<String> = exchange.informational.iter().map(format_response).collect();
    (!all.is_empty()).then(|| ("interim", plain_words(&all.join(", "))))
}

fn server_timing_fact(page: &TextContext, exchange: &Exchange) -> Option<Fact> {
    let metrics = server_timing(exchange);
    let words = metrics
        .iter()
        .enumerate()
        .fold(StyledWords::default(), |words, (i, metric)| {
            let words = if i == 0 { words } else { words.append(",") }
                .add(Role::Plain, &metric.name.escaped());
            let words = metric.duration.iter().fold(words, |words, duration| {
                words.add_unbroken(Role::Plain, &page.styler.time(*duration))
            });
            let described = metric
                .description
                .as_ref()
                .filter(|text| !text.raw().is_empty());
            described.iter().fold(words, |words, text| {
                words.add(Role::Dim, &format!("({})", text.escaped()))
            })
        });
    (!metrics.is_empty()).then_some(("server", words))
}

fn body_fact(exchange: &Exchange) -> Option<Fact> {
    let response = exchange.response.as_ref()?;
    let body = exchange.response_body;
    if body.transferred == 0 && body.expected.unwrap_or(0) == 0 {
        return None;
    }
    let size = match body
        .expected
        .filter(|expected| *expected != body.transferred)
    {
        Some(expected) => format!("{} of {}", Bytes(body.transferred), Bytes(expected)),
        None => Bytes(body.transferred).to_string(),
    };
    let words = body_rate(exchange)
        .iter()
        .fold(plain_words(&size), |words, rate| {
            words.add_unbroken(Role::Plain, &format!("at {rate}/s"))
        });
    let Some(coding) = response
        .header("content-encoding")
        .filter(|_| body.decoded != body.transferred)
    else {
        return Some(("body", words));
    };
    Some((
        "body",
        words.add(
            Role::Dim,
            &format!("{}, {} decoded", coding.escaped(), Bytes(body.decoded)),
        ),
    ))
}

/// The rate of a body's transfer; not of a small one, whose duration mostly depends on when its
/// bytes were read.
fn body_rate(exchange: &Exchange) -> Option<Bytes> {
    const WORTH_IT: u64 = 1 << 20;
    let received = exchange.response_body.transferred;
    let took = exchange
        .phases
        .get(Phase::Receive)?
        .duration()
        .filter(|took| *took > Nanos::ZERO && received >= WORTH_IT)?;
    u64::try_from(u128::from(received) * 1_000_000_000 / u128::from(took.0))
        .ok()
        .map(Bytes)
}

fn redirect_fact(page: &TextContext, exchange: &Exchange) -> Option<Fact> {
    let (to, withheld) = exchange.redirected.as_ref()?;
    let words = plain_words(&page.redactor.text(to).escaped());
    if withheld.is_empty() {
        return Some(("redirect to", words));
    }
    let names: Vec<_> = withheld
        .iter()
        .map(crate::units::Untrusted::escaped)
        .collect();
    Some((
        "redirect to",
        words
            .append(",")
            .add(Role::Warning, &format!("without {}", names.join(", "))),
    ))
}

fn note_facts(page: &TextContext, exchange: &Exchange) -> Vec<Fact> {
    let of_exchange = page.notes.get(&exchange.id).into_iter().flatten();
    of_exchange
        .map(|text| ("note", plain_words(&page.redactor.text(text).escaped())))
        .collect()
}
