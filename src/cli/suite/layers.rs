//! What holds for an endpoint: the command line, else what stands with it, else the defaults.

use std::path::Path;

use clap::ArgMatches;

use super::arguments::Options;
use super::beside::beside;
use super::document::Document;
use super::environment::Environment;
use super::error::SuiteError;
use super::job::Job;
use super::setting::{Setting, Value};
use crate::cli::args::ProbeArgs;
use crate::report;

/// Keys of which one replaces the others.
const INSTEAD: [&[&str]; 5] = [
    &[
        "data",
        "data-ascii",
        "data-binary",
        "data-raw",
        "data-urlencode",
        "json",
        "form",
    ],
    &["http1.0", "http1.1", "http2", "http2-prior-knowledge"],
    &["ipv4", "ipv6"],
    &["dns-servers", "doh-url"],
    &["user", "oauth2-bearer"],
];

/// A suite's file, read, and the command line over it.
pub(super) struct Layers {
    options: Options,
    defaults: Vec<Setting>,
    endpoints: Vec<(usize, Vec<Setting>, Vec<String>)>,
    over: Vec<Setting>,
    /// What the environment holds for the defaults and is to be masked.
    secrets: Vec<String>,
}

impl Layers {
    pub(super) fn read(
        text: &str,
        folder: &Path,
        args: &ProbeArgs,
        matches: &ArgMatches,
    ) -> Result<Self, SuiteError> {
        let options = Options::new();
        let document = Document::parse(text)?;
        let (defaults, secrets) = layer(&options, document.defaults, folder)?;
        if let Some(own) = defaults
            .iter()
            .find(|setting| ["name", "url"].contains(&setting.key.as_str()))
        {
            return Err(own.wrong("is an endpoint's own, and no default"));
        }
        let endpoint = |(line, settings)| {
            layer(&options, settings, folder).map(|(settings, secrets)| (line, settings, secrets))
        };
        let endpoints = document
            .endpoints
            .into_iter()
            .map(endpoint)
            .collect::<Result<_, _>>()?;
        let mut over = options.given(matches);
        over.extend(args.budget.iter().map(|rules| Setting {
            key: "budget".to_owned(),
            value: Value::Text(rules.clone()),
            line: 0,
        }));
        Ok(Self {
            options,
            defaults,
            endpoints,
            over,
            secrets,
        })
    }

    /// What there is to do, in the order of the file.
    pub(super) fn jobs(&self, look: &report::Options) -> Result<Vec<Job>, SuiteError> {
        let mut names = std::collections::BTreeMap::new();
        let mut jobs = Vec::new();
        for (line, own, secrets) in &self.endpoints {
            let settings = merged(&merged(&self.defaults, own), &self.over);
            let mut look = look.clone();
            self.secrets
                .iter()
                .chain(secrets)
                .for_each(|secret| look.rules.know(secret));
            let job = Job::of(*line, &settings, &self.options, look)?;
            if let Some(before) = names.insert(job.name.raw().to_owned(), *line) {
                let name = job.name.escaped();
                return Err(SuiteError::new(
                    *line,
                    format!(
                        "an endpoint named '{name}' is on line {before} already; give this one a \
                            name of its own"
                    ),
                ));
            }
            jobs.push(job);
        }
        Ok(jobs)
    }
}

/// A table's keys, known, with the environment's parts and with paths; and what of the environment
/// is secret.
fn layer(
    options: &Options,
    settings: Vec<Setting>,
    folder: &Path,
) -> Result<(Vec<Setting>, Vec<String>), SuiteError> {
    let variable = |name: &str| std::env::var(name).ok();
    let mut environment = Environment::new(&variable);
    let mut made: Vec<Setting> = Vec::new();
    for setting in settings {
        let setting = options.known(setting)?;
        if let Some(before) = made.iter().find(|before| before.key == setting.key) {
            return Err(setting.wrong(&format!(
                "is set on line {} already, under another name",
                before.line
            )));
        }
        let hint = options
            .option(&setting.key)
            .map(clap::Arg::get_value_hint)
            .unwrap_or_default();
        // A name is for people, and the same wherever the suite runs.
        let setting = if setting.key == "name" {
            setting
        } else {
            environment.fill(setting)?
        };
        made.push(beside(setting, folder, hint)?);
    }
    Ok((made, environment.secrets))
}

/// Settings with others over them: of tables each key, of the rest all.
fn merged(under: &[Setting], over: &[Setting]) -> Vec<Setting> {
    let group = |key: &str| {
        INSTEAD
            .iter()
            .find(|group| group.contains(&key))
            .copied()
            .unwrap_or_default()
    };
    let is_replaced = |setting: &&Setting| {
        let others = group(&setting.key);
        over.iter()
            .any(|other| other.key == setting.key || others.contains(&other.key.as_str()))
    };
    let mut all: Vec<Setting> = under
        .iter()
        .filter(|setting| !is_replaced(setting))
        .cloned()
        .collect();
    for setting in over {
        let below = under
            .iter()
            .find(|below| below.key == setting.key)
            .map(|below| &below.value);
        all.push(match (below, &setting.value) {
            (Some(Value::Table(below)), Value::Table(above)) => Setting {
                value: Value::Table(joined(below, above)),
                ..setting.clone()
            },
            _ => setting.clone(),
        });
    }
    all
}

/// Names of fields and measures are compared whatever their case.
fn joined(below: &[Setting], above: &[Setting]) -> Vec<Setting> {
    let is_replaced = |one: &&Setting| {
        above
            .iter()
            .any(|other| other.key.eq_ignore_ascii_case(&one.key))
    };
    below
        .iter()
        .filter(|one| !is_replaced(one))
        .chain(above)
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(key: &str, text: &str) -> Setting {
        Setting {
            key: key.into(),
            value: Value::Text(text.into()),
            line: 1,
        }
    }

    fn table(key: &str, fields: &[(&str, &str)]) -> Setting {
        Setting {
            key: key.into(),
            value: Value::Table(fields.iter().map(|(key, value)| text(key, value)).collect()),
            line: 1,
        }
    }

    #[test]
    fn what_stands_with_the_endpoint_comes_before_the_defaults() {
        let defaults = [
            text("max-time", "5"),
            text("json", "{}"),
            table("header", &[("A", "1"), ("B", "2")]),
        ];
        let own = [text("data-raw", "x"), table("header", &[("b", "3")])];
        assert_eq!(
            merged(&defaults, &own),
            [
                text("max-time", "5"),
                text("data-raw", "x"),
                table("header", &[("A", "1"), ("b", "3")])
            ]
        );
        assert_eq!(
            merged(&defaults, &[text("max-time", "1")]).last(),
            Some(&text("max-time", "1"))
        );
        assert_eq!(
            merged(
                &[table("budget", &[("total", "<1s")])],
                &[text("budget", "dns<1s")]
            ),
            [text("budget", "dns<1s")]
        );
    }
}
