//! The lab around this process, if it was started within one.

use std::process::Command;

use super::link_args::LinkArgs;
use crate::lab::network::{ClientEnvironment, LinkChange, LinkReply, RunningLab};
use crate::trace::LinkConfig;

/// The name of the lab that a program runs in.
const LAB_VARIABLE: &str = "TAPLINE_LAB";
/// Where programs are told to look for certificates: OpenSSL, curl, Python's requests, Node, Git.
const CERTIFICATE_VARIABLES: [&str; 5] = [
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
];
/// What leads elsewhere: the lab has no way out.
const REMOVED_VARIABLES: [&str; 9] = [
    "SSL_CERT_DIR",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];

/// The lab that this process runs in.
pub(in crate::cli) fn enclosing_lab() -> Option<RunningLab> {
    std::env::var(LAB_VARIABLE)
        .ok()
        .filter(|name| !name.is_empty())
        .map(RunningLab::with_name)
}

/// Gives a program what it needs in a lab.
pub(super) fn set_environment(command: &mut Command, inside: &ClientEnvironment) {
    command.env(LAB_VARIABLE, &inside.name);
    for name in CERTIFICATE_VARIABLES {
        command.env(name, &inside.certificate);
    }
    for name in REMOVED_VARIABLES {
        command.env_remove(name);
    }
}

/// How its link is set; `None` outside a lab.
pub(in crate::cli) fn enclosing_link() -> Option<LinkConfig> {
    match enclosing_lab()?.send_change(&LinkChange::default()) {
        Ok(LinkReply::Current { link, .. }) => Some(link),
        Ok(LinkReply::Refused { .. }) | Err(_) => None,
    }
}

/// Sets the link as the command line says, if it says anything; why it could not be, in a sentence.
pub(super) fn apply_link_args(lab: &RunningLab, args: LinkArgs) -> Option<String> {
    let change = args.into_change();
    if change == LinkChange::default() {
        return None;
    }
    match lab.send_change(&change) {
        Ok(LinkReply::Current { .. }) => None,
        Ok(LinkReply::Refused { error }) => Some(error),
        Err(error) => Some(format!("the lab does not answer: {error}")),
    }
}
