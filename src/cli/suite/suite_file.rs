//! A suite's file as tables and keys with line numbers (TOML 1.0).

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::setting::{SettingValue, SuiteError, SuiteSetting};
use crate::units::closest_match;

/// A parsed suite file.
#[derive(Debug)]
pub(super) struct SuiteFile {
    /// `[defaults]`.
    pub(super) defaults: Vec<SuiteSetting>,
    /// The `[[endpoint]]` tables with their line numbers.
    pub(super) endpoints: Vec<(usize, Vec<SuiteSetting>)>,
}

/// The allowed top-level tables.
const TABLES: [&str; 2] = ["defaults", "endpoint"];

impl SuiteFile {
    /// Maximum number of endpoints.
    pub(super) const MAX_ENDPOINTS: usize = 10_000;

    pub(super) fn parse(text: &str) -> Result<Self, SuiteError> {
        let lines = LineIndex::new(text);
        let table = DeTable::parse(text)
            .map_err(|error| SuiteError::new(lines.at(error.span()), error.message().trim()))?;
        let mut document = Self {
            defaults: Vec::new(),
            endpoints: Vec::new(),
        };
        for (key, value) in table.get_ref() {
            let line = lines.at(Some(key.span()));
            match (&**key.get_ref(), value.get_ref()) {
                ("defaults", DeValue::Table(table)) => document.defaults = lines.settings(table)?,
                ("endpoint", DeValue::Array(all)) => {
                    for one in all {
                        let line = lines.at(Some(one.span()));
                        let DeValue::Table(table) = one.get_ref() else {
                            return Err(SuiteError::new(line, EXPECTED_TABLES));
                        };
                        document.endpoints.push((line, lines.settings(table)?));
                    }
                }
                ("defaults" | "endpoint", _) => return Err(SuiteError::new(line, EXPECTED_TABLES)),
                (other, _) => return Err(unknown_table(line, other)),
            }
        }
        match document.endpoints.len() {
            0 => Err(SuiteError::new(
                lines.last(),
                "there is no endpoint; add an [[endpoint]] with a url",
            )),
            1..=Self::MAX_ENDPOINTS => Ok(document),
            many => Err(SuiteError::new(
                lines.last(),
                format!(
                    "there are {many} endpoints; a suite can have at most {}",
                    Self::MAX_ENDPOINTS
                ),
            )),
        }
    }
}

const EXPECTED_TABLES: &str = "write [defaults] once, and [[endpoint]] for each endpoint";

fn unknown_table(line: usize, key: &str) -> SuiteError {
    let meant = closest_match(key, TABLES)
        .map(|meant| format!("; did you mean '{meant}'?"))
        .unwrap_or_default();
    SuiteError::new(
        line,
        format!(
            "'{}' is not allowed outside of [defaults] and [[endpoint]]{meant}",
            key.escape_debug()
        ),
    )
}

/// The byte offsets at which lines begin.
struct LineIndex(Vec<usize>);

impl LineIndex {
    fn new(text: &str) -> Self {
        Self(
            std::iter::once(0)
                .chain(text.match_indices('\n').map(|(at, _)| at + 1))
                .collect(),
        )
    }

    /// The line number of a span, counted from 1.
    fn at(&self, place: Option<Range<usize>>) -> usize {
        place.map_or(1, |place| {
            self.0.partition_point(|begin| *begin <= place.start)
        })
    }

    fn last(&self) -> usize {
        self.0.len()
    }

    /// The keys of a table, in file order.
    fn settings(&self, table: &DeTable<'_>) -> Result<Vec<SuiteSetting>, SuiteError> {
        let mut all: Vec<_> = table.iter().collect();
        all.sort_by_key(|(key, _)| key.span().start);
        let setting = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let key: &Spanned<std::borrow::Cow<'_, str>> = key;
            let line = self.at(Some(key.span()));
            let key = key.get_ref().to_string();
            let value = self.value(&key, line, value)?;
            Ok(SuiteSetting { key, value, line })
        };
        all.into_iter().map(setting).collect()
    }

    fn value(
        &self,
        key: &str,
        line: usize,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<SettingValue, SuiteError> {
        let wrong = |what: &str| {
            SuiteError::new(
                line,
                format!(
                    "'{}' contains {what}; expected text, a number, true or false",
                    key.escape_debug()
                ),
            )
        };
        match value.get_ref() {
            DeValue::Boolean(flag) => Ok(SettingValue::Flag(*flag)),
            DeValue::Array(all) => {
                let texts = all.iter().map(|one| {
                    scalar_text(one.get_ref()).ok_or_else(|| {
                        wrong(
                            "an unsupported value in its \
                                                                    list",
                        )
                    })
                });
                texts.collect::<Result<_, _>>().map(SettingValue::List)
            }
            DeValue::Table(table) => {
                let settings = self.settings(table)?;
                let nested = settings.iter().find(|setting| {
                    matches!(
                        setting.value,
                        SettingValue::Table(_) | SettingValue::List(_)
                    )
                });
                match nested {
                    Some(nested) => Err(nested.error("contains a list or a table within a table")),
                    None => Ok(SettingValue::Table(settings)),
                }
            }
            other => scalar_text(other)
                .map(SettingValue::Text)
                .ok_or_else(|| wrong("a date or time")),
        }
    }
}

/// A string, or a number as written.
fn scalar_text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn tables_and_keys_keep_their_lines_and_their_order() {
        let text = "[defaults]\nrepeat = 3\nheaders = { B = 'b', A = 'a' }\n\n[[endpoint]]\nurl = \
            'h'\n[endpoint.budget]\ntotal = '<1s'\n[[endpoint]]\n";
        let document = SuiteFile::parse(text).unwrap();
        assert_eq!(
            document.defaults[0],
            SuiteSetting {
                key: "repeat".into(),
                value: SettingValue::Text("3".into()),
                line: 2
            }
        );
        let SettingValue::Table(headers) = &document.defaults[1].value else {
            panic!("a table")
        };
        assert_eq!(
            headers
                .iter()
                .map(|header| header.key.as_str())
                .collect::<Vec<_>>(),
            ["B", "A"]
        );
        let lines: Vec<_> = document
            .endpoints
            .iter()
            .map(|(line, settings)| (*line, settings.len()))
            .collect();
        assert_eq!(lines, [(5, 2), (9, 0)]);
    }

    #[test]
    fn errors_in_a_suite_name_their_line() {
        for (text, said) in [
            ("", "line 1: there is no endpoint"),
            ("\n\nx = 1", "line 3: 'x' is not allowed outside"),
            (
                "[[endpoints]]\nurl = 'h'",
                "line 1: 'endpoints' is not allowed outside of [defaults] and [[endpoint]]; did \
                 you mean 'endpoint'?",
            ),
            ("[endpoint]\nurl = 'h'", "line 1: write [defaults] once"),
            (
                "[[endpoint]]\nurl = 2026-01-01",
                "line 2: 'url' contains a date or time",
            ),
            (
                "[[endpoint]]\nurl = [['a']]",
                "line 2: 'url' contains an unsupported value in its list",
            ),
            (
                "[[endpoint]]\nx = { y = { z = 1 } }",
                "line 2: 'y' contains a list or a table within a table",
            ),
            ("[[endpoint]]\nurl = ", "line 2: "),
            (
                "[[endpoint]]\nurl = 'a'\nurl = 'b'",
                "line 3: duplicate key",
            ),
        ] {
            let error = SuiteFile::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(said), "{text}: {error}");
        }
        assert!(
            SuiteFile::parse(&("[[endpoint]]\nx = ".to_owned() + &"[".repeat(1_000_000))).is_err()
        );
    }
}
