//! What there is to say of the file that `--keylog` names.

use super::exit::Exit;
use crate::probe::spec::KeyLogProblems;
use crate::units::Untrusted;

/// Says on standard error what there is to say of a run's key log.
///
/// # Errors
/// Secrets are missing in it.
pub(super) fn warn_about_key_log(troubles: &KeyLogProblems) -> Result<(), Exit> {
    let say = |sentence: &str| eprintln!("tapline: {}", Untrusted::new(sentence).escaped());
    troubles.warning().into_iter().for_each(say);
    troubles.failure().map_or(Ok(()), |sentence| {
        say(sentence);
        Err(Exit::Fault)
    })
}
