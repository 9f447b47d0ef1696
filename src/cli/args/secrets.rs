//! Arguments that control which secrets are masked.

use clap::{Args, ValueEnum};

use crate::cli::exit::UsageError;
use crate::insight::redact::{RedactionPolicy, RedactionRules};

/// Options whose values are, or may contain, secrets.
pub(in crate::cli) const SECRET_OPTIONS: [&str; 11] = [
    "user",
    "oauth2-bearer",
    "cookie",
    "data",
    "data-ascii",
    "data-raw",
    "data-binary",
    "data-urlencode",
    "json",
    "form",
    "form-string",
];

/// Further options with secret values: URLs with a token in their path, and patterns of what to
/// mask.
const ALSO_SECRET: [&str; 3] = ["webhook", "otlp", "redact"];

/// Returns true for an option whose value must not be shown to other users.
pub(in crate::cli) fn is_secret_option(name: &str) -> bool {
    SECRET_OPTIONS.contains(&name) || ALSO_SECRET.contains(&name)
}

/// A table of what each level masks.
const LEVELS: &str = "\
What to mask in all output and on the screen:

                                          normal   strict   none
  user names and passwords in URLs        masked   masked   shown
  credentials, cookies (names are kept)   masked   masked   shown
  fields and parameters named as secrets  masked   masked   shown
  tokens and keys in known formats        masked   masked   shown
  secrets found elsewhere, --redact       masked   masked   shown
  bodies in reports and saved runs        masked   masked   shown
  all other parameters of URLs            shown    masked   shown
  all other header fields                 shown    masked   shown
  reason phrases, DNS text records        shown    masked   shown
  TLS keys in a saved run                 left out left out saved

Names are judged by the words in them: X-Auth-Key, client_secret and sessionid are secrets, \
token_type and sort_key are not. With strict, values are only shown for fields and parameters \
that are part of the protocol, such as Content-Type and page. none is the same as --with-secrets.";

/// The masking level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum MaskLevel {
    /// Anything that is secret by its name, its position or its format
    Normal,
    /// All text from outside, except what is known to be harmless
    Strict,
    /// Nothing
    None,
}

/// Arguments that control masking.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Secrets")]
pub(in crate::cli) struct SecretsArgs {
    /// What to mask: normal, secrets; strict, everything not known to be harmless; none, nothing
    #[arg(long, value_enum, value_name = "LEVEL", long_help = LEVELS)]
    mask: Option<MaskLevel>,
    /// Do not mask credentials, cookies, tokens and bodies in output; saved runs also include the
    /// TLS keys
    #[arg(long)]
    with_secrets: bool,
    /// Also mask what REGEX matches: its first group, or the whole match. May be repeated
    #[arg(long, value_name = "REGEX", conflicts_with = "with_secrets")]
    redact: Vec<String>,
}

impl SecretsArgs {
    /// Returns true if nothing is masked.
    pub(in crate::cli) fn with_secrets(&self) -> bool {
        self.with_secrets || self.mask == Some(MaskLevel::None)
    }

    /// Builds the rules of what to mask.
    ///
    /// # Errors
    /// The options contradict each other, or a pattern is invalid.
    pub(in crate::cli) fn rules(&self) -> Result<RedactionRules, UsageError> {
        match self.mask {
            Some(level @ (MaskLevel::Normal | MaskLevel::Strict)) if self.with_secrets => {
                let level = if level == MaskLevel::Strict {
                    "strict"
                } else {
                    "normal"
                };
                return Err(UsageError::new(format!(
                    "--mask {level} contradicts --with-secrets; give only one of them"
                )));
            }
            Some(MaskLevel::None) if !self.redact.is_empty() => {
                return Err(UsageError::new(
                    "--mask none contradicts --redact; give only one of them",
                ));
            }
            _ => {}
        }
        let rules = RedactionRules::with_patterns(&self.redact)
            .map_err(|error| UsageError::new(format!("--redact: {error}")))?;
        Ok(if self.mask == Some(MaskLevel::Strict) {
            rules.strict()
        } else {
            rules
        })
    }

    /// Builds the masking setting.
    ///
    /// # Errors
    /// The same as [`rules`](Self::rules).
    pub(in crate::cli) fn masking(&self) -> Result<RedactionPolicy, UsageError> {
        let rules = self.rules()?;
        Ok(if self.with_secrets() {
            RedactionPolicy::ShowSecrets
        } else {
            RedactionPolicy::Mask(rules)
        })
    }
}
