//! Decrypts the records of a connection whose secrets are known from a key log.
//!
//! ```text
//! TLS 1.3 client  hello │ early data? │ handshake keys … Finished │ traffic keys … KeyUpdate │ …
//!         server  hello │ handshake keys … Finished │ traffic keys …
//! TLS 1.2 both    plaintext messages │ ChangeCipherSpec │ keys …
//! ```

use thiserror::Error;

use super::key_log::{KeyLog, Label};
use super::protection::Protection;
use super::schedule::{master_keys, next_secret, traffic_keys};
use super::suite::Suite;
use super::{ClientHello, MESSAGE_HEADER, ServerHello};
use crate::wire::Side;

const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const END_OF_EARLY_DATA: u8 = 5;
const FINISHED: u8 = 20;
const KEY_UPDATE: u8 = 24;

/// Content of a decrypted record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecryptedRecord {
    /// Its actual content type: 20 to 24.
    pub kind: u8,
    /// Its plaintext.
    pub plaintext: Vec<u8>,
}

/// Reason why a connection's records cannot be decrypted.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Undecipherable {
    /// The key log does not have its secrets.
    #[error("the key log has no secrets of this connection")]
    NoSecrets,
    /// A cipher suite without authenticated encryption, or one that is not supported here.
    #[error(
        "records of cipher suite 0x{0:04x} are not opened here; those with AES-GCM and \
            ChaCha20-Poly1305 are"
    )]
    Suite(u16),
    /// A version before TLS 1.2.
    #[error("records of version 0x{0:04x} are not opened here; those of TLS 1.2 and 1.3 are")]
    Version(u16),
    /// The record was modified or truncated, an earlier one is missing, or the secrets are those of
    /// another connection.
    #[error("a record does not fit the keys: it was changed, or one before it is missing")]
    Record,
}

/// Keys of a connection in both directions. Records must be passed in stream order, but the two
/// directions may advance independently.
pub struct Decipherer {
    client: Lane,
    server: Lane,
}

impl Decipherer {
    /// Creates a decipherer for the connection with these hellos; after a `HelloRetryRequest`, the
    /// second ones.
    ///
    /// # Errors
    ///
    /// Its records cannot be decrypted.
    pub fn new(
        client: &ClientHello,
        server: &ServerHello,
        log: &KeyLog,
    ) -> Result<Self, Undecipherable> {
        let suite = Suite::from_number(server.cipher_suite)
            .ok_or(Undecipherable::Suite(server.cipher_suite))?;
        let lanes = match server.version {
            0x0304 => tls13(suite, &client.random, log),
            0x0303 => tls12(suite, &client.random, &server.random, log),
            other => return Err(Undecipherable::Version(other)),
        };
        let [client, server] = lanes.ok_or(Undecipherable::NoSecrets)?;
        Ok(Self { client, server })
    }

    /// Decrypts the next record of a direction, header included. Plaintext records are returned
    /// unchanged.
    ///
    /// # Errors
    ///
    /// [`Undecipherable::Record`]. The state is then unchanged, and later records may still be
    /// decrypted: a log that was started late contains only the secrets used after the handshake.
    pub fn decrypt(
        &mut self,
        from: Side,
        record: &[u8],
    ) -> Result<DecryptedRecord, Undecipherable> {
        let lane = match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        lane.read_record(record).ok_or(Undecipherable::Record)
    }
}

fn tls13(suite: Suite, random: &[u8; 32], log: &KeyLog) -> Option<[Lane; 2]> {
    let epoch = |label| {
        let secret = log.secret(random, label)?.to_vec();
        Some(Epoch {
            protection: Protection::new(suite, traffic_keys(suite, &secret)?, true)?,
            secret,
        })
    };
    let lane = |labels: &[Label]| {
        let coming: Vec<Epoch> = labels
            .iter()
            .rev()
            .filter_map(|label| epoch(*label))
            .collect();
        // A log may have been started during the handshake; records after the handshake can be
        // decrypted nevertheless.
        (!coming.is_empty()).then(|| Lane {
            suite,
            is_tls13: true,
            ciphered: false,
            current: None,
            coming,
            messages: Messages::default(),
        })
    };
    let client = lane(&[
        Label::ClientEarly,
        Label::ClientHandshake,
        Label::ClientTraffic,
    ])?;
    Some([
        client,
        lane(&[Label::ServerHandshake, Label::ServerTraffic])?,
    ])
}

fn tls12(
    suite: Suite,
    client_random: &[u8; 32],
    server_random: &[u8; 32],
    log: &KeyLog,
) -> Option<[Lane; 2]> {
    let master = log.secret(client_random, Label::Master)?;
    let [client, server] = master_keys(suite, master, client_random, server_random)?;
    let lane = |keys| {
        let epoch = Epoch {
            protection: Protection::new(suite, keys, false)?,
            secret: Vec::new(),
        };
        Some(Lane {
            suite,
            is_tls13: false,
            ciphered: false,
            current: None,
            coming: vec![epoch],
            messages: Messages::default(),
        })
    };
    Some([lane(client)?, lane(server)?])
}

/// Period in which one set of keys is used.
struct Epoch {
    protection: Protection,
    secret: Vec<u8>,
}

/// State of one direction.
struct Lane {
    suite: Suite,
    is_tls13: bool,
    /// Whether records are encrypted from here on.
    ciphered: bool,
    current: Option<Epoch>,
    /// Later epochs, the next one last.
    coming: Vec<Epoch>,
    messages: Messages,
}

impl Lane {
    fn read_record(&mut self, record: &[u8]) -> Option<DecryptedRecord> {
        let kind = record.first().copied()?;
        let is_clear = if self.is_tls13 {
            kind != 23
        } else {
            !self.ciphered
        };
        if is_clear || (self.is_tls13 && kind == CHANGE_CIPHER_SPEC) {
            self.ciphered |= kind == CHANGE_CIPHER_SPEC;
            return Some(DecryptedRecord {
                kind,
                plaintext: record.get(super::RECORD_HEADER..)?.to_vec(),
            });
        }
        let opened = self.decrypt(record)?;
        if self.is_tls13 && opened.kind == HANDSHAKE {
            self.follow_handshake(&opened.plaintext)?;
        }
        Some(opened)
    }

    /// Decrypts with the current keys, else with those of later epochs: early data may never have
    /// been sent, and its end may not have been captured.
    fn decrypt(&mut self, record: &[u8]) -> Option<DecryptedRecord> {
        if let Some(opened) = self
            .current
            .as_mut()
            .and_then(|epoch| epoch.protection.decrypt(record))
        {
            return Some(opened);
        }
        let mut coming = self.coming.iter_mut().enumerate().rev();
        let (place, opened) =
            coming.find_map(|(place, epoch)| Some((place, epoch.protection.decrypt(record)?)))?;
        self.coming.truncate(place + 1);
        self.current = self.coming.pop();
        Some(opened)
    }

    /// Switches to the next keys after messages that are the last under their keys.
    fn follow_handshake(&mut self, plaintext: &[u8]) -> Option<()> {
        for kind in self.messages.complete_in(plaintext) {
            match kind {
                FINISHED | END_OF_EARLY_DATA => {
                    if let Some(next) = self.coming.pop() {
                        self.current = Some(next);
                    }
                }
                KEY_UPDATE => {
                    let secret = next_secret(self.suite, &self.current.as_ref()?.secret)?;
                    let protection =
                        Protection::new(self.suite, traffic_keys(self.suite, &secret)?, true)?;
                    self.current = Some(Epoch { protection, secret });
                }
                _ => {}
            }
        }
        Some(())
    }
}

/// Tracks the boundaries of handshake messages across records.
#[derive(Default)]
struct Messages {
    header: Vec<u8>,
    body_left: usize,
}

impl Messages {
    /// Returns the types of the messages that end in a record's plaintext.
    fn complete_in(&mut self, mut plaintext: &[u8]) -> Vec<u8> {
        let mut complete = Vec::new();
        while !plaintext.is_empty() || self.is_at_end() {
            let (header, rest) =
                plaintext.split_at(plaintext.len().min(MESSAGE_HEADER - self.header.len()));
            self.header.extend_from_slice(header);
            if self.header.len() == MESSAGE_HEADER && !header.is_empty() {
                let [_, a, b, c] = self
                    .header
                    .as_slice()
                    .try_into()
                    .unwrap_or([0; MESSAGE_HEADER]);
                self.body_left =
                    usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
            }
            let skipped = rest.len().min(self.body_left);
            self.body_left -= skipped;
            plaintext = rest.get(skipped..).unwrap_or_default();
            if self.is_at_end() {
                complete.extend(self.header.first());
                self.header.clear();
            }
        }
        complete
    }

    fn is_at_end(&self) -> bool {
        self.header.len() == MESSAGE_HEADER && self.body_left == 0
    }
}
