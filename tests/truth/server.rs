//! Servers of the tests' own, of which is known when they waited and when they wrote.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::{Domain, Protocol, Socket, Type};

use super::lab::{Lab, Side};

/// What a server did, by name, and for how long.
#[derive(Clone, Default)]
pub(crate) struct Log {
    times: Arc<Mutex<BTreeMap<&'static str, Duration>>>,
    /// The run is the one without what the kind is about.
    pub(crate) is_baseline: bool,
}

impl Log {
    /// The log of a run without what the kind is about.
    pub(crate) fn of_baseline() -> Self {
        Self {
            is_baseline: true,
            ..Self::default()
        }
    }

    pub(crate) fn add(&self, what: &'static str, time: Duration) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        *times.entry(what).or_default() += time;
    }

    /// The time that was spent so; none if it never was.
    pub(crate) fn time(&self, what: &str) -> Duration {
        let times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        times.get(what).copied().unwrap_or_default()
    }

    /// Waits for so long, and counts how long it truly was.
    pub(crate) fn wait(&self, what: &'static str, time: Duration) {
        let began = Instant::now();
        thread::sleep(time);
        self.add(what, began.elapsed());
        self.add("waited", began.elapsed());
    }

    fn waited(&self) -> Duration {
        self.time("waited")
    }
}

/// How a server listens.
#[derive(Clone, Default)]
pub(crate) struct Listening {
    pub(crate) tls: Option<Tls>,
    /// Nagle's algorithm stays on.
    pub(crate) nagle: bool,
    pub(crate) receive_buffer: Option<usize>,
}

/// How a server speaks TLS.
#[derive(Clone, Default)]
pub(crate) struct Tls {
    /// Largest plaintext of a record.
    pub(crate) record: Option<usize>,
    /// Wait after the `ClientHello` has come.
    pub(crate) wait: Duration,
    /// TLS 1.2 only.
    pub(crate) old: bool,
    /// The only key exchange is one that clients offer no key for (`HelloRetryRequest`).
    pub(crate) rare_group: bool,
    /// A certificate with very many names.
    pub(crate) large_certificate: bool,
}

/// A connection to a server.
pub(crate) struct Peer {
    stream: Stream,
    tcp: TcpStream,
    pub(crate) log: Log,
    unread: Vec<u8>,
    /// When a request had come that is not answered yet, and the waits counted by then.
    asked: Option<(Instant, Duration)>,
    /// It is closed without an end of its stream.
    is_reset: bool,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

/// A listening server; it ends when this is dropped.
pub(crate) struct Server(pub(crate) Arc<Socket>);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// Listens on a port of the lab's hosts, and does with each connection as `serve` does.
pub(crate) fn listen(
    lab: &Lab,
    port: u16,
    how: Listening,
    log: &Log,
    serve: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
) -> Server {
    listen_on(lab, Side::Servers, port, how, log, serve)
}

/// The same on either side.
pub(crate) fn listen_on(
    lab: &Lab,
    side: Side,
    port: u16,
    how: Listening,
    log: &Log,
    serve: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
) -> Server {
    let server = bound(lab, side, port, &how);
    let accepting = Arc::clone(&server.0);
    let serve = Arc::new(serve);
    let log = log.clone();
    thread::spawn(move || {
        while let Ok((connection, _)) = accepting.accept() {
            let (serve, log, how) = (Arc::clone(&serve), log.clone(), how.clone());
            thread::spawn(move || {
                let mut peer = Peer::new(connection.into(), &how, log)?;
                serve(&mut peer)?;
                peer.finish();
                io::Result::Ok(())
            });
        }
    });
    server
}

/// A socket that listens on a port of one side.
pub(crate) fn bound(lab: &Lab, side: Side, port: u16, how: &Listening) -> Server {
    let socket = lab
        .on(side, || listening_socket(port, how))
        .expect("a server can listen");
    Server(Arc::new(socket))
}

fn listening_socket(port: u16, how: &Listening) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if let Some(bytes) = how.receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.bind(&SocketAddr::from(([0, 0, 0, 0], port)).into())?;
    socket.listen(16)?;
    Ok(socket)
}

impl Peer {
    fn new(tcp: TcpStream, how: &Listening, log: Log) -> io::Result<Self> {
        tcp.set_nodelay(!how.nagle)?;
        tcp.set_read_timeout(Some(Duration::from_secs(30)))?;
        let control = tcp.try_clone()?;
        let stream = match &how.tls {
            None => Stream::Plain(tcp),
            Some(tls) => {
                tcp.peek(&mut [0])?;
                if tls.wait > Duration::ZERO {
                    log.wait("handshake", tls.wait);
                }
                let connection =
                    ServerConnection::new(Arc::new(tls_settings(tls))).map_err(io::Error::other)?;
                let mut stream = StreamOwned::new(connection, tcp);
                let began = Instant::now();
                while !stream.conn.wants_write() {
                    stream.conn.read_tls(&mut stream.sock)?;
                    stream
                        .conn
                        .process_new_packets()
                        .map_err(io::Error::other)?;
                }
                log.add("busy", began.elapsed());
                while stream.conn.is_handshaking() {
                    stream.conn.complete_io(&mut stream.sock)?;
                }
                Stream::Tls(Box::new(stream))
            }
        };
        Ok(Self {
            stream,
            tcp: control,
            log,
            unread: Vec::new(),
            asked: None,
            is_reset: false,
        })
    }

    /// Reads a request's head. Returns it with its final empty line; empty at the stream's end.
    pub(crate) fn read_head(&mut self) -> io::Result<String> {
        let mut bytes = std::mem::take(&mut self.unread);
        loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                self.unread = bytes.split_off(end + 4);
                self.asked = Some((Instant::now(), self.log.waited()));
                return Ok(String::from_utf8_lossy(&bytes).into_owned());
            }
            let mut buffer = [0; 4_096];
            let read = self.raw_read(&mut buffer)?;
            if read == 0 {
                return Ok(String::new());
            }
            bytes.extend_from_slice(&buffer[..read]);
        }
    }

    /// Reads so many bytes of a body, in pieces of `piece` with `between` after each.
    pub(crate) fn read_body(&mut self, bytes: usize, mut between: impl FnMut()) -> io::Result<()> {
        let mut left = bytes.saturating_sub(self.unread.len());
        self.unread.clear();
        let mut buffer = vec![0; 16_384];
        while left > 0 {
            let most = left.min(buffer.len());
            let read = self.raw_read(&mut buffer[..most])?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left -= read;
            between();
        }
        Ok(())
    }

    /// Reads so many bytes.
    pub(crate) fn read_exactly(&mut self, bytes: usize) -> io::Result<Vec<u8>> {
        let mut read = vec![0; bytes];
        self.tcp.read_exact(&mut read)?;
        Ok(read)
    }

    /// The server's time before it answers.
    pub(crate) fn think(&self, millis: u64) {
        self.log.wait("think", Duration::from_millis(millis));
    }

    /// The server's time within a body.
    pub(crate) fn pause(&self, millis: u64) {
        self.log.wait("pause", Duration::from_millis(millis));
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some((asked, waited)) = self.asked.take() {
            let waited = self.log.waited().saturating_sub(waited);
            let busy = asked.elapsed().saturating_sub(waited);
            self.log.add("busy", busy);
        }
        match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(bytes),
            Stream::Tls(stream) => {
                stream.write_all(bytes)?;
                stream.flush()
            }
        }
    }

    /// Sends whole segments of an answer that goes on: the last one is not marked as pushed.
    pub(crate) fn send_more(&mut self, bytes: &[u8]) -> io::Result<()> {
        let socket = socket2::SockRef::from(&self.tcp);
        socket.send_with_flags(bytes, libc::MSG_MORE).map(drop)
    }

    /// Resets the connection.
    pub(crate) fn reset(&mut self) -> io::Result<()> {
        // An abortive close (RFC 9293 §3.10.5): nothing lingers.
        socket2::SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO))?;
        self.is_reset = true;
        Ok(())
    }

    /// Answers with 200 and a body of so many bytes, written at once.
    pub(crate) fn answer(&mut self, bytes: usize) -> io::Result<()> {
        self.send(&answer(bytes))
    }

    /// The connection below TLS.
    pub(crate) const fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    fn raw_read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.read(buffer),
            Stream::Tls(stream) => stream.read(buffer),
        }
    }

    /// Closes the connection once the other side has read everything.
    fn finish(&mut self) {
        if self.is_reset {
            return;
        }
        if let Stream::Tls(stream) = &mut self.stream {
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
        let _ = self.tcp.shutdown(Shutdown::Write);
        let _ = io::copy(&mut &self.tcp, &mut io::sink());
    }
}

/// The head of an answer with a body of so many bytes.
pub(crate) fn head(bytes: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\n\r\n")
}

/// A head and a body of so many bytes.
pub(crate) fn answer(bytes: usize) -> Vec<u8> {
    [head(bytes).as_bytes(), &body(bytes)].concat()
}

/// A body of so many bytes.
pub(crate) fn body(bytes: usize) -> Vec<u8> {
    let mut body = b"0123456789abcdef".repeat(bytes.div_ceil(16));
    body.truncate(bytes);
    body
}

/// Keys and certificates that sign themselves: a small one, and one of 18 kB.
static IDENTITIES: LazyLock<[rcgen::CertifiedKey<rcgen::KeyPair>; 2]> = LazyLock::new(|| {
    [1, 700].map(|count| {
        let names: Vec<String> = (0..count)
            .map(|number| format!("truth-{number:04}.lab.test"))
            .collect();
        rcgen::generate_simple_self_signed(names).expect("a certificate")
    })
});

/// Settings of a server that speaks TLS so.
pub(crate) fn tls_settings(tls: &Tls) -> ServerConfig {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    if tls.rare_group {
        provider.kx_groups = vec![rustls::crypto::aws_lc_rs::kx_group::SECP384R1];
    }
    let versions: &[&rustls::SupportedProtocolVersion] = if tls.old {
        &[&rustls::version::TLS12]
    } else {
        &[&rustls::version::TLS13]
    };
    let identity = &IDENTITIES[usize::from(tls.large_certificate)];
    let key = identity.signing_key.serialize_der();
    let mut settings = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)
        .expect("the versions are there")
        .with_no_client_auth()
        .with_single_cert(
            vec![identity.cert.der().clone()],
            rustls::pki_types::PrivateKeyDer::Pkcs8(key.into()),
        )
        .expect("the key is the certificate's");
    settings.max_fragment_size = tls.record;
    settings
}

/// Connects to servers from the servers' network.
pub(crate) fn dialler(lab: &Lab) -> impl Fn(u16) -> io::Result<TcpStream> + Send + Sync + 'static {
    let within = lab.within(Side::Servers);
    move |port| {
        let stream = within.run(|| TcpStream::connect(("127.0.0.1", port)))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Sends datagrams of so many bytes in all from one side's network to an address, all at once, so
/// that they are queued on the link.
pub(crate) fn flood(lab: &Lab, from: Side) -> impl Fn(&str, usize) + Send + Sync + 'static {
    let socket = lab
        .on(from, || UdpSocket::bind("0.0.0.0:0"))
        .expect("a socket for datagrams");
    move |to: &str, bytes: usize| {
        for _ in 0..bytes.div_ceil(1_400) {
            let _ = socket.send_to(&[0; 1_372], (to, 9));
        }
    }
}
