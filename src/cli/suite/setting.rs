//! Keys of a suite's file with their values, and errors about them.

/// A key with its value and line number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SuiteSetting {
    pub(super) key: String,
    pub(super) value: SettingValue,
    /// The line number of the key, from 1; 0 for the command line.
    pub(super) line: usize,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SettingValue {
    /// `true` or `false`.
    Flag(bool),
    /// A string, or a number as written.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// A table of settings.
    Table(Vec<SuiteSetting>),
}

impl SuiteSetting {
    /// The value, if it is a single text.
    pub(super) fn text(&self) -> Result<&str, SuiteError> {
        match &self.value {
            SettingValue::Text(text) => Ok(text),
            other => Err(self.error(&format!("is {}; expected text", other.kind()))),
        }
    }

    /// An error about this setting.
    pub(super) fn error(&self, sentence: &str) -> SuiteError {
        SuiteError::new(
            self.line,
            format!("'{}' {sentence}", self.key.escape_debug()),
        )
    }

    /// Replaces each text in the value by the result of `of`.
    pub(super) fn map(
        mut self,
        of: &mut impl FnMut(&str) -> Result<String, SuiteError>,
    ) -> Result<Self, SuiteError> {
        match &mut self.value {
            SettingValue::Flag(_) => {}
            SettingValue::Text(text) => *text = of(text)?,
            SettingValue::List(list) => list
                .iter_mut()
                .try_for_each(|text| of(text).map(|made| *text = made))?,
            SettingValue::Table(settings) => {
                let all = std::mem::take(settings);
                *settings = all
                    .into_iter()
                    .map(|setting| setting.map(of))
                    .collect::<Result<_, _>>()?;
            }
        }
        Ok(self)
    }

    /// Returns true if a text in the value satisfies `is`.
    pub(super) fn any(&self, is: &impl Fn(&str) -> bool) -> bool {
        match &self.value {
            SettingValue::Flag(_) => false,
            SettingValue::Text(text) => is(text),
            SettingValue::List(list) => list.iter().any(|text| is(text)),
            SettingValue::Table(settings) => settings.iter().any(|setting| setting.any(is)),
        }
    }
}

impl SettingValue {
    /// The type of the value, for error messages.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Flag(_) => "true or false",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// An error in a suite's file, with its line number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {sentence}")]
pub(super) struct SuiteError {
    /// Counted from 1.
    line: usize,
    sentence: String,
}

impl SuiteError {
    pub(super) fn new(line: usize, sentence: impl Into<String>) -> Self {
        Self {
            line,
            sentence: sentence.into(),
        }
    }
}
