//! Diagnosis of whether packets can be captured on this machine.

use std::thread;

use super::device::{CaptureDepth, CaptureDevice};
use super::{CaptureError, InterfaceSelection, privilege};

/// Result of trying to capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureDiagnosis {
    /// The interfaces tried, or why none could be tried.
    pub interfaces: Result<Vec<InterfaceCheck>, CaptureError>,
}

/// Result for one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceCheck {
    /// Interface name.
    pub interface: String,
    /// Link type name of libpcap, or why the interface could not be opened.
    pub outcome: Result<String, CaptureError>,
}

impl CaptureDiagnosis {
    /// Returns true if at least one interface can be captured.
    pub fn can_capture(&self) -> bool {
        self.interfaces
            .as_ref()
            .is_ok_and(|checks| checks.iter().any(|check| check.outcome.is_ok()))
    }

    /// The interfaces that can be captured.
    pub fn usable_interfaces(&self) -> impl Iterator<Item = &str> {
        let checks = self.interfaces.as_deref().unwrap_or_default();
        checks
            .iter()
            .filter(|check| check.outcome.is_ok())
            .map(|check| check.interface.as_str())
    }

    /// The first error, if no interface can be captured.
    pub fn error(&self) -> Option<&CaptureError> {
        match &self.interfaces {
            Err(refusal) => Some(refusal),
            Ok(_) if self.can_capture() => None,
            Ok(checks) => checks.iter().find_map(|check| check.outcome.as_ref().err()),
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
        let threads: Vec<_> = names
            .iter()
            .map(|name| {
                scope.spawn(|| {
                    CaptureDevice::open(name, CaptureDepth::Headers).map(|device| device.link_name)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
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
