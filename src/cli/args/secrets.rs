//! What of secrets leaves the program.

use clap::Args;

use crate::cli::usage::Usage;
use crate::insight::redact::Rules;

/// Options whose values are secret, or may have a secret anywhere in them.
pub(in crate::cli) const SECRET_OPTIONS: [&str; 10] =
    ["user", "oauth2-bearer", "cookie", "data", "data-ascii", "data-raw", "data-binary", "data-urlencode", "json", "form"];

/// Whether secrets are masked, and which.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Secrets")]
pub(in crate::cli) struct SecretsArgs {
    /// Do not mask credentials, cookies, tokens and bodies in what is written; a run that is saved has the keys of its TLS, too
    #[arg(long)]
    pub(in crate::cli) with_secrets: bool,
    /// Mask what REGEX finds, too: its first group, or all of it; may be given several times
    #[arg(long, value_name = "REGEX", conflicts_with = "with_secrets")]
    redact: Vec<String>,
}

impl SecretsArgs {
    /// What is a secret.
    pub(in crate::cli) fn rules(&self) -> Result<Rules, Usage> {
        Rules::with_patterns(&self.redact).map_err(|error| Usage::new(format!("--redact: {error}")))
    }
}
