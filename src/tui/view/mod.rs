//! The picture.

use ratatui::Frame;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::State;
use crate::units::Moment;

/// Draws the state as it is at an instant of the run.
pub fn draw(frame: &mut Frame, state: &State, now: Moment) {
    let mut lines = vec![Line::raw(format!("tapline  {}  {}", state.url.as_deref().unwrap_or("no URL"), now.from_start()))];
    lines.extend(state.notice.iter().map(|notice| Line::raw(notice.as_str())));
    for exchange in state.trace().exchanges() {
        for (phase, span) in exchange.phases.iter() {
            let took = span.duration().unwrap_or_else(|| now.since(span.began));
            lines.push(Line::raw(format!("{:<8}{took}", phase.label())));
        }
        lines.extend(exchange.failure.iter().map(|(_, failure)| Line::raw(failure.message.escaped().into_owned())));
    }
    lines.push(Line::raw("r run again  q quit"));
    frame.render_widget(Paragraph::new(lines), frame.area());
}
