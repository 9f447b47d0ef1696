//! The timeline of a run as a self-contained image, for slides, READMEs and tickets.

use super::ReportOptions;
use super::picture::{Font, Heading, Legend, PictureContext, SvgCanvas, describe_picture};
use crate::insight::captured_conversations;
use crate::trace::{CaptureState, Trace};
use crate::units::format_count;

/// Colour variables for light and dark mode.
pub(super) const COLOUR_STYLE: &str = include_str!("../../assets/report/colours.css");
/// The style sheet of pictures.
pub(super) const PICTURE_STYLE: &str = include_str!("../../assets/report/picture.css");

/// A run as an SVG document. It ends with a line break.
pub fn svg_report(trace: &Trace, options: &ReportOptions) -> String {
    let scene = PictureContext {
        trace,
        redactor: options.redactor(),
    };
    let heading = Heading::new(&scene);
    let mut sheet = SvgCanvas::new("tapline", false);
    let mut legend = Legend::default();
    heading.draw(&mut sheet);
    match trace.exchanges() {
        [] if captured_conversations(trace).is_some() => {
            scene.draw_conversations(&mut sheet, &options.names);
        }
        [] => {}
        [only] => scene.draw_exchange(&mut sheet, only, &mut legend),
        _ => scene.draw_exchanges(&mut sheet, &mut legend),
    }
    legend.draw(&mut sheet);
    draw_source(&mut sheet, trace);
    let style = format!("{COLOUR_STYLE}{PICTURE_STYLE}");
    sheet.finish(
        &format!("{}, {}", heading.asked, heading.total),
        &describe_picture(&scene, &heading),
        Some(&style),
    )
}

/// The tool version, the time, and the source of the figures.
fn draw_source(sheet: &mut SvgCanvas, trace: &Trace) {
    const TEXT: Font = Font::regular(11.0);
    sheet.y += 10.0;
    let parts = [
        measured_by(trace),
        start_date(trace),
        Some(capture_summary(trace)),
    ];
    let said = parts
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" \u{00b7} ");
    for line in TEXT.wrap(&said, SvgCanvas::WIDTH - 2.0 * SvgCanvas::MARGIN, 3) {
        sheet.text("dim", TEXT, (SvgCanvas::MARGIN, sheet.y + 8.0), &line);
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

fn start_date(trace: &Trace) -> Option<String> {
    let nanos = i128::from(trace.started_at()?.0);
    let time = jiff::Timestamp::from_nanosecond(nanos).ok()?;
    Some(time.strftime("%F %T UTC").to_string())
}

/// A summary of the capture: its packet count, or why there are none.
pub(super) fn capture_summary(trace: &Trace) -> String {
    let capture = trace.capture();
    match &capture.state {
        CaptureState::On => {
            let packets = format_count(
                usize::try_from(capture.packets).unwrap_or(usize::MAX),
                "packet",
            );
            let lost = capture
                .dropped
                .filter(|lost| *lost > 0)
                .map(|lost| format!(", {lost} dropped by the kernel"))
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
