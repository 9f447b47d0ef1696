//! A suite as metrics: those of each endpoint, told apart by the label `endpoint` beside `target`.

use super::family::Held;
use super::{Target, blackbox, budget_samples, family, own};
use crate::report::Options;
use crate::report::suite::{Standing, Suite};
use crate::trace::Trace;
use crate::units::Untrusted;

const MET: (&str, &str) = ("tapline_budget_met", super::BUDGET_HELP);
const SUCCESS: (&str, &str) = (
    "tapline_endpoint_success",
    "Whether an endpoint answered and kept its budget",
);

/// An endpoint's samples, of each family in the order in which they are written, those of its
/// budget last.
#[derive(Debug)]
pub(in crate::report) struct Share(Vec<Vec<Held>>);

impl Share {
    /// A run's share. Its samples are written out already, for they outlive the trace.
    pub(in crate::report) fn of(trace: &Trace, options: &Options, name: &Untrusted) -> Self {
        let targets = Target::all(trace, options.redactor());
        let families = blackbox::FAMILIES.iter().chain(&own::FAMILIES);
        let mut all: Vec<Vec<Held>> = families
            .map(|family| {
                let labelled = |target: &Target| {
                    let samples = (family.of)(target).into_iter();
                    samples
                        .map(|sample| {
                            Held::of(
                                sample
                                    .with("target", &target.name)
                                    .with("endpoint", name.raw()),
                            )
                        })
                        .collect::<Vec<_>>()
                };
                targets.iter().flat_map(labelled).collect()
            })
            .collect();
        all.push(
            budget_samples(trace, options)
                .into_iter()
                .map(|sample| Held::of(sample.with("endpoint", name.raw())))
                .collect(),
        );
        Self(all)
    }
}

/// A suite as metrics.
pub(in crate::report) fn suite(suite: &Suite) -> String {
    let shares: Vec<&Share> = suite
        .endpoints
        .iter()
        .filter_map(|endpoint| endpoint.happened.as_ref())
        .map(|told| &told.metrics)
        .collect();
    let names = blackbox::FAMILIES
        .iter()
        .chain(&own::FAMILIES)
        .map(|known| (known.name, known.help))
        .chain([MET]);
    let families = names.enumerate().map(|(place, (name, help))| {
        let samples = shares
            .iter()
            .filter_map(|share| share.0.get(place))
            .flatten();
        family::held(name, help, samples)
    });
    let stands = suite
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.happened.is_some())
        .map(|endpoint| {
            let good = endpoint.standing() <= Standing::Warned;
            Held::of(
                super::Sample::of(f64::from(u8::from(good))).with("endpoint", endpoint.name.raw()),
            )
        });
    let stands: Vec<Held> = stands.collect();
    families.collect::<String>() + &family::held(SUCCESS.0, SUCCESS.1, stands.iter())
}
