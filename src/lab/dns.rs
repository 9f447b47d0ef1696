//! The DNS server: the zone `lab.test`, under a root that has nothing else.

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
use tokio::time::sleep;

use super::Error;
use super::hosts::{ALIASES, NAME_SERVER, ZONE};
use super::oddities::{LOOP, NO_ADDRESS, ODD, Oddity};
use super::places::Places;

/// Seconds a client may keep an answer.
const TTL: u32 = 60;
const LONGEST_IDLE: Duration = Duration::from_secs(10);
const ANSWERS_QUEUED: usize = 32;

/// Answers at these sockets, within the current runtime, where everything is.
pub(super) fn start(sockets: Vec<(StdSocket, StdListener)>, places: &Places) -> Result<(), Error> {
    let names = Names::new(places).map_err(|source| Error::Zone { source })?;
    let failed = |source| Error::Thread { source };
    let mut server = Server::new(names);
    for (udp, tcp) in sockets {
        server.register_socket(UdpSocket::from_std(udp).map_err(failed)?);
        server.register_listener(
            TcpListener::from_std(tcp).map_err(failed)?,
            LONGEST_IDLE,
            ANSWERS_QUEUED,
        );
    }
    tokio::spawn(async move {
        let _ = server.block_until_done().await;
    });
    Ok(())
}

/// The zones, and the names that are answered oddly.
struct Names {
    zones: Catalog,
    odd: Vec<(LowerName, Oddity)>,
}

impl Names {
    fn new(places: &Places) -> Result<Self, ProtoError> {
        let mut zones = Catalog::new();
        zones.upsert(Name::root().into(), vec![Arc::new(zone(Name::root())?)]);
        let origin = fqdn(ZONE)?;
        let mut lab = zone(origin.clone())?;
        for (name, data) in records(places)? {
            lab.upsert_mut(Record::from_rdata(name, TTL, data), 0);
        }
        zones.upsert(origin.into(), vec![Arc::new(lab)]);
        let odd = ODD
            .iter()
            .map(|(name, oddity)| Ok((fqdn(name)?.into(), *oddity)));
        Ok(Self {
            zones,
            odd: odd.collect::<Result<_, ProtoError>>()?,
        })
    }
}

impl Names {
    fn oddity_of(&self, request: &Request) -> Option<Oddity> {
        let info = request.request_info().ok()?;
        self.odd
            .iter()
            .find(|(name, _)| name == info.query.name())
            .map(|(_, oddity)| *oddity)
    }
}

/// A zone with nothing but its own beginning (RFC 1035 §3.3.13).
fn zone(origin: Name) -> Result<InMemoryZoneHandler<TokioRuntimeProvider>, ProtoError> {
    let mut zone = InMemoryZoneHandler::empty(origin.clone(), ZoneType::Primary, AxfrPolicy::Deny);
    let (server, mailbox) = (fqdn(NAME_SERVER)?, fqdn("hostmaster.lab.test")?);
    let soa = SOA::new(server, mailbox, 1, 3600, 600, 86_400, TTL);
    zone.upsert_mut(Record::from_rdata(origin, TTL, RData::SOA(soa)), 0);
    Ok(zone)
}

fn records(places: &Places) -> Result<Vec<(Name, RData)>, ProtoError> {
    let mut records = Vec::new();
    for host in places.ground.hosts() {
        let v4 = places.v4(host).map(|address| RData::A(A(address)));
        let v6 = places.v6(host).map(|address| RData::AAAA(AAAA(address)));
        for data in v4.into_iter().chain(v6) {
            records.push((fqdn(host.name)?, data));
        }
    }
    for (alias, name) in ALIASES
        .into_iter()
        .chain([(LOOP[0], LOOP[1]), (LOOP[1], LOOP[0])])
    {
        records.push((fqdn(alias)?, RData::CNAME(CNAME(fqdn(name)?))));
    }
    records.push((
        fqdn(NO_ADDRESS)?,
        RData::TXT(TXT::new(vec![
            "this name exists and has no address".to_owned(),
        ])),
    ));
    Ok(records)
}

/// A name from the root, as names in zones and questions are.
fn fqdn(name: &str) -> Result<Name, ProtoError> {
    let mut name = Name::from_ascii(name)?;
    name.set_fqdn(true);
    Ok(name)
}

type Answering<'a> = Pin<Box<dyn Future<Output = ResponseInfo> + Send + 'a>>;

impl RequestHandler for Names {
    fn handle_request<'names, 'request, 'answer, R, T>(
        &'names self,
        request: &'request Request,
        mut reply: R,
    ) -> Answering<'answer>
    where
        'names: 'answer,
        'request: 'answer,
        R: ResponseHandler + 'answer,
        T: Time + 'answer,
        Self: 'answer,
    {
        Box::pin(async move {
            match self.oddity_of(request) {
                Some(Oddity::Silence) => return unanswered(request),
                Some(Oddity::Failure) => {
                    let failure = MessageResponseBuilder::from_message_request(request)
                        .error_msg(&request.metadata, ResponseCode::ServFail);
                    return reply
                        .send_response(failure)
                        .await
                        .unwrap_or_else(|_| unanswered(request));
                }
                Some(Oddity::Truncation) if request.protocol() == Protocol::Udp => {
                    let mut metadata = Metadata::response_from_request(&request.metadata);
                    metadata.authoritative = true;
                    metadata.truncation = true;
                    let nothing = MessageResponseBuilder::from_message_request(request)
                        .build_no_records(metadata);
                    return reply
                        .send_response(nothing)
                        .await
                        .unwrap_or_else(|_| unanswered(request));
                }
                Some(Oddity::Pause(pause)) => sleep(pause).await,
                Some(Oddity::Truncation) | None => {}
            }
            self.zones.handle_request::<R, T>(request, reply).await
        })
    }
}

/// What the library wants to know of an answer that was not given.
fn unanswered(request: &Request) -> ResponseInfo {
    let metadata = Metadata::response_from_request(&request.metadata);
    ResponseInfo::from(Header {
        metadata,
        counts: HeaderCounts::default(),
    })
}
