//! Interfaces, addresses and neighbours of the lab's three networks.

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

use super::space::Space;
use crate::lab::{CLIENT_V4, CLIENT_V6, HostAddress};
use crate::sys::switch_off_offload;
use crate::trace::Link;

/// What both hosts call their interface.
const OUTER: &str = "eth0";
/// The relay's interfaces, in the order in which it has them.
const INNER: [&str; 2] = ["toward-client", "toward-servers"];
/// Locally administered addresses, so that no neighbour has to be asked for: the first exchange is
/// like every other.
const CLIENT_MAC: [u8; 6] = [0x02, 0x74, 0x61, 0x70, 0x00, 0x01];
const SERVERS_MAC: [u8; 6] = [0x02, 0x74, 0x61, 0x70, 0x00, 0x02];

/// The lab's own addresses: `10.77.0.0/24` and `fd77::/64`.
const NETWORK_V4: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 0);
const NETWORK_V6: Ipv6Addr = Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 0);
const PREFIX_V4: u8 = 24;
const PREFIX_V6: u8 = 64;

/// The three networks of the lab.
#[derive(Debug)]
pub(super) struct Spaces {
    pub(super) client: Space,
    pub(super) relay: Space,
    pub(super) servers: Space,
}

impl Spaces {
    /// Makes them, and joins them by cables that go up.
    pub(super) fn new(link: &Link, hosts: &[HostAddress]) -> io::Result<Self> {
        let mtu = link.mtu;
        let spaces = Self {
            client: Space::new()?,
            relay: Space::new()?,
            servers: Space::new()?,
        };
        spaces.relay.within(|| {
            netlink(async |handle| {
                cable(&handle, INNER[0], &spaces.client, CLIENT_MAC, mtu).await?;
                cable(&handle, INNER[1], &spaces.servers, SERVERS_MAC, mtu).await
            })?;
            INNER.iter().try_for_each(|name| as_on_the_wire(name))
        })?;
        spaces.client.within(|| {
            let neighbours: Vec<(IpAddr, [u8; 6])> = hosts
                .iter()
                .flat_map(addresses_of)
                .map(|address| (address, SERVERS_MAC))
                .collect();
            host(&[CLIENT_V4.into(), CLIENT_V6.into()], &neighbours)
        })?;
        spaces.servers.within(|| {
            let addresses: Vec<IpAddr> = hosts.iter().flat_map(addresses_of).collect();
            host(
                &addresses,
                &[
                    (CLIENT_V4.into(), CLIENT_MAC),
                    (CLIENT_V6.into(), CLIENT_MAC),
                ],
            )
        })?;
        spaces.set_congestion(&link.congestion)?;
        Ok(spaces)
    }

    /// The numbers of the relay's interfaces, the one towards the client first.
    pub(super) fn inner_interfaces(&self) -> io::Result<[u32; 2]> {
        self.relay.within(|| {
            netlink(async |handle| {
                Ok([
                    index(&handle, INNER[0]).await?,
                    index(&handle, INNER[1]).await?,
                ])
            })
        })
    }

    /// Sets the largest packet on all four ends.
    pub(super) fn set_mtu(&self, mtu: u16) -> io::Result<()> {
        let set = |name: &'static str| {
            move || {
                netlink(async |handle| {
                    let message = LinkUnspec::new_with_name(name).mtu(mtu.into()).build();
                    handle.link().set(message).execute().await.map_err(failed)
                })
            }
        };
        INNER
            .iter()
            .try_for_each(|name| self.relay.within(set(name)))?;
        [&self.client, &self.servers]
            .iter()
            .try_for_each(|space| space.within(set(OUTER)))
    }

    /// Chooses how the TCP of both hosts reacts to losses, by the kernel's name for it, for
    /// connections to come.
    pub(super) fn set_congestion(&self, name: &str) -> io::Result<()> {
        [&self.client, &self.servers]
            .into_iter()
            .try_for_each(|space| space.within(|| routes(name)))
    }
}

/// The routes of a host: all of the lab is on its cable. The choice of congestion control hangs on
/// them, since the setting for a whole network offers an ordinary user only some.
fn routes(congestion: &str) -> io::Result<()> {
    let known = || {
        fs::read_to_string("/proc/sys/net/ipv4/tcp_available_congestion_control")
            .unwrap_or_default()
    };
    netlink(async |handle| {
        let outer = index(&handle, OUTER).await?;
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
                .map_err(failed)
        };
        optional_for(NETWORK_V6.into(), set(v6.build()).await)?;
        set(v4.build()).await
    })
    .map_err(|error| {
        io::Error::new(
            error.kind(),
            format!(
                "TCP with {congestion:?}: {error} (this kernel has {})",
                known().trim()
            ),
        )
    })
}

fn addresses_of(host: &HostAddress) -> impl Iterator<Item = IpAddr> {
    host.v4
        .map(IpAddr::from)
        .into_iter()
        .chain(host.v6.map(IpAddr::from))
}

/// A cable from here, where its end is called `name`, to another network.
async fn cable(handle: &Handle, name: &str, far: &Space, mac: [u8; 6], mtu: u16) -> io::Result<()> {
    let far_end = LinkMessageBuilder::<LinkUnspec>::new()
        .name(OUTER)
        .mtu(mtu.into())
        .address(mac.to_vec())
        .append_extra_attribute(LinkAttribute::NetNsFd(far.as_fd().as_raw_fd()))
        .build();
    let near_end = LinkMessageBuilder::<LinkVeth>::new(name, OUTER)
        .set_info_data(InfoData::Veth(InfoVeth::Peer(far_end)));
    handle
        .link()
        .add(near_end.mtu(mtu.into()).up().build())
        .execute()
        .await
        .map_err(failed)
}

/// What a host of the lab needs: its interfaces up, its addresses, and its neighbours known.
fn host(addresses: &[IpAddr], neighbours: &[(IpAddr, [u8; 6])]) -> io::Result<()> {
    as_on_the_wire(OUTER)?;
    netlink(async |handle| {
        let outer = index(&handle, OUTER).await?;
        for name in ["lo", OUTER] {
            handle
                .link()
                .set(LinkUnspec::new_with_name(name).up().build())
                .execute()
                .await
                .map_err(failed)?;
        }
        for address in addresses {
            optional_for(*address, assign(&handle, outer, *address).await)?;
        }
        for (address, mac) in neighbours {
            let known = handle
                .neighbours()
                .add(outer, *address)
                .link_layer_address(mac)
                .execute()
                .await;
            optional_for(*address, known.map_err(failed))?;
        }
        Ok(())
    })
}

/// Assigns an address that is used at once: nobody else has it, so nobody is asked (RFC 4862 §5.4).
/// It brings no route.
async fn assign(handle: &Handle, interface: u32, address: IpAddr) -> io::Result<()> {
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
    request.execute().await.map_err(failed)
}

/// A machine may be without IPv6.
fn optional_for(address: IpAddr, done: io::Result<()>) -> io::Result<()> {
    if address.is_ipv6() { Ok(()) } else { done }
}

async fn index(handle: &Handle, name: &str) -> io::Result<u32> {
    let mut found = handle.link().get().match_name(name.to_owned()).execute();
    let link = found.try_next().await.map_err(failed)?;
    link.map(|link| link.header.index).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::NotFound,
            format!("there is no interface {name}"),
        )
    })
}

/// Without offload frames on a cable are what they would be on a wire.
fn as_on_the_wire(interface: &str) -> io::Result<()> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    switch_off_offload(socket.as_fd(), interface)
}

/// Talks to the kernel about the network of the calling thread.
fn netlink<T>(work: impl AsyncFnOnce(Handle) -> io::Result<T>) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let (connection, handle, _) = new_connection()?;
        let talking = tokio::spawn(connection);
        let done = work(handle).await;
        talking.abort();
        done
    })
}

fn failed(error: rtnetlink::Error) -> io::Error {
    match error {
        rtnetlink::Error::NetlinkError(message) => message.to_io(),
        other => io::Error::other(other),
    }
}
