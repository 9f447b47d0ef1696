//! What things hold: the records, parameters, certificates, fields and bytes themselves.

use super::page::{Block, Page};
use crate::insight::server_timing;
use crate::insight::{outcome_words, version_name, without_root};
use crate::trace::{
    Certificate, Connection, DnsQuery, Exchange, Header, Phase, QueryOutcome, Tls, Verification,
};
use crate::tui::run::Run;
use crate::tui::theme::Role;
use crate::tui::wording::{status_words, transport};
use crate::units::{Bytes, Moment, WallTime};

/// Rows of a kind shown at most; a hostile peer may send thousands.
const MOST: usize = 200;

pub(super) fn page(run: &Run, exchange: &Exchange, phase: Option<Phase>) -> Page {
    match phase {
        Some(Phase::Dns) => dns(exchange),
        Some(Phase::Connect) => connection(run, exchange),
        Some(Phase::Proxy) => proxy(exchange),
        Some(Phase::Tls) => tls(run, exchange),
        Some(Phase::Send) => request(exchange),
        Some(Phase::Wait) => wait(exchange),
        Some(Phase::Receive) => response(exchange),
        None => both(exchange),
    }
}

fn dns(exchange: &Exchange) -> Page {
    let mut page = Page::new("Records");
    let Some(resolution) = &exchange.resolution else {
        return page;
    };
    for query in resolution.queries.iter().take(MOST) {
        answer(query, &mut page);
    }
    if !resolution.addresses.is_empty() {
        page.heading("Tried in this order");
        for address in resolution.addresses.iter().take(MOST) {
            page.say(address.to_string());
        }
    }
    page
}

fn answer(query: &DnsQuery, page: &mut Page) {
    let took = query
        .duration()
        .map(|took| format!(", {took}"))
        .unwrap_or_default();
    page.heading(format!("{} {}", query.kind, without_root(&query.name)));
    page.say_as(
        Role::Dim,
        format!(
            "asked {}{}{took}",
            query.server.address,
            transport(query.server.transport)
        ),
    );
    match &query.outcome {
        QueryOutcome::Pending => page.say("no answer yet"),
        QueryOutcome::Failed(why) => page.say_as(Role::Failure, why.escaped()),
        QueryOutcome::Answered(answer) => {
            page.fact(
                "answer",
                if answer.records.is_empty() {
                    format!("{}, no record", answer.rcode)
                } else {
                    answer.rcode.clone()
                },
            );
            for record in answer.records.iter().take(MOST) {
                page.fact(
                    format!("{} {} s", record.kind, record.ttl),
                    record.data.escaped(),
                );
            }
        }
    }
}

fn connection(run: &Run, exchange: &Exchange) -> Page {
    let mut page = Page::new("Connection");
    if let Some(connection) = exchange.connection.and_then(|id| run.trace.connection(id)) {
        if let Some(local) = connection.local.known() {
            page.fact("from", local.to_string());
        }
        page.fact("to", connection.remote.to_string());
        if exchange.reused_connection {
            page.fact(
                "opened",
                format!("earlier, by exchange #{}", connection.opened_by.0),
            );
        }
        kernel(connection, &mut page);
    }
    if exchange.attempts.len() > 1 || exchange.connection.is_none() {
        page.heading("Attempts");
        for attempt in exchange.attempts.iter().take(MOST) {
            let outcome = attempt
                .outcome
                .as_ref()
                .map_or_else(|| "under way".to_owned(), outcome_words);
            let took = attempt
                .duration()
                .map(|took| format!(" after {took}"))
                .unwrap_or_default();
            page.fact(attempt.remote.to_string(), format!("{outcome}{took}"));
        }
    }
    page
}

fn kernel(connection: &Connection, page: &mut Page) {
    let Some(kernel) = connection.kernel else {
        return;
    };
    page.heading("As the kernel counts (TCP_INFO)");
    page.fact_if("round trip", kernel.rtt.map(|rtt| rtt.to_string()));
    page.fact_if("smallest", kernel.min_rtt.map(|rtt| rtt.to_string()));
    page.fact_if("MSS out", kernel.send_mss.map(|mss| format!("{mss} B")));
    page.fact_if("MSS in", kernel.receive_mss.map(|mss| format!("{mss} B")));
    page.fact_if("path MTU", kernel.path_mtu.map(|mtu| format!("{mtu} B")));
    page.fact_if(
        "window",
        kernel
            .congestion_window
            .map(|window| format!("{window} segments (congestion window)")),
    );
    page.fact_if("segments out", kernel.segments_out.map(|n| n.to_string()));
    page.fact_if("segments in", kernel.segments_in.map(|n| n.to_string()));
    page.fact_if("sent again", kernel.retransmits.map(|n| n.to_string()));
}

fn proxy(exchange: &Exchange) -> Page {
    let mut page = Page::new("The talk with the proxy");
    for (_, step) in exchange.proxy.iter().take(MOST) {
        page.fact(step.kind.clone(), step.text.escaped());
    }
    page
}

fn tls(run: &Run, exchange: &Exchange) -> Page {
    let mut page = Page::new("Agreed");
    let connection = exchange.connection.and_then(|id| run.trace.connection(id));
    let opened = run
        .trace
        .connections()
        .iter()
        .rev()
        .find(|connection| connection.opened_by == exchange.id);
    let Some(tls) = connection
        .or(opened)
        .and_then(|connection| connection.tls.as_ref())
    else {
        return page;
    };
    if let Some(handshake) = &tls.handshake {
        page.fact("version", version_name(&handshake.version));
        page.fact("cipher", handshake.cipher_suite.clone());
        page.fact_if("keys", handshake.key_exchange.clone());
        page.fact_if(
            "protocol",
            handshake
                .alpn
                .as_ref()
                .map(|alpn| alpn.escaped().into_owned()),
        );
        page.fact("handshake", handshake.kind.replace('_', " "));
    }
    certificates(tls, run.trace.started_at(), &mut page);
    page
}

fn certificates(tls: &Tls, today: Option<WallTime>, page: &mut Page) {
    if let Some((verification, took)) = &tls.verification {
        let said = match verification {
            Verification::Trusted => "trusted".to_owned(),
            Verification::Rejected(why) => format!("not accepted: {}", why.escaped()),
            Verification::Ignored(why) => {
                format!("wrong, but accepted as you said: {}", why.escaped())
            }
        };
        page.fact("checked", format!("{said} (in {took})"));
    }
    for (n, certificate) in tls.certificates.iter().take(16).enumerate() {
        page.heading(if n == 0 {
            "Certificate".to_owned()
        } else {
            format!("Certificate {}: an issuer's", n + 1)
        });
        describe(certificate, today, page);
    }
}

fn describe(certificate: &Certificate, today: Option<WallTime>, page: &mut Page) {
    page.fact("subject", certificate.subject.escaped());
    page.fact("issuer", certificate.issuer.escaped());
    let names: Vec<_> = certificate
        .names
        .iter()
        .take(MOST)
        .map(crate::units::Untrusted::escaped)
        .collect();
    if !names.is_empty() {
        page.fact("for", names.join(", "));
    }
    page.fact("valid from", date(certificate.not_before));
    page.fact(
        "until",
        format!(
            "{}{}",
            date(certificate.not_after),
            left(certificate.not_after, today)
        ),
    );
    page.fact("SHA-256", certificate.sha256.clone());
}

fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(
        |_| format!("{seconds} s since 1970"),
        |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

/// Days until a date, seen from the run's own day.
fn left(seconds: i64, today: Option<WallTime>) -> String {
    let Some(today) = today.and_then(|today| i64::try_from(today.unix_seconds()).ok()) else {
        return String::new();
    };
    match seconds.saturating_sub(today) / 86_400 {
        days @ 1.. => format!(" (in {days} days)"),
        0 => " (within a day)".to_owned(),
        days => format!(" ({} days ago)", days.unsigned_abs()),
    }
}

fn fields(headers: &[Header], page: &mut Page) {
    for header in headers.iter().take(MOST) {
        page.fact(header.name.escaped(), header.value.escaped());
    }
    if headers.len() > MOST {
        page.say_as(
            Role::Dim,
            format!("\u{2026} and {} more", headers.len() - MOST),
        );
    }
}

fn request(exchange: &Exchange) -> Page {
    let mut page = Page::new("Request");
    if let Some(request) = &exchange.request {
        page.say_as(
            Role::Strong,
            format!(
                "{} {} {}",
                request.method,
                request.target.escaped(),
                request.version
            ),
        );
        fields(&request.headers, &mut page);
        page.gap();
        page.say_as(
            Role::Dim,
            format!(
                "head {}, body {}",
                Bytes(request.header_bytes),
                Bytes(exchange.request_body.transferred)
            ),
        );
    }
    page
}

fn wait(exchange: &Exchange) -> Page {
    let mut page = Page::new("Meanwhile");
    for early in exchange.informational.iter().take(MOST) {
        page.heading(format!("{} at {}", early.status, at(early.at)));
        fields(&early.headers, &mut page);
    }
    let metrics = server_timing(exchange);
    if !metrics.is_empty() {
        page.heading("What the server says it did (Server-Timing)");
    }
    for metric in metrics {
        let took = metric.duration.map(|took| took.to_string());
        let what = metric.description.map(|what| what.escaped().into_owned());
        let said = [took, what]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ");
        page.fact(metric.name.escaped(), said);
    }
    if page.blocks.is_empty() {
        response(exchange)
    } else {
        page
    }
}

fn at(moment: Moment) -> String {
    moment.from_start().to_string()
}

fn response(exchange: &Exchange) -> Page {
    let mut page = Page::new("Response");
    let Some(response) = &exchange.response else {
        return page;
    };
    page.say_as(
        Role::Strong,
        format!(
            "{} {}",
            response.version,
            status_words(response.status, &response.reason)
        ),
    );
    fields(&response.headers, &mut page);
    if !response.trailers.is_empty() {
        page.heading("Trailers");
        fields(&response.trailers, &mut page);
    }
    page.gap();
    let body = &exchange.response_body;
    let decoded = if body.decoded == body.transferred {
        String::new()
    } else {
        format!(", {} decoded", Bytes(body.decoded))
    };
    page.say_as(
        Role::Dim,
        format!(
            "head {}, body {}{decoded}",
            Bytes(response.header_bytes),
            Bytes(body.transferred)
        ),
    );
    preview(exchange, &mut page);
    page
}

/// The body's beginning; its own line ends are kept, everything else that acts on a terminal is
/// spelt out.
fn preview(exchange: &Exchange, page: &mut Page) {
    let Some((text, more)) = &exchange.preview else {
        return;
    };
    let lines = text
        .raw()
        .lines()
        .map(|line| crate::units::Untrusted::new(line).escaped().into_owned());
    let lines: Vec<String> = lines.take(MOST * 5).collect();
    if lines.is_empty() {
        return;
    }
    page.gap();
    page.blocks.push(Block::Verbatim(lines.join("\n")));
    if *more {
        page.say_as(Role::Dim, "\u{2026}");
    }
}

fn both(exchange: &Exchange) -> Page {
    let (request, response) = (request(exchange), response(exchange));
    let mut page = Page::new("Messages");
    for part in [request, response] {
        if !part.blocks.is_empty() {
            page = page.followed_by(part);
        }
    }
    page
}
