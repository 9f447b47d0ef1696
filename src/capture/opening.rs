//! Opening interfaces for capture, then dropping the privilege to do so.

use std::io;
use std::thread::{self, JoinHandle};

use super::device::{CaptureDepth, CaptureDevice};
use super::{CaptureError, InterfaceSelection, LiveCapture, privilege};

/// Interfaces that are being opened. Opening one takes the kernel some milliseconds, in which the
/// program can do other things.
#[derive(Debug)]
#[must_use = "call `wait` to obtain the capture"]
pub struct CaptureOpening(
    Result<Vec<JoinHandle<Result<CaptureDevice, CaptureError>>>, CaptureError>,
    CaptureDepth,
);

impl CaptureOpening {
    /// Starts to open interfaces, each on a temporary thread, and drops the calling thread's
    /// capture privileges, whatever the outcome. Other threads keep theirs, so call it while there
    /// is only one.
    pub fn begin(interfaces: &InterfaceSelection, depth: CaptureDepth) -> Self {
        let openers = Self::spawn(interfaces, depth);
        if let Err(reason) = privilege::drop_capture_privileges() {
            return Self(
                Err(CaptureError::new(
                    reason,
                    "run it as an ordinary user, or with --capture off",
                )),
                depth,
            );
        }
        Self(openers, depth)
    }

    fn spawn(
        interfaces: &InterfaceSelection,
        depth: CaptureDepth,
    ) -> Result<Vec<JoinHandle<Result<CaptureDevice, CaptureError>>>, CaptureError> {
        if privilege::has_capture_privilege() == Some(false) {
            return Err(CaptureError::not_permitted());
        }
        let spawned: io::Result<Vec<_>> = interfaces
            .names()
            .into_iter()
            .map(|name| spawn_opener(name, depth))
            .collect();
        match spawned {
            Ok(openers) if openers.is_empty() => Err(CaptureError::new(
                "no network interface is up",
                "ip link shows the interfaces",
            )),
            Ok(openers) => Ok(openers),
            Err(error) => Err(CaptureError::new(
                format!("no thread could be started: {error}"),
                "close some programs",
            )),
        }
    }

    /// Waits until the interfaces are open.
    ///
    /// # Errors
    /// None of them could be opened: the first one's error.
    pub fn wait(self) -> Result<LiveCapture, CaptureError> {
        let mut devices = Vec::new();
        let mut refusals = Vec::new();
        for opener in self.0? {
            match opener.join() {
                Ok(Ok(device)) => devices.push(device),
                Ok(Err(refusal)) => refusals.push(refusal),
                Err(_) => refusals.push(CaptureError::internal_error()),
            }
        }
        match refusals.into_iter().next() {
            Some(refusal) if devices.is_empty() => Err(refusal),
            _ => LiveCapture::start(devices, self.1),
        }
    }
}

fn spawn_opener(
    name: String,
    depth: CaptureDepth,
) -> io::Result<JoinHandle<Result<CaptureDevice, CaptureError>>> {
    thread::Builder::new()
        .name("open capture".to_owned())
        .spawn(move || CaptureDevice::open(&name, depth))
}
