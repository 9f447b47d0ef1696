//! Name resolution with a complete name server and a zone.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hickory_resolver::proto::rr::rdata::{SOA, TXT};
use hickory_resolver::proto::rr::{LowerName, Name, RData, Record, RecordType};
use hickory_server::net::runtime::TokioRuntimeProvider;
use hickory_server::server::Server;
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneType};
use tokio::net::UdpSocket;

use super::peer::{address_record, alias_record};
use super::{context_with_server, emitted_answers, emitted_queries, resolve};
use crate::trace::FailureCode;

/// Starts a server for the zone `test`, which runs as long as the returned value exists.
async fn start_zone_server() -> (Server<Catalog>, SocketAddr) {
    let origin = Name::from_ascii("test.").unwrap();
    let mut zone = InMemoryZoneHandler::<TokioRuntimeProvider>::empty(
        origin.clone(),
        ZoneType::Primary,
        AxfrPolicy::Deny,
    );
    let soa = SOA::new(
        Name::from_ascii("ns.test.").unwrap(),
        Name::from_ascii("admin.test.").unwrap(),
        1,
        60,
        60,
        60,
        60,
    );
    let records = [
        Record::from_rdata(origin.clone(), 60, RData::SOA(soa)),
        alias_record("www.test.", "cdn.test."),
        alias_record("cdn.test.", "edge.test."),
        address_record("edge.test.", RecordType::A, 7),
        alias_record("empty.test.", "nothing.test."),
        Record::from_rdata(
            Name::from_ascii("nothing.test.").unwrap(),
            60,
            RData::TXT(TXT::new(vec!["text".to_owned()])),
        ),
    ];
    for record in records {
        zone.upsert_mut(record, 1);
    }
    let mut catalog = Catalog::new();
    catalog.upsert(LowerName::from(origin), vec![Arc::new(zone)]);
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let mut server = Server::new(catalog);
    server.register_socket(socket);
    (server, address)
}

#[tokio::test]
async fn a_chain_of_aliases_is_recorded_with_its_times_to_live() {
    let (_server, address) = start_zone_server().await;
    let test = context_with_server(address);
    let addresses = resolve(&test.exchange_context(), "www.test", 80)
        .await
        .unwrap();
    assert_eq!(
        addresses,
        [SocketAddr::new(IpAddr::from([127, 0, 0, 7]), 80)]
    );
    let answers = emitted_answers(&test);
    let chain = answers
        .iter()
        .find(|answer| answer.records.len() == 3)
        .unwrap();
    let shown: Vec<String> = chain
        .records
        .iter()
        .map(|r| format!("{} {} {} {}", r.name.raw(), r.ttl, r.kind, r.data.raw()))
        .collect();
    assert_eq!(
        shown,
        [
            "www.test 60 CNAME cdn.test",
            "cdn.test 60 CNAME edge.test",
            "edge.test 300 A 127.0.0.7"
        ]
    );
}

#[tokio::test]
async fn a_name_without_addresses_and_a_name_that_is_not_there() {
    let (_server, address) = start_zone_server().await;
    for (host, code) in [
        ("nothing.test", FailureCode::DnsNoAddress),
        ("missing.test", FailureCode::DnsNoSuchName),
        ("api.other", FailureCode::DnsRefused),
    ] {
        let test = context_with_server(address);
        let failed = resolve(&test.exchange_context(), host, 80)
            .await
            .unwrap_err();
        assert_eq!(failed.failure.code, code, "{host}: {:?}", failed.failure);
        assert_eq!(emitted_queries(&test).len(), 2, "{host}");
    }
}
