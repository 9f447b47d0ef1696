//! The fact about an exchange's TCP segments.

use super::TextContext;
use super::facts::{Fact, plain_words};
use crate::insight::{
    ConnectionSegments, KernelCounts, KernelSegments, WireSegments, connection_segments,
    kernel_segments,
};
use crate::report::styling::Role;
use crate::report::wrapping::StyledWords;
use crate::trace::{Exchange, SegmentCounts};
use crate::units::Bytes;

/// Segment counts from packets, or else from the kernel.
pub(super) fn segments_fact(page: &TextContext, exchange: &Exchange) -> Option<Fact> {
    if let Some(wire) = connection_segments(page.trace, exchange) {
        let sharing = page
            .trace
            .exchanges()
            .iter()
            .filter(|other| other.connection == exchange.connection)
            .count();
        let words = by_packets(page, &wire);
        return Some((
            "segments",
            if sharing > 1 {
                words
                    .append(",")
                    .add(Role::Dim, "over the whole connection")
            } else {
                words
            },
        ));
    }
    let kernel = kernel_segments(page.trace, exchange)?;
    let words = by_kernel(page, &kernel)?;
    Some(("segments", words.add(Role::Dim, "[kernel]")))
}

fn by_packets(page: &TextContext, wire: &ConnectionSegments) -> StyledWords {
    let styler = page.styler;
    let one = |sign: &str, counts: &SegmentCounts| {
        format!(
            "{sign} {} ({})",
            counts.data_segments,
            Bytes(counts.payload_bytes)
        )
    };
    let largest = wire.sent.max_payload.max(wire.received.max_payload);
    let counts = format!(
        "{} {}",
        one(styler.glyph("↑", "out"), &wire.sent),
        one(styler.glyph("↓", "in"), &wire.received)
    );
    let limit = wire
        .mss
        .map(|mss| format!(" of MSS {mss}"))
        .unwrap_or_default();
    let words = StyledWords::default()
        .add_unbroken(Role::Plain, &counts)
        .append(",")
        .add_unbroken(Role::Plain, &format!("largest {largest}{limit}"));
    let words = match wire.on_wire {
        Some(WireSegments { sent, received, .. }) => words.add_unbroken(
            Role::Plain,
            &format!(
                "(aggregated by this machine; on the wire {} {sent} {} {received})",
                styler.glyph("↑", "out"),
                styler.glyph("↓", "in")
            ),
        ),
        None if wire.offloaded => words.add(
            Role::Warning,
            "(aggregated by this machine, not as on the wire)",
        ),
        None => words,
    };
    add_retransmissions(
        words.append(","),
        wire.sent
            .retransmitted
            .saturating_add(wire.received.retransmitted),
    )
}

fn by_kernel(page: &TextContext, kernel: &KernelSegments) -> Option<StyledWords> {
    let styler = page.styler;
    let one = |sign: &str, counts: &KernelCounts| {
        Some(format!(
            "{sign} {} ({})",
            counts.data_segments?,
            Bytes(counts.payload_bytes?)
        ))
    };
    let counts = [
        one(styler.glyph("↑", "out"), &kernel.sent),
        one(styler.glyph("↓", "in"), &kernel.received),
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    if counts.is_empty() && kernel.sent.retransmitted.is_none() {
        return None;
    }
    let words = plain_words(&counts.join(" "));
    let words = kernel.mss.iter().fold(words, |words, mss| {
        words.append(",").add(Role::Plain, &format!("MSS {mss}"))
    });
    Some(match kernel.sent.retransmitted {
        Some(count) => add_retransmissions(words.append(","), count),
        None => words,
    })
}

fn add_retransmissions(words: StyledWords, count: u64) -> StyledWords {
    match count {
        0 => words.add_unbroken(Role::Plain, "none retransmitted"),
        _ => words.add_unbroken(Role::Warning, &format!("{count} retransmitted")),
    }
}
