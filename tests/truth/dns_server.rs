//! A DNS server whose answers take as long as is wanted, by type.

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::lab::{Lab, Side};
use super::server::Log;

/// Record types (RFC 1035 §3.2.2, RFC 3596).
const A: u16 = 1;
const AAAA: u16 = 28;

/// How long answers take; the name is that of the lab's first host.
#[derive(Clone, Copy, Default)]
pub(crate) struct Delays {
    pub(crate) a: Duration,
    pub(crate) aaaa: Duration,
}

/// Answers questions on a port of the lab's hosts until the lab ends.
pub(crate) fn answer(lab: &Lab, port: u16, delays: Delays, log: &Log) {
    let socket = lab
        .on(Side::Servers, || UdpSocket::bind(("0.0.0.0", port)))
        .expect("a DNS server can listen");
    let _ = socket.set_read_timeout(Some(Duration::from_secs(20)));
    let socket = Arc::new(socket);
    let log = log.clone();
    thread::spawn(move || -> io::Result<()> {
        loop {
            let mut buffer = [0; 512];
            let (bytes, from) = socket.recv_from(&mut buffer)?;
            let Some((kind, answer)) = answered(&buffer[..bytes]) else {
                continue;
            };
            let delay = match kind {
                A => delays.a,
                AAAA => delays.aaaa,
                _ => Duration::ZERO,
            };
            let (socket, log) = (Arc::clone(&socket), log.clone());
            thread::spawn(move || {
                log.wait("lookup", delay);
                socket.send_to(&answer, from)
            });
        }
    });
}

/// The type that is asked for, and the answer (RFC 1035 §4.1).
fn answered(question: &[u8]) -> Option<(u16, Vec<u8>)> {
    let name = question.get(12..)?.iter().position(|byte| *byte == 0)?;
    let end = 12 + name + 5;
    let asked = question.get(12 + name + 1..end)?;
    let kind = u16::from_be_bytes([asked[0], asked[1]]);
    let data: &[u8] = match kind {
        A => &[10, 77, 0, 10],
        AAAA => &[0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10],
        _ => &[],
    };
    let count = u8::from(!data.is_empty());
    let mut answer = question.get(..2)?.to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, count, 0, 0, 0, 0]);
    answer.extend(question.get(12..end)?);
    if count > 0 {
        answer.extend([0xc0, 12]);
        answer.extend(kind.to_be_bytes());
        answer.extend([0, 1, 0, 0, 0, 60]);
        answer.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        answer.extend(data);
    }
    Some((kind, answer))
}
