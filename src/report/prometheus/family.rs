//! A metric with its samples, as the format writes it.

use std::fmt::Write as _;

use super::Target;
use crate::units::{Nanos, Untrusted};

/// A metric that targets have.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    /// A target's samples.
    pub(super) of: fn(&Target) -> Vec<Sample>,
}

/// A figure under its labels.
pub(super) struct Sample {
    labels: Vec<(&'static str, String)>,
    value: f64,
}

impl Sample {
    /// A figure without labels.
    pub(super) const fn of(value: f64) -> Self {
        Self {
            labels: Vec::new(),
            value,
        }
    }

    /// A time, in seconds.
    pub(super) fn time(time: Nanos) -> Self {
        Self::of(time.as_secs_f64())
    }

    /// A count.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the format has no other numbers; counts beyond 2^53 do not occur"
    )]
    pub(super) const fn count(count: u64) -> Self {
        Self::of(count as f64)
    }

    /// Adds a label, whose value may be anybody's.
    pub(super) fn with(mut self, label: &'static str, value: &str) -> Self {
        self.labels.push((
            label,
            escaped(&Untrusted::new(value).escaped()).replace('"', "\\\""),
        ));
        self
    }
}

/// A family of samples; nothing where there are none. All are gauges: they tell of this run, not of
/// all time.
pub(super) fn family(name: &str, help: &str, samples: impl Iterator<Item = Sample>) -> String {
    let samples: Vec<Held> = samples.map(Held::of).collect();
    held(name, help, samples.iter())
}

/// A sample as it will be written behind the name of its family.
#[derive(Debug)]
pub(super) struct Held(Box<str>);

impl Held {
    pub(super) fn of(Sample { labels, value }: Sample) -> Self {
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

/// The same of samples that are written out already.
pub(super) fn held<'a>(name: &str, help: &str, samples: impl Iterator<Item = &'a Held>) -> String {
    let mut samples = samples.peekable();
    if samples.peek().is_none() {
        return String::new();
    }
    let mut out = format!("# HELP {name} {}\n# TYPE {name} gauge\n", escaped(help));
    for Held(sample) in samples {
        let _ = writeln!(out, "{name}{sample}");
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_a_family_without_samples_is_not_there() {
        let sample = Sample::time(Nanos(41_200_000)).with("a", "q\"b\\s\nn\x1b");
        assert_eq!(
            family("m", "Say", [sample].into_iter()),
            "# HELP m Say\n# TYPE m gauge\nm{a=\"q\\\"b\\\\s\\\\x0an\\\\x1b\"} 0.0412\n"
        );
        assert_eq!(family("m", "Say", std::iter::empty()), "");
        assert_eq!(
            family("m", "Say", [Sample::count(3)].into_iter()),
            "# HELP m Say\n# TYPE m gauge\nm 3\n"
        );
    }
}
