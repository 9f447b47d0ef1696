//! The error of a capture: why packets cannot be captured, and a remedy.

use std::fmt;

use crate::trace::EventKind;

/// Why packets cannot be captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureError {
    /// Reason, as a sentence without a full stop.
    pub reason: String,
    /// Remedy: one command where possible.
    pub remedy: String,
}

impl CaptureError {
    pub(super) fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            remedy: remedy.into(),
        }
    }

    /// The event that reports it in a run.
    pub fn event(&self) -> EventKind {
        EventKind::CaptureUnavailable {
            reason: self.reason.clone(),
            remedy: self.remedy.clone(),
        }
    }

    /// The user lacks the privilege.
    pub(super) fn not_permitted() -> Self {
        Self::new("this user may not capture packets", grant_command())
    }

    /// A bug in this program.
    pub(super) fn internal_error() -> Self {
        Self::new(
            "opening an interface failed because of a bug in this program",
            "please report it",
        )
    }

    /// Explains an error of libpcap.
    pub(super) fn from_pcap(interface: &str, error: &pcap::Error) -> Self {
        let text = error.to_string();
        let lower = text.to_lowercase();
        if ["permission", "not permitted", "eacces", "eperm"]
            .iter()
            .any(|phrase| lower.contains(phrase))
        {
            return Self::not_permitted();
        }
        if ["no such device", "doesn't exist", "disappeared"]
            .iter()
            .any(|phrase| lower.contains(phrase))
        {
            return Self::new(
                format!("there is no interface {interface}"),
                "tapline doctor lists the interfaces".to_owned(),
            );
        }
        if ["not up", "is down", "network is down"]
            .iter()
            .any(|phrase| lower.contains(phrase))
        {
            return Self::new(
                format!("the interface {interface} is down"),
                format!("sudo ip link set {interface} up"),
            );
        }
        Self::new(
            format!("the interface {interface} could not be opened: {text}"),
            "tapline doctor tries every interface".to_owned(),
        )
    }
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.reason, self.remedy)
    }
}

impl std::error::Error for CaptureError {}

/// Command that grants the privilege to capture.
fn grant_command() -> String {
    if cfg!(target_os = "linux") {
        let program = std::env::current_exe().map_or_else(
            |_| "/path/to/tapline".to_owned(),
            |path| shell_quote(&path.to_string_lossy()),
        );
        format!("sudo setcap cap_net_raw=eip {program}")
    } else {
        "sudo chmod g+rw /dev/bpf* && sudo chgrp admin /dev/bpf* (or install Wireshark's \
            ChmodBPF, which does it at every start)"
            .to_owned()
    }
}

/// Quotes a path for a shell.
fn shell_quote(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,=".contains(c);
    if path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pcap_error(text: &str) -> CaptureError {
        CaptureError::from_pcap("eth7", &pcap::Error::PcapError(text.to_owned()))
    }

    #[test]
    fn errors_of_libpcap_have_a_reason_and_a_remedy() {
        let permission = pcap_error(
            "eth7: You don't have permission to perform this capture on that device (socket: \
                Operation not permitted)",
        );
        assert_eq!(permission, CaptureError::not_permitted());
        assert_eq!(
            pcap_error("eth7: No such device exists (SIOCGIFHWADDR: No such device)").reason,
            "there is no interface eth7"
        );
        assert_eq!(
            pcap_error("eth7: That device is not up").remedy,
            "sudo ip link set eth7 up"
        );
        assert!(
            pcap_error("something else")
                .reason
                .ends_with("something else")
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_right_is_granted_by_one_command_that_names_this_program() {
        let remedy = CaptureError::not_permitted().remedy;
        assert!(
            remedy.starts_with("sudo setcap cap_net_raw=eip /"),
            "{remedy}"
        );
    }

    #[test]
    fn a_path_that_a_shell_would_split_is_quoted() {
        assert_eq!(
            shell_quote("/usr/local/bin/tapline"),
            "/usr/local/bin/tapline"
        );
        assert_eq!(
            shell_quote("/home/o'neil/my bin/tapline"),
            r"'/home/o'\''neil/my bin/tapline'"
        );
    }
}
