//! Names and addresses: DNS queries, their answers, and the connection attempts.

use super::page::{HtmlCell, HtmlPage, HtmlRow};
use crate::insight::{describe_attempt_outcome, without_root_dot};
use crate::trace::{DnsQuery, DnsTransport, Exchange, QueryOutcome};

/// Maximum number of table rows; a hostile name server could cause thousands.
const MAX_ROWS: usize = 100;

/// Writes name resolution, connection attempts and the steps of a proxy, if there are any.
pub(super) fn write(page: &mut HtmlPage<'_>, exchange: &Exchange, level: u8) {
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
            .take(MAX_ROWS)
            .map(ToString::to_string)
            .collect();
        page.facts(&[(
            "Addresses, in the order they are tried",
            addresses.join(", "),
        )]);
    }
    let rows: Vec<HtmlRow> = queries
        .iter()
        .take(MAX_ROWS)
        .enumerate()
        .map(|(n, query)| query_row(exchange, n, query))
        .collect();
    page.table(
        "",
        "DNS queries",
        &["Name", "Type", "Server", "Duration (app)", "Answer"],
        &rows,
    );
    write_attempts(page, exchange);
    let steps: Vec<String> = exchange
        .proxy
        .iter()
        .take(MAX_ROWS)
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
        page.paragraph("Proxy steps:");
        page.list(&steps);
    }
    page.close();
}

fn query_row(exchange: &Exchange, n: usize, query: &DnsQuery) -> HtmlRow {
    let transport = match query.server.transport {
        DnsTransport::Udp => "UDP",
        DnsTransport::Tcp => "TCP",
        DnsTransport::Tls => "TLS",
        DnsTransport::Https => "HTTPS",
    };
    let key = format!("x{}-dns-q{n}", exchange.id.0);
    HtmlRow::about(
        "thing part dns",
        key,
        vec![
            HtmlCell::code(without_root_dot(&query.name)),
            HtmlCell::words(query.kind.clone()),
            HtmlCell::words(format!("{} over {transport}", query.server.address)),
            HtmlCell::time(query.duration()),
            HtmlCell::code(answer_text(query)),
        ],
    )
}

fn answer_text(query: &DnsQuery) -> String {
    match &query.outcome {
        QueryOutcome::Pending => "no answer yet".to_owned(),
        QueryOutcome::Failed(why) => why.escaped().into_owned(),
        QueryOutcome::Answered(answer) => {
            let records = answer.records.iter().take(20);
            let answers: Vec<String> = records
                .map(|record| {
                    format!(
                        "{} {} (TTL {} s)",
                        record.kind,
                        without_root_dot(&record.data),
                        record.ttl
                    )
                })
                .collect();
            let cut = if answer.truncated {
                ", truncated: repeated over TCP"
            } else {
                ""
            };
            if answers.is_empty() {
                format!("{}, no records{cut}", answer.rcode)
            } else {
                format!("{}: {}{cut}", answer.rcode, answers.join(", "))
            }
        }
    }
}

fn write_attempts(page: &mut HtmlPage<'_>, exchange: &Exchange) {
    let rows: Vec<HtmlRow> = exchange
        .attempts
        .iter()
        .take(MAX_ROWS)
        .enumerate()
        .map(|(n, attempt)| {
            let key = format!("x{}-connect-a{n}", exchange.id.0);
            let outcome = attempt
                .outcome
                .as_ref()
                .map_or_else(|| "in progress".to_owned(), describe_attempt_outcome);
            let cells = vec![
                HtmlCell::code(attempt.remote.to_string()),
                HtmlCell::time(attempt.duration()),
                HtmlCell::words(outcome),
            ];
            HtmlRow::about("thing part connect", key, cells)
        })
        .collect();
    page.table(
        "",
        "Connection attempts",
        &["Address", "Duration (app)", "Outcome"],
        &rows,
    );
}
