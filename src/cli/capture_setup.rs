//! Packet capture for a command: decided once, opened in the background.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::args::{CaptureChoice, RequestArgs};
use crate::archive::saving::SavedInterface;
use crate::capture::{
    CaptureDepth, CaptureError, CaptureOpening, CaptureSession, InterfaceSelection, LiveCapture,
};
use crate::probe::spec::DnsChoice;
use crate::probe::{RemoteObserver, Spec};
use crate::trace::{ByteStore, PacketLocation, StoreError};

/// Time that a run waits at its end for the last packets of its connections.
pub(super) const LAST_PACKETS_WAIT: Duration = Duration::from_millis(50);

/// A capture that is being opened, while the command does its other preparations.
pub(super) struct PendingCapture {
    choice: CaptureChoice,
    opening: Option<CaptureOpening>,
}

/// The result of opening a capture.
#[derive(Clone)]
pub(super) enum CaptureSetup {
    /// Turned off by the user.
    Off,
    /// Not possible, and why.
    Refused(CaptureError),
    /// Open; used by one run after another.
    On(Arc<LiveCapture>),
}

impl PendingCapture {
    /// Starts opening the interfaces with a given capture depth, then drops the privilege to
    /// capture. Must be called before any thread is started, since threads inherit privileges.
    pub(super) fn begin(
        request: &RequestArgs,
        depth: CaptureDepth,
        likely: impl FnOnce() -> InterfaceSelection,
    ) -> Self {
        let choice = request.capture;
        let named = request
            .capture_interface
            .clone()
            .map(InterfaceSelection::Named);
        let opening = (choice != CaptureChoice::Off)
            .then(|| CaptureOpening::begin(&named.unwrap_or_else(likely), depth));
        Self { choice, opening }
    }

    /// Waits until the interfaces are open.
    ///
    /// # Errors
    /// The user requires capture, and it is not possible.
    pub(super) fn wait_until_open(self) -> Result<CaptureSetup, CaptureError> {
        match self.opening.map(CaptureOpening::wait) {
            None => Ok(CaptureSetup::Off),
            Some(Ok(capture)) => Ok(CaptureSetup::On(Arc::new(capture))),
            Some(Err(refusal)) if self.choice == CaptureChoice::On => Err(refusal),
            Some(Err(refusal)) => Ok(CaptureSetup::Refused(refusal)),
        }
    }
}

impl CaptureSetup {
    /// The interfaces that packets are captured on, as a saved run describes them.
    pub(super) fn devices(&self) -> Vec<SavedInterface> {
        let Self::On(capture) = self else {
            return Vec::new();
        };
        let device = |(name, link_type): (&str, u16)| SavedInterface {
            name: name.to_owned(),
            link_type,
            snap_length: capture.snap_length(),
        };
        capture.link_types().map(device).collect()
    }

    /// The bytes of the packets that the capture has kept.
    pub(super) fn store(&self) -> Arc<dyn ByteStore> {
        let Self::On(capture) = self else {
            return Arc::new(LatestCapture(None));
        };
        Arc::new(LatestCapture(Some(Arc::clone(capture))))
    }
}

/// The packets of the run that was captured last.
struct LatestCapture(Option<Arc<LiveCapture>>);

impl ByteStore for LatestCapture {
    fn read(
        &self,
        stored: PacketLocation,
        most: usize,
        into: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        match self.0.as_ref().and_then(|capture| capture.packet_store()) {
            Some(kept) => kept.read(stored, most, into),
            None => Err(StoreError::Truncated {
                at: stored.at,
                needed: stored.bytes.get().into(),
                found: 0,
            }),
        }
    }

    fn link_type(&self, interface: u16) -> Option<u16> {
        self.0.as_ref()?.packet_store()?.link_type(interface)
    }
}

/// The interfaces on the routes to the hosts that the specs name.
pub(super) fn interfaces_towards(specs: &[Spec]) -> InterfaceSelection {
    let mut addresses = Vec::new();
    let mut names = false;
    for spec in specs {
        let port = spec.url.port_or_known_default().unwrap_or(0);
        let first = spec.proxy.as_ref().map_or_else(
            || spec.url.host_str().unwrap_or_default(),
            |proxy| proxy.host.as_str(),
        );
        match literal_address(first) {
            Some(ip) => addresses.push(SocketAddr::new(ip, port)),
            None => names = true,
        }
        addresses.extend(spec.resolve.iter().flat_map(|rule| {
            rule.addresses
                .iter()
                .map(|ip| SocketAddr::new(*ip, rule.port))
        }));
        if let DnsChoice::Servers(servers) = &spec.dns {
            addresses.extend(servers);
        }
    }
    InterfaceSelection::Toward { addresses, names }
}

/// Parses an address literal, or returns loopback for `localhost`, which always resolves to it (RFC
/// 6761 §6.3).
fn literal_address(host: &str) -> Option<IpAddr> {
    if host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost") {
        return Some(IpAddr::from([127, 0, 0, 1]));
    }
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

/// Tells a capture which remote addresses a probe is about to connect to.
pub(super) struct CaptureWatcher(pub(super) CaptureSession);

impl RemoteObserver for CaptureWatcher {
    fn expect_remotes(&self, remotes: &[SocketAddr]) {
        self.0.watch_addresses(remotes);
    }
}
