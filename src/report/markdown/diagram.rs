//! A sequence diagram of an exchange.

use super::mermaid::{Arrow, Participant, SequenceLine, render_sequence_diagram};
use super::messages;
use crate::insight::group_into_transfers;
use crate::report::picture::PictureContext;
use crate::trace::{Exchange, ExchangeCause};
use crate::units::Moment;

/// Maximum number of exchanges drawn: those of the first transfers, without repeats.
const MAX_EXCHANGES: usize = 12;
/// Maximum number of participants and lines. Larger diagrams are refused by Mermaid or cannot be
/// read.
const MAX_PARTICIPANTS: usize = 12;
const MAX_LINES: usize = 200;

/// A sequence diagram in progress.
pub(super) struct SequenceDiagram {
    participants: Vec<String>,
    lines: Vec<(Moment, SequenceLine)>,
    began: Moment,
}

/// The diagram; `None` if there is nothing to draw.
pub(super) fn diagram_section(context: &PictureContext<'_>) -> Option<String> {
    let all = group_into_transfers(context.trace).filter(|run| {
        run.hops()
            .first()
            .is_some_and(|hop| hop.cause != ExchangeCause::Repeat)
    });
    let drawn: Vec<&Exchange> = all
        .flat_map(|run| run.hops().iter())
        .take(MAX_EXCHANGES)
        .collect();
    let began = drawn.first()?.started;
    let mut drawing = SequenceDiagram {
        participants: vec!["this machine".to_owned()],
        lines: Vec::new(),
        began,
    };
    for exchange in drawn {
        messages::add_exchange(context, exchange, &mut drawing);
    }
    Some(format!(
        "## Sequence of messages\n\nTimes are relative to the start.\n\n{}",
        drawing.render()
    ))
}

impl SequenceDiagram {
    /// This machine.
    pub(super) const CLIENT: Participant = Participant(0);

    /// The participant with a name, added if new; `None` if there are too many.
    pub(super) fn participant(&mut self, name: &str) -> Option<Participant> {
        if let Some(place) = self.participants.iter().position(|known| known == name) {
            return Some(Participant(place));
        }
        if self.participants.len() == MAX_PARTICIPANTS {
            return None;
        }
        self.participants.push(name.to_owned());
        Some(Participant(self.participants.len() - 1))
    }

    /// Adds a message that this machine sent.
    pub(super) fn sent(&mut self, at: Moment, to: Option<Participant>, text: &str) {
        self.add(at, Some(Self::CLIENT), to, Arrow::Solid, text);
    }

    /// Adds a message that this machine received.
    pub(super) fn received(&mut self, at: Moment, from: Option<Participant>, text: &str) {
        self.add(at, from, Some(Self::CLIENT), Arrow::Dashed, text);
    }

    /// Adds a rejection.
    pub(super) fn refused(&mut self, at: Moment, by: Option<Participant>, text: &str) {
        self.add(at, by, Some(Self::CLIENT), Arrow::Crossed, text);
    }

    /// Adds a note over this machine.
    pub(super) fn note(&mut self, at: Moment, text: &str) {
        self.add(
            at,
            Some(Self::CLIENT),
            Some(Self::CLIENT),
            Arrow::Note,
            text,
        );
    }

    fn add(
        &mut self,
        at: Moment,
        from: Option<Participant>,
        to: Option<Participant>,
        arrow: Arrow,
        text: &str,
    ) {
        if let (Some(from), Some(to)) = (from, to) {
            let text = format!("{text} · {}", at.since(self.began));
            self.lines.push((
                at,
                SequenceLine {
                    from,
                    to,
                    arrow,
                    text,
                },
            ));
        }
    }

    /// Renders the lines in order of time; simultaneous ones keep their order.
    fn render(mut self) -> String {
        self.lines.sort_by_key(|(at, _)| *at);
        self.lines.truncate(MAX_LINES);
        render_sequence_diagram(
            &self.participants,
            &self
                .lines
                .into_iter()
                .map(|(_, line)| line)
                .collect::<Vec<_>>(),
        )
    }
}
