//! Whether packets can be captured on this machine, and what to do where not.

use std::thread;

use super::device::{CaptureDepth, CaptureDevice};
use super::{CaptureError, InterfaceSelection, privilege};

/// What was found out by trying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureDiagnosis {
    /// The interfaces tried, or why none could be.
    pub interfaces: Result<Vec<InterfaceCheck>, CaptureError>,
}

/// One interface that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceCheck {
    /// Its name.
    pub interface: String,
    /// How its frames begin, as libpcap names it, or why it could not be opened.
    pub outcome: Result<String, CaptureError>,
}

impl CaptureDiagnosis {
    /// At least one interface can be captured.
    pub fn can_capture(&self) -> bool {
        self.interfaces
            .as_ref()
            .is_ok_and(|found| found.iter().any(|finding| finding.outcome.is_ok()))
    }

    /// The interfaces that can be captured.
    pub fn usable_interfaces(&self) -> impl Iterator<Item = &str> {
        let found = self.interfaces.as_deref().unwrap_or_default();
        found
            .iter()
            .filter(|finding| finding.outcome.is_ok())
            .map(|finding| finding.interface.as_str())
    }

    /// What stands in the way, if nothing can be captured.
    pub fn error(&self) -> Option<&CaptureError> {
        match &self.interfaces {
            Err(refusal) => Some(refusal),
            Ok(_) if self.can_capture() => None,
            Ok(found) => found
                .iter()
                .find_map(|finding| finding.outcome.as_ref().err()),
        }
    }
}

/// Tries to open every interface that is up, then gives up the calling thread's right to capture.
/// No packet is read.
pub fn diagnose_capture() -> CaptureDiagnosis {
    let interfaces = if privilege::has_capture_privilege() == Some(false) {
        Err(CaptureError::not_permitted())
    } else {
        try_interfaces()
    };
    match privilege::drop_capture_privileges() {
        Ok(()) => CaptureDiagnosis { interfaces },
        Err(reason) => CaptureDiagnosis {
            interfaces: Err(CaptureError::new(reason, "run it as an ordinary user")),
        },
    }
}

fn try_interfaces() -> Result<Vec<InterfaceCheck>, CaptureError> {
    let names = InterfaceSelection::All.names();
    if names.is_empty() {
        return Err(CaptureError::new(
            "no network interface is up",
            "ip link shows the interfaces",
        ));
    }
    let outcomes: Vec<Result<String, CaptureError>> = thread::scope(|scope| {
        let trials: Vec<_> = names
            .iter()
            .map(|name| {
                scope.spawn(|| {
                    CaptureDevice::open(name, CaptureDepth::Headers).map(|device| device.link_name)
                })
            })
            .collect();
        trials
            .into_iter()
            .map(|trial| {
                trial
                    .join()
                    .unwrap_or_else(|_| Err(CaptureError::internal_error()))
            })
            .collect()
    });
    Ok(names
        .into_iter()
        .zip(outcomes)
        .map(|(interface, outcome)| InterfaceCheck { interface, outcome })
        .collect())
}
