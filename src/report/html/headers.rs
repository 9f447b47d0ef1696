//! Request and response: their fields, secrets masked, and their sizes.

use super::page::{Cell, Page, Row};
use crate::insight::server_timing;
use crate::report::text::status;
use crate::trace::{Exchange, Header};
use crate::units::Bytes;

/// Field lines that are listed of one head.
const MOST: usize = 200;

/// What was sent and what came back; nothing where neither was seen.
pub(super) fn write(page: &mut Page<'_>, exchange: &Exchange, level: u8) {
    if exchange.request.is_none() && exchange.response.is_none() {
        return;
    }
    page.section(
        &format!("http-{}", exchange.id.0),
        level,
        "Request and response",
    );
    if let Some(request) = &exchange.request {
        let line = format!(
            "{} {} {}",
            request.method,
            page.redactor().text(&request.target).escaped(),
            request.version
        );
        page.facts(&[
            ("Request", line),
            ("Head", Bytes(request.header_bytes).to_string()),
            ("Body", Bytes(exchange.request_body.transferred).to_string()),
        ]);
        fields(page, "Fields of the request", &request.headers);
    }
    for hint in exchange.informational.iter().take(10) {
        fields(
            page,
            &format!("Fields of an informational response, {}", hint.status),
            &hint.headers,
        );
    }
    if let Some(response) = &exchange.response {
        let body = &exchange.response_body;
        let decoded = if body.decoded == body.transferred {
            String::new()
        } else {
            Bytes(body.decoded).to_string()
        };
        page.facts(&[
            (
                "Response",
                format!("{} {}", response.version, status(response)),
            ),
            ("Head", Bytes(response.header_bytes).to_string()),
            ("Body", Bytes(body.transferred).to_string()),
            ("Decoded", decoded),
        ]);
        fields(page, "Fields of the response", &response.headers);
        fields(page, "Trailers", &response.trailers);
        timed(page, exchange);
    }
    page.close();
}

fn fields(page: &mut Page<'_>, caption: &str, headers: &[Header]) {
    let masked = page
        .redactor()
        .headers(headers.get(..MOST.min(headers.len())).unwrap_or_default());
    let rows: Vec<Row> = masked
        .iter()
        .map(|field| {
            Row::new(vec![
                Cell::code(field.name.escaped()),
                Cell::code(field.value.escaped()),
            ])
        })
        .collect();
    page.table("fields", caption, &["Field", "Value"], &rows);
    if headers.len() > MOST {
        page.say(&format!("{} more are not listed.", headers.len() - MOST));
    }
}

/// What the server says of its own time.
fn timed(page: &mut Page<'_>, exchange: &Exchange) {
    let rows: Vec<Row> = server_timing(exchange)
        .iter()
        .take(MOST)
        .map(|metric| {
            let description = metric
                .description
                .as_ref()
                .map(|text| text.escaped().into_owned())
                .unwrap_or_default();
            Row::new(vec![
                Cell::code(metric.name.escaped()),
                Cell::time(metric.duration),
                Cell::words(description),
            ])
        })
        .collect();
    page.table(
        "",
        "Server-Timing, as the server says",
        &["Metric", "Duration", "Description"],
        &rows,
    );
}
