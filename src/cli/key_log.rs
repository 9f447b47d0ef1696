//! Messages about the file given by `--keylog`.

use super::exit::Exit;
use crate::probe::spec::KeyLogProblems;
use crate::units::Untrusted;

/// Prints warnings and errors about a run's key log to standard error.
///
/// # Errors
/// The key log is incomplete.
pub(super) fn warn_about_key_log(troubles: &KeyLogProblems) -> Result<(), Exit> {
    let say = |sentence: &str| eprintln!("tapline: {}", Untrusted::new(sentence).escaped());
    troubles.warning().into_iter().for_each(say);
    troubles.failure().map_or(Ok(()), |sentence| {
        say(sentence);
        Err(Exit::Fault)
    })
}
