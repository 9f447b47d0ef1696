//! A phase beside the same one in another run, and why it took longer or less.

use super::causes;
use super::change::DiffChange;
use super::facts::ExchangeFacts;
use super::noise::{FigureDifference, Judgement};
use crate::trace::Phase;

/// A phase beside the same one in another run.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseDifference {
    /// Which.
    pub phase: Phase,
    /// On the program's clock.
    pub app: FigureDifference,
    /// On the wire's.
    pub wire: FigureDifference,
    /// Why, as far as the events tell; empty where nothing differs, or nothing tells.
    pub causes: Vec<DiffChange>,
}

impl PhaseDifference {
    /// The figure that counts: the program's, or where there is none the wire's.
    pub const fn figure(&self) -> FigureDifference {
        if self.app.is_known() {
            self.app
        } else {
            self.wire
        }
    }
}

/// Compares; `None` where neither run had the phase.
pub(super) fn compare_phase(
    phase: Phase,
    app: FigureDifference,
    wire: FigureDifference,
    facts: Option<(&ExchangeFacts, &ExchangeFacts)>,
    changes: &[DiffChange],
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
        Judgement::WithinNoise => return Some(difference),
    };
    if let Some((before, after)) = facts {
        let told = changes
            .iter()
            .filter(|change| change.phase == Some(phase) && change.effect.explains(longer))
            .cloned();
        let measured = causes::timing_causes(&difference, longer, before, after);
        difference.causes = told.chain(measured).collect();
        // What is true of several phases is said where nothing closer is known.
        if difference.causes.is_empty() && figure.judgement != Judgement::OneSided {
            let general = changes
                .iter()
                .filter(|change| change.phase.is_none() && change.effect.explains(longer));
            difference.causes = general
                .filter(|change| change.effect != super::TimingEffect::Unknown)
                .cloned()
                .collect();
        }
    }
    Some(difference)
}
