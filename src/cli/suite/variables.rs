//! `${NAME}` references in a suite's file, which are replaced by environment variables. Secrets
//! must be given this way.

use super::setting::{SettingValue, SuiteError, SuiteSetting};
use crate::cli::args::SECRET_OPTIONS;
use crate::units::Bytes;

/// Options whose values must not be written in the file.
const SECRET_KEYS: [&str; 2] = ["user", "oauth2-bearer"];
/// Header fields whose values must not be written in the file.
const SECRET_FIELDS: [&str; 2] = ["authorization", "proxy-authorization"];
/// Further options in which the values of variables are treated as secrets.
const ALSO_MASKED: [&str; 2] = ["header", "proxy"];

/// Expands variables, and remembers which values to mask.
pub(super) struct VariableExpander<'a> {
    look_up: &'a dyn Fn(&str) -> Option<String>,
    /// Values to mask.
    pub(super) secrets: Vec<String>,
    /// Bytes that may still be inserted.
    bytes_left: usize,
}

impl<'a> VariableExpander<'a> {
    /// Maximum number of bytes inserted into a whole file: names are short, but values may be long.
    const MAX_BYTES: usize = 16 << 20;

    pub(super) const fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            look_up: variable,
            secrets: Vec::new(),
            bytes_left: Self::MAX_BYTES,
        }
    }

    /// Expands the variables in a setting.
    ///
    /// # Errors
    /// A variable is not set, or a secret is written in the file.
    pub(super) fn expand_setting(
        &mut self,
        setting: SuiteSetting,
    ) -> Result<SuiteSetting, SuiteError> {
        refuse_secrets(&setting)?;
        let key = setting.key.as_str();
        let line = setting.line;
        let masked = SECRET_OPTIONS.contains(&key) || ALSO_MASKED.contains(&key);
        setting.map(&mut |text| self.expand_text(text, line, masked))
    }

    /// Expands the variables in a text; `$${` yields `${`.
    pub(super) fn expand_text(
        &mut self,
        text: &str,
        line: usize,
        masked: bool,
    ) -> Result<String, SuiteError> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, from) = rest.split_at(at);
            if let Some(before) = before.strip_suffix('$') {
                out.extend([before, "${"]);
                rest = from.strip_prefix("${").unwrap_or_default();
                continue;
            }
            let (name, after) = from
                .strip_prefix("${")
                .and_then(|from| from.split_once('}'))
                .filter(|(name, _)| is_name(name))
                .ok_or_else(|| {
                    SuiteError::new(
                        line,
                        "a variable is written ${NAME}, with letters, digits and _; write $${ for \
                         a literal ${",
                    )
                })?;
            let value = (self.look_up)(name).ok_or_else(|| {
                SuiteError::new(
                    line,
                    format!(
                        "the environment variable {name} is not set (or is not valid UTF-8); the \
                         file refers to it as ${{{name}}}"
                    ),
                )
            })?;
            self.bytes_left = self.bytes_left.checked_sub(value.len()).ok_or_else(|| {
                let limit = Bytes(Self::MAX_BYTES as u64);
                SuiteError::new(
                    line,
                    format!(
                        "with ${{{name}}}, the environment variables in this file exceed {limit}; \
                         put long values into files, such as data = '@FILE'"
                    ),
                )
            })?;
            out.extend([before, &value]);
            if masked && !self.secrets.contains(&value) {
                self.secrets.push(value);
            }
            rest = after;
        }
        Ok(out + rest)
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn refuse_secrets(setting: &SuiteSetting) -> Result<(), SuiteError> {
    let from_outside = |text: &str| text.contains("${");
    let of_fields = |line: &str| {
        line.split_once(':')
            .is_some_and(|(name, value)| is_secret_field(name) && !value.trim().is_empty())
    };
    let contains_secret = match &setting.value {
        SettingValue::Table(fields) if setting.key == "header" => fields.iter().any(|field| {
            is_secret_field(&field.key)
                && field.any(&|text| !text.is_empty() && !from_outside(text))
        }),
        _ if setting.key == "header" => setting.any(&|line| of_fields(line) && !from_outside(line)),
        _ => {
            SECRET_KEYS.contains(&setting.key.as_str()) && setting.any(&|text| !from_outside(text))
        }
    };
    if contains_secret {
        return Err(setting.error(
            "contains a secret, which does not belong in a file: write ${NAME} and set NAME in \
             the environment",
        ));
    }
    Ok(())
}

fn is_secret_field(name: &str) -> bool {
    SECRET_FIELDS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name.trim()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn variable(name: &str) -> Option<String> {
        [("TOKEN", "s3cret-token"), ("HOST", "h.test")]
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    }

    fn fill(key: &str, text: &str) -> Result<(String, Vec<String>), String> {
        let mut environment = VariableExpander::new(&variable);
        let setting = SuiteSetting {
            key: key.to_owned(),
            value: SettingValue::Text(text.to_owned()),
            line: 7,
        };
        let filled = environment
            .expand_setting(setting)
            .map_err(|error| error.to_string())?;
        Ok((filled.text().unwrap().to_owned(), environment.secrets))
    }

    #[test]
    fn variables_are_put_in_and_masked_where_secrets_are() {
        assert_eq!(
            fill("url", "https://${HOST}/$${x}$"),
            Ok(("https://h.test/${x}$".to_owned(), Vec::new()))
        );
        assert_eq!(
            fill("header", "Authorization: Bearer ${TOKEN}"),
            Ok((
                "Authorization: Bearer s3cret-token".to_owned(),
                vec!["s3cret-token".to_owned()]
            ))
        );
        assert!(fill("header", "Accept: */*").is_ok() && fill("header", "Authorization:").is_ok());
    }

    /// Values are not expanded recursively, and their total size is limited.
    #[test]
    fn many_references_come_to_an_end() {
        let long = |name: &str| {
            Some(if name == "LONG" {
                "x".repeat(1_000)
            } else {
                "${SELF}".to_owned()
            })
        };
        let mut environment = VariableExpander::new(&long);
        assert_eq!(
            environment.expand_text("${SELF}/${SELF}", 1, true),
            Ok("${SELF}/${SELF}".to_owned())
        );
        assert!(
            environment.expand_text("${${LONG}}", 1, false).is_err(),
            "a name is no reference"
        );
        assert_eq!(
            environment
                .expand_text(&"${LONG}".repeat(10_000), 2, true)
                .map(|filled| filled.len()),
            Ok(10_000_000)
        );
        let error = environment
            .expand_text(&"${LONG}".repeat(1_000_000), 3, true)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(
                "line 3: with ${LONG}, the environment variables in this file exceed 16"
            ),
            "{error}"
        );
        assert_eq!(environment.secrets.len(), 2);
    }

    #[test]
    fn unset_variables_and_literal_secrets_are_errors() {
        for (key, text, said) in [
            (
                "url",
                "${NOPE}",
                "line 7: the environment variable NOPE is not set",
            ),
            ("url", "${", "line 7: a variable is written ${NAME}"),
            ("url", "${a b}", "line 7: a variable is written ${NAME}"),
            (
                "oauth2-bearer",
                "abc",
                "line 7: 'oauth2-bearer' contains a secret",
            ),
            ("user", "me:secret", "line 7: 'user' contains a secret"),
            (
                "header",
                "authorization: Bearer abc",
                "line 7: 'header' contains a secret",
            ),
        ] {
            let error = fill(key, text).unwrap_err();
            assert!(error.starts_with(said), "{error}");
            assert!(
                !error.contains("abc") && !error.contains("me:secret"),
                "{error}"
            );
        }
    }
}
