//! A metric family and its samples in the exposition format.

use std::fmt::Write as _;

use super::MetricTarget;
use crate::units::{Nanos, Untrusted};

/// A metric family of targets.
pub(super) struct MetricFamily {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    /// Computes the samples of a target.
    pub(super) samples: fn(&MetricTarget) -> Vec<MetricSample>,
}

/// A value with labels.
pub(super) struct MetricSample {
    labels: Vec<(&'static str, String)>,
    value: f64,
}

impl MetricSample {
    /// A value without labels.
    pub(super) const fn new(value: f64) -> Self {
        Self {
            labels: Vec::new(),
            value,
        }
    }

    /// A time, in seconds.
    pub(super) fn time(time: Nanos) -> Self {
        Self::new(time.as_secs_f64())
    }

    /// A count.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the format has no other numbers; counts beyond 2^53 do not occur"
    )]
    pub(super) const fn count(count: u64) -> Self {
        Self::new(count as f64)
    }

    /// Adds a label. Its value may be text from outside.
    pub(super) fn with(mut self, label: &'static str, value: &str) -> Self {
        self.labels.push((
            label,
            escape_text(&Untrusted::new(value).escaped()).replace('"', "\\\""),
        ));
        self
    }
}

/// Formats a metric family; empty if there are no samples. All are gauges, since they describe a
/// single run.
pub(super) fn format_family(
    name: &str,
    help: &str,
    samples: impl Iterator<Item = MetricSample>,
) -> String {
    let samples: Vec<RenderedSample> = samples.map(RenderedSample::new).collect();
    format_rendered_family(name, help, samples.iter())
}

/// A formatted sample, without the name of its family.
#[derive(Debug)]
pub(super) struct RenderedSample(Box<str>);

impl RenderedSample {
    pub(super) fn new(MetricSample { labels, value }: MetricSample) -> Self {
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{value}\""))
            .collect();
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", labels.join(","))
        };
        Self(format!("{labels} {value}").into())
    }
}

/// Like [`format_family`], for formatted samples.
pub(super) fn format_rendered_family<'a>(
    name: &str,
    help: &str,
    samples: impl Iterator<Item = &'a RenderedSample>,
) -> String {
    let mut samples = samples.peekable();
    if samples.peek().is_none() {
        return String::new();
    }
    let mut out = format!("# HELP {name} {}\n# TYPE {name} gauge\n", escape_text(help));
    for RenderedSample(sample) in samples {
        let _ = writeln!(out, "{name}{sample}");
    }
    out
}

fn escape_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_a_family_without_samples_is_not_there() {
        let sample = MetricSample::time(Nanos(41_200_000)).with("a", "q\"b\\s\nn\x1b");
        assert_eq!(
            format_family("m", "Say", [sample].into_iter()),
            "# HELP m Say\n# TYPE m gauge\nm{a=\"q\\\"b\\\\s\\\\x0an\\\\x1b\"} 0.0412\n"
        );
        assert_eq!(format_family("m", "Say", std::iter::empty()), "");
        assert_eq!(
            format_family("m", "Say", [MetricSample::count(3)].into_iter()),
            "# HELP m Say\n# TYPE m gauge\nm 3\n"
        );
    }
}
