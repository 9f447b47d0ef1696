//! The request and the response: header fields (with secrets masked) and sizes.

use super::page::{HtmlCell, HtmlPage, HtmlRow};
use crate::insight::server_timing;
use crate::report::text::status_line;
use crate::trace::{Exchange, HttpHeader};
use crate::units::Bytes;

/// Maximum number of fields listed per header section.
const MAX_FIELDS: usize = 200;

/// Writes the messages, if any were seen.
pub(super) fn write(page: &mut HtmlPage<'_>, exchange: &Exchange, level: u8) {
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
            ("Header", Bytes(request.header_bytes).to_string()),
            ("Body", Bytes(exchange.request_body.transferred).to_string()),
        ]);
        write_fields(page, "Request header fields", &request.headers);
    }
    for hint in exchange.informational.iter().take(10) {
        write_fields(
            page,
            &format!(
                "Header fields of an informational response, {}",
                hint.status
            ),
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
                format!("{} {}", response.version, status_line(response)),
            ),
            ("Header", Bytes(response.header_bytes).to_string()),
            ("Body", Bytes(body.transferred).to_string()),
            ("Decoded", decoded),
        ]);
        write_fields(page, "Response header fields", &response.headers);
        write_fields(page, "Trailers", &response.trailers);
        write_server_timing(page, exchange);
    }
    page.close();
}

fn write_fields(page: &mut HtmlPage<'_>, caption: &str, headers: &[HttpHeader]) {
    let masked = page.redactor().headers(
        headers
            .get(..MAX_FIELDS.min(headers.len()))
            .unwrap_or_default(),
    );
    let rows: Vec<HtmlRow> = masked
        .iter()
        .map(|field| {
            HtmlRow::new(vec![
                HtmlCell::code(field.name.escaped()),
                HtmlCell::code(field.value.escaped()),
            ])
        })
        .collect();
    page.table("fields", caption, &["Field", "Value"], &rows);
    if headers.len() > MAX_FIELDS {
        page.paragraph(&format!(
            "{} more are not listed.",
            headers.len() - MAX_FIELDS
        ));
    }
}

/// Writes the times that the server reports about itself.
fn write_server_timing(page: &mut HtmlPage<'_>, exchange: &Exchange) {
    let rows: Vec<HtmlRow> = server_timing(exchange)
        .iter()
        .take(MAX_FIELDS)
        .map(|metric| {
            let description = metric
                .description
                .as_ref()
                .map(|text| text.escaped().into_owned())
                .unwrap_or_default();
            HtmlRow::new(vec![
                HtmlCell::code(metric.name.escaped()),
                HtmlCell::time(metric.duration),
                HtmlCell::words(description),
            ])
        })
        .collect();
    page.table(
        "",
        "Server-Timing, as reported by the server",
        &["Metric", "Duration", "Description"],
        &rows,
    );
}
