//! Names and addresses: what was asked, what was answered, and which addresses were tried.

use super::page::{Cell, Page, Row};
use crate::insight::{outcome_words, without_root};
use crate::trace::{DnsQuery, DnsTransport, Exchange, QueryOutcome};

/// Rows of a table; a hostile name server may cause thousands.
const MOST: usize = 100;

/// Name resolution, connection attempts and the talk with a proxy; nothing where there was none.
pub(super) fn write(page: &mut Page<'_>, exchange: &Exchange, level: u8) {
    let queries = exchange
        .resolution
        .as_ref()
        .map_or(&[][..], |resolution| &resolution.queries);
    if queries.is_empty() && exchange.attempts.is_empty() {
        return;
    }
    page.section(
        &format!("names-{}", exchange.id.0),
        level,
        "Names and addresses",
    );
    if let Some(resolution) = &exchange.resolution {
        let addresses: Vec<String> = resolution
            .addresses
            .iter()
            .take(MOST)
            .map(ToString::to_string)
            .collect();
        page.facts(&[(
            "Addresses, in the order they are tried",
            addresses.join(", "),
        )]);
    }
    let rows: Vec<Row> = queries
        .iter()
        .take(MOST)
        .enumerate()
        .map(|(n, query)| asked(exchange, n, query))
        .collect();
    page.table(
        "",
        "Questions to name servers",
        &["Name", "Type", "Server", "Took (app)", "Answer"],
        &rows,
    );
    attempts(page, exchange);
    let steps: Vec<String> = exchange
        .proxy
        .iter()
        .take(MOST)
        .map(|(at, step)| {
            format!(
                "{} at {}: {}",
                step.kind,
                at.from_start(),
                page.redactor().text(&step.text).escaped()
            )
        })
        .collect();
    if !steps.is_empty() {
        page.say("The talk with the proxy:");
        page.list(&steps);
    }
    page.close();
}

fn asked(exchange: &Exchange, n: usize, query: &DnsQuery) -> Row {
    let transport = match query.server.transport {
        DnsTransport::Udp => "UDP",
        DnsTransport::Tcp => "TCP",
        DnsTransport::Tls => "TLS",
        DnsTransport::Https => "HTTPS",
    };
    let key = format!("x{}-dns-q{n}", exchange.id.0);
    Row::about(
        "thing part dns",
        key,
        vec![
            Cell::code(without_root(&query.name)),
            Cell::words(query.kind.clone()),
            Cell::words(format!("{} over {transport}", query.server.address)),
            Cell::time(query.duration()),
            Cell::code(answered(query)),
        ],
    )
}

fn answered(query: &DnsQuery) -> String {
    match &query.outcome {
        QueryOutcome::Pending => "no answer yet".to_owned(),
        QueryOutcome::Failed(why) => why.escaped().into_owned(),
        QueryOutcome::Answered(answer) => {
            let records = answer.records.iter().take(20);
            let said: Vec<String> = records
                .map(|record| {
                    format!(
                        "{} {} (TTL {} s)",
                        record.kind,
                        without_root(&record.data),
                        record.ttl
                    )
                })
                .collect();
            let cut = if answer.truncated {
                ", cut off: asked again over TCP"
            } else {
                ""
            };
            if said.is_empty() {
                format!("{}, no record{cut}", answer.rcode)
            } else {
                format!("{}: {}{cut}", answer.rcode, said.join(", "))
            }
        }
    }
}

fn attempts(page: &mut Page<'_>, exchange: &Exchange) {
    let rows: Vec<Row> = exchange
        .attempts
        .iter()
        .take(MOST)
        .enumerate()
        .map(|(n, attempt)| {
            let key = format!("x{}-connect-a{n}", exchange.id.0);
            let outcome = attempt
                .outcome
                .as_ref()
                .map_or_else(|| "under way".to_owned(), outcome_words);
            let cells = vec![
                Cell::code(attempt.remote.to_string()),
                Cell::time(attempt.duration()),
                Cell::words(outcome),
            ];
            Row::about("thing part connect", key, cells)
        })
        .collect();
    page.table(
        "",
        "Connection attempts",
        &["Address", "Took (app)", "Outcome"],
        &rows,
    );
}
