//! A first argument that is a misspelt command rather than a host.

use clap::CommandFactory;

use super::args::Cli;
use super::exit::UsageError;
use crate::units::closest_match_within;

/// Maximum edit distance from a command's name.
const MAX_EDITS: usize = 2;

/// Refuses a bare word that is nearly a command's name, before it is looked up in DNS as a host.
pub(super) fn refuse_misspelt_command(argument: &str) -> Result<(), UsageError> {
    if argument.contains(['.', ':', '/']) || argument.contains(|c: char| c.is_ascii_digit()) {
        return Ok(());
    }
    let cli = Cli::command();
    match closest_match_within(
        argument,
        cli.get_subcommands().map(clap::Command::get_name),
        MAX_EDITS,
    ) {
        Some(meant) => {
            let shown = crate::units::Untrusted::new(argument);
            let shown = shown.escaped();
            Err(UsageError::new(format!(
                "unknown command '{shown}'; did you mean '{meant}'? To request a host of this \
                 name, write http://{shown}/"
            )))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_word_near_a_command_is_no_host() {
        for (argument, meant) in [
            ("prob", "probe"),
            ("porbe", "probe"),
            ("PROBE", "probe"),
            ("dif", "diff"),
            ("labs", "lab"),
            ("doktor", "doctor"),
            ("completion", "completions"),
        ] {
            let refusal = refuse_misspelt_command(argument)
                .err()
                .map(|usage| usage.to_string())
                .unwrap_or_default();
            assert!(
                refusal.contains(&format!("did you mean '{meant}'"))
                    && refusal.contains(&format!("http://{argument}/")),
                "{argument}: {refusal}"
            );
        }
        for host in [
            "http://prob/",
            "prob/",
            "prob:80",
            "prob.",
            "prob1",
            "localhost",
            "intranet",
            "my-server",
            "::1",
        ] {
            assert_eq!(refuse_misspelt_command(host), Ok(()), "{host}");
        }
    }
}
