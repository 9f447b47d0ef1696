//! TLS records opened with a key log, as rustls wrote them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(missing_docs, reason = "a program")]

use std::fmt::{self, Write as _};
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, SupportedCipherSuite};
use tapline::wire::tls::{ClientHello, Decipherer, HandshakeReader, KeyLog, Sender, ServerHello, Undecipherable, What};

/// A key log in memory.
#[derive(Default)]
struct Log(Mutex<String>);

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}

impl rustls::KeyLog for Log {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut log = self.0.lock().unwrap();
        let _ = write!(log, "{label}");
        for bytes in [client_random, secret] {
            let _ = write!(log, " ");
            let _ = bytes.iter().try_for_each(|byte| write!(log, "{byte:02x}"));
        }
        let _ = writeln!(log);
    }
}

/// Two ends of a connection, and all the bytes that passed between them.
struct Talk {
    client: ClientConnection,
    server: ServerConnection,
    log: Arc<Log>,
    passed: [Vec<u8>; 2],
}

impl Talk {
    fn new(suite: SupportedCipherSuite, groups: Option<usize>) -> Self {
        let provider = Arc::new(CryptoProvider { cipher_suites: vec![suite], ..aws_lc_rs::default_provider() });
        let mut client_provider = (*provider).clone();
        if let Some(first) = groups {
            // The server does not know what the client has a share for, and asks it to begin again.
            client_provider.kx_groups.rotate_left(first);
        }
        let mut server_provider = (*provider).clone();
        if groups.is_some() {
            server_provider.kx_groups = vec![aws_lc_rs::kx_group::SECP384R1];
        }
        let issued = rcgen::generate_simple_self_signed(vec!["site.test".to_owned()]).unwrap();
        let certificate = CertificateDer::from(issued.cert.der().to_vec());
        let key = PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let log = Arc::new(Log::default());
        let version = [suite.version()];
        let builder = ClientConfig::builder_with_provider(Arc::new(client_provider)).with_protocol_versions(&version).unwrap();
        let mut client = builder.with_root_certificates(roots).with_no_client_auth();
        client.key_log = log.clone();
        let builder = ServerConfig::builder_with_provider(Arc::new(server_provider)).with_protocol_versions(&version).unwrap();
        let server = builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        let name = ServerName::try_from("site.test").unwrap();
        Self {
            client: ClientConnection::new(Arc::new(client), name).unwrap(),
            server: ServerConnection::new(Arc::new(server)).unwrap(),
            log,
            passed: [Vec::new(), Vec::new()],
        }
    }

    /// Until neither has anything to say.
    fn settle(&mut self) {
        loop {
            let (mut up, mut down) = (Vec::new(), Vec::new());
            while self.client.wants_write() {
                self.client.write_tls(&mut up).unwrap();
            }
            self.server.read_tls(&mut up.as_slice()).unwrap();
            self.server.process_new_packets().unwrap();
            while self.server.wants_write() {
                self.server.write_tls(&mut down).unwrap();
            }
            self.client.read_tls(&mut down.as_slice()).unwrap();
            self.client.process_new_packets().unwrap();
            if up.is_empty() && down.is_empty() {
                break;
            }
            self.passed[0].extend(up);
            self.passed[1].extend(down);
        }
    }

    fn say(&mut self, question: &[u8], answer: &[u8]) {
        self.client.writer().write_all(question).unwrap();
        self.settle();
        self.server.writer().write_all(answer).unwrap();
        self.settle();
        let _ = self.client.reader().read(&mut [0; 1 << 14]);
        let _ = self.server.reader().read(&mut [0; 1 << 14]);
    }

    fn key_log(&self) -> KeyLog {
        let mut log = KeyLog::default();
        log.read(self.log.0.lock().unwrap().as_bytes());
        log
    }

    fn hellos(&self) -> (ClientHello, ServerHello) {
        let (mut reader, mut client, mut server) = (HandshakeReader::default(), None, None);
        for (from, bytes) in [(Sender::Client, &self.passed[0]), (Sender::Server, &self.passed[1])] {
            reader.read(from, bytes, |seen| match seen.what {
                What::ClientHello(hello) => client = hello.or(client.take()),
                What::ServerHello(hello) => server = hello.or(server.take()),
                _ => {}
            });
        }
        (client.unwrap(), server.unwrap())
    }
}

fn records(mut stream: &[u8]) -> Vec<&[u8]> {
    let mut records = Vec::new();
    while !stream.is_empty() {
        let (record, rest) = stream.split_at(5 + usize::from(u16::from_be_bytes([stream[3], stream[4]])));
        records.push(record);
        stream = rest;
    }
    records
}

/// What application data there is in a direction.
fn text(decipherer: &mut Decipherer, from: Sender, stream: &[u8]) -> Vec<u8> {
    let opened = records(stream).into_iter().map(|record| decipherer.open(from, record).unwrap());
    opened.filter(|opened| opened.kind == 23).flat_map(|opened| opened.text).collect()
}

#[test]
fn every_suite_of_both_versions_is_opened() {
    for suite in aws_lc_rs::ALL_CIPHER_SUITES.iter().filter(|suite| !format!("{:?}", suite.suite()).contains("RSA_WITH")) {
        let mut talk = Talk::new(*suite, None);
        talk.settle();
        let (question, answer) = (b"GET /".as_slice(), vec![b'x'; 40_000]);
        talk.say(question, &answer);
        talk.say(question, b"again");
        let (client, server) = talk.hellos();
        let mut decipherer = Decipherer::new(&client, &server, &talk.key_log()).unwrap();
        assert_eq!(text(&mut decipherer, Sender::Client, &talk.passed[0]), [question, question].concat(), "{suite:?}");
        assert_eq!(text(&mut decipherer, Sender::Server, &talk.passed[1]), [answer.as_slice(), b"again"].concat(), "{suite:?}");
    }
}

fn tls13() -> SupportedCipherSuite {
    aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384
}

#[test]
fn keys_may_change_on_the_way() {
    let mut talk = Talk::new(tls13(), None);
    talk.settle();
    talk.say(b"one", b"1");
    talk.client.refresh_traffic_keys().unwrap();
    talk.say(b"two", b"2");
    talk.server.refresh_traffic_keys().unwrap();
    talk.say(b"three", b"3");
    let (client, server) = talk.hellos();
    let mut decipherer = Decipherer::new(&client, &server, &talk.key_log()).unwrap();
    assert_eq!(text(&mut decipherer, Sender::Server, &talk.passed[1]), b"123");
    assert_eq!(text(&mut decipherer, Sender::Client, &talk.passed[0]), b"onetwothree");
}

#[test]
fn a_hello_that_was_asked_for_again_is_the_one_that_counts() {
    let mut talk = Talk::new(tls13(), Some(1));
    talk.settle();
    talk.say(b"question", b"answer");
    let (client, server) = talk.hellos();
    assert!(!server.is_retry);
    let mut decipherer = Decipherer::new(&client, &server, &talk.key_log()).unwrap();
    assert_eq!(text(&mut decipherer, Sender::Server, &talk.passed[1]), b"answer");
}

#[test]
fn what_cannot_be_opened_is_named_and_what_follows_can_be() {
    let mut talk = Talk::new(tls13(), None);
    talk.settle();
    talk.say(b"question", b"answer");
    let (client, server) = talk.hellos();
    assert_eq!(Decipherer::new(&client, &server, &KeyLog::default()).err(), Some(Undecipherable::NoSecrets));
    let other = ServerHello { cipher_suite: 0x1304, ..server.clone() };
    assert_eq!(Decipherer::new(&client, &other, &talk.key_log()).err(), Some(Undecipherable::Suite(0x1304)));

    let mut decipherer = Decipherer::new(&client, &server, &talk.key_log()).unwrap();
    let down = records(&talk.passed[1]);
    let mut changed = down[2].to_vec();
    *changed.last_mut().unwrap() ^= 1;
    decipherer.open(Sender::Server, down[0]).unwrap();
    assert_eq!(decipherer.open(Sender::Server, &changed), Err(Undecipherable::Record));
    assert!(down[1..].iter().all(|record| decipherer.open(Sender::Server, record).is_ok()));
}

#[test]
fn a_log_that_was_begun_late_opens_what_it_can() {
    let mut talk = Talk::new(tls13(), None);
    talk.settle();
    talk.say(b"question", b"answer");
    let late: String =
        talk.log.0.lock().unwrap().lines().filter(|line| !line.contains("HANDSHAKE")).flat_map(|line| [line, "\n"]).collect();
    let mut log = KeyLog::default();
    log.read(late.as_bytes());
    let (client, server) = talk.hellos();
    let mut decipherer = Decipherer::new(&client, &server, &log).unwrap();
    let opened: Vec<_> = records(&talk.passed[1]).into_iter().filter_map(|record| decipherer.open(Sender::Server, record).ok()).collect();
    assert!(opened.iter().any(|opened| opened.kind == 23 && opened.text == b"answer"));
}
