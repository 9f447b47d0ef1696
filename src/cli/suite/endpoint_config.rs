//! The configuration of one endpoint.

use super::options::{ENDPOINT_KEYS, EndpointOptions};
use super::setting::{SettingValue, SuiteError, SuiteSetting};
use crate::cli::request;
use crate::insight::budget::{Budget, BudgetRule};
use crate::insight::redact::Redactor;
use crate::probe::Spec;
use crate::probe::spec::BodyOutput;
use crate::report;
use crate::units::Untrusted;

/// The configuration of one endpoint.
pub(super) struct EndpointConfig {
    pub(super) name: Untrusted,
    pub(super) spec: Spec,
    /// The budget, and what to mask.
    pub(super) options: report::ReportOptions,
}

impl EndpointConfig {
    /// Builds the configuration from merged settings.
    pub(super) fn from_settings(
        line: usize,
        settings: &[SuiteSetting],
        options: &EndpointOptions,
        mut report_options: report::ReportOptions,
    ) -> Result<Self, SuiteError> {
        let own = |key: &str| settings.iter().find(|setting| setting.key == key);
        let url = own("url").ok_or_else(|| SuiteError::new(line, "this endpoint has no url"))?;
        let name = own("name").unwrap_or(url).text()?;
        if name.trim().is_empty() {
            return Err(SuiteError::new(line, "the name is empty"));
        }
        let requests: Vec<SuiteSetting> = settings
            .iter()
            .filter(|setting| !ENDPOINT_KEYS.contains(&setting.key.as_str()))
            .cloned()
            .collect();
        let masked = |text: String| {
            Redactor::with_rules(&report_options.rules)
                .text(&Untrusted::new(text))
                .escaped()
                .into_owned()
        };
        let (args, matches) = options
            .read(&requests)
            .map_err(|(line, sentence)| SuiteError::new(line, masked(sentence)))?;
        let mut spec = request::build_spec(
            url.text()?,
            &args,
            &matches,
            &request::CookieFiles::default(),
        )
        .map_err(|usage| SuiteError::new(line, masked(usage.to_string())))?;
        // Suites run unattended, possibly from a file written by somebody else, so the guard is on
        // by default.
        spec.redirects.guard = !args.no_redirect_guard;
        if spec.output == Some(BodyOutput::Stdout) {
            return Err(SuiteError::new(
                line,
                "'output' must be a file: reports use standard output",
            ));
        }
        let name = Redactor::with_rules(&report_options.rules).text(&Untrusted::new(name));
        report_options.budget = own("budget").map(parse_budget).transpose()?;
        Ok(Self {
            name,
            spec,
            options: report_options,
        })
    }
}

/// Parses `"total<=500ms,dns<=50ms"`, a list of such strings, or a table: `total = "<=500ms"`,
/// `status = 200`.
fn parse_budget(setting: &SuiteSetting) -> Result<Budget, SuiteError> {
    let parse = |text: &str| {
        text.parse::<Budget>()
            .map_err(|error| setting.error(&format!("cannot be read: {error}")))
    };
    match &setting.value {
        SettingValue::Text(text) => parse(text),
        SettingValue::List(list) => parse(&list.join(",")),
        SettingValue::Table(rules) if !rules.is_empty() => rules
            .iter()
            .map(parse_rule)
            .collect::<Result<_, _>>()
            .map(Budget::new),
        other => Err(setting.error(&format!(
            "is {}; expected rules such as total = \"<=500ms\"",
            other.kind()
        ))),
    }
}

fn parse_rule(setting: &SuiteSetting) -> Result<BudgetRule, SuiteError> {
    let limit = setting.text()?.trim();
    let equals = if limit.starts_with(|c: char| c.is_ascii_digit()) {
        "="
    } else {
        ""
    };
    let text = format!("{}{equals}{limit}", setting.key);
    text.parse()
        .map_err(|error| setting.error(&format!("cannot be parsed as {text:?}: {error}")))
}
