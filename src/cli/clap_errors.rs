//! Clap's error messages, without secrets that the arguments may contain.
//!
//! A misplaced argument may be anything, such as a password after a stray space. So it is described
//! by its position, unless it is a URL or an option.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};

use super::args::is_secret_option;
use super::request::masked_url;
use crate::insight::redact::Redactor;
use crate::units::Untrusted;

/// Masks the arguments that a clap error quotes.
pub(super) fn mask_error(mut error: clap::Error, given: &[OsString]) -> clap::Error {
    let option = context_text(&error, ContextKind::InvalidArg);
    if let Some(argument) = &option {
        let is_option = argument.starts_with('-') || argument.starts_with(['<', '[']);
        let shown = if is_option {
            option_name(argument)
        } else {
            describe_argument(argument, given)
        };
        if shown != *argument {
            // The suggestion repeats the argument.
            error.insert(ContextKind::Suggested, ContextValue::None);
            error.insert(ContextKind::InvalidArg, ContextValue::String(shown));
        }
    }
    if let Some(value) =
        context_text(&error, ContextKind::InvalidValue).filter(|value| !value.is_empty())
    {
        let secret = option
            .as_deref()
            .is_some_and(|option| is_secret_option(long_name(option)));
        let shown = if secret {
            "\u{2026}".to_owned()
        } else {
            mask_value(&value)
        };
        error.insert(ContextKind::InvalidValue, ContextValue::String(shown));
    }
    if let Some(command) = context_text(&error, ContextKind::InvalidSubcommand) {
        error.insert(
            ContextKind::InvalidSubcommand,
            ContextValue::String(mask_value(&command)),
        );
    }
    error
}

fn context_text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// `--tokne=abc` → `--tokne`. What clap says about known options contains no value.
fn option_name(argument: &str) -> String {
    match argument.split_once('=') {
        Some((name, _)) if !argument.contains(['<', '[']) => Redactor::default().sentence(name),
        _ => Redactor::default().sentence(argument),
    }
}

/// `--user <USER:PASSWORD>` → `user`.
fn long_name(option: &str) -> &str {
    option
        .trim_start_matches('-')
        .split([' ', '='])
        .next()
        .unwrap_or_default()
}

/// Describes an unexpected argument that is not an option.
fn describe_argument(argument: &str, given: &[OsString]) -> String {
    if argument.contains("://") {
        return masked_url(argument);
    }
    match given.iter().position(|one| one.as_os_str() == argument) {
        Some(place) => format!("number {place} ({} characters)", argument.chars().count()),
        None => "\u{2026}".to_owned(),
    }
}

/// Masks the value of an option that is not secret by its name.
fn mask_value(value: &str) -> String {
    let masked = if value.contains("://") || value.contains('@') {
        masked_url(value)
    } else {
        Redactor::default().sentence(value)
    };
    Untrusted::new(masked).escaped().into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::args::Cli;

    fn error_text(given: &[&str]) -> String {
        let given: Vec<OsString> = std::iter::once("tapline")
            .chain(given.iter().copied())
            .map(OsString::from)
            .collect();
        let error = Cli::command().try_get_matches_from(&given).unwrap_err();
        mask_error(error, &given).to_string()
    }

    #[test]
    fn no_refusal_repeats_a_secret() {
        for (given, says) in [
            (
                &["doctor", "Canary"][..],
                "unexpected argument 'number 2 (6 characters)' found",
            ),
            (
                &["doctor", "http://u:Canary@h/?token=Canary"],
                "unexpected argument 'http://REDACTED@h/\u{2026}' found",
            ),
            (
                &["probe", "http://h/", "--passwrod=Canary"],
                "unexpected argument '--passwrod' found",
            ),
            (
                &["probe", "http://h/", "-m", "u:Canary@h"],
                "invalid value 'REDACTED@h' for '--max-time <SECONDS>'",
            ),
            (
                &["probe", "http://h/", "--theme", "token=Canary"],
                "unexpected argument '--theme' found",
            ),
            (
                &["probe", "http://h/", "--color", "token=Canary"],
                "invalid value 'token=REDACTED' for '--color <WHEN>'",
            ),
            (
                &["probe", "http://h/", "--data"],
                "a value is required for '--data <DATA>'",
            ),
        ] {
            let message = error_text(given);
            assert!(!message.contains("Canary"), "{message}");
            assert!(message.contains(says), "{given:?}: {message}");
        }
    }
}
