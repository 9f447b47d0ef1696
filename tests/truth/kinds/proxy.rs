//! Proxies: the time they take is theirs, not the server's.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use super::{Case, OWN_PORT, own};
use crate::lab::{HOST, Link};
use crate::server::{Listening, Peer, Tls, listen};
use crate::truth::Truth;

/// Port of the tests' own proxy.
const PROXY_PORT: u16 = 8_001;

/// Passes bytes on between a client and a server until both have ended.
fn tunnel(peer: &Peer, server: &TcpStream) -> io::Result<()> {
    let client = peer.tcp().try_clone()?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let _ = io::copy(&mut &*server, &mut &client);
    let _ = client.shutdown(Shutdown::Write);
    Ok(())
}

pub(super) fn cases() -> Vec<Case> {
    let proxy = format!("http://{HOST}:{PROXY_PORT}");
    let mut cases = Vec::new();
    for rtt in [20, 80] {
        for (scheme, think) in [("http", 0), ("https", 0), ("https", 250)] {
            let tunnelled = ["-k", "-x", &proxy, &own(scheme, "/")].map(str::to_owned);
            let arguments: Vec<&str> = tunnelled.iter().map(String::as_str).collect();
            let case = Case::new(
                if scheme == "http" {
                    "slow_forwarding_proxy"
                } else if think > 0 {
                    "think_behind_a_proxy"
                } else {
                    "slow_proxy"
                },
                match (scheme, think) {
                    ("http", _) => "A plain proxy takes 300 ms before it passes the answer on.",
                    (_, 0) => "A proxy takes 400 ms before its tunnel is there.",
                    _ => "A tunnel of a slow proxy, and a server that takes 250 ms.",
                },
                Link::rtt(rtt),
                &arguments,
                move |facts| {
                    let (connect, forward) = (facts.log.time("connect"), facts.log.time("forward"));
                    let thinks = facts.log.time("think");
                    let mut truth = Truth::new();
                    if connect > Duration::ZERO {
                        truth = truth.figure("proxy", &["connect"], connect, facts.near(connect));
                    }
                    if forward > Duration::ZERO {
                        truth = truth.figure("proxy", &["forward"], forward, facts.near(forward));
                    }
                    if thinks > Duration::ZERO {
                        truth = truth.figure("server", &["think"], thinks, facts.near(thinks));
                    }
                    truth.at_most("server", thinks + Duration::from_millis(8))
                },
            );
            cases.push(case.stage(move |lab, log| {
                let tls = (scheme == "https").then(Tls::default);
                let how = Listening {
                    tls,
                    ..Listening::default()
                };
                let origin = listen(lab, OWN_PORT, how, log, move |peer| {
                    peer.read_head()?;
                    if think > 0 {
                        peer.think(think);
                    }
                    peer.answer(300)
                });
                let dial = crate::server::dialler(lab);
                let forward = listen(lab, PROXY_PORT, Listening::default(), log, move |peer| {
                    let head = peer.read_head()?;
                    if head.starts_with("CONNECT") {
                        peer.log.wait("connect", Duration::from_millis(400));
                        let server = dial(OWN_PORT)?;
                        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")?;
                        return tunnel(peer, &server);
                    }
                    peer.log.wait("forward", Duration::from_millis(300));
                    peer.answer(300)
                });
                vec![origin, forward]
            }));
        }
        cases.push(slow_socks_proxy(rtt));
    }
    cases
}

fn slow_socks_proxy(rtt: u64) -> Case {
    Case::new(
        "slow_socks_proxy",
        "A SOCKS5 proxy takes 300 ms to reach its target.",
        Link::rtt(rtt),
        &[
            "-x",
            &format!("socks5://{HOST}:{PROXY_PORT}"),
            &own("http", "/"),
        ],
        |facts| {
            let connect = facts.log.time("connect");
            Truth::new()
                .figure("proxy", &["connect"], connect, facts.near(connect))
                .at_most("server", Duration::from_millis(3))
        },
    )
    .stage(|lab, log| {
        let origin = listen(lab, OWN_PORT, Listening::default(), log, |peer| {
            peer.read_head()?;
            peer.answer(300)
        });
        let dial = crate::server::dialler(lab);
        let proxy = listen(lab, PROXY_PORT, Listening::default(), log, move |peer| {
            // RFC 1928 §3: version and methods; §4: a request with an IPv4 address.
            let methods = usize::from(peer.read_exactly(2)?[1]);
            peer.read_exactly(methods)?;
            peer.send(&[5, 0])?;
            peer.read_exactly(10)?;
            peer.log.wait("connect", Duration::from_millis(300));
            let server = dial(OWN_PORT)?;
            peer.send(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
            tunnel(peer, &server)
        });
        vec![origin, proxy]
    })
}
