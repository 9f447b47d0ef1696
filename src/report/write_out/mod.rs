//! The output of curl's `-w`.
//!
//! The syntax is curl's: `%{variable}`, `%header{name}`, `%%`, `
//! `, `\r`, `\t`. `%{stderr}` and `%{stdout}` redirect what follows, `%{onerror}` ends the output
//! unless the transfer failed. An unknown variable yields nothing and a warning. Checked against
//! curl 7.88; variables of later versions are included. Differences: control characters in text
//! from the network are escaped, secrets are masked by default, and `%output{}` is not supported.

mod certificates;
mod context;
mod exit_code;
mod format_parts;
mod variables;

use std::io;

use super::exchange_source::ExchangeSource;
use super::{ReportOptions, json_text};
use crate::trace::{Exchange, Trace};
use context::VariableContext;
use format_parts::FormatPart;

/// The output, by stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteOutText {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
    /// Warnings, each once.
    pub warnings: Vec<String>,
}

/// Formats each transfer of a run, as curl does for each URL. Redirects are part of their transfer:
/// times are summed over them as in curl.
pub fn write_out(format: &str, trace: &Trace, options: &ReportOptions) -> WriteOutText {
    let mut all = WriteOutText::default();
    let written = write_each_out(format, trace, options, &mut |one| {
        all.stdout.push_str(&one.stdout);
        all.stderr.push_str(&one.stderr);
        Ok(())
    });
    all.warnings = written.unwrap_or_default();
    all
}

/// Like [`write_out`], passing on one transfer after another. Returns the warnings, each once.
///
/// # Errors
/// The run cannot be read again, or `to` fails.
pub fn write_each_out(
    format: &str,
    every: &dyn ExchangeSource,
    options: &ReportOptions,
    to: &mut dyn FnMut(&WriteOutText) -> io::Result<()>,
) -> io::Result<Vec<String>> {
    let parts = format_parts::parse(format);
    let mut out = WriteOutText::default();
    every.for_each_transfer(&mut |trace, number, transfer| {
        if let Some(facts) = VariableContext::new(trace, *transfer, number, options.redactor()) {
            out.write(&parts, &facts);
        }
        to(&out)?;
        out.stdout.clear();
        out.stderr.clear();
        Ok(())
    })?;
    Ok(out.warnings)
}

impl WriteOutText {
    fn write(&mut self, parts: &[FormatPart], facts: &VariableContext) {
        let mut to_stderr = false;
        for part in parts {
            let text = match part {
                FormatPart::Text(text) => text.clone(),
                FormatPart::Header(name) => facts.header(name),
                FormatPart::Variable("stderr" | "stdout") => {
                    to_stderr = *part == FormatPart::Variable("stderr");
                    continue;
                }
                FormatPart::Variable("onerror") if facts.last.failure.is_none() => return,
                FormatPart::Variable("onerror") => continue,
                FormatPart::Variable("header_json") => header_json(facts.last, facts),
                FormatPart::Variable("json") => facts.json(),
                FormatPart::Variable(name) => facts.variable(name).map_or_else(
                    || self.warn(format!("unknown --write-out variable: '{name}'")),
                    |value| value.text(),
                ),
                FormatPart::Output => self.warn(
                    "%output{} is not supported in --write-out: redirect the output instead"
                        .to_owned(),
                ),
            };
            if to_stderr {
                &mut self.stderr
            } else {
                &mut self.stdout
            }
            .push_str(&text);
        }
    }

    /// Records a warning. Returns the empty output of an unknown item.
    fn warn(&mut self, sentence: String) -> String {
        if !self.warnings.contains(&sentence) {
            self.warnings.push(sentence);
        }
        String::new()
    }
}

/// The header fields of the final response, grouped by lower-case name, formatted as in curl.
fn header_json(hop: &Exchange, facts: &VariableContext) -> String {
    let headers = hop
        .response
        .as_ref()
        .map(|response| facts.redactor.headers(&response.headers))
        .unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for header in &headers {
        let name = header.name.raw().to_lowercase();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let line = |name: &String| {
        let values: Vec<_> = headers
            .iter()
            .filter(|header| header.is(name))
            .map(|header| &header.value)
            .collect();
        format!("{}:{}", json_text::line(name), json_text::line(&values))
    };
    format!(
        "{{{}\n}}",
        names.iter().map(line).collect::<Vec<_>>().join(",\n")
    )
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test fails by panicking")]
mod tests;
