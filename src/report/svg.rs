//! The run's timeline as one picture that stands on its own: for a slide, a README, a ticket.

use super::Options;
use super::picture::{Heading, Legend, Lettering, Scene, Sheet, sentence};
use crate::insight::conversations;
use crate::trace::{CaptureState, Trace};
use crate::units::counted;

/// Colours, as names of what they are for, in light and dark.
pub(super) const COLOURS: &str = include_str!("../../assets/report/colours.css");
/// How things in pictures look.
pub(super) const PICTURE: &str = include_str!("../../assets/report/picture.css");

/// A run as an SVG document. It ends with a line break.
pub fn svg(trace: &Trace, options: &Options) -> String {
    let scene = Scene {
        trace,
        redactor: options.redactor(),
    };
    let heading = Heading::of(&scene);
    let (mut sheet, mut legend) = (Sheet::new("tapline", false), Legend::default());
    heading.draw(&mut sheet);
    match trace.exchanges() {
        [] if conversations(trace).is_some() => {
            scene.draw_conversations(&mut sheet, &options.names);
        }
        [] => {}
        [only] => scene.draw_unfolded(&mut sheet, only, &mut legend),
        _ => scene.draw_folded(&mut sheet, &mut legend),
    }
    legend.draw(&mut sheet);
    draw_source(&mut sheet, trace);
    let style = format!("{COLOURS}{PICTURE}");
    sheet.finish(
        &format!("{}, {}", heading.asked, heading.total),
        &sentence(&scene, &heading),
        Some(&style),
    )
}

/// Who measured, when, and where the figures are from.
fn draw_source(sheet: &mut Sheet, trace: &Trace) {
    const TEXT: Lettering = Lettering::of(11.0);
    sheet.y += 10.0;
    let parts = [measured_by(trace), started(trace), Some(seen(trace))];
    let said = parts
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" \u{00b7} ");
    for line in TEXT.wrap(&said, Sheet::WIDTH - 2.0 * Sheet::MARGIN, 3) {
        sheet.text("dim", TEXT, (Sheet::MARGIN, sheet.y + 8.0), &line);
        sheet.y += 15.0;
    }
    sheet.y += 8.0;
}

fn measured_by(trace: &Trace) -> Option<String> {
    trace.tool_version().map(|version| {
        format!(
            "measured by tapline {}",
            crate::units::Untrusted::new(version).escaped()
        )
    })
}

fn started(trace: &Trace) -> Option<String> {
    let nanos = i128::from(trace.started_at()?.0);
    let time = jiff::Timestamp::from_nanosecond(nanos).ok()?;
    Some(time.strftime("%F %T UTC").to_string())
}

/// Whether packets were seen, and how many.
pub(super) fn seen(trace: &Trace) -> String {
    let capture = trace.capture();
    match &capture.state {
        CaptureState::On => {
            let packets = counted(
                usize::try_from(capture.packets).unwrap_or(usize::MAX),
                "packet",
            );
            let lost = capture
                .dropped
                .filter(|lost| *lost > 0)
                .map(|lost| format!(", {lost} lost by the kernel"))
                .unwrap_or_default();
            format!(
                "{packets} on {}{lost}",
                capture.interface.as_deref().unwrap_or("?")
            )
        }
        CaptureState::Off => "packets were not captured".to_owned(),
        CaptureState::Unavailable { reason, .. } => format!("no packets: {reason}"),
    }
}
