//! Opening a capture and giving up the right to.

use std::io;
use std::thread::{self, JoinHandle};

use super::device::{Depth, Device};
use super::{Capture, Interfaces, Refusal, privilege};

/// Interfaces on their way to being captured. Opening one takes the kernel some milliseconds in
/// which the program can do other things.
#[derive(Debug)]
#[must_use = "opening goes on until it is asked for"]
pub struct Opening(
    Result<Vec<JoinHandle<Result<Device, Refusal>>>, Refusal>,
    Depth,
);

impl Opening {
    /// Begins to open interfaces, each on a thread of its own that ends once it has, and gives up
    /// the calling thread's right to capture, whatever comes of it. Other threads keep theirs,
    /// so call it while there is only one.
    pub fn begin(interfaces: &Interfaces, depth: Depth) -> Self {
        let openers = Self::spawn(interfaces, depth);
        if let Err(reason) = privilege::renounce() {
            return Self(
                Err(Refusal::new(
                    reason,
                    "run it as an ordinary user, or with --capture off",
                )),
                depth,
            );
        }
        Self(openers, depth)
    }

    fn spawn(
        interfaces: &Interfaces,
        depth: Depth,
    ) -> Result<Vec<JoinHandle<Result<Device, Refusal>>>, Refusal> {
        if privilege::is_held() == Some(false) {
            return Err(Refusal::not_permitted());
        }
        let spawned: io::Result<Vec<_>> = interfaces
            .names()
            .into_iter()
            .map(|name| opener(name, depth))
            .collect();
        match spawned {
            Ok(openers) if openers.is_empty() => Err(Refusal::new(
                "no network interface is up",
                "ip link shows the interfaces",
            )),
            Ok(openers) => Ok(openers),
            Err(error) => Err(Refusal::new(
                format!("no thread could be started: {error}"),
                "close some programs",
            )),
        }
    }

    /// Waits until the interfaces are open.
    ///
    /// # Errors
    /// Where none of them could be opened, why the first could not.
    pub fn ready(self) -> Result<Capture, Refusal> {
        let (mut devices, mut refusals) = (Vec::new(), Vec::new());
        for opener in self.0? {
            match opener.join() {
                Ok(Ok(device)) => devices.push(device),
                Ok(Err(refusal)) => refusals.push(refusal),
                Err(_) => refusals.push(Refusal::failed_within()),
            }
        }
        match refusals.into_iter().next() {
            Some(refusal) if devices.is_empty() => Err(refusal),
            _ => Capture::of(devices, self.1),
        }
    }
}

fn opener(name: String, depth: Depth) -> io::Result<JoinHandle<Result<Device, Refusal>>> {
    thread::Builder::new()
        .name("open capture".to_owned())
        .spawn(move || Device::open(&name, depth))
}
