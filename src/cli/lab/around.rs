//! The lab around this process, if it was started within one.

use std::process::Command;

use super::link::LinkArgs;
use crate::lab::network::{Change, Inside, Remote, State};
use crate::trace::Link;

/// The name of the lab that a program runs in.
const LAB: &str = "TAPLINE_LAB";
/// Where programs are told to look for certificates: OpenSSL, curl, Python's requests, Node, Git.
const CERTIFICATES: [&str; 5] = [
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
];
/// What leads elsewhere: the lab has no way out.
const ELSEWHERE: [&str; 9] = [
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
pub(in crate::cli) fn lab() -> Option<Remote> {
    std::env::var(LAB)
        .ok()
        .filter(|name| !name.is_empty())
        .map(Remote::named)
}

/// Gives a program what it needs in a lab.
pub(super) fn tell(command: &mut Command, inside: &Inside) {
    command.env(LAB, &inside.name);
    for name in CERTIFICATES {
        command.env(name, &inside.certificate);
    }
    for name in ELSEWHERE {
        command.env_remove(name);
    }
}

/// How its link is set; `None` outside a lab.
pub(in crate::cli) fn link() -> Option<Link> {
    match lab()?.ask(&Change::default()) {
        Ok(State::Is { link, .. }) => Some(link),
        Ok(State::Refused { .. }) | Err(_) => None,
    }
}

/// Sets the link as the command line says, if it says anything; why it could not be, in a sentence.
pub(super) fn change(lab: &Remote, args: LinkArgs) -> Option<String> {
    let change = args.change();
    if change == Change::default() {
        return None;
    }
    match lab.ask(&change) {
        Ok(State::Is { .. }) => None,
        Ok(State::Refused { error }) => Some(error),
        Err(error) => Some(format!("the lab does not answer: {error}")),
    }
}
