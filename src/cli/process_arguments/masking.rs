//! Which command-line arguments contain secrets, and masked copies of them.

use std::cell::LazyCell;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use clap::{Arg, Command, CommandFactory};

use crate::cli::args::{Cli, is_secret_option};
use crate::insight::redact::{overwrite_field_secrets, overwrite_secrets};

/// The option whose value is a header field line.
const HEADER_OPTION: &str = "header";

/// Kind of an argument, which determines how it is masked.
#[derive(Clone, Copy)]
enum ArgumentKind {
    Secret,
    Header,
    Other,
}

impl ArgumentKind {
    fn of_option(name: &str) -> Self {
        match name {
            HEADER_OPTION => Self::Header,
            name if is_secret_option(name) => Self::Secret,
            _ => Self::Other,
        }
    }

    fn mask(self, value: &[u8]) -> Vec<u8> {
        match self {
            Self::Secret => vec![b'*'; value.len()],
            Self::Header => overwrite_field_secrets(value),
            Self::Other => overwrite_secrets(value),
        }
    }
}

/// Returns the arguments with secrets overwritten. Each keeps its length.
pub(super) fn mask_secrets(arguments: &[OsString]) -> Vec<Vec<u8>> {
    // Created lazily: this takes longer than everything else here.
    let command = LazyCell::new(Cli::command);
    let mut next = None;
    let mask = |argument: &OsString| {
        let bytes = argument.as_bytes();
        if let Some(value) = next.take() {
            return ArgumentKind::mask(value, bytes);
        }
        let (head, value) = match bytes {
            [b'-', b'-', name @ ..] => locate_long_value(name),
            [b'-', letters @ ..] => locate_short_value(&command, letters),
            _ => (0, Some(ArgumentKind::Other)),
        };
        let (kept, rest) = bytes.split_at(head.min(bytes.len()));
        if rest.is_empty() && head > 0 {
            next = value;
        }
        [
            kept,
            &value.map_or_else(|| rest.to_vec(), |value| value.mask(rest)),
        ]
        .concat()
    };
    arguments.iter().map(mask).collect()
}

/// Locates the value in `--name=value`: its offset, and how to mask it. For a bare `--name` the
/// value is the next argument, if the option is known to take a secret one. Any other next argument
/// is masked by its own content.
fn locate_long_value(name: &[u8]) -> (usize, Option<ArgumentKind>) {
    let end = name.iter().position(|byte| *byte == b'=');
    let value = ArgumentKind::of_option(&String::from_utf8_lossy(
        name.get(..end.unwrap_or(name.len())).unwrap_or_default(),
    ));
    match (end, value) {
        (Some(end), value) => (end + 3, Some(value)),
        (None, ArgumentKind::Other) => (name.len() + 2, None),
        (None, value) => (name.len() + 2, Some(value)),
    }
}

/// Locates the value in `-sSuVALUE`: the first letter that takes a value consumes the rest.
fn locate_short_value(command: &Command, letters: &[u8]) -> (usize, Option<ArgumentKind>) {
    for (at, letter) in letters.iter().enumerate() {
        if let Some(option) = find_option(command, char::from(*letter)) {
            return (
                at + 2,
                Some(ArgumentKind::of_option(
                    option.get_long().unwrap_or_default(),
                )),
            );
        }
    }
    (letters.len() + 1, None)
}

/// Finds the option with a letter, in any command, if it takes a value.
fn find_option(command: &Command, letter: char) -> Option<&Arg> {
    let own = command
        .get_arguments()
        .find(|arg| arg.get_short() == Some(letter) && arg.get_action().takes_values());
    own.or_else(|| {
        command
            .get_subcommands()
            .find_map(|command| find_option(command, letter))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secret_options_are_overwritten_however_they_are_given() {
        let given = [
            "tapline",
            "probe",
            "-u",
            "ada:pw",
            "--user=ada:pw",
            "-uada:pw",
            "-Lfu",
            "ada:pw",
            "-H",
            "X-Api-Key: abc",
            "-HCookie: a=b",
            "--header",
            "Accept: */*",
            "-b",
            "a=b",
            "--json",
            "{}",
            "-x",
            "http://a:b@proxy:1/",
            "--save",
            "run",
            "https://ada:pw@h/?token=t&x=1",
        ];
        let given: Vec<OsString> = given.into_iter().map(OsString::from).collect();
        let masked: Vec<String> = mask_secrets(&given)
            .iter()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .collect();
        assert_eq!(
            masked,
            [
                "tapline",
                "probe",
                "-u",
                "******",
                "--user=******",
                "-u******",
                "-Lfu",
                "******",
                "-H",
                "X-Api-Key: ***",
                "-HCookie: a=*",
                "--header",
                "Accept: */*",
                "-b",
                "***",
                "--json",
                "**",
                "-x",
                "http://***@proxy:1/",
                "--save",
                "run",
                "https://******@h/?token=*&x=1",
            ]
        );
    }
}
