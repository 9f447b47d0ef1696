//! The lab that this process runs in, if there is one.

use std::process::Command;

use super::link_args::LinkArgs;
use crate::lab::network::{ClientEnvironment, LinkChange, LinkReply, RunningLab};
use crate::trace::LinkConfig;

/// Environment variable with the name of the lab that a program runs in.
const LAB_VARIABLE: &str = "TAPLINE_LAB";
/// Environment variables for the CA file: OpenSSL, curl, Python's requests, Node.js, Git.
const CERTIFICATE_VARIABLES: [&str; 5] = [
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
];
/// Environment variables that are unset: they refer to the outside, which the lab cannot reach.
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

/// Sets the environment of a program that is run in a lab.
pub(super) fn set_environment(command: &mut Command, inside: &ClientEnvironment) {
    command.env(LAB_VARIABLE, &inside.name);
    for name in CERTIFICATE_VARIABLES {
        command.env(name, &inside.certificate);
    }
    for name in REMOVED_VARIABLES {
        command.env_remove(name);
    }
}

/// The current settings of the lab's link; `None` outside a lab.
pub(in crate::cli) fn enclosing_link() -> Option<LinkConfig> {
    match enclosing_lab()?.send_change(&LinkChange::default()) {
        Ok(LinkReply::Current { link, .. }) => Some(link),
        Ok(LinkReply::Refused { .. }) | Err(_) => None,
    }
}

/// Applies the link options of the command line, if there are any. Returns an error message on
/// failure.
pub(super) fn apply_link_args(lab: &RunningLab, args: LinkArgs) -> Option<String> {
    let change = args.into_change();
    if change == LinkChange::default() {
        return None;
    }
    match lab.send_change(&change) {
        Ok(LinkReply::Current { .. }) => None,
        Ok(LinkReply::Refused { error }) => Some(error),
        Err(error) => Some(format!("the lab does not respond: {error}")),
    }
}
