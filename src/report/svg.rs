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
    let context = PictureContext {
        trace,
        redactor: options.redactor(),
    };
    let heading = Heading::new(&context);
    let mut canvas = SvgCanvas::new("tapline", false);
    let mut legend = Legend::default();
    heading.draw(&mut canvas);
    match trace.exchanges() {
        [] if captured_conversations(trace).is_some() => {
            context.draw_conversations(&mut canvas, &options.names);
        }
        [] => {}
        [only] => context.draw_exchange(&mut canvas, only, &mut legend),
        _ => context.draw_exchanges(&mut canvas, &mut legend),
    }
    legend.draw(&mut canvas);
    draw_source(&mut canvas, trace);
    let style = format!("{COLOUR_STYLE}{PICTURE_STYLE}");
    canvas.finish(
        &format!("{}, {}", heading.asked, heading.total),
        &describe_picture(&context, &heading),
        Some(&style),
    )
}

/// The tool version, the time, and the source of the figures.
fn draw_source(canvas: &mut SvgCanvas, trace: &Trace) {
    const TEXT: Font = Font::regular(11.0);
    canvas.y += 10.0;
    let parts = [
        measured_by(trace),
        start_date(trace),
        Some(capture_summary(trace)),
    ];
    let source = parts
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" \u{00b7} ");
    for line in TEXT.wrap(&source, SvgCanvas::WIDTH - 2.0 * SvgCanvas::MARGIN, 3) {
        canvas.text("dim", TEXT, (SvgCanvas::MARGIN, canvas.y + 8.0), &line);
        canvas.y += 15.0;
    }
    canvas.y += 8.0;
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
