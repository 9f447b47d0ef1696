//! The settings of each endpoint, in order of precedence: command line, endpoint, defaults.

use std::path::Path;

use clap::ArgMatches;

use super::endpoint_config::EndpointConfig;
use super::options::EndpointOptions;
use super::paths::resolve_paths;
use super::setting::{SettingValue, SuiteError, SuiteSetting};
use super::suite_file::SuiteFile;
use super::variables::VariableExpander;
use crate::cli::args::ProbeArgs;
use crate::report;

/// Groups of keys that replace each other.
const EXCLUSIVE_KEYS: [&[&str]; 5] = [
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

/// A parsed suite file, with the settings of the command line.
pub(super) struct SuiteConfig {
    options: EndpointOptions,
    defaults: Vec<SuiteSetting>,
    endpoints: Vec<(usize, Vec<SuiteSetting>, Vec<String>)>,
    over: Vec<SuiteSetting>,
    /// Secret values of environment variables used in the defaults.
    secrets: Vec<String>,
}

impl SuiteConfig {
    pub(super) fn read(
        text: &str,
        folder: &Path,
        args: &ProbeArgs,
        matches: &ArgMatches,
    ) -> Result<Self, SuiteError> {
        let options = EndpointOptions::new();
        let document = SuiteFile::parse(text)?;
        let (defaults, secrets) = read_table(&options, document.defaults, folder)?;
        if let Some(own) = defaults
            .iter()
            .find(|setting| ["name", "url"].contains(&setting.key.as_str()))
        {
            return Err(own.error("cannot be a default; set it in each endpoint"));
        }
        let endpoint = |(line, settings)| {
            read_table(&options, settings, folder)
                .map(|(settings, secrets)| (line, settings, secrets))
        };
        let endpoints = document
            .endpoints
            .into_iter()
            .map(endpoint)
            .collect::<Result<_, _>>()?;
        let mut over = options.settings_given(matches);
        over.extend(args.budget.iter().map(|rules| SuiteSetting {
            key: "budget".to_owned(),
            value: SettingValue::Text(rules.clone()),
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

    /// The configuration of each endpoint, in file order.
    pub(super) fn endpoint_configs(
        &self,
        report_options: &report::ReportOptions,
    ) -> Result<Vec<EndpointConfig>, SuiteError> {
        let mut names = std::collections::BTreeMap::new();
        let mut jobs = Vec::new();
        for (line, own, secrets) in &self.endpoints {
            let settings = merge_settings(&merge_settings(&self.defaults, own), &self.over);
            let mut report_options = report_options.clone();
            self.secrets
                .iter()
                .chain(secrets)
                .for_each(|secret| report_options.rules.add_secret(secret));
            let job =
                EndpointConfig::from_settings(*line, &settings, &self.options, report_options)?;
            if let Some(before) = names.insert(job.name.raw().to_owned(), *line) {
                let name = job.name.escaped();
                return Err(SuiteError::new(
                    *line,
                    format!(
                        "an endpoint named '{name}' already exists on line {before}; names must \
                         be unique"
                    ),
                ));
            }
            jobs.push(job);
        }
        Ok(jobs)
    }
}

/// Validates the settings of a table, expands variables and resolves paths. Also returns the secret
/// values of variables.
fn read_table(
    options: &EndpointOptions,
    settings: Vec<SuiteSetting>,
    folder: &Path,
) -> Result<(Vec<SuiteSetting>, Vec<String>), SuiteError> {
    let variable = |name: &str| std::env::var(name).ok();
    let mut environment = VariableExpander::new(&variable);
    let mut made: Vec<SuiteSetting> = Vec::new();
    for setting in settings {
        let setting = options.normalize(setting)?;
        if let Some(before) = made.iter().find(|before| before.key == setting.key) {
            return Err(setting.error(&format!(
                "is already set on line {}, under another name",
                before.line
            )));
        }
        let hint = options
            .find_option(&setting.key)
            .map(clap::Arg::get_value_hint)
            .unwrap_or_default();
        // A name is for people, and the same wherever the suite runs, so it is not expanded.
        let setting = if setting.key == "name" {
            setting
        } else {
            environment.expand_setting(setting)?
        };
        made.push(resolve_paths(setting, folder, hint)?);
    }
    Ok((made, environment.secrets))
}

/// Overrides settings by others. Tables are merged key by key; everything else is replaced.
fn merge_settings(under: &[SuiteSetting], over: &[SuiteSetting]) -> Vec<SuiteSetting> {
    let group = |key: &str| {
        EXCLUSIVE_KEYS
            .iter()
            .find(|group| group.contains(&key))
            .copied()
            .unwrap_or_default()
    };
    let is_replaced = |setting: &&SuiteSetting| {
        let others = group(&setting.key);
        over.iter()
            .any(|other| other.key == setting.key || others.contains(&other.key.as_str()))
    };
    let mut all: Vec<SuiteSetting> = under
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
            (Some(SettingValue::Table(below)), SettingValue::Table(above)) => SuiteSetting {
                value: SettingValue::Table(merge_tables(below, above)),
                ..setting.clone()
            },
            _ => setting.clone(),
        });
    }
    all
}

/// Merges two tables. Names of header fields and measures are compared case-insensitively.
fn merge_tables(below: &[SuiteSetting], above: &[SuiteSetting]) -> Vec<SuiteSetting> {
    let is_replaced = |one: &&SuiteSetting| {
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

    fn text(key: &str, text: &str) -> SuiteSetting {
        SuiteSetting {
            key: key.into(),
            value: SettingValue::Text(text.into()),
            line: 1,
        }
    }

    fn table(key: &str, fields: &[(&str, &str)]) -> SuiteSetting {
        SuiteSetting {
            key: key.into(),
            value: SettingValue::Table(
                fields.iter().map(|(key, value)| text(key, value)).collect(),
            ),
            line: 1,
        }
    }

    #[test]
    fn settings_of_an_endpoint_override_the_defaults() {
        let defaults = [
            text("max-time", "5"),
            text("json", "{}"),
            table("header", &[("A", "1"), ("B", "2")]),
        ];
        let own = [text("data-raw", "x"), table("header", &[("b", "3")])];
        assert_eq!(
            merge_settings(&defaults, &own),
            [
                text("max-time", "5"),
                text("data-raw", "x"),
                table("header", &[("A", "1"), ("b", "3")])
            ]
        );
        assert_eq!(
            merge_settings(&defaults, &[text("max-time", "1")]).last(),
            Some(&text("max-time", "1"))
        );
        assert_eq!(
            merge_settings(
                &[table("budget", &[("total", "<1s")])],
                &[text("budget", "dns<1s")]
            ),
            [text("budget", "dns<1s")]
        );
    }
}
