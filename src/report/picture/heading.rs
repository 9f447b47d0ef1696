//! Writes the title: the request, its outcome, its duration, and where the time went.

use super::PictureContext;
use super::canvas::SvgCanvas;
use super::font::Font;
use crate::insight::ledger::{ExchangeLedger, requests_ledger};
use crate::insight::{RunStatistics, captured_conversations, round_trips, run_statistics};
use crate::report::text::{status_line, tls_summary};
use crate::trace::{Exchange, FailureCode, Trace};
use crate::units::{Bytes, Nanos, format_count};

/// The title lines of a picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::report) struct Heading {
    /// `GET https://api.lab.test/users`.
    pub(in crate::report) asked: String,
    /// `200 OK · HTTP/2 · TLS 1.3 · 10.7.0.10:443`.
    pub(in crate::report) outcome: String,
    /// `186 ms`.
    pub(in crate::report) total: String,
    /// Where the time went, as sentences.
    pub(in crate::report) verdict: String,
    /// Set if the run failed.
    pub(in crate::report) failed: bool,
}

impl Heading {
    /// The title of a whole run.
    pub(in crate::report) fn new(context: &PictureContext<'_>) -> Self {
        let trace = context.trace;
        let exchanges = trace.exchanges();
        let runs = run_statistics(trace);
        match (exchanges, runs.count) {
            ([], _) => Self::of_capture(trace),
            ([only], 0 | 1) => Self::of_exchange(context, only),
            ([first, .., last], 1) => Self::of_hops(context, first, last),
            ([first, ..], _) => Self::of_several(context, first, &runs),
        }
    }

    /// The title of one exchange.
    pub(in crate::report) fn of_exchange(
        context: &PictureContext<'_>,
        exchange: &Exchange,
    ) -> Self {
        let total = exchange
            .total()
            .map_or_else(|| "in progress".to_owned(), |total| total.to_string());
        Self {
            asked: request_line(context, exchange),
            outcome: outcome_line(context, exchange),
            total,
            verdict: verdict_sentence(context.trace, exchange),
            failed: exchange.failure.is_some(),
        }
    }

    fn of_hops(context: &PictureContext<'_>, first: &Exchange, last: &Exchange) -> Self {
        let hops = context.trace.exchanges();
        let total = last.ended.map(|ended| ended.since(first.started));
        let slowest = hops
            .iter()
            .filter_map(|hop| Some((hop.total()?, hop.id.0)))
            .max();
        let slowest = slowest
            .map(|(took, id)| format!(" #{id} took the longest, {took}."))
            .unwrap_or_default();
        Self {
            asked: request_line(context, first),
            outcome: outcome_line(context, last),
            total: total.map_or_else(|| "in progress".to_owned(), |total| total.to_string()),
            verdict: format!(
                "{}{} in sequence.{slowest}",
                run_verdict(context.trace),
                format_count(hops.len(), "exchange")
            ),
            failed: context.trace.failure().is_some(),
        }
    }

    fn of_several(context: &PictureContext<'_>, first: &Exchange, all: &RunStatistics) -> Self {
        let RunStatistics {
            count: runs,
            failed,
            repeated,
            spread,
        } = *all;
        let more = if repeated + 1 == runs {
            String::new()
        } else {
            format!(" and {} more", runs - 1)
        };
        let failures = if failed == 0 {
            "none failed".to_owned()
        } else {
            format!("{failed} failed")
        };
        Self {
            asked: format!("{}{more}", request_line(context, first)),
            outcome: format!("{runs} runs \u{00b7} {failures}"),
            total: spread.map_or_else(
                || format!("{runs} runs"),
                |spread| format!("median {}", spread.median),
            ),
            verdict: spread.map_or_else(String::new, |spread| {
                format!(
                    "Half took no longer than {}; the fastest {}, the slowest {}. {}",
                    spread.median,
                    spread.min,
                    spread.max,
                    whole_run(context.trace)
                )
            }),
            failed: failed > 0,
        }
    }

    fn of_capture(trace: &Trace) -> Self {
        let flows = captured_conversations(trace).unwrap_or_default();
        let spans = || flows.iter().filter_map(crate::trace::Flow::span);
        let first = spans().map(|(first, _)| first).min();
        let last = spans().map(|(_, last)| last).max();
        let packets = trace.capture().packets;
        let total = first
            .zip(last)
            .map(|(first, last)| last.since(first).to_string())
            .unwrap_or_default();
        let payload: u64 = flows.iter().map(payload_bytes).fold(0, u64::saturating_add);
        Self {
            asked: if flows.is_empty() {
                "Nothing was recorded".to_owned()
            } else {
                format_count(flows.len(), "conversation")
            },
            outcome: format!(
                "{} \u{00b7} {} of payload",
                format_count(usize::try_from(packets).unwrap_or(usize::MAX), "packet"),
                Bytes(payload)
            ),
            total,
            ..Self::default()
        }
    }

    /// Draws the title at the canvas's current height.
    pub(in crate::report) fn draw(&self, canvas: &mut SvgCanvas) {
        const ASKED: Font = Font::bold(18.0);
        const TOTAL: Font = Font::bold(22.0);
        const LINE: Font = Font::regular(13.0);
        let right = SvgCanvas::WIDTH - SvgCanvas::MARGIN;
        let room = right - SvgCanvas::MARGIN;
        let y = canvas.y + 34.0;
        canvas.text(
            "strong",
            ASKED,
            (SvgCanvas::MARGIN, y),
            &ASKED.truncate(&self.asked, room - TOTAL.width(&self.total) - 24.0),
        );
        canvas.text_ending_at("strong", TOTAL, (right, y), &self.total);
        canvas.text(
            if self.failed { "failure" } else { "ink" },
            LINE,
            (SvgCanvas::MARGIN, y + 22.0),
            &LINE.truncate(&self.outcome, room),
        );
        canvas.y = y + 30.0;
        for line in LINE.wrap(&self.verdict, room, 3) {
            canvas.y += 12.0;
            canvas.text("ink", LINE, (SvgCanvas::MARGIN, canvas.y), &line);
            canvas.y += 7.0;
        }
        canvas.y += 12.0;
    }
}

/// A text alternative for the picture, for screen readers.
pub(in crate::report) fn describe_picture(
    context: &PictureContext<'_>,
    heading: &Heading,
) -> String {
    let mut description = format!(
        "{}: {}, {}. {}",
        heading.asked, heading.outcome, heading.total, heading.verdict
    );
    if let [only] = context.trace.exchanges() {
        let phases: Vec<String> = only
            .phases
            .iter()
            .filter_map(|(phase, span)| Some(format!("{} {}", phase.label(), span.duration()?)))
            .collect();
        description = format!("{description} Phases: {}.", phases.join(", "));
    }
    description
}

fn request_line(context: &PictureContext<'_>, exchange: &Exchange) -> String {
    format!(
        "{} {}",
        exchange.method,
        context.redactor.text(&exchange.url).escaped()
    )
}

fn outcome_line(context: &PictureContext<'_>, exchange: &Exchange) -> String {
    let connection = exchange
        .connection
        .and_then(|id| context.trace.connection(id));
    let result = match (&exchange.response, &exchange.failure) {
        (Some(response), None) => status_line(response),
        (Some(response), Some((_, failure))) if failure.code == FailureCode::HttpStatus => {
            format!("{}, counted as failed (--fail)", status_line(response))
        }
        (Some(response), Some((phase, _))) => {
            format!("{}, then failed: {}", status_line(response), phase.label())
        }
        (None, Some((phase, _))) => format!("failed: {}", phase.label()),
        (None, None) => "no response".to_owned(),
    };
    let version = exchange
        .response
        .as_ref()
        .map(|response| response.version.name().to_owned());
    let tls = connection
        .and_then(|connection| connection.tls.as_ref())
        .and_then(tls_summary);
    let remote = connection.map(|connection| connection.remote.to_string());
    [Some(result), version, tls, remote]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" \u{00b7} ")
}

/// Whose time the run was, followed by a space.
fn run_verdict(trace: &Trace) -> String {
    requests_ledger(trace)
        .and_then(|ledger| ledger.verdict())
        .map_or_else(String::new, |verdict| format!("{verdict} "))
}

/// How long the run took with the waits between its requests, and whose time that was.
fn whole_run(trace: &Trace) -> String {
    let total = requests_ledger(trace).map_or(Nanos::ZERO, |ledger| ledger.total);
    format!("All of them took {total}. {}", run_verdict(trace))
        .trim_end()
        .to_owned()
}

/// Whose time it was, and the number of round trips.
fn verdict_sentence(trace: &Trace, exchange: &Exchange) -> String {
    /// Shorter round trips are local and say nothing about the network.
    const LOCAL: Nanos = Nanos::from_millis(1);
    let (Some(_), None) = (exchange.total(), &exchange.failure) else {
        return String::new();
    };
    let ledger = ExchangeLedger::new(trace, exchange).whole;
    let verdict = ledger.verdict().unwrap_or_default();
    let trips = round_trips(trace, exchange, &ledger).filter(|trips| trips.rtt.duration >= LOCAL);
    let trips = trips.map(|trips| {
        format!(
            " It took {:.1} round trips of {} ({}); at least {} needed.",
            trips.used,
            trips.rtt.duration,
            trips.rtt.clock.name(),
            trips.minimum
        )
    });
    format!("{verdict}{}", trips.unwrap_or_default())
}

fn payload_bytes(flow: &crate::trace::Flow) -> u64 {
    use crate::trace::Direction::{Received, Sent};
    flow.counts(Sent)
        .payload_bytes
        .saturating_add(flow.counts(Received).payload_bytes)
}
