//! A histogram of the totals of repeated runs.

use super::canvas::{PictureItem, SvgCanvas, as_f64};
use super::font::Font;
use crate::units::{Nanos, format_count};

/// Draws the histogram.
pub(super) fn draw(canvas: &mut SvgCanvas, totals: &[Nanos]) {
    const BINS: u64 = 32;
    const TALL: f64 = 120.0;
    const TEXT: Font = Font::regular(11.0);
    let (Some(least), Some(most)) = (totals.iter().min().copied(), totals.iter().max().copied())
    else {
        return;
    };
    let step = most.saturating_sub(least).0.div_ceil(BINS).max(1);
    let bin = |total: Nanos| (total.saturating_sub(least).0 / step).min(BINS - 1);
    let counts: Vec<usize> = (0..BINS)
        .map(|n| totals.iter().filter(|total| bin(**total) == n).count())
        .collect();
    let tallest = counts.iter().copied().max().unwrap_or(1).max(1);
    let left = SvgCanvas::MARGIN + 40.0;
    let right = SvgCanvas::WIDTH - SvgCanvas::MARGIN;
    let wide = (right - left) / as_f64(counts.len());
    let bottom = canvas.y + TALL + 14.0;
    canvas.line("baseline", (left, bottom), (right, bottom));
    canvas.text_ending_at(
        "dim",
        TEXT,
        (left - 8.0, bottom - TALL + 4.0),
        &tallest.to_string(),
    );
    canvas.text_ending_at("dim", TEXT, (left - 8.0, bottom), "0");
    for (n, runs) in (0_u64..).zip(&counts).filter(|(_, runs)| **runs > 0) {
        let from = least + Nanos(step.saturating_mul(n));
        let to = least + Nanos(step.saturating_mul(n + 1));
        let says = format!("{} took from {from} to {to}", format_count(*runs, "run"));
        canvas.open_item(
            &PictureItem {
                class: "thing phase wait".to_owned(),
                description: says,
                key: format!("h{n}"),
                ..PictureItem::default()
            },
            None,
        );
        let high = TALL * as_f64(*runs) / as_f64(tallest);
        let x = left + wide * as_f64(usize::try_from(n).unwrap_or(0));
        canvas.rect("bar", (x + 1.0, bottom - high), (wide - 2.0, high));
        canvas.close_group();
    }
    canvas.text("dim", TEXT, (left, bottom + 15.0), &least.to_string());
    canvas.text_ending_at("dim", TEXT, (right, bottom + 15.0), &most.to_string());
    canvas.y = bottom + 26.0;
}
