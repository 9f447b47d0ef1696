//! A phase beside the same one in another run, and why it took longer or less.

use super::cause;
use super::change::Change;
use super::facts::Facts;
use super::noise::{Figure, Judgement};
use crate::trace::Phase;

/// A phase beside the same one in another run.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseDifference {
    /// Which.
    pub phase: Phase,
    /// On the program's clock.
    pub app: Figure,
    /// On the wire's.
    pub wire: Figure,
    /// Why, as far as the events tell; empty where nothing differs, or nothing tells.
    pub causes: Vec<Change>,
}

impl PhaseDifference {
    /// The figure that counts: the program's, or where there is none the wire's.
    pub const fn figure(&self) -> Figure {
        if self.app.is_known() {
            self.app
        } else {
            self.wire
        }
    }
}

/// Compares; `None` where neither run had the phase.
pub(super) fn difference(
    phase: Phase,
    app: Figure,
    wire: Figure,
    facts: Option<(&Facts, &Facts)>,
    changes: &[Change],
) -> Option<PhaseDifference> {
    if !app.is_known() && !wire.is_known() {
        return None;
    }
    let mut difference = PhaseDifference {
        phase,
        app,
        wire,
        causes: Vec::new(),
    };
    let figure = difference.figure();
    let longer = match figure.judgement {
        Judgement::Slower | Judgement::Tolerated => true,
        Judgement::Faster => false,
        Judgement::OneSided => figure.after.is_some(),
        Judgement::Within => return Some(difference),
    };
    if let Some((before, after)) = facts {
        let told = changes
            .iter()
            .filter(|change| change.phase == Some(phase) && change.effect.explains(longer))
            .cloned();
        let measured = cause::measured(&difference, longer, before, after);
        difference.causes = told.chain(measured).collect();
        // What is true of several phases is said where nothing closer is known.
        if difference.causes.is_empty() && figure.judgement != Judgement::OneSided {
            let general = changes
                .iter()
                .filter(|change| change.phase.is_none() && change.effect.explains(longer));
            difference.causes = general
                .filter(|change| change.effect != super::Effect::Unknown)
                .cloned()
                .collect();
        }
    }
    Some(difference)
}
