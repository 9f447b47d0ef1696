//! What curl's `-w` would write.
//!
//! The language is curl's: `%{variable}`, `%header{name}`, `%%`, `\n`, `\r`, `\t`; `%{stderr}` and
//! `%{stdout}` change where what follows goes, `%{onerror}` ends the output of what did not fail; a
//! variable that does not exist writes nothing and is warned about. Checked against curl 7.88;
//! variables of later versions are there too. Differences: text from the network is written with
//! control characters escaped, secrets are masked unless asked for, and `%output{}` is not offered.

mod certificates;
mod exit_code;
mod parts;
mod variables;

use std::io;

use super::every::Every;
use super::{Options, escaping};
use crate::trace::{Exchange, Trace};
use parts::Part;
use variables::Facts;

/// What is to be written where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenOut {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
    /// Sentences about what could not be understood, each once.
    pub warnings: Vec<String>,
}

/// Writes a format out for each transfer of a run, as curl does for each URL. Redirects belong to
/// their transfer: times are summed over them as curl sums them.
pub fn write_out(format: &str, trace: &Trace, options: &Options) -> WrittenOut {
    let mut all = WrittenOut::default();
    let written = write_each_out(format, trace, options, &mut |one| {
        all.stdout.push_str(&one.stdout);
        all.stderr.push_str(&one.stderr);
        Ok(())
    });
    all.warnings = written.unwrap_or_default();
    all
}

/// The same, handed out for one transfer after the other; the warnings are returned at the end,
/// each once.
///
/// # Errors
/// The run cannot be read again, or what `to` says.
pub fn write_each_out(
    format: &str,
    every: &dyn Every,
    options: &Options,
    to: &mut dyn FnMut(&WrittenOut) -> io::Result<()>,
) -> io::Result<Vec<String>> {
    let parts = parts::parse(format);
    let mut out = WrittenOut::default();
    every.each(&mut |trace, number, transfer| {
        if let Some(facts) = Facts::of(trace, *transfer, number, options.redactor()) {
            out.write(&parts, &facts);
        }
        to(&out)?;
        out.stdout.clear();
        out.stderr.clear();
        Ok(())
    })?;
    Ok(out.warnings)
}

impl WrittenOut {
    fn write(&mut self, parts: &[Part], facts: &Facts) {
        let mut to_stderr = false;
        for part in parts {
            let text = match part {
                Part::Text(text) => text.clone(),
                Part::Header(name) => facts.header(name),
                Part::Variable("stderr" | "stdout") => {
                    to_stderr = *part == Part::Variable("stderr");
                    continue;
                }
                Part::Variable("onerror") if facts.hop.failure.is_none() => return,
                Part::Variable("onerror") => continue,
                Part::Variable("header_json") => header_json(facts.hop, facts),
                Part::Variable("json") => facts.json(),
                Part::Variable(name) => facts.variable(name).map_or_else(
                    || self.warn(format!("unknown --write-out variable: '{name}'")),
                    |value| value.text(),
                ),
                Part::Output => self.warn(
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

    /// Remembers a warning, and stands for what cannot be written.
    fn warn(&mut self, sentence: String) -> String {
        if !self.warnings.contains(&sentence) {
            self.warnings.push(sentence);
        }
        String::new()
    }
}

/// The final response's field lines, grouped by name in lower case, laid out as curl does.
fn header_json(hop: &Exchange, facts: &Facts) -> String {
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
        format!("{}:{}", escaping::line(name), escaping::line(&values))
    };
    format!(
        "{{{}\n}}",
        names.iter().map(line).collect::<Vec<_>>().join(",\n")
    )
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "a test fails by panicking")]
mod tests;
