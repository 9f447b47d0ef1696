//! Servers that speak no HTTP.

use std::io::{BufRead, BufReader};

use super::*;

fn connect(url: &str) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port_of(url))).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream
}

#[test]
fn what_is_sent_comes_back() {
    let lab = Lab::start();
    let mut stream = connect(&lab.entry_url("tcp://echo"));
    let sent: Vec<u8> = (0..100_000_u32)
        .map(|number| number.to_le_bytes()[0])
        .collect();
    let mut returned = vec![0; sent.len()];
    let mut writer = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| writer.write_all(&sent).unwrap());
        stream.read_exact(&mut returned).unwrap();
    });
    assert_eq!(returned, sent);

    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    socket
        .connect((Ipv4Addr::LOCALHOST, port_of(&lab.entry_url("udp://echo"))))
        .unwrap();
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
    let url = lab.entry_url("tcp://kv");
    let (mut one, mut other) = (connect(&url), connect(&url));
    let mut ask = |lines: &str| {
        one.write_all(lines.as_bytes()).unwrap();
        let mut reader = BufReader::new(&one);
        lines
            .lines()
            .map(|_| reader.by_ref().lines().next().unwrap().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ask("SET colour deep blue\nGET colour\nGET other\r\nnonsense\n").join("|"),
        "OK|VALUE deep blue|NOTHING|ERROR the commands are GET key, SET key value, and DEL key"
    );
    other.write_all(b"GET colour\n").unwrap();
    let mut answer = String::new();
    BufReader::new(&other).read_line(&mut answer).unwrap();
    assert_eq!(answer, "VALUE deep blue\n", "it is kept for everyone");
    other.write_all(&[b'x'; 5000]).unwrap();
    let mut rest = Vec::new();
    let _ = other.read_to_end(&mut rest);
    assert!(
        rest.is_empty() || rest.starts_with(b"ERROR a line may have 4096 bytes at most"),
        "the line was too long"
    );
    assert_eq!(ask("DEL colour\nDEL colour\n"), ["OK", "NOTHING"]);
}

#[test]
fn nonsense_stops_no_server() {
    let lab = Lab::start();
    let catalogue = lab.servers.catalogue();
    let ports: HashSet<u16> = catalogue
        .iter()
        .filter(|entry| !entry.url.contains("//refused"))
        .filter_map(|entry| Url::parse(&entry.url).ok()?.port())
        .collect();
    for port in &ports {
        for nonsense in [
            &b"\x05\xff"[..],
            b"\x05\x01\x00\x05\x01\x00\x03\xff\xff",
            b"CONNECT a:99999999 HTTP/1.1\r\n\r\n",
            b"GET http:// HTTP/1.1\r\n\r\n",
            b"PATCH /upload/99999999999999999999 HTTP/1.1\r\nHost: a\r\nUpload-Offset: \
                -1\r\nContent-Length: 3\r\n\r\nabc",
            b"GET /work/99999999999999999999999 HTTP/1.1\r\nHost: \xff\r\nCookie: backend=0; \
                backend\r\n\r\n",
            b"\n\n\n\0",
        ] {
            // The port is UDP's, or the server has had enough: both are fine.
            let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, *port))
                .and_then(|mut stream| stream.write_all(nonsense));
        }
    }
    let mut stream = connect(&lab.entry_url("tcp://kv"));
    stream.write_all(b"GET a\n").unwrap();
    stream.read_exact(&mut [0; 8]).unwrap();
    if has("curl") {
        for url in [
            "https://api",
            "http://h10",
            "https://balanced",
            "https://workers",
            "https://page",
            "http://proxy",
        ] {
            lab.fetch(&[&lab.entry_url(url)]);
        }
    }
}
