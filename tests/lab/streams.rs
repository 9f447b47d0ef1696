//! Servers that speak no HTTP.

use std::io::{BufRead, BufReader};

use super::*;

fn connect(url: &str) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port_of(url))).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

#[test]
fn what_is_sent_comes_back() {
    let lab = Lab::start();
    let mut stream = connect(&lab.exhibit("tcp://echo"));
    let sent: Vec<u8> = (0..100_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let mut returned = vec![0; sent.len()];
    let mut writer = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| writer.write_all(&sent).unwrap());
        stream.read_exact(&mut returned).unwrap();
    });
    assert_eq!(returned, sent);

    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    socket.connect((Ipv4Addr::LOCALHOST, port_of(&lab.exhibit("udp://echo")))).unwrap();
    for datagram in [&b"one"[..], b"", &[7; 1400]] {
        socket.send(datagram).unwrap();
        let mut returned = [0; 2000];
        let length = socket.recv(&mut returned).unwrap();
        assert_eq!(&returned[..length], datagram);
    }
}

#[test]
fn keys_have_values() {
    let lab = Lab::start();
    let url = lab.exhibit("tcp://kv");
    let (mut one, mut other) = (connect(&url), connect(&url));
    let mut ask = |lines: &str| {
        one.write_all(lines.as_bytes()).unwrap();
        let mut reader = BufReader::new(&one);
        lines.lines().map(|_| reader.by_ref().lines().next().unwrap().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(
        ask("SET colour deep blue\nGET colour\nGET other\r\nnonsense\n").join("|"),
        "OK|VALUE deep blue|NOTHING|ERROR there are GET key, SET key value, and DEL key"
    );
    other.write_all(b"GET colour\n").unwrap();
    let mut answer = String::new();
    BufReader::new(&other).read_line(&mut answer).unwrap();
    assert_eq!(answer, "VALUE deep blue\n", "it is kept for everyone");
    other.write_all(&[b'x'; 5000]).unwrap();
    let mut rest = Vec::new();
    let _ = other.read_to_end(&mut rest);
    assert!(rest.is_empty() || rest.starts_with(b"ERROR a line has 4096 bytes at most"), "the line was too long");
    assert_eq!(ask("DEL colour\nDEL colour\n"), ["OK", "NOTHING"]);
}
