//! More than the lab's servers let in: connections one after another, and requests, bodies and
//! questions that are not over.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tapline::lab::EmbeddedLab;

/// Serves a lab until standard input ends, and says where its servers are.
pub(super) fn serve() {
    let lab = EmbeddedLab::start().unwrap();
    println!("\nat udp://dns:{}/", lab.dns_server().port());
    for exhibit in lab.catalogue() {
        println!("at {}", exhibit.url);
    }
    println!("trust {}", lab.ca_pem().replace('\n', "|"));
    println!("that is all");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// Where the servers are.
pub(super) struct Servers {
    /// A port for each scheme and host.
    addresses: HashMap<String, SocketAddr>,
    /// What trusts them, and speaks HTTP/2.
    trust: Arc<ClientConfig>,
}

/// Reads what [`serve`] says.
pub(super) fn servers(said: impl Read) -> Servers {
    let mut addresses = HashMap::new();
    let mut roots = RootCertStore::empty();
    let lines = BufReader::new(said).lines().map(Result::unwrap);
    for line in lines.take_while(|line| line != "that is all") {
        if let Some(url) = line.strip_prefix("at ") {
            let url = url::Url::parse(url).unwrap();
            if let (Some(host), Some(port)) = (url.host_str(), url.port()) {
                let name = format!("{}://{host}", url.scheme());
                addresses.insert(name, ([127, 0, 0, 1], port).into());
            }
        } else if let Some(pem) = line.strip_prefix("trust ") {
            let certificate = CertificateDer::from_pem_slice(pem.replace('|', "\n").as_bytes());
            roots.add(certificate.unwrap()).unwrap();
        }
    }
    let mut trust = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    trust.alpn_protocols = vec![b"h2".to_vec()];
    Servers {
        addresses,
        trust: Arc::new(trust),
    }
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answered {
    /// Connections after each other whose request was answered.
    connections: u32,
    /// Whether some of too many requests at a time were refused, and not all.
    refuses_streams: bool,
    /// Whether some of too many bodies at a time were.
    refuses_bodies: bool,
    /// Whether questions are answered after very many that wait.
    answers_questions: bool,
}

impl Answered {
    pub(super) const AS_IT_SHOULD: Self = Self {
        connections: CONNECTIONS,
        refuses_streams: true,
        refuses_bodies: true,
        answers_questions: true,
    };
}

const CONNECTIONS: u32 = 3_000;
/// Requests of one connection at a time.
const STREAMS: usize = 128;

/// Puts the load on.
pub(super) fn put_on(servers: &Servers) -> Answered {
    let addresses = &servers.addresses;
    let (plain, h2c) = (
        addresses["http://api.lab.test"],
        addresses["http://h2c.lab.test"],
    );
    let balanced = addresses["https://balanced.lab.test"];
    let secured = Some(Arc::clone(&servers.trust));
    let connections = (0..CONNECTIONS).filter(|_| asks_once(plain)).count();
    // So many as are let in, with 50 times as many requests as are let be under way.
    let refused = held(
        || Connection::open(h2c, None),
        200,
        |connection| {
            (0..STREAMS).for_each(|_| connection.ask("GET", "/delay/60000", 0));
        },
    );
    // Bodies that never end, of each as much as fits into what a connection holds.
    held(
        || Connection::open(h2c, None),
        200,
        |connection| {
            connection.ask("POST", "/delay/60000", 30 * PIECE);
        },
    );
    let bodies = held(
        || Connection::open(balanced, secured.clone()),
        200,
        |connection| {
            (0..6).for_each(|_| connection.ask("POST", "/", 5 * PIECE));
        },
    );
    Answered {
        connections: u32::try_from(connections).unwrap(),
        refuses_streams: 0 < refused.reset && refused.reset < 200 * STREAMS,
        refuses_bodies: 0 < bodies.answered && bodies.answered < 200 * 6,
        answers_questions: questions(addresses["udp://dns"]),
    }
}

/// A request on a connection of its own.
fn asks_once(server: SocketAddr) -> bool {
    let mut stream = TcpStream::connect(server).unwrap();
    let request = b"GET /users HTTP/1.1\r\nHost: api.lab.test\r\nConnection: close\r\n\r\n";
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer.starts_with(b"HTTP/1.1 200")
}

/// What came back over connections of HTTP/2: streams that were reset, and answers.
#[derive(Default)]
struct Came {
    reset: usize,
    answered: usize,
}

/// Opens connections, does the same on each, and waits until the server has seen it all.
fn held(open: impl Fn() -> Connection, connections: usize, ask: impl Fn(&mut Connection)) -> Came {
    let mut all: Vec<Connection> = Vec::new();
    for _ in 0..connections {
        let mut connection = open();
        ask(&mut connection);
        all.push(connection);
    }
    let mut came = Came::default();
    for connection in &mut all {
        connection.wait(&mut came);
    }
    came
}

trait ReadWrite: Read + Write {}

impl<T: Read + Write> ReadWrite for T {}

/// A connection that speaks HTTP/2 with no more than it takes (RFC 9113).
struct Connection {
    stream: Box<dyn ReadWrite>,
    next: u32,
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const PIECE: usize = 16_000;

impl Connection {
    /// In clear, or over TLS to the load balancer.
    fn open(server: SocketAddr, secured: Option<Arc<ClientConfig>>) -> Self {
        let stream = TcpStream::connect(server).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let stream: Box<dyn ReadWrite> = match secured {
            None => Box::new(stream),
            Some(config) => {
                let name = "balanced.lab.test".try_into().unwrap();
                let session = ClientConnection::new(config, name).unwrap();
                Box::new(StreamOwned::new(session, stream))
            }
        };
        let mut connection = Self { stream, next: 1 };
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        connection.stream.write_all(preface).unwrap();
        connection.send(SETTINGS, 0, 0, &[]);
        // The server lets so much come once it knows that it was understood (RFC 9113 §6.5.3).
        while connection.frame() != (SETTINGS, 0) {}
        connection.send(SETTINGS, 1, 0, &[]);
        while connection.frame().0 != WINDOW_UPDATE {}
        connection
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags][..], &stream.to_be_bytes()].concat();
        self.stream
            .write_all(&[&head[..], payload].concat())
            .unwrap();
    }

    /// Sends a request; of a body so many bytes, and not its end.
    fn ask(&mut self, method: &str, path: &str, body: usize) {
        let fields = [
            (":method", method),
            (":scheme", "http"),
            (":path", path),
            (":authority", "lab.test"),
        ];
        let mut block = Vec::new();
        for (name, value) in fields {
            // A literal without indexing (RFC 7541 §6.2.2).
            block.push(0);
            for text in [name, value] {
                block.push(u8::try_from(text.len()).unwrap());
                block.extend(text.as_bytes());
            }
        }
        let (stream, ends) = (self.next, u8::from(body == 0));
        self.next += 2;
        self.send(HEADERS, 4 | ends, stream, &block);
        for _ in 0..body / PIECE {
            self.send(DATA, 0, stream, &[b'x'; PIECE]);
        }
    }

    /// Waits until what was sent has been read by the other side.
    fn wait(&mut self, came: &mut Came) {
        self.send(PING, 0, 0, b"all read");
        loop {
            match self.frame() {
                (RESET, _) => came.reset += 1,
                (HEADERS, _) => came.answered += 1,
                (PING, 1) => return,
                _ => {}
            }
        }
    }

    /// The next frame's type, and the first of its flags.
    fn frame(&mut self) -> (u8, u8) {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).unwrap();
        (head[3], head[4] & 1)
    }
}

/// Asks very often for a name that is answered late, and then once for another.
fn questions(server: SocketAddr) -> bool {
    let question = |name: &[u8]| {
        let head = [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        [&head[..], name, b"\x03lab\x04test\0\0\x01\0\x01"].concat()
    };
    let flood = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..100_000 {
        // What does not fit into the server's queue is lost.
        let _ = flood.send_to(&question(b"\x08slow-dns"), server);
    }
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    (0..60).any(|_| {
        socket.send_to(&question(b"\x03api"), server).unwrap();
        socket.recv(&mut [0; 512]).is_ok()
    })
}
