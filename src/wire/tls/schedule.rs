//! Key schedule: derives keys from secrets (RFC 8446 §7.1 and §7.3, RFC 5246 §5 and §6.3).

use aws_lc_rs::hkdf::{KeyType, Prk};
use aws_lc_rs::hmac;

use super::suite::{Hash, Suite};

/// Length of a nonce in bytes.
pub(super) const NONCE: usize = 12;

/// Keys for the records of one direction.
pub(super) struct Keys {
    pub(super) key: Vec<u8>,
    /// Fixed part of the nonce: all of it, or with GCM in TLS 1.2 its first four bytes.
    pub(super) iv: Vec<u8>,
}

/// Derives the keys of TLS 1.3 from a traffic secret.
pub(super) fn traffic_keys(suite: Suite, secret: &[u8]) -> Option<Keys> {
    let expand = |label: &str, length| expand_label(suite.hash, secret, label, length);
    Some(Keys {
        key: expand("key", suite.aead.key_len())?,
        iv: expand("iv", NONCE)?,
    })
}

/// Returns the next traffic secret (RFC 8446 §7.2).
pub(super) fn next_secret(suite: Suite, secret: &[u8]) -> Option<Vec<u8>> {
    expand_label(suite.hash, secret, "traffic upd", suite.hash.length())
}

/// `HKDF-Expand-Label` (RFC 8446 §7.1) without a context.
pub(in crate::wire) fn expand_label(
    hash: Hash,
    secret: &[u8],
    label: &str,
    length: usize,
) -> Option<Vec<u8>> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let label = format!("tls13 {label}");
    let (length_bytes, label_length) = (
        u16::try_from(length).ok()?.to_be_bytes(),
        [u8::try_from(label.len()).ok()?],
    );
    let info: [&[u8]; 4] = [&length_bytes, &label_length, label.as_bytes(), &[0]];
    let mut out = vec![0; length];
    Prk::new_less_safe(hash.hkdf(), secret)
        .expand(&info, Length(length))
        .ok()?
        .fill(&mut out)
        .ok()?;
    Some(out)
}

/// Derives the keys of TLS 1.2 from the master secret: the client's and the server's.
pub(super) fn master_keys(
    suite: Suite,
    master: &[u8],
    client_random: &[u8; 32],
    server_random: &[u8; 32],
) -> Option<[Keys; 2]> {
    let (key, iv) = (suite.aead.key_len(), NONCE - suite.explicit_nonce);
    let seed = [b"key expansion", server_random.as_slice(), client_random].concat();
    let block = expand_master(suite.hash, master, &seed, 2 * (key + iv));
    let mut rest = block.as_slice();
    let mut take = |length| {
        let (taken, left) = rest.split_at_checked(length)?;
        rest = left;
        Some(taken.to_vec())
    };
    let (client_key, server_key) = (take(key)?, take(key)?);
    Some([
        Keys {
            key: client_key,
            iv: take(iv)?,
        },
        Keys {
            key: server_key,
            iv: take(iv)?,
        },
    ])
}

/// Pseudorandom function of TLS 1.2 (RFC 5246 §5); the label is part of the seed.
fn expand_master(hash: Hash, secret: &[u8], seed: &[u8], length: usize) -> Vec<u8> {
    let key = hmac::Key::new(hash.hmac(), secret);
    let mut out = Vec::with_capacity(length + hash.length());
    let mut step = hmac::sign(&key, seed);
    while out.len() < length {
        out.extend_from_slice(hmac::sign(&key, &[step.as_ref(), seed].concat()).as_ref());
        step = hmac::sign(&key, step.as_ref());
    }
    out.truncate(length);
    out
}
