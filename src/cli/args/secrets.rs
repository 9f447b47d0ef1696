//! What of secrets leaves the program.

use clap::{Args, ValueEnum};

use crate::cli::usage::UsageError;
use crate::insight::redact::{RedactionPolicy, RedactionRules};

/// Options whose values are secret, or may have a secret anywhere in them.
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

/// Options whose values may be as secret: addresses with a token in their path, what shall be
/// masked.
const ALSO_SECRET: [&str; 3] = ["webhook", "otlp", "redact"];

/// Returns true for an option whose value nobody but its user should see.
pub(in crate::cli) fn is_secret_option(name: &str) -> bool {
    SECRET_OPTIONS.contains(&name) || ALSO_SECRET.contains(&name)
}

/// What each level masks, as a table.
const LEVELS: &str = "\
What to mask, in everything that is written and on the screen:

                                          normal   strict   none
  user names and passwords in URLs        masked   masked   shown
  credentials, cookies (names are kept)   masked   masked   shown
  fields and parameters named as secrets  masked   masked   shown
  tokens and keys of known shapes         masked   masked   shown
  what was secret elsewhere, --redact     masked   masked   shown
  bodies in reports and saved runs        masked   masked   shown
  all other parameters of URLs            shown    masked   shown
  all other fields                        shown    masked   shown
  reason phrases, DNS text records        shown    masked   shown
  keys of TLS in a saved run              left out left out saved

Names are judged by their words: X-Auth-Key, client_secret and sessionid are secrets, token_type \
and sort_key are none. \
Under strict the values of fields and parameters are shown that say how HTTP is spoken, such as \
Content-Type and page. \
none is what --with-secrets is.";

/// What is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum MaskLevel {
    /// What is secret by its name, its place or its shape
    Normal,
    /// Everything of others but what is known to be harmless
    Strict,
    /// Nothing
    None,
}

/// Whether secrets are masked, and which.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Secrets")]
pub(in crate::cli) struct SecretsArgs {
    /// What to mask: normal, what is secret; strict, all but what is harmless; none
    #[arg(long, value_enum, value_name = "LEVEL", long_help = LEVELS)]
    mask: Option<MaskLevel>,
    /// Do not mask credentials, cookies, tokens and bodies in what is written; a run that is saved
    /// has the keys of its TLS, too
    #[arg(long)]
    with_secrets: bool,
    /// Mask what REGEX finds, too: its first group, or all of it; may be given several times
    #[arg(long, value_name = "REGEX", conflicts_with = "with_secrets")]
    redact: Vec<String>,
}

impl SecretsArgs {
    /// Returns true if nothing is masked.
    pub(in crate::cli) fn with_secrets(&self) -> bool {
        self.with_secrets || self.mask == Some(MaskLevel::None)
    }

    /// What is a secret.
    ///
    /// # Errors
    /// Options contradict each other, or a pattern is none.
    pub(in crate::cli) fn rules(&self) -> Result<RedactionRules, UsageError> {
        match self.mask {
            Some(level @ (MaskLevel::Normal | MaskLevel::Strict)) if self.with_secrets => {
                let level = if level == MaskLevel::Strict {
                    "strict"
                } else {
                    "normal"
                };
                return Err(UsageError::new(format!(
                    "--mask {level} masks what --with-secrets shows; give one of them"
                )));
            }
            Some(MaskLevel::None) if !self.redact.is_empty() => {
                return Err(UsageError::new(
                    "--mask none masks nothing, and --redact says what to mask; give one of them",
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

    /// Whether secrets are masked, and by which rules.
    ///
    /// # Errors
    /// As of [`rules`](Self::rules).
    pub(in crate::cli) fn masking(&self) -> Result<RedactionPolicy, UsageError> {
        let rules = self.rules()?;
        Ok(if self.with_secrets() {
            RedactionPolicy::ShowSecrets
        } else {
            RedactionPolicy::Mask(rules)
        })
    }
}
