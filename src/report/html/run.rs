//! The run as a whole: its heading, redirects, budget, link, capture, and where figures come from.

use super::page::{Cell, Page, Row};
use crate::insight::budget::{Outcome, Verdict};
use crate::insight::transfers;
use crate::report::picture::Heading;
use crate::report::text::status;
use crate::trace::{CaptureState, Cause, Control, Exchange, What};
use crate::units::{Untrusted, grouped};

/// What was asked, what came of it, how long it took, and where that time went.
pub(super) fn header(page: &mut Page<'_>, heading: &Heading) {
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
    page.say(&heading.verdict);
    let failed = page
        .trace()
        .exchanges()
        .iter()
        .rev()
        .find(|exchange| exchange.failure.is_some());
    if let Some(exchange) = failed {
        failure(page, exchange);
    }
    page.close();
}

fn failure(page: &mut Page<'_>, exchange: &Exchange) {
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
    page.say(&page.redactor().text(&failure.message).escaped());
    if !failure.hint.is_empty() {
        page.say(&format!("What to try: {}", failure.hint));
    }
    page.close();
}

/// The exchanges of a run that has several: redirects, retries, URLs.
pub(super) fn hops(page: &mut Page<'_>) {
    const MOST: usize = 200;
    page.section("exchanges", 2, "Exchanges");
    let rows: Vec<Row> = page
        .trace()
        .exchanges()
        .iter()
        .take(MOST)
        .map(|exchange| hop(page, exchange))
        .collect();
    page.table(
        "sortable",
        "Exchanges in their order (app)",
        &["No.", "Why", "Request", "Outcome", "Took", "Leads to"],
        &rows,
    );
    page.close();
}

fn hop(page: &Page<'_>, exchange: &Exchange) -> Row {
    let why = match exchange.cause {
        Cause::Asked => "asked for",
        Cause::Redirect => "redirected",
        Cause::Retry => "tried again",
        Cause::Repeat => "repeated",
    };
    let outcome = match (&exchange.failure, &exchange.response) {
        (Some((phase, _)), _) => format!("{} failed", phase.label()),
        (None, Some(response)) => status(response),
        (None, None) => String::new(),
    };
    let leads = exchange
        .redirected
        .as_ref()
        .map(|(to, withheld)| leads_to(page, to, withheld))
        .unwrap_or_default();
    Row::new(vec![
        Cell::figure(
            format!("#{}", exchange.id.0),
            Some(u64::from(exchange.id.0)),
        ),
        Cell::words(why),
        Cell::code(format!(
            "{} {}",
            exchange.method,
            page.redactor().text(&exchange.url).escaped()
        )),
        Cell::words(outcome),
        Cell::time(exchange.total()),
        Cell::code(leads),
    ])
}

/// Where a redirect leads, and what of the user's own stayed home.
fn leads_to(page: &Page<'_>, to: &Untrusted, withheld: &[Untrusted]) -> String {
    let names: Vec<_> = withheld.iter().map(Untrusted::escaped).collect();
    let without = if names.is_empty() {
        String::new()
    } else {
        format!(", without {}", names.join(", "))
    };
    format!("{}{without}", page.redactor().text(to).escaped())
}

/// Budget, ordinary client, link, capture, notes.
pub(super) fn write(page: &mut Page<'_>) {
    page.section("run", 2, "The run");
    budget(page);
    let trace = page.trace();
    let control = trace
        .control()
        .map(|control| compared(page, control))
        .unwrap_or_default();
    let dropped = if trace.dropped() > 0 {
        format!(
            "{} events were lost: the figures miss them",
            grouped(trace.dropped())
        )
    } else {
        String::new()
    };
    page.facts(&[
        ("Measured", started(page)),
        ("Packets", captured(page)),
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
            if let What::Note { text, .. } = &event.what {
                Some(text)
            } else {
                None
            }
        })
        .take(50)
        .map(|text| page.redactor().text(text).escaped().into_owned())
        .collect();
    if !notes.is_empty() {
        page.say("Notes:");
        page.list(&notes);
    }
    page.close();
}

/// The ordinary client beside this one.
fn compared(page: &Page<'_>, control: &Control) -> String {
    if let Some(error) = &control.error {
        return format!(
            "an ordinary client failed: {}",
            page.redactor().text(error).escaped()
        );
    }
    let own = transfers(page.trace())
        .next()
        .and_then(|transfer| transfer.total())
        .map(|own| format!("; this one took {own}"));
    format!(
        "an ordinary client took {} to the head and {} in all{}",
        control.headers,
        control.total,
        own.unwrap_or_default()
    )
}

fn budget(page: &mut Page<'_>) {
    let Some(budget) = &page.options.budget else {
        return;
    };
    let rows: Vec<Row> = budget.verdicts(page.trace()).iter().map(judged).collect();
    page.table("", "Budget", &["Rule", "Measured", "Verdict"], &rows);
}

fn judged(verdict: &Verdict) -> Row {
    let figure = verdict
        .shown_figure()
        .unwrap_or_else(|| "\u{2014}".to_owned());
    let class = if matches!(verdict.outcome, Outcome::Missed { .. }) {
        "missed"
    } else {
        ""
    };
    Row::about(
        class,
        "",
        vec![
            Cell::code(verdict.rule.to_string()),
            Cell::figure(figure, None),
            Cell::words(verdict.said()),
        ],
    )
}

fn started(page: &Page<'_>) -> String {
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

fn captured(page: &Page<'_>) -> String {
    let capture = page.trace().capture();
    match &capture.state {
        CaptureState::On => {
            let lost = capture
                .dropped
                .map(|lost| format!(", {lost} lost by the kernel"))
                .unwrap_or_default();
            format!(
                "{} on {}{lost}",
                grouped(capture.packets),
                capture.interface.as_deref().unwrap_or("?")
            )
        }
        CaptureState::Off => "not captured".to_owned(),
        CaptureState::Unavailable { reason, remedy } => {
            format!("none: {reason}. To see them: {remedy}")
        }
    }
}

/// Which clock a figure is by, and what that means.
pub(super) fn footer(page: &mut Page<'_>) {
    page.open("footer", &[]);
    page.element("h2", &[], "Where figures come from");
    page.facts(&[
        (
            "app",
            "the program's monotonic clock: what the application felt".to_owned(),
        ),
        (
            "wire",
            "packets' timestamps from the kernel: what the wire saw".to_owned(),
        ),
        (
            "kernel",
            "the kernel's own figures for a connection (TCP_INFO)".to_owned(),
        ),
        ("inferred", "worked out from others by a rule".to_owned()),
        (
            "\u{2014}",
            "not measured; never zero, never estimated in silence".to_owned(),
        ),
    ]);
    page.close();
}
