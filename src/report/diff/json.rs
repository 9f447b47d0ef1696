//! The JSON document with schema `tapline/diff/1`; `assets/schema/diff-1.schema.json` describes its
//! fields.
//!
//! Field names are a contract: new ones are added, none are renamed. What was not measured is
//! `null`.

use serde::Serialize;

use super::Comparison;
use crate::insight::diff::{
    CauseDifference, DiffChange, DiffTolerance, ExchangeFacts, FieldChange, FigureDifference,
    HopDifference, PhaseDifference, Regression, RegressionKind, RunCounts, TimingEffect,
    TransferDifference,
};
use crate::insight::redact::Redactor;
use crate::report::json::JsonTool;
use crate::report::{ReportOptions, json_text};
use crate::trace::HttpHeader;
use crate::units::{Nanos, Untrusted};

/// The name and version of the document format.
const SCHEMA: &str = "tapline/diff/1";

/// The comparison as one JSON document.
pub(super) fn diff_json(compared: Comparison<'_>, options: &ReportOptions) -> String {
    let redactor = options.redactor();
    let difference = compared.difference;
    let ends = |facts: &[&ExchangeFacts]| {
        facts
            .iter()
            .map(|facts| JsonDiffRequest::new(facts, redactor))
            .collect()
    };
    let document = Document {
        schema: SCHEMA,
        tool: JsonTool::of_version(Some(env!("CARGO_PKG_VERSION"))),
        before: compared.names[0],
        after: compared.names[1],
        verdict: if difference.regressions.is_empty() {
            "ok"
        } else {
            "regression"
        },
        tolerance: JsonTolerance::new(difference.tolerance),
        regressions: difference
            .regressions
            .iter()
            .map(JsonRegression::new)
            .collect(),
        transfers: difference
            .transfers
            .iter()
            .map(|transfer| Transfer::new(transfer, redactor))
            .collect(),
        only_before: ends(&difference.only_before),
        only_after: ends(&difference.only_after),
    };
    json_text::pretty_json(&document)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tool: JsonTool<'static>,
    before: &'a Untrusted,
    after: &'a Untrusted,
    verdict: &'static str,
    tolerance: JsonTolerance,
    regressions: Vec<JsonRegression<'a>>,
    transfers: Vec<Transfer>,
    only_before: Vec<JsonDiffRequest>,
    only_after: Vec<JsonDiffRequest>,
}

#[derive(Serialize)]
struct JsonTolerance {
    time_ns: Option<Nanos>,
    share_millionths: Option<u64>,
}

impl JsonTolerance {
    const fn new(tolerance: DiffTolerance) -> Self {
        match tolerance {
            DiffTolerance::Absolute(time) => Self {
                time_ns: Some(time),
                share_millionths: None,
            },
            DiffTolerance::Relative(share) => Self {
                time_ns: None,
                share_millionths: Some(share),
            },
        }
    }
}

#[derive(Serialize)]
struct JsonRegression<'a> {
    kind: &'static str,
    transfer: Option<usize>,
    rule: Option<&'a Untrusted>,
}

impl<'a> JsonRegression<'a> {
    const fn new(regression: &'a Regression) -> Self {
        let rule = match &regression.kind {
            RegressionKind::LimitMissed(rule) => Some(rule),
            _ => None,
        };
        Self {
            kind: regression.kind.name(),
            transfer: regression.transfer,
            rule,
        }
    }
}

#[derive(Serialize)]
struct Transfer {
    runs_before: JsonRunCounts,
    runs_after: JsonRunCounts,
    total: Option<JsonDiffTime>,
    time_spent: Vec<JsonCauseDifference>,
    hops: Vec<Hop>,
}

impl Transfer {
    fn new(transfer: &TransferDifference<'_>, redactor: Redactor<'_>) -> Self {
        let [before, after] = transfer.runs;
        Self {
            runs_before: JsonRunCounts::new(before),
            runs_after: JsonRunCounts::new(after),
            total: JsonDiffTime::new(&transfer.total),
            time_spent: transfer
                .ledger
                .iter()
                .map(JsonCauseDifference::new)
                .collect(),
            hops: transfer
                .hops
                .iter()
                .map(|hop| Hop::new(hop, redactor))
                .collect(),
        }
    }
}

/// The time of an owner and cause in both runs.
#[derive(Serialize)]
struct JsonCauseDifference {
    owner: &'static str,
    cause: &'static str,
    time: Option<JsonDiffTime>,
}

impl JsonCauseDifference {
    fn new(difference: &CauseDifference) -> Self {
        Self {
            owner: difference.owner.name(),
            cause: difference.cause.name(),
            time: JsonDiffTime::new(&difference.time),
        }
    }
}

#[derive(Serialize)]
struct JsonRunCounts {
    count: usize,
    failed: usize,
}

impl JsonRunCounts {
    const fn new(runs: RunCounts) -> Self {
        Self {
            count: runs.count,
            failed: runs.failed,
        }
    }
}

#[derive(Serialize)]
struct Hop {
    before: Option<JsonDiffRequest>,
    after: Option<JsonDiffRequest>,
    total: Option<JsonDiffTime>,
    phases: Vec<Phase>,
    changes: Vec<JsonChange>,
    fields: Vec<Field>,
}

impl Hop {
    fn new(hop: &HopDifference<'_>, redactor: Redactor<'_>) -> Self {
        Self {
            before: hop
                .before
                .map(|facts| JsonDiffRequest::new(facts, redactor)),
            after: hop.after.map(|facts| JsonDiffRequest::new(facts, redactor)),
            total: JsonDiffTime::new(&hop.total),
            phases: hop
                .phases
                .iter()
                .map(|phase| Phase::new(phase, redactor))
                .collect(),
            changes: hop
                .changes
                .iter()
                .map(|change| JsonChange::new(change, redactor))
                .collect(),
            fields: hop
                .fields
                .iter()
                .map(|field| Field::new(field, redactor))
                .collect(),
        }
    }
}

/// An exchange of one of the runs.
#[derive(Serialize)]
struct JsonDiffRequest {
    method: Untrusted,
    url: Untrusted,
    status: Option<u16>,
    failed: bool,
}

impl JsonDiffRequest {
    fn new(facts: &ExchangeFacts, redactor: Redactor<'_>) -> Self {
        Self {
            method: facts.method.as_str().into(),
            url: redactor.text(&facts.url),
            status: facts.status,
            failed: facts.failed(),
        }
    }
}

#[derive(Serialize)]
struct JsonDiffTime {
    before_ns: Option<Nanos>,
    after_ns: Option<Nanos>,
    difference_ns: Option<i64>,
    noise_ns: Option<Nanos>,
    noise_measured: Option<bool>,
    judgement: &'static str,
}

impl JsonDiffTime {
    /// Returns `None` if neither side was measured.
    fn new(figure: &FigureDifference) -> Option<Self> {
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
    app: Option<JsonDiffTime>,
    wire: Option<JsonDiffTime>,
    causes: Vec<JsonChange>,
}

impl Phase {
    fn new(phase: &PhaseDifference, redactor: Redactor<'_>) -> Self {
        Self {
            name: phase.phase.name(),
            app: JsonDiffTime::new(&phase.app),
            wire: JsonDiffTime::new(&phase.wire),
            causes: phase
                .causes
                .iter()
                .map(|change| JsonChange::new(change, redactor))
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct JsonChange {
    kind: &'static str,
    phase: Option<&'static str>,
    effect: Option<&'static str>,
    text: Untrusted,
}

impl JsonChange {
    fn new(change: &DiffChange, redactor: Redactor<'_>) -> Self {
        let effect = match change.effect {
            TimingEffect::Longer => Some("longer"),
            TimingEffect::Shorter => Some("shorter"),
            TimingEffect::Unknown => None,
        };
        // jq -r prints the sentence unescaped, and it may quote text from outside.
        let text = Untrusted::new(redactor.text(&change.description).escaped());
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
    fn new(change: &FieldChange<'_>, redactor: Redactor<'_>) -> Self {
        let values = |lines: &[&HttpHeader]| {
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
            message: change.message.name(),
            name,
            before: values(&change.before),
            after: values(&change.after),
        }
    }
}
