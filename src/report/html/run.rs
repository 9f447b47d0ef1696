//! The run as a whole: title, redirects, budget, link, capture, and the sources of figures.

use super::page::{HtmlCell, HtmlPage, HtmlRow};
use crate::insight::budget::{BudgetOutcome, BudgetVerdict};
use crate::insight::group_into_transfers;
use crate::report::picture::Heading;
use crate::report::text::status_line;
use crate::trace::{CaptureState, ControlMeasurement, EventKind, Exchange, ExchangeCause};
use crate::units::{Untrusted, group_digits};

/// Writes the title: the request, its outcome, its duration, and where the time went.
pub(super) fn write_header(page: &mut HtmlPage<'_>, heading: &Heading) {
    page.open("header", &[]);
    page.element("h1", &[], &heading.asked);
    page.open("p", &[("class", &"answer")]);
    page.element("strong", &[("class", &"whole")], &heading.total);
    page.element(
        "span",
        &[(
            "class",
            &if heading.failed {
                "outcome failed"
            } else {
                "outcome"
            },
        )],
        &heading.outcome,
    );
    page.close();
    page.paragraph(&heading.verdict);
    let failed = page
        .trace()
        .exchanges()
        .iter()
        .rev()
        .find(|exchange| exchange.failure.is_some());
    if let Some(exchange) = failed {
        write_failure(page, exchange);
    }
    page.close();
}

fn write_failure(page: &mut HtmlPage<'_>, exchange: &Exchange) {
    let Some((phase, failure)) = &exchange.failure else {
        return;
    };
    let code = serde_json::to_value(failure.code)
        .ok()
        .and_then(|code| code.as_str().map(str::to_owned))
        .unwrap_or_default();
    let after = exchange
        .phases
        .get(*phase)
        .and_then(crate::trace::PhaseSpan::duration);
    let after = after
        .map(|took| format!(" after {took}"))
        .unwrap_or_default();
    page.open("div", &[("class", &"failure"), ("role", &"note")]);
    page.open("p", &[]);
    page.element("strong", &[], &format!("{} failed{after}.", phase.label()));
    page.element("code", &[], &code);
    page.close();
    page.paragraph(&page.redactor().text(&failure.message).escaped());
    if !failure.hint.is_empty() {
        page.paragraph(&format!("What to try: {}", failure.hint));
    }
    page.close();
}

/// Writes a table of exchanges: redirects, retries, several URLs.
pub(super) fn write_exchanges(page: &mut HtmlPage<'_>) {
    const MAX_EXCHANGES: usize = 200;
    page.section("exchanges", 2, "Exchanges");
    let rows: Vec<HtmlRow> = page
        .trace()
        .exchanges()
        .iter()
        .take(MAX_EXCHANGES)
        .map(|exchange| exchange_row(page, exchange))
        .collect();
    page.table(
        "sortable",
        "Exchanges in order (app)",
        &[
            "No.",
            "Why",
            "Request",
            "Outcome",
            "Duration",
            "Redirects to",
        ],
        &rows,
    );
    page.close();
}

fn exchange_row(page: &HtmlPage<'_>, exchange: &Exchange) -> HtmlRow {
    let why = match exchange.cause {
        ExchangeCause::Asked => "requested",
        ExchangeCause::Redirect => "redirected",
        ExchangeCause::Retry => "retried",
        ExchangeCause::Repeat => "repeated",
    };
    let outcome = match (&exchange.failure, &exchange.response) {
        (Some((phase, _)), _) => format!("{} failed", phase.label()),
        (None, Some(response)) => status_line(response),
        (None, None) => String::new(),
    };
    let leads = exchange
        .redirected
        .as_ref()
        .map(|(to, withheld)| redirect_words(page, to, withheld))
        .unwrap_or_default();
    HtmlRow::new(vec![
        HtmlCell::figure(
            format!("#{}", exchange.id.0),
            Some(u64::from(exchange.id.0)),
        ),
        HtmlCell::words(why),
        HtmlCell::code(format!(
            "{} {}",
            exchange.method,
            page.redactor().text(&exchange.url).escaped()
        )),
        HtmlCell::words(outcome),
        HtmlCell::time(exchange.total()),
        HtmlCell::code(leads),
    ])
}

/// The target of a redirect, and which of the user's own data was withheld.
fn redirect_words(page: &HtmlPage<'_>, to: &Untrusted, withheld: &[Untrusted]) -> String {
    let names: Vec<_> = withheld.iter().map(Untrusted::escaped).collect();
    let without = if names.is_empty() {
        String::new()
    } else {
        format!(", without {}", names.join(", "))
    };
    format!("{}{without}", page.redactor().text(to).escaped())
}

/// Writes the budget, control client, link, capture and notes.
pub(super) fn write(page: &mut HtmlPage<'_>) {
    page.section("run", 2, "The run");
    write_budget(page);
    let trace = page.trace();
    let control = trace
        .control()
        .map(|control| control_words(page, control))
        .unwrap_or_default();
    let dropped = if trace.dropped() > 0 {
        format!(
            "{} events were lost and are missing from the figures",
            group_digits(trace.dropped())
        )
    } else {
        String::new()
    };
    page.facts(&[
        ("Measured", measured_words(page)),
        ("Packets", capture_words(page)),
        (
            "Link of the lab",
            trace.link().map(ToString::to_string).unwrap_or_default(),
        ),
        ("Control", control),
        ("Lost", dropped),
    ]);
    let notes: Vec<String> = trace
        .log()
        .iter()
        .filter_map(|event| {
            if let EventKind::Note { text, .. } = &event.kind {
                Some(text)
            } else {
                None
            }
        })
        .take(50)
        .map(|text| page.redactor().text(text).escaped().into_owned())
        .collect();
    if !notes.is_empty() {
        page.paragraph("Notes:");
        page.list(&notes);
    }
    page.close();
}

/// The result of the control client.
fn control_words(page: &HtmlPage<'_>, control: &ControlMeasurement) -> String {
    if let Some(error) = &control.error {
        return format!(
            "an ordinary client failed: {}",
            page.redactor().text(error).escaped()
        );
    }
    let own = group_into_transfers(page.trace())
        .next()
        .and_then(|transfer| transfer.total())
        .map(|own| format!("; this one took {own}"));
    format!(
        "an ordinary client took {} to the response header and {} in total{}",
        control.headers,
        control.total,
        own.unwrap_or_default()
    )
}

fn write_budget(page: &mut HtmlPage<'_>) {
    let Some(budget) = &page.options.budget else {
        return;
    };
    let rows: Vec<HtmlRow> = budget
        .verdicts(page.trace())
        .iter()
        .map(verdict_row)
        .collect();
    page.table("", "Budget", &["Rule", "Measured", "Verdict"], &rows);
}

fn verdict_row(verdict: &BudgetVerdict) -> HtmlRow {
    let figure = verdict
        .format_figure()
        .unwrap_or_else(|| "\u{2014}".to_owned());
    let class = if matches!(verdict.outcome, BudgetOutcome::Missed { .. }) {
        "missed"
    } else {
        ""
    };
    HtmlRow::about(
        class,
        "",
        vec![
            HtmlCell::code(verdict.rule.to_string()),
            HtmlCell::figure(figure, None),
            HtmlCell::words(verdict.describe_outcome()),
        ],
    )
}

fn measured_words(page: &HtmlPage<'_>) -> String {
    let by = page
        .trace()
        .tool_version()
        .map(|version| format!(" by tapline {version}"))
        .unwrap_or_default();
    let nanos = page.trace().started_at().map(|at| i128::from(at.0));
    let time = nanos.and_then(|nanos| jiff::Timestamp::from_nanosecond(nanos).ok());
    time.map(|time| format!("{}{by}", time.strftime("%F %T UTC")))
        .unwrap_or_default()
}

fn capture_words(page: &HtmlPage<'_>) -> String {
    let capture = page.trace().capture();
    match &capture.state {
        CaptureState::On => {
            let lost = capture
                .dropped
                .map(|lost| format!(", {lost} dropped by the kernel"))
                .unwrap_or_default();
            format!(
                "{} on {}{lost}",
                group_digits(capture.packets),
                capture.interface.as_deref().unwrap_or("?")
            )
        }
        CaptureState::Off => "not captured".to_owned(),
        CaptureState::Unavailable { reason, remedy } => {
            format!("none: {reason}. To see them: {remedy}")
        }
    }
}

/// Explains the clocks and sources of figures.
pub(super) fn write_footer(page: &mut HtmlPage<'_>) {
    page.open("footer", &[]);
    page.element("h2", &[], "Where figures come from");
    page.facts(&[
        (
            "app",
            "the program's monotonic clock: what the application experienced".to_owned(),
        ),
        (
            "wire",
            "packet timestamps from the kernel: what happened on the wire".to_owned(),
        ),
        (
            "kernel",
            "the kernel's own figures for a connection (TCP_INFO)".to_owned(),
        ),
        (
            "inferred",
            "derived from other figures by a rule".to_owned(),
        ),
        (
            "\u{2014}",
            "not measured: never zero, never a silent estimate".to_owned(),
        ),
    ]);
    page.close();
}
