//! Comparison of a phase in two runs, and the causes of the difference.

use super::causes;
use super::change::DiffChange;
use super::facts::ExchangeFacts;
use super::noise::{FigureDifference, Judgement};
use crate::trace::Phase;

/// A phase in two runs.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseDifference {
    /// The phase.
    pub phase: Phase,
    /// Its duration on the program's clock.
    pub app: FigureDifference,
    /// Its duration on the wire's clock.
    pub wire: FigureDifference,
    /// The causes, as far as the events show them; empty if there is no difference or no known
    /// cause.
    pub causes: Vec<DiffChange>,
}

impl PhaseDifference {
    /// The difference that counts: the program's clock, or the wire's if the former is absent.
    pub const fn figure(&self) -> FigureDifference {
        if self.app.is_known() {
            self.app
        } else {
            self.wire
        }
    }
}

/// Compares a phase; `None` if neither run had it.
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
        let in_phase = changes
            .iter()
            .filter(|change| change.phase == Some(phase) && change.effect.explains(longer))
            .cloned();
        let measured = causes::timing_causes(&difference, longer, before, after);
        difference.causes = in_phase.chain(measured).collect();
        // General changes are only named if there is no more specific cause.
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
