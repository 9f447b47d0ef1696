//! What may stand in a suite's file: the request options of the command line, by their long names,
//! and a few names of its own.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Args as _, Command, FromArgMatches as _};

use super::error::SuiteError;
use super::setting::{Setting, Value};
use crate::cli::args::RequestArgs;
use crate::units::nearest;

/// Names of the file's own, and the options they stand for.
const OTHER_NAMES: [(&str, &str); 4] = [
    ("method", "request"),
    ("headers", "header"),
    ("body", "data-raw"),
    ("bearer", "oauth2-bearer"),
];
/// Keys that are no request options.
pub(super) const OWN: [&str; 3] = ["name", "url", "budget"];
/// The key that takes an HTTP version, for the flags that do.
const HTTP: &str = "http";
const HTTP_VERSIONS: [(&str, &str); 4] = [
    ("1.0", "http1.0"),
    ("1.1", "http1.1"),
    ("2", "http2"),
    ("2-prior-knowledge", "http2-prior-knowledge"),
];
/// The one flag that is on unless it is said to be off, and the option that says so.
const GUARD: &str = "redirect-guard";
const NO_GUARD: &str = "no-redirect-guard";
/// Options about the whole run, which is not one here.
const REFUSED: [&str; 4] = ["save", "capture", "capture-interface", "cookie-jar"];

/// The request options.
pub(super) struct Options(Command);

impl Options {
    pub(super) fn new() -> Self {
        let command = Command::new("endpoint")
            .no_binary_name(true)
            .args_override_self(true)
            .disable_help_flag(true);
        let mut command = RequestArgs::augment_args(command);
        command.build();
        Self(command)
    }

    /// The setting under the name of its option.
    ///
    /// # Errors
    /// Where there is none of that name, or it takes another kind of value.
    pub(super) fn known(&self, mut setting: Setting) -> Result<Setting, SuiteError> {
        if OWN.contains(&setting.key.as_str()) {
            return Ok(setting);
        }
        if setting.key == NO_GUARD {
            let Value::Flag(off) = setting.value else {
                return Err(setting.wrong(&format!(
                    "is {}, where true or false is wanted",
                    setting.value.kind()
                )));
            };
            return Ok(Setting {
                key: GUARD.to_owned(),
                value: Value::Flag(!off),
                ..setting
            });
        }
        if setting.key == HTTP {
            let version = setting.text()?.to_owned();
            let flag = HTTP_VERSIONS.iter().find(|(known, _)| *known == version);
            let (_, flag) = flag.ok_or_else(|| {
                setting.wrong("is one of \"1.0\", \"1.1\", \"2\" and \"2-prior-knowledge\"")
            })?;
            return Ok(Setting {
                key: (*flag).to_owned(),
                value: Value::Flag(true),
                ..setting
            });
        }
        if let Some((_, option)) = OTHER_NAMES.iter().find(|(name, _)| *name == setting.key) {
            (*option).clone_into(&mut setting.key);
        }
        if REFUSED.contains(&setting.key.as_str()) {
            return Err(setting.wrong(
                "is for one run; the runs of a suite take place at the same time, without packets",
            ));
        }
        let option = self
            .option(&setting.key)
            .ok_or_else(|| self.unknown(&setting))?;
        let is_flag = matches!(option.get_action(), ArgAction::SetTrue);
        let is_list = matches!(option.get_action(), ArgAction::Append);
        match (&setting.value, is_flag) {
            (Value::Flag(_), true) | (Value::Text(_), false) => Ok(setting),
            (Value::List(_), false) if is_list => Ok(setting),
            (Value::Table(_), false) if setting.key == "header" => Ok(setting),
            (other, true) => Err(setting.wrong(&format!(
                "is {}, where true or false is wanted",
                other.kind()
            ))),
            (other, false) => Err(setting.wrong(&format!(
                "is {}, where text{} is wanted",
                other.kind(),
                if is_list { " or a list" } else { "" }
            ))),
        }
    }

    /// The option of a long name.
    pub(super) fn option(&self, name: &str) -> Option<&Arg> {
        self.0
            .get_arguments()
            .find(|option| option.get_long() == Some(name) && !option.is_hide_set())
    }

    /// The options that a command line has, as settings.
    pub(super) fn given(&self, matches: &ArgMatches) -> Vec<Setting> {
        let given = |option: &Arg| {
            matches.value_source(option.get_id().as_str())
                == Some(clap::parser::ValueSource::CommandLine)
        };
        let setting = |option: &Arg| {
            let long = option.get_long()?;
            let key = if long == NO_GUARD { GUARD } else { long }.to_owned();
            let value = if matches!(option.get_action(), ArgAction::SetTrue) {
                Value::Flag(long != NO_GUARD)
            } else {
                Value::List(
                    matches
                        .get_raw(option.get_id().as_str())?
                        .map(|text| text.to_string_lossy().into_owned())
                        .collect(),
                )
            };
            Some(Setting {
                key,
                value,
                line: 0,
            })
        };
        self.0
            .get_arguments()
            .filter(|option| given(option))
            .filter_map(setting)
            .collect()
    }

    /// Request options from settings that are known, and what tells their order.
    pub(super) fn read(
        &self,
        settings: &[Setting],
    ) -> Result<(RequestArgs, ArgMatches), (usize, String)> {
        let mut arguments = Vec::new();
        for setting in settings {
            let before = arguments.len();
            append(&mut arguments, setting);
            // Each by itself, so that an error is one of this line.
            let own = arguments.get(before..).unwrap_or_default();
            if let Err(error) = self.0.clone().try_get_matches_from(own)
                && error.kind() != clap::error::ErrorKind::MissingRequiredArgument
            {
                return Err((setting.line, sentence(&error)));
            }
        }
        let line = settings.first().map_or(1, |setting| setting.line);
        let told = |error: clap::Error| (line, sentence(&error));
        let matches = self
            .0
            .clone()
            .try_get_matches_from(&arguments)
            .map_err(told)?;
        let args = RequestArgs::from_arg_matches(&matches).map_err(told)?;
        Ok((args, matches))
    }

    fn unknown(&self, setting: &Setting) -> SuiteError {
        let options = self
            .0
            .get_arguments()
            .filter(|option| !option.is_hide_set())
            .filter_map(Arg::get_long);
        let names = OWN
            .into_iter()
            .chain(OTHER_NAMES.map(|(name, _)| name))
            .chain([HTTP])
            .chain(options.filter(|name| !REFUSED.contains(name)));
        // `http1.1 = true` is a table to TOML.
        let dotted = match &setting.value {
            Value::Table(inner) => inner
                .first()
                .map(|inner| format!("{}.{}", setting.key, inner.key))
                .filter(|name| self.option(name).is_some()),
            _ => None,
        };
        if let Some(name) = dotted {
            return setting.wrong(&format!(
                "is no key; a key with a dot is written in quotes: \"{name}\""
            ));
        }
        match nearest(&setting.key, names) {
            Some(meant) => setting.wrong(&format!("is no key; is '{meant}' meant?")),
            None => setting.wrong(
                "is no key; keys are name, url, budget and the request options by \
                    their long names ('tapline probe --help')",
            ),
        }
    }
}

/// A setting as the command line has it.
fn append(arguments: &mut Vec<OsString>, setting: &Setting) {
    let option = |text: &str| OsString::from(format!("--{}={text}", setting.key));
    match &setting.value {
        Value::Flag(true) => arguments.push(format!("--{}", setting.key).into()),
        Value::Flag(false) if setting.key == GUARD => {
            arguments.push(format!("--{NO_GUARD}").into());
        }
        Value::Flag(false) => {}
        Value::Text(text) => arguments.push(option(text)),
        Value::List(list) => arguments.extend(list.iter().map(|text| option(text))),
        Value::Table(fields) => arguments.extend(fields.iter().map(|field| {
            let value = field.text().unwrap_or_default();
            option(&if value.is_empty() {
                format!("{};", field.key)
            } else {
                format!("{}: {value}", field.key)
            })
        })),
    }
}

/// What clap says, without its advice about usage.
fn sentence(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    first
        .strip_prefix("error: ")
        .unwrap_or(first)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
