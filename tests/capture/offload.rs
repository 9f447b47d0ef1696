//! Aggregates: over a cable whose ends leave cutting and gluing segments to each other, the sizes
//! that the kernel tells add up to what it counts on the wire.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;

use rustix::thread::gettid;
use tapline::capture::{CaptureDepth, CaptureOpening, InterfaceSelection};
use tapline::sys::{Namespaces, tcp_info, unshare_namespaces};
use tapline::trace::Direction;

use super::scene::{Heard, on_a_thread_of_its_own, skipped};

const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);
/// Each way.
const BYTES: usize = 4_000_000;

/// Where the kernel's counts lie (linux/tcp.h, `struct tcp_info`).
const DATA_SEGMENTS_IN: usize = 152;
const DATA_SEGMENTS_OUT: usize = 156;

/// Runs `ip` in the calling thread's network.
fn ip(arguments: &str) -> bool {
    Command::new("ip")
        .args(arguments.split(' '))
        .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
        .status()
        .is_ok_and(|status| status.success())
}

/// A network of the calling thread's own, joined by a cable to another thread's in which a server
/// takes so much and sends as much.
fn cabled() -> Option<SocketAddr> {
    unshare_namespaces(Namespaces::Network).ok()?;
    let (tell, told) = channel();
    let (join, joined) = channel::<()>();
    let (listening, listens) = channel();
    thread::spawn(move || {
        unshare_namespaces(Namespaces::Network).unwrap();
        tell.send(gettid()).unwrap();
        joined.recv().unwrap();
        assert!(ip(&format!("addr add {SERVER}/24 dev server")) && ip("link set server up"));
        let listener = TcpListener::bind((SERVER, 0)).unwrap();
        listening.send(listener.local_addr().unwrap()).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut vec![0; BYTES]).unwrap();
        stream.write_all(&vec![b'x'; BYTES]).unwrap();
    });
    let other = told.recv().unwrap().as_raw_nonzero();
    let made = ip(&format!(
        "link add client type veth peer name server netns {other}"
    )) && ip(&format!("addr add {CLIENT}/24 dev client"))
        && ip("link set client up");
    if !made {
        return None;
    }
    join.send(()).unwrap();
    listens.recv().ok()
}

#[test]
fn aggregates_count_as_the_segments_that_the_wire_carries() {
    on_a_thread_of_its_own(|| {
        let Some(server) = cabled() else {
            return skipped("aggregates", "no network of its own, or no cable");
        };
        let capture = match CaptureOpening::begin(
            &InterfaceSelection::Named("client".to_owned()),
            CaptureDepth::Headers,
        )
        .wait()
        {
            Ok(capture) => capture,
            Err(refusal) => return skipped("aggregates", &refusal.to_string()),
        };
        let heard = Heard::expecting(&capture, server);
        let mut stream = TcpStream::connect(server).unwrap();
        stream.write_all(&vec![b'x'; BYTES]).unwrap();
        stream.read_exact(&mut vec![0; BYTES]).unwrap();
        let kernel = tcp_info(stream.as_fd()).unwrap();
        drop(stream);
        let (trace, _) = heard.finished();
        let flow = trace.flows().first().unwrap();
        for (direction, at) in [
            (Direction::Received, DATA_SEGMENTS_IN),
            (Direction::Sent, DATA_SEGMENTS_OUT),
        ] {
            let segments = u32::from_ne_bytes(kernel[at..at + 4].try_into().unwrap());
            let counts = flow.counts(direction);
            assert!(
                counts.max_payload > 1_460,
                "nothing was joined, {direction:?}: {counts:?}"
            );
            assert_eq!(counts.max_segment, 1_448, "{direction:?}: {counts:?}");
            assert_eq!(
                counts.wire_segments,
                u64::from(segments),
                "{direction:?}: {counts:?}"
            );
        }
    });
}
