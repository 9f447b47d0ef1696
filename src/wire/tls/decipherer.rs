//! Opens the records of a connection whose secrets are known from a key log.
//!
//! ```text
//! TLS 1.3   client   hello │ early data? │ handshake keys … Finished │ traffic keys … KeyUpdate │ next traffic keys …
//!           server   hello │ handshake keys … Finished │ traffic keys …
//! TLS 1.2   both     messages in the clear │ ChangeCipherSpec │ keys …
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

/// What was in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its true content type: 20 to 24.
    pub kind: u8,
    /// Its content.
    pub text: Vec<u8>,
}

/// Why a connection's records cannot be opened.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Undecipherable {
    /// The key log does not have its secrets.
    #[error("the key log has no secrets of this connection")]
    NoSecrets,
    /// A suite without authenticated encryption, or with one that is not spoken here.
    #[error(
        "records of cipher suite 0x{0:04x} are not opened here; those with AES-GCM and \
            ChaCha20-Poly1305 are"
    )]
    Suite(u16),
    /// A version before TLS 1.2.
    #[error("records of version 0x{0:04x} are not opened here; those of TLS 1.2 and 1.3 are")]
    Version(u16),
    /// The record was changed or cut, one before it is missing, or the key log's secrets are not
    /// this connection's.
    #[error("a record does not fit the keys: it was changed, or one before it is missing")]
    Record,
}

/// A connection's keys, in both directions. Records are given in the order of their streams, each
/// direction at its own pace.
pub struct Decipherer {
    client: Lane,
    server: Lane,
}

impl Decipherer {
    /// For the connection that began with these hellos; of several, with the last ones.
    ///
    /// # Errors
    /// Its records cannot be opened.
    pub fn new(
        client: &ClientHello,
        server: &ServerHello,
        log: &KeyLog,
    ) -> Result<Self, Undecipherable> {
        let suite =
            Suite::of(server.cipher_suite).ok_or(Undecipherable::Suite(server.cipher_suite))?;
        let lanes = match server.version {
            0x0304 => tls13(suite, &client.random, log),
            0x0303 => tls12(suite, &client.random, &server.random, log),
            other => return Err(Undecipherable::Version(other)),
        };
        let [client, server] = lanes.ok_or(Undecipherable::NoSecrets)?;
        Ok(Self { client, server })
    }

    /// What is in the next record of a direction, header included. Records in the clear are given
    /// back as they are.
    ///
    /// # Errors
    /// [`Undecipherable::Record`]. Nothing is changed then, and later records may be opened: a log
    /// that was begun late knows the keys after the handshake alone.
    pub fn open(&mut self, from: Side, record: &[u8]) -> Result<Opened, Undecipherable> {
        let lane = match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        lane.open(record).ok_or(Undecipherable::Record)
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
        // A log may have been begun within the handshake; what comes after it can be opened all the
        // same.
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

/// The time in which one set of keys is used.
struct Epoch {
    protection: Protection,
    secret: Vec<u8>,
}

/// One direction.
struct Lane {
    suite: Suite,
    is_tls13: bool,
    /// Records are encrypted from here on.
    ciphered: bool,
    current: Option<Epoch>,
    /// The epochs to come, the next one last.
    coming: Vec<Epoch>,
    messages: Messages,
}

impl Lane {
    fn open(&mut self, record: &[u8]) -> Option<Opened> {
        let kind = record.first().copied()?;
        let is_clear = if self.is_tls13 {
            kind != 23
        } else {
            !self.ciphered
        };
        if is_clear || (self.is_tls13 && kind == CHANGE_CIPHER_SPEC) {
            self.ciphered |= kind == CHANGE_CIPHER_SPEC;
            return Some(Opened {
                kind,
                text: record.get(super::RECORD_HEADER..)?.to_vec(),
            });
        }
        let opened = self.decrypt(record)?;
        if self.is_tls13 && opened.kind == HANDSHAKE {
            self.follow_handshake(&opened.text)?;
        }
        Some(opened)
    }

    /// With the keys in use, or else with those to come: early data may never have been sent, and
    /// its end may be unheard.
    fn decrypt(&mut self, record: &[u8]) -> Option<Opened> {
        if let Some(opened) = self
            .current
            .as_mut()
            .and_then(|epoch| epoch.protection.open(record))
        {
            return Some(opened);
        }
        let mut coming = self.coming.iter_mut().enumerate().rev();
        let (place, opened) =
            coming.find_map(|(place, epoch)| Some((place, epoch.protection.open(record)?)))?;
        self.coming.truncate(place + 1);
        self.current = self.coming.pop();
        Some(opened)
    }

    /// Some messages are the last ones under their keys.
    fn follow_handshake(&mut self, text: &[u8]) -> Option<()> {
        for kind in self.messages.complete_in(text) {
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

/// Follows the borders of handshake messages through the records that carry them.
#[derive(Default)]
struct Messages {
    header: Vec<u8>,
    body_left: usize,
}

impl Messages {
    /// The types of the messages that end in a record's text.
    fn complete_in(&mut self, mut text: &[u8]) -> Vec<u8> {
        let mut complete = Vec::new();
        while !text.is_empty() || self.is_at_end() {
            let (header, rest) = text.split_at(text.len().min(MESSAGE_HEADER - self.header.len()));
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
            text = rest.get(skipped..).unwrap_or_default();
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
