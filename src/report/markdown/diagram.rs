//! Who said what to whom, when.

use super::mermaid::{Arrow, Line, Party, diagram};
use super::messages;
use crate::insight::transfers;
use crate::report::picture::Scene;
use crate::trace::{Cause, Exchange};
use crate::units::Moment;

/// Exchanges that are drawn: those of the first transfers, without repeats.
const MOST_EXCHANGES: usize = 12;
/// Those who take part, and lines. What is beyond is not drawn; larger diagrams are refused or
/// cannot be read.
const MOST_PARTIES: usize = 12;
const MOST_LINES: usize = 200;

/// Lines as they come about, and those who take part.
pub(super) struct Drawing {
    parties: Vec<String>,
    lines: Vec<(Moment, Line)>,
    began: Moment,
}

/// The diagram; `None` where there is nothing to draw.
pub(super) fn part(scene: &Scene<'_>) -> Option<String> {
    let all = transfers(scene.trace).filter(|run| {
        run.hops()
            .first()
            .is_some_and(|hop| hop.cause != Cause::Repeat)
    });
    let drawn: Vec<&Exchange> = all
        .flat_map(|run| run.hops().iter())
        .take(MOST_EXCHANGES)
        .collect();
    let began = drawn.first()?.started;
    let mut drawing = Drawing {
        parties: vec!["this machine".to_owned()],
        lines: Vec::new(),
        began,
    };
    for exchange in drawn {
        messages::add(scene, exchange, &mut drawing);
    }
    Some(format!(
        "## Who said what, when\n\nTimes count from the start.\n\n{}",
        drawing.written()
    ))
}

impl Drawing {
    /// This side.
    pub(super) const CLIENT: Party = Party(0);

    /// Somebody, known by name; `None` where there are too many to draw.
    pub(super) fn party(&mut self, name: &str) -> Option<Party> {
        if let Some(place) = self.parties.iter().position(|known| known == name) {
            return Some(Party(place));
        }
        if self.parties.len() == MOST_PARTIES {
            return None;
        }
        self.parties.push(name.to_owned());
        Some(Party(self.parties.len() - 1))
    }

    /// What this side said.
    pub(super) fn said(&mut self, at: Moment, to: Option<Party>, text: &str) {
        self.add(at, Some(Self::CLIENT), to, Arrow::Solid, text);
    }

    /// What it was told.
    pub(super) fn heard(&mut self, at: Moment, from: Option<Party>, text: &str) {
        self.add(at, from, Some(Self::CLIENT), Arrow::Dashed, text);
    }

    /// What said no.
    pub(super) fn refused(&mut self, at: Moment, by: Option<Party>, text: &str) {
        self.add(at, by, Some(Self::CLIENT), Arrow::Crossed, text);
    }

    /// What is to be said of this side.
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
        from: Option<Party>,
        to: Option<Party>,
        arrow: Arrow,
        text: &str,
    ) {
        if let (Some(from), Some(to)) = (from, to) {
            let text = format!("{text} · {}", at.since(self.began));
            self.lines.push((
                at,
                Line {
                    from,
                    to,
                    arrow,
                    text,
                },
            ));
        }
    }

    /// In the order of time; what is of one instant keeps the order it was told in.
    fn written(mut self) -> String {
        self.lines.sort_by_key(|(at, _)| *at);
        self.lines.truncate(MOST_LINES);
        diagram(
            &self.parties,
            &self
                .lines
                .into_iter()
                .map(|(_, line)| line)
                .collect::<Vec<_>>(),
        )
    }
}
