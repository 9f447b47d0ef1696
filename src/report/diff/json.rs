//! One JSON document, schema `tapline/diff/1`; `assets/schema/diff-1.schema.json` says what each
//! field means.
//!
//! Field names are a contract: added to, never renamed. What was not measured is `null`.

use serde::Serialize;

use super::Compared;
use crate::insight::diff::{
    Change, Effect, Facts, FieldChange, Figure, HopDifference, PhaseDifference, Regression, Runs,
    Tolerance, TransferDifference, Worse,
};
use crate::insight::redact::Redactor;
use crate::report::{Options, escaping};
use crate::trace::Header;
use crate::units::{Nanos, Untrusted};

/// The name and version of the document's format.
const SCHEMA: &str = "tapline/diff/1";

/// The comparison as one JSON document.
pub(super) fn json(compared: Compared<'_>, options: &Options) -> String {
    let redactor = options.redactor();
    let difference = compared.difference;
    let ends = |facts: &[&Facts]| facts.iter().map(|facts| End::of(facts, redactor)).collect();
    let document = Document {
        schema: SCHEMA,
        tool: Tool {
            name: "tapline",
            version: env!("CARGO_PKG_VERSION"),
        },
        before: compared.names[0],
        after: compared.names[1],
        verdict: if difference.regressions.is_empty() {
            "ok"
        } else {
            "regression"
        },
        tolerance: Tolerated::of(difference.tolerance),
        regressions: difference.regressions.iter().map(Worsened::of).collect(),
        transfers: difference
            .transfers
            .iter()
            .map(|transfer| Transfer::of(transfer, redactor))
            .collect(),
        only_before: ends(&difference.only_before),
        only_after: ends(&difference.only_after),
    };
    escaping::lines(&document)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tool: Tool,
    before: &'a Untrusted,
    after: &'a Untrusted,
    verdict: &'static str,
    tolerance: Tolerated,
    regressions: Vec<Worsened<'a>>,
    transfers: Vec<Transfer>,
    only_before: Vec<End>,
    only_after: Vec<End>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Tolerated {
    time_ns: Option<Nanos>,
    share_millionths: Option<u64>,
}

impl Tolerated {
    const fn of(tolerance: Tolerance) -> Self {
        match tolerance {
            Tolerance::Time(time) => Self {
                time_ns: Some(time),
                share_millionths: None,
            },
            Tolerance::Share(share) => Self {
                time_ns: None,
                share_millionths: Some(share),
            },
        }
    }
}

#[derive(Serialize)]
struct Worsened<'a> {
    kind: &'static str,
    transfer: Option<usize>,
    rule: Option<&'a Untrusted>,
}

impl<'a> Worsened<'a> {
    const fn of(regression: &'a Regression) -> Self {
        let rule = match &regression.worse {
            Worse::Missed(rule) => Some(rule),
            _ => None,
        };
        Self {
            kind: regression.worse.name(),
            transfer: regression.transfer,
            rule,
        }
    }
}

#[derive(Serialize)]
struct Transfer {
    runs_before: Counted,
    runs_after: Counted,
    total: Option<Time>,
    hops: Vec<Hop>,
}

impl Transfer {
    fn of(transfer: &TransferDifference<'_>, redactor: Redactor<'_>) -> Self {
        let [before, after] = transfer.runs;
        Self {
            runs_before: Counted::of(before),
            runs_after: Counted::of(after),
            total: Time::of(&transfer.total),
            hops: transfer
                .hops
                .iter()
                .map(|hop| Hop::of(hop, redactor))
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct Counted {
    count: usize,
    failed: usize,
}

impl Counted {
    const fn of(runs: Runs) -> Self {
        Self {
            count: runs.count,
            failed: runs.failed,
        }
    }
}

#[derive(Serialize)]
struct Hop {
    before: Option<End>,
    after: Option<End>,
    total: Option<Time>,
    phases: Vec<Phase>,
    changes: Vec<Changed>,
    fields: Vec<Field>,
}

impl Hop {
    fn of(hop: &HopDifference<'_>, redactor: Redactor<'_>) -> Self {
        Self {
            before: hop.before.map(|facts| End::of(facts, redactor)),
            after: hop.after.map(|facts| End::of(facts, redactor)),
            total: Time::of(&hop.total),
            phases: hop
                .phases
                .iter()
                .map(|phase| Phase::of(phase, redactor))
                .collect(),
            changes: hop
                .changes
                .iter()
                .map(|change| Changed::of(change, redactor))
                .collect(),
            fields: hop
                .fields
                .iter()
                .map(|field| Field::of(field, redactor))
                .collect(),
        }
    }
}

/// An exchange of one of the runs.
#[derive(Serialize)]
struct End {
    method: Untrusted,
    url: Untrusted,
    status: Option<u16>,
    failed: bool,
}

impl End {
    fn of(facts: &Facts, redactor: Redactor<'_>) -> Self {
        Self {
            method: facts.method.as_str().into(),
            url: redactor.text(&facts.url),
            status: facts.status,
            failed: facts.failed(),
        }
    }
}

#[derive(Serialize)]
struct Time {
    before_ns: Option<Nanos>,
    after_ns: Option<Nanos>,
    difference_ns: Option<i64>,
    noise_ns: Option<Nanos>,
    noise_measured: Option<bool>,
    judgement: &'static str,
}

impl Time {
    /// `None` where neither side was measured.
    fn of(figure: &Figure) -> Option<Self> {
        figure.is_known().then(|| Self {
            before_ns: figure.before,
            after_ns: figure.after,
            difference_ns: figure.difference(),
            noise_ns: figure.noise.map(|noise| noise.limit),
            noise_measured: figure.noise.map(|noise| noise.measured),
            judgement: figure.judgement.name(),
        })
    }
}

#[derive(Serialize)]
struct Phase {
    name: &'static str,
    app: Option<Time>,
    wire: Option<Time>,
    causes: Vec<Changed>,
}

impl Phase {
    fn of(phase: &PhaseDifference, redactor: Redactor<'_>) -> Self {
        Self {
            name: phase.phase.name(),
            app: Time::of(&phase.app),
            wire: Time::of(&phase.wire),
            causes: phase
                .causes
                .iter()
                .map(|change| Changed::of(change, redactor))
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct Changed {
    kind: &'static str,
    phase: Option<&'static str>,
    effect: Option<&'static str>,
    text: Untrusted,
}

impl Changed {
    fn of(change: &Change, redactor: Redactor<'_>) -> Self {
        let effect = match change.effect {
            Effect::Longer => Some("longer"),
            Effect::Shorter => Some("shorter"),
            Effect::Unknown => None,
        };
        // A sentence, which may quote what came: `jq -r` prints it as it is.
        let text = Untrusted::new(redactor.text(&change.words).escaped());
        Self {
            kind: change.kind.name(),
            phase: change.phase.map(crate::trace::Phase::name),
            effect,
            text,
        }
    }
}

#[derive(Serialize)]
struct Field {
    message: &'static str,
    name: Untrusted,
    before: Vec<Untrusted>,
    after: Vec<Untrusted>,
}

impl Field {
    fn of(change: &FieldChange<'_>, redactor: Redactor<'_>) -> Self {
        let values = |lines: &[&Header]| {
            lines
                .iter()
                .map(|line| redactor.header(line).value)
                .collect()
        };
        let name = change
            .after
            .first()
            .or(change.before.first())
            .map(|line| line.name.clone())
            .unwrap_or_default();
        Self {
            message: change.of.name(),
            name,
            before: values(&change.before),
            after: values(&change.after),
        }
    }
}
