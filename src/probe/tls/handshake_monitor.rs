//! Observer of the records of a handshake, right above the socket: emits its messages.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::HandshakeTarget;
use super::negotiated::{group_name, suite_name, version_name};
use crate::probe::Recorder;
use crate::probe::tap::StreamObserver;
use crate::trace::{ConnectionId, EventKind, TlsMessage};
use crate::units::Untrusted;
use crate::wire::Side;
use crate::wire::tls::{self, ClientHello, HandshakeItem, HandshakeReader, ServerHello};

/// Maximum number of messages emitted for one handshake.
const MAX_MESSAGES: u32 = 200;
/// Number of the peer's first bytes that are kept, in case they are not TLS.
const FIRST_BYTES: usize = 80;

/// Observer of a connection during its handshake. All clones share the same state.
#[derive(Clone)]
pub(in crate::probe) struct HandshakeMonitor(Arc<Mutex<State>>);

struct State {
    progress: Option<HandshakeProgress>,
    first_received: Vec<u8>,
    last_received: Option<String>,
}

struct HandshakeProgress {
    reader: HandshakeReader,
    recorder: Recorder,
    connection: ConnectionId,
    /// Offsets in both streams at which the handshake begins. A handshake with a proxy may have
    /// preceded it.
    sent_before: u64,
    received_before: u64,
    emitted: u32,
}

impl HandshakeMonitor {
    pub(super) fn begin(recorder: Recorder, target: &HandshakeTarget<'_>) -> Self {
        let position = target.meter.position();
        let progress = HandshakeProgress {
            reader: HandshakeReader::default(),
            recorder,
            connection: target.connection,
            sent_before: position.sent,
            received_before: position.received,
            emitted: 0,
        };
        Self(Arc::new(Mutex::new(State {
            progress: Some(progress),
            first_received: Vec::new(),
            last_received: None,
        })))
    }

    /// Ends the observation: the handshake is over.
    pub(super) fn end(&self) {
        self.lock().progress = None;
    }

    /// Returns the peer's first bytes.
    pub(super) fn first_received(&self) -> Vec<u8> {
        self.lock().first_received.clone()
    }

    /// Returns the name of the peer's last message so far.
    pub(super) fn last_received(&self) -> Option<String> {
        self.lock().last_received.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StreamObserver for HandshakeMonitor {
    fn sent(&mut self, bytes: &[u8]) {
        if let Some(progress) = &mut self.lock().progress {
            progress.read(Side::Client, bytes);
        }
    }

    fn received(&mut self, bytes: &[u8]) {
        let mut state = self.lock();
        let State {
            progress: Some(progress),
            first_received,
            last_received,
        } = &mut *state
        else {
            return;
        };
        let room = FIRST_BYTES.saturating_sub(first_received.len());
        first_received.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if let Some(name) = progress.read(Side::Server, bytes) {
            *last_received = Some(name);
        }
    }
}

impl HandshakeProgress {
    /// Emits the messages that are complete and returns the name of the last one.
    fn read(&mut self, from: Side, bytes: &[u8]) -> Option<String> {
        let Self {
            reader,
            recorder,
            connection,
            sent_before,
            received_before,
            emitted,
        } = self;
        let (side, before) = match from {
            Side::Client => (Side::Client, *sent_before),
            Side::Server => (Side::Server, *received_before),
        };
        let mut last_received = None;
        reader.read(from, bytes, |seen| {
            *emitted += 1;
            if *emitted > MAX_MESSAGES {
                return;
            }
            let message = tls_message(side, before, &seen);
            last_received = Some(message.name.clone());
            recorder.emit(EventKind::TlsMessage {
                connection: *connection,
                message,
            });
        });
        last_received
    }
}

fn tls_message(from: Side, before: u64, seen: &HandshakeItem) -> TlsMessage {
    let (name, detail) = match &seen.what {
        tls::HandshakeItemKind::ClientHello(hello) => (
            "ClientHello".to_owned(),
            hello.as_ref().map(describe_client_hello),
        ),
        tls::HandshakeItemKind::ServerHello(Some(hello)) if hello.is_retry => (
            "HelloRetryRequest".to_owned(),
            Some(describe_server_hello(hello)),
        ),
        tls::HandshakeItemKind::ServerHello(hello) => (
            "ServerHello".to_owned(),
            hello.as_ref().map(describe_server_hello),
        ),
        tls::HandshakeItemKind::Message(kind) => (
            tls::message_name(*kind).map_or_else(|| format!("message {kind}"), str::to_owned),
            None,
        ),
        tls::HandshakeItemKind::ChangeCipherSpec => ("ChangeCipherSpec".to_owned(), None),
        tls::HandshakeItemKind::Alert(description) => (
            "Alert".to_owned(),
            Some(tls::alert_name(*description).unwrap_or("unknown").into()),
        ),
        tls::HandshakeItemKind::Encrypted => ("encrypted".to_owned(), None),
        tls::HandshakeItemKind::Garbage(bytes) => {
            ("not TLS".to_owned(), Some(Untrusted::from_bytes(bytes)))
        }
    };
    TlsMessage {
        from,
        name,
        bytes: seen.bytes,
        offset: before + seen.offset,
        detail,
    }
}

/// Describes what a client offers: `api.example.com, TLSv1.3 TLSv1.2, ALPN h2 http/1.1, shares
/// x25519`.
fn describe_client_hello(hello: &ClientHello) -> Untrusted {
    let mut parts = Vec::new();
    parts.extend(
        hello
            .server_name
            .as_ref()
            .map(|name| Untrusted::from_bytes(name).raw().to_owned()),
    );
    parts.push(join_names(&hello.versions, |code| {
        version_name((*code).into())
    }));
    if !hello.alpn.is_empty() {
        parts.push(format!(
            "ALPN {}",
            join_names(&hello.alpn, |name| Untrusted::from_bytes(name)
                .raw()
                .to_owned())
        ));
    }
    if !hello.key_shares.is_empty() {
        parts.push(format!(
            "shares {}",
            join_names(&hello.key_shares, |code| group_name((*code).into()))
        ));
    }
    parts.join(", ").into()
}

/// Describes what a server chose: `TLSv1.3, TLS_AES_128_GCM_SHA256, x25519`.
fn describe_server_hello(hello: &ServerHello) -> Untrusted {
    let mut parts = vec![
        version_name(hello.version.into()),
        suite_name(hello.cipher_suite.into()),
    ];
    parts.extend(hello.group.map(|code| group_name(code.into())));
    parts.join(", ").into()
}

fn join_names<T>(items: &[T], name: impl Fn(&T) -> String) -> String {
    items.iter().map(name).collect::<Vec<_>>().join(" ")
}
