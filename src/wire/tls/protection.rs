//! Record protection: decrypts the records of one direction (RFC 8446 §5.2 and §5.3; RFC 5246
//! §6.2.3.3, RFC 5288 §3, RFC 7905 §2).

use aws_lc_rs::aead::{Aad, LessSafeKey, MAX_TAG_LEN, Nonce, UnboundKey};

use super::schedule::{Keys, NONCE};
use super::suite::Suite;
use super::{DecryptedRecord, RECORD_HEADER};

/// Outer content type of encrypted TLS 1.3 records; the actual type is encrypted.
const APPLICATION_DATA: u8 = 23;

/// Keys of a direction, and the sequence number of the next record.
pub(super) struct Protection {
    key: LessSafeKey,
    iv: Vec<u8>,
    explicit_nonce: usize,
    is_tls13: bool,
    sequence: u64,
}

impl Protection {
    pub(super) fn new(suite: Suite, keys: Keys, is_tls13: bool) -> Option<Self> {
        let key = LessSafeKey::new(UnboundKey::new(suite.aead, &keys.key).ok()?);
        let explicit_nonce = if is_tls13 { 0 } else { suite.explicit_nonce };
        Some(Self {
            key,
            iv: keys.iv,
            explicit_nonce,
            is_tls13,
            sequence: 0,
        })
    }

    /// Decrypts the next record, header included. Returns `None` if the keys do not fit it, or if
    /// it is truncated or was modified; the sequence number is then unchanged.
    pub(super) fn decrypt(&mut self, record: &[u8]) -> Option<DecryptedRecord> {
        let (header, content) = record.split_first_chunk::<RECORD_HEADER>()?;
        let (explicit, sealed) = content.split_at_checked(self.explicit_nonce)?;
        let plaintext_length = sealed.len().checked_sub(MAX_TAG_LEN)?;
        let nonce = self.nonce(explicit)?;
        let mut plaintext = sealed.to_vec();
        if self.is_tls13 {
            self.key
                .open_in_place(nonce, Aad::from(*header), &mut plaintext)
                .ok()?;
        } else {
            self.key
                .open_in_place(
                    nonce,
                    Aad::from(self.additional_data(*header, plaintext_length)?),
                    &mut plaintext,
                )
                .ok()?;
        }
        plaintext.truncate(plaintext_length);
        let opened = if self.is_tls13 && header[0] == APPLICATION_DATA {
            split_content_type(plaintext)?
        } else {
            DecryptedRecord {
                kind: header[0],
                plaintext,
            }
        };
        self.sequence = self.sequence.checked_add(1)?;
        Some(opened)
    }

    fn nonce(&self, explicit: &[u8]) -> Option<Nonce> {
        let mut nonce = [0; NONCE];
        if explicit.is_empty() {
            // The sequence number, right-aligned, is combined with the fixed part by XOR.
            nonce.copy_from_slice(self.iv.get(..NONCE)?);
            nonce
                .iter_mut()
                .rev()
                .zip(self.sequence.to_be_bytes().iter().rev())
                .for_each(|(byte, number)| *byte ^= number);
        } else {
            let (fixed, carried) = nonce.split_at_mut(NONCE - explicit.len());
            fixed.copy_from_slice(self.iv.get(..fixed.len())?);
            carried.copy_from_slice(explicit);
        }
        Some(Nonce::assume_unique_for_key(nonce))
    }

    /// Returns the additional data for a record of TLS 1.2: sequence number, type, version and
    /// plaintext length.
    fn additional_data(
        &self,
        header: [u8; RECORD_HEADER],
        plaintext_length: usize,
    ) -> Option<[u8; 13]> {
        let mut data = [0; 13];
        data[..8].copy_from_slice(&self.sequence.to_be_bytes());
        data[8..11].copy_from_slice(&header[..3]);
        data[11..].copy_from_slice(&u16::try_from(plaintext_length).ok()?.to_be_bytes());
        Some(data)
    }
}

/// Splits the plaintext of a TLS 1.3 record: it ends with the actual content type and zeros (RFC
/// 8446 §5.2).
fn split_content_type(mut plaintext: Vec<u8>) -> Option<DecryptedRecord> {
    let at = plaintext.iter().rposition(|byte| *byte != 0)?;
    let kind = plaintext.get(at).copied()?;
    plaintext.truncate(at);
    Some(DecryptedRecord { kind, plaintext })
}
