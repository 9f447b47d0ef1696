//! The DNS server: authoritative for `lab.test` and for an otherwise empty root zone.

use std::net::{TcpListener as StdListener, UdpSocket as StdSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hickory_server::Server;
use hickory_server::net::runtime::{Time, TokioRuntimeProvider};
use hickory_server::net::xfer::Protocol;
use hickory_server::proto::ProtoError;
use hickory_server::proto::op::{Header, HeaderCounts, Metadata, ResponseCode};
use hickory_server::proto::rr::rdata::{A, AAAA, CNAME, SOA, TXT};
use hickory_server::proto::rr::{LowerName, Name, RData, Record};
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, MessageResponseBuilder, ZoneType};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::LabError;
use super::addresses::AddressBook;
use super::dns_faults::{ALIAS_LOOP, DnsFault, FAULTY_NAMES, NO_ADDRESS};
use super::hosts::{ALIASES, NAME_SERVER, ZONE};

/// Time to live of every record, in seconds.
const TTL: u32 = 60;
const TCP_IDLE_TIMEOUT: Duration = Duration::from_secs(10);
const TCP_RESPONSE_QUEUE: usize = 32;
/// Maximum number of responses delayed at a time; another question is not answered, as by an
/// overloaded server.
const MAX_DELAYED_RESPONSES: usize = 1_024;

/// Serves DNS on these sockets in the current runtime.
pub(super) fn start_dns_server(
    sockets: Vec<(StdSocket, StdListener)>,
    addresses: &AddressBook,
) -> Result<(), LabError> {
    let names = LabDnsHandler::new(addresses).map_err(|source| LabError::Zone { source })?;
    let thread_error = |source| LabError::Thread { source };
    let mut server = Server::new(names);
    for (udp, tcp) in sockets {
        server.register_socket(UdpSocket::from_std(udp).map_err(thread_error)?);
        server.register_listener(
            TcpListener::from_std(tcp).map_err(thread_error)?,
            TCP_IDLE_TIMEOUT,
            TCP_RESPONSE_QUEUE,
        );
    }
    tokio::spawn(async move {
        let _ = server.block_until_done().await;
    });
    Ok(())
}

/// Request handler: the zones, and the names that are answered with a fault.
struct LabDnsHandler {
    zones: Catalog,
    faults: Vec<(LowerName, DnsFault)>,
    /// Permits for further delayed responses.
    pauses: Semaphore,
}

impl LabDnsHandler {
    fn new(addresses: &AddressBook) -> Result<Self, ProtoError> {
        let mut zones = Catalog::new();
        zones.upsert(
            Name::root().into(),
            vec![Arc::new(empty_zone(Name::root())?)],
        );
        let origin = to_fqdn(ZONE)?;
        let mut lab = empty_zone(origin.clone())?;
        for (name, data) in zone_records(addresses)? {
            lab.upsert_mut(Record::from_rdata(name, TTL, data), 0);
        }
        zones.upsert(origin.into(), vec![Arc::new(lab)]);
        let odd = FAULTY_NAMES
            .iter()
            .map(|(name, fault)| Ok((to_fqdn(name)?.into(), *fault)));
        Ok(Self {
            zones,
            faults: odd.collect::<Result<_, ProtoError>>()?,
            pauses: Semaphore::new(MAX_DELAYED_RESPONSES),
        })
    }
}

impl LabDnsHandler {
    fn fault_for(&self, request: &Request) -> Option<DnsFault> {
        let info = request.request_info().ok()?;
        self.faults
            .iter()
            .find(|(name, _)| name == info.query.name())
            .map(|(_, fault)| *fault)
    }
}

/// A zone that contains only its SOA record (RFC 1035 §3.3.13).
fn empty_zone(origin: Name) -> Result<InMemoryZoneHandler<TokioRuntimeProvider>, ProtoError> {
    let mut zone = InMemoryZoneHandler::empty(origin.clone(), ZoneType::Primary, AxfrPolicy::Deny);
    let server = to_fqdn(NAME_SERVER)?;
    let mailbox = to_fqdn("hostmaster.lab.test")?;
    let soa = SOA::new(server, mailbox, 1, 3600, 600, 86_400, TTL);
    zone.upsert_mut(Record::from_rdata(origin, TTL, RData::SOA(soa)), 0);
    Ok(zone)
}

fn zone_records(addresses: &AddressBook) -> Result<Vec<(Name, RData)>, ProtoError> {
    let mut records = Vec::new();
    for host in addresses.placement.hosts() {
        let v4 = addresses.v4(host).map(|address| RData::A(A(address)));
        let v6 = addresses.v6(host).map(|address| RData::AAAA(AAAA(address)));
        for data in v4.into_iter().chain(v6) {
            records.push((to_fqdn(host.name)?, data));
        }
    }
    for (alias, name) in ALIASES.into_iter().chain([
        (ALIAS_LOOP[0], ALIAS_LOOP[1]),
        (ALIAS_LOOP[1], ALIAS_LOOP[0]),
    ]) {
        records.push((to_fqdn(alias)?, RData::CNAME(CNAME(to_fqdn(name)?))));
    }
    records.push((
        to_fqdn(NO_ADDRESS)?,
        RData::TXT(TXT::new(vec![
            "this name exists and has no address".to_owned(),
        ])),
    ));
    Ok(records)
}

/// Parses an absolute (fully qualified) name, as zones and questions contain them.
fn to_fqdn(name: &str) -> Result<Name, ProtoError> {
    let mut name = Name::from_ascii(name)?;
    name.set_fqdn(true);
    Ok(name)
}

type DnsResponseFuture<'a> = Pin<Box<dyn Future<Output = ResponseInfo> + Send + 'a>>;

impl RequestHandler for LabDnsHandler {
    fn handle_request<'names, 'request, 'answer, R, T>(
        &'names self,
        request: &'request Request,
        mut reply: R,
    ) -> DnsResponseFuture<'answer>
    where
        'names: 'answer,
        'request: 'answer,
        R: ResponseHandler + 'answer,
        T: Time + 'answer,
        Self: 'answer,
    {
        Box::pin(async move {
            match self.fault_for(request) {
                Some(DnsFault::NoResponse) => return unanswered_info(request),
                Some(DnsFault::ServerFailure) => {
                    let failure = MessageResponseBuilder::from_message_request(request)
                        .error_msg(&request.metadata, ResponseCode::ServFail);
                    return reply
                        .send_response(failure)
                        .await
                        .unwrap_or_else(|_| unanswered_info(request));
                }
                Some(DnsFault::Truncated) if request.protocol() == Protocol::Udp => {
                    let mut metadata = Metadata::response_from_request(&request.metadata);
                    metadata.authoritative = true;
                    metadata.truncation = true;
                    let nothing = MessageResponseBuilder::from_message_request(request)
                        .build_no_records(metadata);
                    return reply
                        .send_response(nothing)
                        .await
                        .unwrap_or_else(|_| unanswered_info(request));
                }
                Some(DnsFault::Delay(pause)) => match self.pauses.try_acquire() {
                    Ok(_waits) => sleep(pause).await,
                    Err(_) => return unanswered_info(request),
                },
                Some(DnsFault::Truncated) | None => {}
            }
            self.zones.handle_request::<R, T>(request, reply).await
        })
    }
}

/// Response metadata that hickory requires for a request that gets no response.
fn unanswered_info(request: &Request) -> ResponseInfo {
    let metadata = Metadata::response_from_request(&request.metadata);
    ResponseInfo::from(Header {
        metadata,
        counts: HeaderCounts::default(),
    })
}
