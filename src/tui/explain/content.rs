//! Contents of what is selected: DNS records, parameters, certificates, header fields and body
//! bytes.

use super::page::{ExplanationPage, PageBlock};
use crate::insight::server_timing;
use crate::insight::{describe_attempt_outcome, tls_version_name, without_root_dot};
use crate::trace::{
    Certificate, Connection, DnsQuery, Exchange, HttpHeader, Phase, QueryOutcome, Tls, Verification,
};
use crate::tui::event_wording::{status_words, transport_suffix};
use crate::tui::screen_run::ScreenRun;
use crate::tui::theme::StyleRole;
use crate::units::{Bytes, Moment, WallTime};

/// Maximum number of rows of one kind; a hostile peer may send thousands.
const MAX_ROWS: usize = 200;

pub(super) fn exchange_content(
    run: &ScreenRun,
    exchange: &Exchange,
    phase: Option<Phase>,
) -> ExplanationPage {
    match phase {
        Some(Phase::Dns) => dns_records_page(exchange),
        Some(Phase::Connect) => connection_page(run, exchange),
        Some(Phase::Proxy) => proxy_page(exchange),
        Some(Phase::Tls) => tls_page(run, exchange),
        Some(Phase::Send) => request_page(exchange),
        Some(Phase::Wait) => wait_page(exchange),
        Some(Phase::Receive) => response_page(exchange),
        None => messages_page(exchange),
    }
}

fn dns_records_page(exchange: &Exchange) -> ExplanationPage {
    let mut page = ExplanationPage::new("Records");
    let Some(resolution) = &exchange.resolution else {
        return page;
    };
    for query in resolution.queries.iter().take(MAX_ROWS) {
        add_dns_answer(query, &mut page);
    }
    if !resolution.addresses.is_empty() {
        page.heading("Order of attempts");
        for address in resolution.addresses.iter().take(MAX_ROWS) {
            page.paragraph(address.to_string());
        }
    }
    page
}

fn add_dns_answer(query: &DnsQuery, page: &mut ExplanationPage) {
    let took = query
        .duration()
        .map(|took| format!(", {took}"))
        .unwrap_or_default();
    page.heading(format!("{} {}", query.kind, without_root_dot(&query.name)));
    page.styled_paragraph(
        StyleRole::Dim,
        format!(
            "queried {}{}{took}",
            query.server.address,
            transport_suffix(query.server.transport)
        ),
    );
    match &query.outcome {
        QueryOutcome::Pending => page.paragraph("no answer yet"),
        QueryOutcome::Failed(why) => page.styled_paragraph(StyleRole::Failure, why.escaped()),
        QueryOutcome::Answered(answer) => {
            page.fact(
                "answer",
                if answer.records.is_empty() {
                    format!("{}, no records", answer.rcode)
                } else {
                    answer.rcode.clone()
                },
            );
            for record in answer.records.iter().take(MAX_ROWS) {
                page.fact(
                    format!("{} {} s", record.kind, record.ttl),
                    record.data.escaped(),
                );
            }
        }
    }
}

fn connection_page(run: &ScreenRun, exchange: &Exchange) -> ExplanationPage {
    let mut page = ExplanationPage::new("Connection");
    if let Some(connection) = exchange.connection.and_then(|id| run.trace.connection(id)) {
        if let Some(local) = connection.local.if_specified() {
            page.fact("from", local.to_string());
        }
        page.fact("to", connection.remote.to_string());
        if exchange.reused_connection {
            page.fact(
                "opened",
                format!("earlier, by exchange #{}", connection.opened_by.0),
            );
        }
        add_tcp_info(connection, &mut page);
    }
    if exchange.attempts.len() > 1 || exchange.connection.is_none() {
        page.heading("Attempts");
        for attempt in exchange.attempts.iter().take(MAX_ROWS) {
            let outcome = attempt
                .outcome
                .as_ref()
                .map_or_else(|| "in progress".to_owned(), describe_attempt_outcome);
            let took = attempt
                .duration()
                .map(|took| format!(" after {took}"))
                .unwrap_or_default();
            page.fact(attempt.remote.to_string(), format!("{outcome}{took}"));
        }
    }
    page
}

fn add_tcp_info(connection: &Connection, page: &mut ExplanationPage) {
    let Some(kernel) = connection.tcp_info else {
        return;
    };
    page.heading("Kernel figures (TCP_INFO)");
    page.fact_if("round trip", kernel.rtt.map(|rtt| rtt.to_string()));
    page.fact_if("minimum", kernel.min_rtt.map(|rtt| rtt.to_string()));
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
    page.fact_if("retrans", kernel.retransmits.map(|n| n.to_string()));
}

fn proxy_page(exchange: &Exchange) -> ExplanationPage {
    let mut page = ExplanationPage::new("Exchange with the proxy");
    for (_, step) in exchange.proxy.iter().take(MAX_ROWS) {
        page.fact(step.kind.clone(), step.text.escaped());
    }
    page
}

fn tls_page(run: &ScreenRun, exchange: &Exchange) -> ExplanationPage {
    let mut page = ExplanationPage::new("Negotiated");
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
        page.fact("version", tls_version_name(&handshake.version));
        page.fact("cipher", handshake.cipher_suite.clone());
        page.fact_if("key exchange", handshake.key_exchange.clone());
        page.fact_if(
            "protocol",
            handshake
                .alpn
                .as_ref()
                .map(|alpn| alpn.escaped().into_owned()),
        );
        page.fact("handshake", handshake.kind.replace('_', " "));
    }
    add_certificates(tls, run.trace.started_at(), &mut page);
    page
}

fn add_certificates(tls: &Tls, today: Option<WallTime>, page: &mut ExplanationPage) {
    if let Some((verification, took)) = &tls.verification {
        let said = match verification {
            Verification::Trusted => "trusted".to_owned(),
            Verification::Rejected(why) => format!("rejected: {}", why.escaped()),
            Verification::Ignored(why) => {
                format!("invalid, but ignored (--insecure): {}", why.escaped())
            }
        };
        page.fact("verification", format!("{said} (took {took})"));
    }
    for (n, certificate) in tls.certificates.iter().take(16).enumerate() {
        page.heading(if n == 0 {
            "Certificate".to_owned()
        } else {
            format!("Certificate {} (issuer)", n + 1)
        });
        add_certificate(certificate, today, page);
    }
}

fn add_certificate(certificate: &Certificate, today: Option<WallTime>, page: &mut ExplanationPage) {
    page.fact("subject", certificate.subject.escaped());
    page.fact("issuer", certificate.issuer.escaped());
    let names: Vec<_> = certificate
        .names
        .iter()
        .take(MAX_ROWS)
        .map(crate::units::Untrusted::escaped)
        .collect();
    if !names.is_empty() {
        page.fact("valid for", names.join(", "));
    }
    page.fact("valid from", format_date(certificate.not_before));
    page.fact(
        "valid until",
        format!(
            "{}{}",
            format_date(certificate.not_after),
            time_until(certificate.not_after, today)
        ),
    );
    page.fact("SHA-256", certificate.sha256.clone());
}

fn format_date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(
        |_| format!("{seconds} s since 1970"),
        |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

/// Returns the days until a date, seen from the run's own date.
fn time_until(seconds: i64, today: Option<WallTime>) -> String {
    let Some(today) = today.and_then(|today| i64::try_from(today.unix_seconds()).ok()) else {
        return String::new();
    };
    match seconds.saturating_sub(today) / 86_400 {
        days @ 1.. => format!(" (in {days} days)"),
        0 => " (within a day)".to_owned(),
        days => format!(" ({} days ago)", days.unsigned_abs()),
    }
}

fn add_header_fields(headers: &[HttpHeader], page: &mut ExplanationPage) {
    for header in headers.iter().take(MAX_ROWS) {
        page.fact(header.name.escaped(), header.value.escaped());
    }
    if headers.len() > MAX_ROWS {
        page.styled_paragraph(
            StyleRole::Dim,
            format!("\u{2026} and {} more", headers.len() - MAX_ROWS),
        );
    }
}

fn request_page(exchange: &Exchange) -> ExplanationPage {
    let mut page = ExplanationPage::new("Request");
    if let Some(request) = &exchange.request {
        page.styled_paragraph(
            StyleRole::Strong,
            format!(
                "{} {} {}",
                request.method,
                request.target.escaped(),
                request.version
            ),
        );
        add_header_fields(&request.headers, &mut page);
        page.gap();
        page.styled_paragraph(
            StyleRole::Dim,
            format!(
                "head {}, body {}",
                Bytes(request.header_bytes),
                Bytes(exchange.request_body.transferred)
            ),
        );
    }
    page
}

fn wait_page(exchange: &Exchange) -> ExplanationPage {
    let mut page = ExplanationPage::new("While waiting");
    for early in exchange.informational.iter().take(MAX_ROWS) {
        page.heading(format!("{} at {}", early.status, format_moment(early.at)));
        add_header_fields(&early.headers, &mut page);
    }
    let metrics = server_timing(exchange);
    if !metrics.is_empty() {
        page.heading("Reported by the server (Server-Timing)");
    }
    for metric in metrics {
        let took = metric.duration.map(|took| took.to_string());
        let kind = metric.description.map(|kind| kind.escaped().into_owned());
        let said = [took, kind]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ");
        page.fact(metric.name.escaped(), said);
    }
    if page.blocks.is_empty() {
        response_page(exchange)
    } else {
        page
    }
}

fn format_moment(moment: Moment) -> String {
    moment.from_start().to_string()
}

fn response_page(exchange: &Exchange) -> ExplanationPage {
    let mut page = ExplanationPage::new("Response");
    let Some(response) = &exchange.response else {
        return page;
    };
    page.styled_paragraph(
        StyleRole::Strong,
        format!(
            "{} {}",
            response.version,
            status_words(response.status, &response.reason)
        ),
    );
    add_header_fields(&response.headers, &mut page);
    if !response.trailers.is_empty() {
        page.heading("Trailers");
        add_header_fields(&response.trailers, &mut page);
    }
    page.gap();
    let body = &exchange.response_body;
    let decoded = if body.decoded == body.transferred {
        String::new()
    } else {
        format!(", {} decoded", Bytes(body.decoded))
    };
    page.styled_paragraph(
        StyleRole::Dim,
        format!(
            "head {}, body {}{decoded}",
            Bytes(response.header_bytes),
            Bytes(body.transferred)
        ),
    );
    add_body_preview(exchange, &mut page);
    page
}

/// Adds the beginning of the body. Its line ends are kept, all other control characters are
/// escaped.
fn add_body_preview(exchange: &Exchange, page: &mut ExplanationPage) {
    let Some((text, more)) = &exchange.preview else {
        return;
    };
    let lines = text
        .raw()
        .lines()
        .map(|line| crate::units::Untrusted::new(line).escaped().into_owned());
    let lines: Vec<String> = lines.take(MAX_ROWS * 5).collect();
    if lines.is_empty() {
        return;
    }
    page.gap();
    page.blocks.push(PageBlock::Verbatim(lines.join("\n")));
    if *more {
        page.styled_paragraph(StyleRole::Dim, "\u{2026}");
    }
}

fn messages_page(exchange: &Exchange) -> ExplanationPage {
    let request = request_page(exchange);
    let response = response_page(exchange);
    let mut page = ExplanationPage::new("Messages");
    for part in [request, response] {
        if !part.blocks.is_empty() {
            page = page.followed_by(part);
        }
    }
    page
}
