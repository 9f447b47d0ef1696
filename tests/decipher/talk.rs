//! A TLS connection between two ends in memory, as rustls speaks it.

use std::fmt::{self, Write as _};
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection,
    SupportedCipherSuite,
};
use tapline::wire::Side;
use tapline::wire::tls::{ClientHello, HandshakeItemKind, HandshakeReader, KeyLog, ServerHello};

/// A key log in memory.
#[derive(Default)]
pub(crate) struct Log(pub(crate) Mutex<String>);

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
pub(crate) struct Talk {
    pub(crate) client: ClientConnection,
    pub(crate) server: ServerConnection,
    pub(crate) log: Arc<Log>,
    /// From the client, and from the server.
    pub(crate) passed: [Vec<u8>; 2],
}

impl Talk {
    pub(crate) fn new(suite: SupportedCipherSuite, groups: Option<usize>) -> Self {
        let provider = Arc::new(CryptoProvider {
            cipher_suites: vec![suite],
            ..aws_lc_rs::default_provider()
        });
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
        let builder = ClientConfig::builder_with_provider(Arc::new(client_provider))
            .with_protocol_versions(&version)
            .unwrap();
        let mut client = builder.with_root_certificates(roots).with_no_client_auth();
        client.key_log = log.clone();
        let builder = ServerConfig::builder_with_provider(Arc::new(server_provider))
            .with_protocol_versions(&version)
            .unwrap();
        let server = builder
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let name = ServerName::try_from("site.test").unwrap();
        Self {
            client: ClientConnection::new(Arc::new(client), name).unwrap(),
            server: ServerConnection::new(Arc::new(server)).unwrap(),
            log,
            passed: [Vec::new(), Vec::new()],
        }
    }

    /// Until neither has anything to say.
    pub(crate) fn settle(&mut self) {
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

    pub(crate) fn say(&mut self, question: &[u8], answer: &[u8]) {
        self.client.writer().write_all(question).unwrap();
        self.settle();
        self.server.writer().write_all(answer).unwrap();
        self.settle();
        let _ = self.client.reader().read(&mut [0; 1 << 14]);
        let _ = self.server.reader().read(&mut [0; 1 << 14]);
    }

    pub(crate) fn key_log(&self) -> KeyLog {
        let mut log = KeyLog::default();
        log.read(self.log.0.lock().unwrap().as_bytes());
        log
    }

    pub(crate) fn hellos(&self) -> (ClientHello, ServerHello) {
        let (mut reader, mut client, mut server) = (HandshakeReader::default(), None, None);
        for (from, bytes) in [
            (Side::Client, &self.passed[0]),
            (Side::Server, &self.passed[1]),
        ] {
            reader.read(from, bytes, |seen| match seen.what {
                HandshakeItemKind::ClientHello(hello) => client = hello.or(client.take()),
                HandshakeItemKind::ServerHello(hello) => server = hello.or(server.take()),
                _ => {}
            });
        }
        (client.unwrap(), server.unwrap())
    }
}
