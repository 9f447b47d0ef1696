//! Index from a packet's endpoints to its flow. Both directions share a key, so one look-up
//! suffices.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use foldhash::fast::RandomState;

use super::FlowKey;
use crate::wire::Transport;

/// Positions of flows in the trace's list. Hashing is randomly seeded, so that crafted addresses
/// cannot cause collisions.
#[derive(Clone, Debug, Default)]
pub(super) struct FlowIndex {
    /// Position of the latest flow between two endpoints, and the number of earlier ones.
    latest: HashMap<EndpointPair, (u32, u32), RandomState>,
    /// Positions of the earlier flows.
    earlier: HashMap<(EndpointPair, u32), u32, RandomState>,
}

/// The index is derived from the flows, so it is ignored when traces are compared.
impl PartialEq for FlowIndex {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl FlowIndex {
    /// Returns the position of the latest flow between two endpoints.
    pub(super) fn latest(&self, ends: &EndpointPair) -> Option<usize> {
        self.latest.get(ends).map(|(index, _)| *index as usize)
    }

    /// Returns the position of the flow between two endpoints with this reuse number.
    pub(super) fn index_of(&self, ends: &EndpointPair, reuse: u32) -> Option<usize> {
        match self.latest.get(ends) {
            Some((index, latest)) if *latest == reuse => Some(*index as usize),
            _ => self
                .earlier
                .get(&(*ends, reuse))
                .map(|index| *index as usize),
        }
    }

    /// Records the position of the latest flow between two endpoints.
    pub(super) fn insert(&mut self, ends: EndpointPair, reuse: u32, index: usize) {
        let Ok(index) = u32::try_from(index) else {
            return;
        };
        if let Some((before, reuse)) = self.latest.insert(ends, (index, reuse)) {
            self.earlier.insert((ends, reuse), before);
        }
    }
}

/// A transport and two endpoints, the lower address first, so that both directions give the same
/// key. IPv4 addresses are distinguished from IPv6 ones by a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct EndpointPair {
    lower_address: u128,
    higher_address: u128,
    /// Both ports, in the order of the addresses, and bits for the address families and the
    /// transport.
    ports_and_kinds: u64,
}

impl EndpointPair {
    pub(super) fn from_key(key: &FlowKey) -> Self {
        Self::between(key.local, key.remote, key.transport)
    }

    pub(super) fn between(one: SocketAddr, other: SocketAddr, transport: Transport) -> Self {
        let one = PackedEndpoint::from_address(one);
        let other = PackedEndpoint::from_address(other);
        let (low, high) = if one <= other {
            (one, other)
        } else {
            (other, one)
        };
        let families = u64::from(low.is_ipv4) | u64::from(high.is_ipv4) << 1;
        let kinds = u64::from(transport.protocol_number()) << 2 | families;
        Self {
            lower_address: low.address,
            higher_address: high.address,
            ports_and_kinds: kinds << 32 | u64::from(low.port) << 16 | u64::from(high.port),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct PackedEndpoint {
    address: u128,
    port: u16,
    is_ipv4: bool,
}

impl PackedEndpoint {
    fn from_address(address: SocketAddr) -> Self {
        let (bits, is_ipv4) = match address.ip() {
            IpAddr::V4(ip) => (u128::from(ip.to_bits()), true),
            IpAddr::V6(ip) => (ip.to_bits(), false),
        };
        Self {
            address: bits,
            port: address.port(),
            is_ipv4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_are_one_flow_and_other_endpoints_another() {
        let one = SocketAddr::from(([10, 0, 0, 1], 5_000));
        let other = SocketAddr::from(([10, 0, 0, 2], 443));
        let ends = EndpointPair::between(one, other, Transport::Tcp);
        assert_eq!(ends, EndpointPair::between(other, one, Transport::Tcp));
        assert_ne!(ends, EndpointPair::between(one, other, Transport::Udp));
        let swapped = (
            SocketAddr::new(one.ip(), other.port()),
            SocketAddr::new(other.ip(), one.port()),
        );
        assert_ne!(
            ends,
            EndpointPair::between(swapped.0, swapped.1, Transport::Tcp)
        );
        let in_six = |end: SocketAddr| {
            SocketAddr::from((
                [0, 0, 0, 0, 0, 0, 0x0a00, end.ip().is_ipv4().into()],
                end.port(),
            ))
        };
        assert_ne!(
            EndpointPair::between(in_six(one), other, Transport::Tcp),
            ends
        );
    }
}
