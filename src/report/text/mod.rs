//! The report for people: a chart of the phases, and the facts.
//!
//! ```text
//! GET https://api.lab.test/users → 200 OK, HTTP/2, TLS 1.3 (X25519MLKEM768, AES-128-GCM),
//! 10.7.0.10:443
//!
//!         DNS       TCP       TLS        Send    Wait          Receive
//!         41.2 ms   40.5 ms   43.0 ms    100 µs  55.2 ms       6.40 ms   187 ms
//!         ████████▌ ████████▎ ████████▊  ▏       ███████████▍  █▎
//!   wire  40.6 ms   40.2 ms   40.4 ms    0 ns    55.0 ms       6.50 ms
//! ```

mod columns;
mod conversations;
mod facts;
mod failure;
mod headline;
mod phases;
mod repeats;
mod run;
mod segments;
mod suite;

pub(super) use headline::{status_line, tls_summary};
pub(super) use suite::suite_text;

use std::collections::HashMap;

use super::ReportOptions;
use super::styling::{Role, StyledLine, Styler};
use crate::insight::ledger::{Ledger, transfer_ledger};
use crate::insight::redact::Redactor;
use crate::insight::{RepeatedRequest, Transfer, group_into_transfers, repeated_requests};
use crate::report::wrapping::StyledWords;
use crate::trace::{EventKind, Exchange, ExchangeId, Trace};
use crate::units::{Moment, Nanos, Untrusted, format_count};

/// A run as text. It ends with a line break. No line is wider than [`ReportOptions::width`], except
/// for a long word.
pub fn text_report(trace: &Trace, options: &ReportOptions) -> String {
    let width = options
        .width
        .clamp(TextContext::MIN_WIDTH, TextContext::MAX_WIDTH);
    let page = TextContext {
        trace,
        styler: Styler::new(options),
        redactor: options.redactor(),
        width,
        notes: notes_by_exchange(trace),
    };
    let all: Vec<Transfer> = group_into_transfers(trace).collect();
    let mut blocks: Vec<Vec<StyledLine>> = repeated_requests(trace, &all)
        .flat_map(|request| request_blocks(&page, &request))
        .collect();
    blocks.extend(run::omitted_note(&page));
    blocks.extend(run::run_total(&page));
    blocks.push(conversations::conversation_lines(&page, options));
    blocks.push(run::run_lines(&page, options.budget.as_ref()));
    let drawn = blocks.iter().filter(|block| !block.is_empty());
    drawn
        .map(|block| {
            block
                .iter()
                .map(|line| page.styler.render(line))
                .collect::<String>()
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn notes_by_exchange(trace: &Trace) -> HashMap<ExchangeId, Vec<&Untrusted>> {
    let mut notes: HashMap<_, Vec<_>> = HashMap::new();
    for event in trace.log() {
        if let EventKind::Note {
            exchange: Some(exchange),
            text,
        } = &event.kind
        {
            notes.entry(*exchange).or_default().push(text);
        }
    }
    notes
}

/// The inputs of every part of the report.
struct TextContext<'a> {
    trace: &'a Trace,
    styler: Styler,
    redactor: Redactor<'a>,
    width: usize,
    /// Notes about exchanges.
    notes: HashMap<ExchangeId, Vec<&'a Untrusted>>,
}

impl TextContext<'_> {
    /// Minimum width; a narrower terminal wraps lines.
    const MIN_WIDTH: usize = 24;
    /// Maximum width; wider bars show no more detail.
    const MAX_WIDTH: usize = 120;
    /// The column after the labels, where facts begin.
    const FACT_COLUMN: usize = 14;

    /// A duration; if it has not ended, the time so far.
    fn elapsed(&self, duration: Option<Nanos>, since: Moment) -> String {
        match duration {
            Some(duration) => self.styler.time(duration),
            None => {
                self.styler.time(self.trace.latest().since(since)) + self.styler.glyph("…", "...")
            }
        }
    }

    /// The time of each owner, and the verdict.
    fn ledger_lines(&self, ledger: &Ledger) -> Vec<StyledLine> {
        facts::ledger_facts(self, ledger)
            .into_iter()
            .flat_map(|(label, words)| self.fact(label, words))
            .collect()
    }

    /// A labelled fact on as many lines as needed.
    fn fact(&self, label: &str, words: StyledWords) -> Vec<StyledLine> {
        let mut first = StyledLine::indented(2).with(Role::Dim, label);
        first.pad_to(Self::FACT_COLUMN);
        words.wrap(first, self.width)
    }
}

/// The blocks of a request: a single transfer hop by hop, a repeated one as a table.
fn request_blocks(page: &TextContext, request: &RepeatedRequest) -> Vec<Vec<StyledLine>> {
    match request.retained() {
        [transfer] if request.count() == 1 => transfer_blocks(page, transfer),
        _ => repeats::repeat_blocks(page, request),
    }
}

fn transfer_blocks(page: &TextContext, transfer: &Transfer) -> Vec<Vec<StyledLine>> {
    let hops = transfer.hops();
    let mut blocks: Vec<Vec<StyledLine>> = Vec::new();
    let mut gone = transfer.retired().iter().peekable();
    for hop in hops {
        if let Some(gone) = gone.next_if(|gone| gone.first.0 < hop.id.0) {
            blocks.push(omitted_hops_note(page, gone.count()));
        }
        let place = (hops.len() > 1).then(|| (transfer.number_of(hop), transfer.hop_count()));
        blocks.extend(exchange_blocks(page, hop, place));
    }
    if hops.len() > 1 {
        blocks.push(total_line(page, transfer));
    }
    blocks
}

/// A note about hops that are only included in the totals.
fn omitted_hops_note(page: &TextContext, hops: u64) -> Vec<StyledLine> {
    let note = format!(
        "{} of this request are in the totals only; --format events and --save have all",
        format_count(usize::try_from(hops).unwrap_or(usize::MAX), "more exchange")
    );
    page.fact("more", StyledWords::default().add(Role::Warning, &note))
}

fn exchange_blocks(
    page: &TextContext,
    exchange: &Exchange,
    place: Option<(u64, u64)>,
) -> [Vec<StyledLine>; 4] {
    [
        headline::headline_lines(page, exchange, place),
        phases::phase_lines(page, exchange),
        failure::failure_lines(page, exchange),
        facts::fact_lines(page, exchange),
    ]
}

/// The total over all hops, its parts, and whose time it was.
fn total_line(page: &TextContext, transfer: &Transfer) -> Vec<StyledLine> {
    let hops = transfer.hops();
    let mut parts: Vec<String> = hops
        .iter()
        .map(|hop| page.elapsed(hop.total(), hop.started))
        .collect();
    if transfer.retired_count() > 0 {
        parts = vec![parts.first().cloned().unwrap_or_default()];
        parts.push(page.styler.glyph("…", "...").to_owned());
        parts.extend(
            hops.last()
                .map(|last| page.elapsed(last.total(), last.started)),
        );
    }
    let all = page.elapsed(
        transfer.total(),
        hops.first().map_or(Moment::START, |first| first.started),
    );
    let words = StyledWords::default().add_unbroken(Role::Strong, &all).add(
        Role::Plain,
        &format!("over {} hops: {}", transfer.hop_count(), parts.join(" + ")),
    );
    let mut lines = page.fact("total", words);
    if let Some(ledger) = transfer_ledger(page.trace, transfer) {
        lines.extend(page.ledger_lines(&ledger));
    }
    lines
}
