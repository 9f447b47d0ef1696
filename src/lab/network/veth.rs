//! The lab's three network namespaces: veth pairs, addresses, routes and neighbour entries.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd};

use futures_util::TryStreamExt;
use rtnetlink::packet_route::address::{AddressAttribute, AddressFlags};
use rtnetlink::packet_route::link::{InfoData, InfoVeth, LinkAttribute};
use rtnetlink::packet_route::route::{RouteAttribute, RouteMessage, RouteMetric, RouteScope};
use rtnetlink::{
    Handle, LinkMessageBuilder, LinkUnspec, LinkVeth, RouteMessageBuilder, new_connection,
};

use super::network_namespace::NetworkNamespace;
use crate::lab::{CLIENT_V4, CLIENT_V6, HostAddresses};
use crate::sys::disable_offload;
use crate::trace::LinkConfig;

/// Name of the interface in the client's and the servers' namespace.
const HOST_INTERFACE: &str = "eth0";
/// The relay's interfaces, in this order.
const RELAY_INTERFACES: [&str; 2] = ["toward-client", "toward-servers"];
/// Locally administered MAC addresses, so that neighbour entries can be set in advance: the first
/// exchange includes no ARP or neighbour discovery.
const CLIENT_MAC: [u8; 6] = [0x02, 0x74, 0x61, 0x70, 0x00, 0x01];
const SERVERS_MAC: [u8; 6] = [0x02, 0x74, 0x61, 0x70, 0x00, 0x02];

/// Networks of the lab: `10.77.0.0/24` and `fd77::/64`.
const NETWORK_V4: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 0);
const NETWORK_V6: Ipv6Addr = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 0);
const PREFIX_V4: u8 = 24;
const PREFIX_V6: u8 = 64;

/// The three network namespaces of the lab.
#[derive(Debug)]
pub(super) struct LabNetworks {
    pub(super) client: NetworkNamespace,
    pub(super) relay: NetworkNamespace,
    pub(super) servers: NetworkNamespace,
}

impl LabNetworks {
    /// Creates the namespaces and connects them by veth pairs that are up.
    pub(super) fn new(link: &LinkConfig, hosts: &[HostAddresses]) -> io::Result<Self> {
        let mtu = link.mtu;
        let networks = Self {
            client: NetworkNamespace::new()?,
            relay: NetworkNamespace::new()?,
            servers: NetworkNamespace::new()?,
        };
        networks.relay.run_inside(|| {
            with_netlink(async |handle| {
                add_veth(
                    &handle,
                    RELAY_INTERFACES[0],
                    &networks.client,
                    CLIENT_MAC,
                    mtu,
                )
                .await?;
                add_veth(
                    &handle,
                    RELAY_INTERFACES[1],
                    &networks.servers,
                    SERVERS_MAC,
                    mtu,
                )
                .await
            })?;
            RELAY_INTERFACES
                .iter()
                .try_for_each(|name| disable_offload_of(name))
        })?;
        networks.client.run_inside(|| {
            let neighbours: Vec<(IpAddr, [u8; 6])> = hosts
                .iter()
                .flat_map(addresses_of)
                .map(|address| (address, SERVERS_MAC))
                .collect();
            configure_host(&[CLIENT_V4.into(), CLIENT_V6.into()], &neighbours)
        })?;
        networks.servers.run_inside(|| {
            let addresses: Vec<IpAddr> = hosts.iter().flat_map(addresses_of).collect();
            configure_host(
                &addresses,
                &[
                    (CLIENT_V4.into(), CLIENT_MAC),
                    (CLIENT_V6.into(), CLIENT_MAC),
                ],
            )
        })?;
        networks.set_congestion(&link.congestion)?;
        Ok(networks)
    }

    /// Indexes of the relay's interfaces, the one towards the client first.
    pub(super) fn relay_interfaces(&self) -> io::Result<[u32; 2]> {
        self.relay.run_inside(|| {
            with_netlink(async |handle| {
                Ok([
                    link_index(&handle, RELAY_INTERFACES[0]).await?,
                    link_index(&handle, RELAY_INTERFACES[1]).await?,
                ])
            })
        })
    }

    /// Sets the MTU of all four interfaces.
    pub(super) fn set_mtu(&self, mtu: u16) -> io::Result<()> {
        let set = |name: &'static str| {
            move || {
                with_netlink(async |handle| {
                    let message = LinkUnspec::new_with_name(name).mtu(mtu.into()).build();
                    handle
                        .link()
                        .set(message)
                        .execute()
                        .await
                        .map_err(netlink_error)
                })
            }
        };
        RELAY_INTERFACES
            .iter()
            .try_for_each(|name| self.relay.run_inside(set(name)))?;
        [&self.client, &self.servers]
            .iter()
            .try_for_each(|namespace| namespace.run_inside(set(HOST_INTERFACE)))
    }

    /// Sets the TCP congestion control of both hosts, by the kernel's name, for new connections.
    pub(super) fn set_congestion(&self, name: &str) -> io::Result<()> {
        [&self.client, &self.servers]
            .into_iter()
            .try_for_each(|namespace| namespace.run_inside(|| set_routes(name)))
    }
}

/// Sets a host's routes: the whole lab is on-link. The congestion control is a route attribute,
/// since the setting of a whole namespace offers an ordinary user only some.
fn set_routes(congestion: &str) -> io::Result<()> {
    let available = || {
        fs::read_to_string("/proc/sys/net/ipv4/tcp_available_congestion_control")
            .unwrap_or_default()
    };
    with_netlink(async |handle| {
        let outer = link_index(&handle, HOST_INTERFACE).await?;
        let v4 = RouteMessageBuilder::<Ipv4Addr>::new()
            .destination_prefix(NETWORK_V4, PREFIX_V4)
            .output_interface(outer);
        let v6 = RouteMessageBuilder::<Ipv6Addr>::new()
            .destination_prefix(NETWORK_V6, PREFIX_V6)
            .output_interface(outer);
        let set = async |mut route: RouteMessage| {
            route.header.scope = RouteScope::Link;
            route
                .attributes
                .push(RouteAttribute::Metrics(vec![RouteMetric::CcAlgo(
                    congestion.to_owned(),
                )]));
            handle
                .route()
                .add(route)
                .replace()
                .execute()
                .await
                .map_err(netlink_error)
        };
        ignore_ipv6_failure(NETWORK_V6.into(), set(v6.build()).await)?;
        set(v4.build()).await
    })
    .map_err(|error| {
        io::Error::new(
            error.kind(),
            format!(
                "congestion control {congestion:?}: {error} (this kernel has {})",
                available().trim()
            ),
        )
    })
}

fn addresses_of(host: &HostAddresses) -> impl Iterator<Item = IpAddr> {
    host.v4
        .map(IpAddr::from)
        .into_iter()
        .chain(host.v6.map(IpAddr::from))
}

/// Creates a veth pair: `name` in the current namespace and its peer in another.
async fn add_veth(
    handle: &Handle,
    name: &str,
    peer_namespace: &NetworkNamespace,
    mac: [u8; 6],
    mtu: u16,
) -> io::Result<()> {
    let peer = LinkMessageBuilder::<LinkUnspec>::new()
        .name(HOST_INTERFACE)
        .mtu(mtu.into())
        .address(mac.to_vec())
        .append_extra_attribute(LinkAttribute::NetNsFd(peer_namespace.as_fd().as_raw_fd()))
        .build();
    let end = LinkMessageBuilder::<LinkVeth>::new(name, HOST_INTERFACE)
        .set_info_data(InfoData::Veth(InfoVeth::Peer(peer)));
    handle
        .link()
        .add(end.mtu(mtu.into()).up().build())
        .execute()
        .await
        .map_err(netlink_error)
}

/// Configures a host of the lab: interfaces, addresses and neighbour entries.
fn configure_host(addresses: &[IpAddr], neighbours: &[(IpAddr, [u8; 6])]) -> io::Result<()> {
    disable_offload_of(HOST_INTERFACE)?;
    with_netlink(async |handle| {
        let outer = link_index(&handle, HOST_INTERFACE).await?;
        for name in ["lo", HOST_INTERFACE] {
            handle
                .link()
                .set(LinkUnspec::new_with_name(name).up().build())
                .execute()
                .await
                .map_err(netlink_error)?;
        }
        for address in addresses {
            ignore_ipv6_failure(*address, assign_address(&handle, outer, *address).await)?;
        }
        for (address, mac) in neighbours {
            let added = handle
                .neighbours()
                .add(outer, *address)
                .link_layer_address(mac)
                .execute()
                .await;
            ignore_ipv6_failure(*address, added.map_err(netlink_error))?;
        }
        Ok(())
    })
}

/// Assigns an address without duplicate address detection (RFC 4862 §5.4), so that it is usable at
/// once, and without adding a route.
async fn assign_address(handle: &Handle, interface: u32, address: IpAddr) -> io::Result<()> {
    let prefix = if address.is_ipv4() {
        PREFIX_V4
    } else {
        PREFIX_V6
    };
    let mut request = handle.address().add(interface, address, prefix);
    request
        .message_mut()
        .attributes
        .push(AddressAttribute::Flags(
            AddressFlags::Nodad | AddressFlags::Noprefixroute,
        ));
    request.execute().await.map_err(netlink_error)
}

/// Ignores failures for IPv6, which a machine may lack.
fn ignore_ipv6_failure(address: IpAddr, result: io::Result<()>) -> io::Result<()> {
    if address.is_ipv6() { Ok(()) } else { result }
}

async fn link_index(handle: &Handle, name: &str) -> io::Result<u32> {
    let mut found = handle.link().get().match_name(name.to_owned()).execute();
    let link = found.try_next().await.map_err(netlink_error)?;
    link.map(|link| link.header.index).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::NotFound,
            format!("there is no interface {name}"),
        )
    })
}

/// Disables offload, so that frames on a veth pair are those of a real wire.
fn disable_offload_of(interface: &str) -> io::Result<()> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    disable_offload(socket.as_fd(), interface)
}

/// Runs netlink requests in the network namespace of the calling thread.
fn with_netlink<T>(work: impl AsyncFnOnce(Handle) -> io::Result<T>) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let (connection, handle, _) = new_connection()?;
        let task = tokio::spawn(connection);
        let result = work(handle).await;
        task.abort();
        result
    })
}

fn netlink_error(error: rtnetlink::Error) -> io::Error {
    match error {
        rtnetlink::Error::NetlinkError(message) => message.to_io(),
        other => io::Error::other(other),
    }
}
