//! A server on loopback that answers each connection with so many bytes, and a client that asks it.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// The request's length.
pub(super) const ASKED: u64 = 100;

/// Starts the server; it serves until the test ends.
pub(super) fn server(answer: u64) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            serve(stream.unwrap(), answer);
        }
    });
    address
}

fn serve(mut stream: TcpStream, answer: u64) {
    let mut request = vec![0; usize::try_from(ASKED).unwrap()];
    if stream.read_exact(&mut request).is_err() {
        return;
    }
    let mut left = answer;
    let block = vec![7; 256 * 1024];
    while left > 0 {
        let part = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
        stream.write_all(&block[..part]).unwrap();
        left -= u64::try_from(part).unwrap();
    }
    stream.shutdown(Shutdown::Write).unwrap();
    // The client closes too, so that both FINs pass.
    let _ = stream.read(&mut [0]);
}

/// Asks, reads the answer to its end and closes. The client's own address.
pub(super) fn ask(server: SocketAddr) -> (SocketAddr, u64) {
    let mut stream = TcpStream::connect(server).unwrap();
    stream
        .write_all(&vec![1; usize::try_from(ASKED).unwrap()])
        .unwrap();
    let mut buffer = vec![0; 256 * 1024];
    let mut received = 0;
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => return (stream.local_addr().unwrap(), received),
            count => received += u64::try_from(count).unwrap(),
        }
    }
}
