//! Cipher suites whose records can be decrypted here: those with authenticated encryption (RFC 8446
//! §B.4; RFC 5288, RFC 5289, RFC 7905).

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Algorithm, CHACHA20_POLY1305};
use aws_lc_rs::{hkdf, hmac};

/// Properties of a cipher suite that concern records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suite {
    pub(super) aead: &'static Algorithm,
    pub(super) hash: Hash,
    /// Number of nonce bytes that each record of TLS 1.2 carries explicitly.
    pub(super) explicit_nonce: usize,
}

/// Hash function that secrets are expanded with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wire) enum Hash {
    Sha256,
    Sha384,
}

impl Suite {
    /// Returns the suite with this number; `None` if it is not supported here.
    pub(super) fn from_number(number: u16) -> Option<Self> {
        let (aead, hash, explicit_nonce) = match number {
            0x1301 => (&AES_128_GCM, Hash::Sha256, 0),
            0x1302 => (&AES_256_GCM, Hash::Sha384, 0),
            0x1303 | 0xcca8..=0xccae => (&CHACHA20_POLY1305, Hash::Sha256, 0),
            0x009c | 0x009e | 0x00a0 | 0x00a2 | 0x00a4 | 0x00a8 | 0x00aa | 0x00ac | 0xc02b
            | 0xc02d | 0xc02f | 0xc031 => (&AES_128_GCM, Hash::Sha256, 8),
            0x009d | 0x009f | 0x00a1 | 0x00a3 | 0x00a5 | 0x00a9 | 0x00ab | 0x00ad | 0xc02c
            | 0xc02e | 0xc030 | 0xc032 => (&AES_256_GCM, Hash::Sha384, 8),
            _ => return None,
        };
        Some(Self {
            aead,
            hash,
            explicit_nonce,
        })
    }
}

/// Returns the number of explicit nonce bytes between a record's header and its ciphertext, by a
/// connection's version and cipher suite.
pub fn explicit_nonce(version: u16, cipher_suite: u16) -> u64 {
    let stated = Suite::from_number(cipher_suite).map_or(0, |suite| suite.explicit_nonce as u64);
    if version == 0x0303 { stated } else { 0 }
}

impl Hash {
    pub(super) const fn hkdf(self) -> hkdf::Algorithm {
        match self {
            Self::Sha256 => hkdf::HKDF_SHA256,
            Self::Sha384 => hkdf::HKDF_SHA384,
        }
    }

    pub(super) const fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
        }
    }

    /// Returns the length of its output in bytes.
    pub(super) const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}
