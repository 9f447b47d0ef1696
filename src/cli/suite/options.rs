//! The keys in a suite's file: the request options of the command line by their long names, and a
//! few aliases.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Args as _, Command, FromArgMatches as _};

use super::setting::{SettingValue, SuiteError, SuiteSetting};
use crate::cli::args::RequestArgs;
use crate::units::closest_match;

/// Aliases in the file, and the options they stand for.
const ALIASES: [(&str, &str); 4] = [
    ("method", "request"),
    ("headers", "header"),
    ("body", "data-raw"),
    ("bearer", "oauth2-bearer"),
];
/// Keys that are not request options.
pub(super) const ENDPOINT_KEYS: [&str; 3] = ["name", "url", "budget"];
/// The key for the HTTP version, which stands for several flags.
const HTTP_KEY: &str = "http";
const HTTP_VERSIONS: [(&str, &str); 4] = [
    ("1.0", "http1.0"),
    ("1.1", "http1.1"),
    ("2", "http2"),
    ("2-prior-knowledge", "http2-prior-knowledge"),
];
/// The only flag that is on by default, and the option that turns it off.
const GUARD: &str = "redirect-guard";
const NO_GUARD: &str = "no-redirect-guard";
/// Options that apply to a single run only.
const SINGLE_RUN_OPTIONS: [&str; 4] = ["save", "capture", "capture-interface", "cookie-jar"];

/// The options that an endpoint may have.
pub(super) struct EndpointOptions(Command);

impl EndpointOptions {
    pub(super) fn new() -> Self {
        let command = Command::new("endpoint")
            .no_binary_name(true)
            .args_override_self(true)
            .disable_help_flag(true);
        let mut command = RequestArgs::augment_args(command);
        command.build();
        Self(command)
    }

    /// Validates a setting and renames an alias to its option.
    ///
    /// # Errors
    /// There is no such option, or its value has the wrong type.
    pub(super) fn normalize(&self, mut setting: SuiteSetting) -> Result<SuiteSetting, SuiteError> {
        if ENDPOINT_KEYS.contains(&setting.key.as_str()) {
            return Ok(setting);
        }
        if setting.key == NO_GUARD {
            let SettingValue::Flag(off) = setting.value else {
                return Err(setting.error(&format!(
                    "is {}; expected true or false",
                    setting.value.kind()
                )));
            };
            return Ok(SuiteSetting {
                key: GUARD.to_owned(),
                value: SettingValue::Flag(!off),
                ..setting
            });
        }
        if setting.key == HTTP_KEY {
            let version = setting.text()?.to_owned();
            let flag = HTTP_VERSIONS.iter().find(|(known, _)| *known == version);
            let (_, flag) = flag.ok_or_else(|| {
                setting.error("must be one of \"1.0\", \"1.1\", \"2\" or \"2-prior-knowledge\"")
            })?;
            return Ok(SuiteSetting {
                key: (*flag).to_owned(),
                value: SettingValue::Flag(true),
                ..setting
            });
        }
        if let Some((_, option)) = ALIASES.iter().find(|(name, _)| *name == setting.key) {
            (*option).clone_into(&mut setting.key);
        }
        if SINGLE_RUN_OPTIONS.contains(&setting.key.as_str()) {
            return Err(setting.error(
                "is only for a single run; the runs of a suite are concurrent and do not capture \
                 packets",
            ));
        }
        let option = self
            .find_option(&setting.key)
            .ok_or_else(|| self.unknown_key(&setting))?;
        let is_flag = matches!(option.get_action(), ArgAction::SetTrue);
        let is_list = matches!(option.get_action(), ArgAction::Append);
        match (&setting.value, is_flag) {
            (SettingValue::Flag(_), true) | (SettingValue::Text(_), false) => Ok(setting),
            (SettingValue::List(_), false) if is_list => Ok(setting),
            (SettingValue::Table(_), false) if setting.key == "header" => Ok(setting),
            (other, true) => {
                Err(setting.error(&format!("is {}; expected true or false", other.kind())))
            }
            (other, false) => Err(setting.error(&format!(
                "is {}; expected text{}",
                other.kind(),
                if is_list { " or a list" } else { "" }
            ))),
        }
    }

    /// Finds an option by its long name.
    pub(super) fn find_option(&self, name: &str) -> Option<&Arg> {
        self.0
            .get_arguments()
            .find(|option| option.get_long() == Some(name) && !option.is_hide_set())
    }

    /// The options given on a command line, as settings.
    pub(super) fn settings_given(&self, matches: &ArgMatches) -> Vec<SuiteSetting> {
        let given = |option: &Arg| {
            matches.value_source(option.get_id().as_str())
                == Some(clap::parser::ValueSource::CommandLine)
        };
        let setting = |option: &Arg| {
            let long = option.get_long()?;
            let key = if long == NO_GUARD { GUARD } else { long }.to_owned();
            let value = if matches!(option.get_action(), ArgAction::SetTrue) {
                SettingValue::Flag(long != NO_GUARD)
            } else {
                SettingValue::List(
                    matches
                        .get_raw(option.get_id().as_str())?
                        .map(|text| text.to_string_lossy().into_owned())
                        .collect(),
                )
            };
            Some(SuiteSetting {
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

    /// Builds request arguments from validated settings, with the matches that record their order.
    pub(super) fn read(
        &self,
        settings: &[SuiteSetting],
    ) -> Result<(RequestArgs, ArgMatches), (usize, String)> {
        let mut arguments = Vec::new();
        for setting in settings {
            let before = arguments.len();
            append_arguments(&mut arguments, setting);
            // Each setting is parsed by itself first, so that an error is attributed to its line.
            let own = arguments.get(before..).unwrap_or_default();
            if let Err(error) = self.0.clone().try_get_matches_from(own)
                && error.kind() != clap::error::ErrorKind::MissingRequiredArgument
            {
                return Err((setting.line, clap_message(&error)));
            }
        }
        let line = settings.first().map_or(1, |setting| setting.line);
        let suite_error = |error: clap::Error| (line, clap_message(&error));
        let matches = self
            .0
            .clone()
            .try_get_matches_from(&arguments)
            .map_err(suite_error)?;
        let args = RequestArgs::from_arg_matches(&matches).map_err(suite_error)?;
        Ok((args, matches))
    }

    fn unknown_key(&self, setting: &SuiteSetting) -> SuiteError {
        let options = self
            .0
            .get_arguments()
            .filter(|option| !option.is_hide_set())
            .filter_map(Arg::get_long);
        let names = ENDPOINT_KEYS
            .into_iter()
            .chain(ALIASES.map(|(name, _)| name))
            .chain([HTTP_KEY])
            .chain(options.filter(|name| !SINGLE_RUN_OPTIONS.contains(name)));
        // In TOML, `http1.1 = true` is a table.
        let dotted = match &setting.value {
            SettingValue::Table(inner) => inner
                .first()
                .map(|inner| format!("{}.{}", setting.key, inner.key))
                .filter(|name| self.find_option(name).is_some()),
            _ => None,
        };
        if let Some(name) = dotted {
            return setting.error(&format!(
                "is not a key; a key that contains a dot must be quoted: \"{name}\""
            ));
        }
        match closest_match(&setting.key, names) {
            Some(meant) => setting.error(&format!("is not a key; did you mean '{meant}'?")),
            None => setting.error(
                "is not a key; keys are name, url, budget and the request options by their long \
                 names ('tapline probe --help')",
            ),
        }
    }
}

/// Appends a setting in command-line syntax.
fn append_arguments(arguments: &mut Vec<OsString>, setting: &SuiteSetting) {
    let option = |text: &str| OsString::from(format!("--{}={text}", setting.key));
    match &setting.value {
        SettingValue::Flag(true) => arguments.push(format!("--{}", setting.key).into()),
        SettingValue::Flag(false) if setting.key == GUARD => {
            arguments.push(format!("--{NO_GUARD}").into());
        }
        SettingValue::Flag(false) => {}
        SettingValue::Text(text) => arguments.push(option(text)),
        SettingValue::List(list) => arguments.extend(list.iter().map(|text| option(text))),
        SettingValue::Table(fields) => arguments.extend(fields.iter().map(|field| {
            let value = field.text().unwrap_or_default();
            option(&if value.is_empty() {
                format!("{};", field.key)
            } else {
                format!("{}: {value}", field.key)
            })
        })),
    }
}

/// Clap's error message, without the usage advice.
fn clap_message(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    first
        .strip_prefix("error: ")
        .unwrap_or(first)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
