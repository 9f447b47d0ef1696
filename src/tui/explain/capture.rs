//! Explanation of a capture as a whole.

use jiff::Timestamp;

use super::page::ExplanationPage;
use crate::trace::{EventKind, Evicted, OtherFrames, Trace};
use crate::tui::screen_run::ScreenRun;
use crate::tui::theme::StyleRole;
use crate::units::{WallTime, group_digits};

/// Maximum number of notes shown.
const MAX_NOTES: usize = 20;

pub(super) fn explain_capture(run: &ScreenRun) -> ExplanationPage {
    let trace = &run.trace;
    let mut page = ExplanationPage::new("This capture");
    add_eviction_notes(trace, &mut page);
    let notes = trace.log().iter().filter_map(|event| match &event.kind {
        EventKind::Note {
            exchange: None,
            text,
        } => Some(text),
        _ => None,
    });
    for text in notes.clone().take(MAX_NOTES) {
        page.styled_paragraph(StyleRole::Warning, text.escaped().into_owned());
    }
    let more = notes.count().saturating_sub(MAX_NOTES);
    if more > 0 {
        page.styled_paragraph(StyleRole::Dim, format!("and {more} more notes"));
    }
    page.gap();
    page.paragraph("Each line is a conversation; Enter shows its packets.");
    page.gap();
    page.fact("packets", group_digits(trace.capture().packets));
    page.fact("conversations", group_digits(trace.flows().len() as u64));
    page.fact_if("started", trace.started_at().and_then(format_timestamp));
    page.fact("duration", trace.latest().from_start().to_string());
    page.fact_if("link", trace.capture().link_type.clone());
    for (count, kind) in other_frame_counts(trace.capture().other_frames)
        .into_iter()
        .filter(|(count, _)| *count > 0)
    {
        page.fact(kind, group_digits(count));
    }
    if trace.capture().packets_beyond_flow_limit > 0 {
        page.styled_paragraph(
            StyleRole::Warning,
            format!(
                "{} packets belong to conversations beyond the limit and are not listed.",
                group_digits(trace.capture().packets_beyond_flow_limit)
            ),
        );
    }
    page
}

/// Adds how many packets and flows were evicted, and the limits.
fn add_eviction_notes(trace: &Trace, page: &mut ExplanationPage) {
    let (Evicted { packets, flows }, limits) = (trace.evicted(), trace.limits());
    if packets > 0 {
        page.styled_paragraph(
            StyleRole::Warning,
            format!(
                "The first {} packets are no longer listed: later ones replaced them. At most {} \
                    are listed, {} per conversation.",
                group_digits(packets),
                group_digits(limits.packets as u64),
                group_digits(limits.packets_per_flow as u64)
            ),
        );
    }
    if flows > 0 {
        page.styled_paragraph(
            StyleRole::Warning,
            format!(
                "{} conversations are no longer listed: first those that had ended, then those \
                    idle for longest.",
                group_digits(flows)
            ),
        );
    }
}

/// Formats a time to the millisecond; `None` beyond the year 9999.
fn format_timestamp(wall: WallTime) -> Option<String> {
    Timestamp::from_nanosecond(i128::from(wall.0))
        .ok()
        .map(|time| format!("{time:.3}"))
}

const fn other_frame_counts(others: OtherFrames) -> [(u64, &'static str); 5] {
    let OtherFrames {
        arp,
        icmp,
        fragments,
        unreadable,
        other,
    } = others;
    [
        (arp, "ARP"),
        (icmp, "ICMP"),
        (fragments, "fragments"),
        (unreadable, "unreadable"),
        (other, "other protocols"),
    ]
}
