//! Watches the records of a handshake, right above the socket.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Purpose;
use super::agreed::{group_name, suite_name, version};
use crate::probe::Recorder;
use crate::probe::tap::Observer;
use crate::trace::{ConnectionId, Side, TlsMessage, What};
use crate::units::Untrusted;
use crate::wire::tls::{self, ClientHello, HandshakeReader, Seen, Sender, ServerHello};

/// Messages told of one handshake; a peer that sends more is not listed further.
const MOST_MESSAGES: u32 = 200;
/// The peer's first bytes, kept for the case that they are no TLS.
const FIRST_BYTES: usize = 80;

/// Observes a connection while its handshake lasts. Every clone is the same watch.
#[derive(Clone)]
pub(in crate::probe) struct RecordWatch(Arc<Mutex<State>>);

struct State {
    following: Option<Following>,
    first_received: Vec<u8>,
    last: Option<String>,
}

struct Following {
    reader: HandshakeReader,
    recorder: Recorder,
    connection: ConnectionId,
    /// Where the handshake begins in both streams: a proxy may have been talked to before.
    sent_before: u64,
    received_before: u64,
    told: u32,
}

impl RecordWatch {
    pub(super) fn begin(recorder: Recorder, purpose: &Purpose<'_>) -> Self {
        let position = purpose.meter.position();
        let following = Following {
            reader: HandshakeReader::default(),
            recorder,
            connection: purpose.connection,
            sent_before: position.sent,
            received_before: position.received,
            told: 0,
        };
        Self(Arc::new(Mutex::new(State {
            following: Some(following),
            first_received: Vec::new(),
            last: None,
        })))
    }

    /// The handshake is over: from now on bytes just pass.
    pub(super) fn end(&self) {
        self.lock().following = None;
    }

    /// The peer's first bytes.
    pub(super) fn first_received(&self) -> Vec<u8> {
        self.lock().first_received.clone()
    }

    /// The peer's last message so far.
    pub(super) fn last_received(&self) -> Option<String> {
        self.lock().last.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for RecordWatch {
    fn sent(&mut self, bytes: &[u8]) {
        if let Some(following) = &mut self.lock().following {
            following.read(Sender::Client, bytes);
        }
    }

    fn received(&mut self, bytes: &[u8]) {
        let mut state = self.lock();
        let State {
            following: Some(following),
            first_received,
            last,
        } = &mut *state
        else {
            return;
        };
        let room = FIRST_BYTES.saturating_sub(first_received.len());
        first_received.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if let Some(name) = following.read(Sender::Server, bytes) {
            *last = Some(name);
        }
    }
}

impl Following {
    /// Tells what is complete; the name of the last of it.
    fn read(&mut self, from: Sender, bytes: &[u8]) -> Option<String> {
        let Self {
            reader,
            recorder,
            connection,
            sent_before,
            received_before,
            told,
        } = self;
        let (side, before) = match from {
            Sender::Client => (Side::Client, *sent_before),
            Sender::Server => (Side::Server, *received_before),
        };
        let mut last = None;
        reader.read(from, bytes, |seen| {
            *told += 1;
            if *told > MOST_MESSAGES {
                return;
            }
            let message = message(side, before, &seen);
            last = Some(message.name.clone());
            recorder.emit(What::TlsMessage {
                connection: *connection,
                message,
            });
        });
        last
    }
}

fn message(from: Side, before: u64, seen: &Seen) -> TlsMessage {
    let (name, detail) = match &seen.what {
        tls::What::ClientHello(hello) => ("ClientHello".to_owned(), hello.as_ref().map(offered)),
        tls::What::ServerHello(Some(hello)) if hello.is_retry => {
            ("HelloRetryRequest".to_owned(), Some(chosen(hello)))
        }
        tls::What::ServerHello(hello) => ("ServerHello".to_owned(), hello.as_ref().map(chosen)),
        tls::What::Message(kind) => (
            tls::message_name(*kind).map_or_else(|| format!("message {kind}"), str::to_owned),
            None,
        ),
        tls::What::ChangeCipherSpec => ("ChangeCipherSpec".to_owned(), None),
        tls::What::Alert(description) => (
            "Alert".to_owned(),
            Some(tls::alert_name(*description).unwrap_or("unknown").into()),
        ),
        tls::What::Encrypted => ("encrypted".to_owned(), None),
        tls::What::Garbage(bytes) => ("not TLS".to_owned(), Some(Untrusted::from_bytes(bytes))),
    };
    TlsMessage {
        from,
        name,
        bytes: seen.bytes,
        offset: before + seen.offset,
        detail,
    }
}

/// `api.example.com, TLSv1.3 TLSv1.2, ALPN h2 http/1.1, shares x25519`.
fn offered(hello: &ClientHello) -> Untrusted {
    let mut parts = Vec::new();
    parts.extend(
        hello
            .server_name
            .as_ref()
            .map(|name| Untrusted::from_bytes(name).raw().to_owned()),
    );
    parts.push(list(&hello.versions, |code| version((*code).into())));
    if !hello.alpn.is_empty() {
        parts.push(format!(
            "ALPN {}",
            list(&hello.alpn, |name| Untrusted::from_bytes(name)
                .raw()
                .to_owned())
        ));
    }
    if !hello.key_shares.is_empty() {
        parts.push(format!(
            "shares {}",
            list(&hello.key_shares, |code| group_name((*code).into()))
        ));
    }
    parts.join(", ").into()
}

/// `TLSv1.3, TLS_AES_128_GCM_SHA256, x25519`.
fn chosen(hello: &ServerHello) -> Untrusted {
    let mut parts = vec![
        version(hello.version.into()),
        suite_name(hello.cipher_suite.into()),
    ];
    parts.extend(hello.group.map(|code| group_name(code.into())));
    parts.join(", ").into()
}

fn list<T>(items: &[T], name: impl Fn(&T) -> String) -> String {
    items.iter().map(name).collect::<Vec<_>>().join(" ")
}
