//! Whether packets are captured, decided once for a command.

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

/// How long a run waits at its end for its connections' last packets.
pub(super) const LAST_PACKETS_WAIT: Duration = Duration::from_millis(50);

/// A capture on its way to being opened, beside whatever else the command has to do at its start.
pub(super) struct PendingCapture {
    choice: CaptureChoice,
    opening: Option<CaptureOpening>,
}

/// What became of it.
#[derive(Clone)]
pub(super) enum CaptureSetup {
    /// The user does not want it.
    Off,
    /// It is not possible.
    Refused(CaptureError),
    /// Open, for one run after the other.
    On(Arc<LiveCapture>),
}

impl PendingCapture {
    /// Begins to open the interfaces, to capture so much of each packet, and gives up the right to.
    /// To be called before any thread is started.
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

    /// Waits until they are open.
    ///
    /// # Errors
    /// Where capture was insisted on and is not possible.
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
    /// What packets are captured on.
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

    /// The bytes of the packets that are kept.
    pub(super) fn store(&self) -> Arc<dyn ByteStore> {
        let Self::On(capture) = self else {
            return Arc::new(LatestCapture(None));
        };
        Arc::new(LatestCapture(Some(Arc::clone(capture))))
    }
}

/// The packets of the run that a capture listened for last.
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

/// The interfaces that lead to what the specs name.
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

/// An address that stands in the place of a name; loopback for the name that always means it (RFC
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

/// Passes on to a capture what a probe expects.
pub(super) struct CaptureWatcher(pub(super) CaptureSession);

impl RemoteObserver for CaptureWatcher {
    fn expect_remotes(&self, remotes: &[SocketAddr]) {
        self.0.watch_addresses(remotes);
    }
}
