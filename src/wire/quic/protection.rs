//! Keys of Initial packets, and removing their protection (RFC 9001 §5.2 to §5.4, RFC 9369 §3.3).

use aws_lc_rs::aead::quic::{AES_128, HeaderProtectionKey};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;

use super::{LongHeaderPacket, VERSION_2};
use crate::wire::Side;
use crate::wire::tls::{Hash, expand_label};

const SALT_1: [u8; 20] = [
    0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad,
    0xcc, 0xbb, 0x7f, 0x0a,
];
const SALT_2: [u8; 20] = [
    0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb,
    0xf9, 0xbd, 0x2e, 0xd9,
];
/// Bytes of the ciphertext sample from which the header mask is derived.
const SAMPLE_BYTES: usize = 16;
/// Largest packet number length in bytes.
const MAX_PACKET_NUMBER_BYTES: usize = 4;

/// One side's keys for its Initial packets.
pub(super) struct InitialKeys {
    pub(super) key: LessSafeKey,
    pub(super) iv: Vec<u8>,
    pub(super) mask: HeaderProtectionKey,
}

impl InitialKeys {
    /// Derives the keys from the destination connection ID of the client's first packet.
    pub(super) fn new(version: u32, destination: &[u8], side: Side) -> Option<Self> {
        let (salt, prefix) = if version == VERSION_2 {
            (SALT_2, "quicv2")
        } else {
            (SALT_1, "quic")
        };
        let secret = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &salt), destination);
        let label = if side == Side::Client {
            "client in"
        } else {
            "server in"
        };
        let secret = expand_label(Hash::Sha256, secret.as_ref(), label, 32)?;
        let expand = |label: &str, length| {
            expand_label(Hash::Sha256, &secret, &format!("{prefix} {label}"), length)
        };
        Some(Self {
            key: LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &expand("key", 16)?).ok()?),
            iv: expand("iv", 12)?,
            mask: HeaderProtectionKey::new(&AES_128, &expand("hp", 16)?).ok()?,
        })
    }

    /// Decrypts the frames of a packet; `None` if it is truncated, modified, or of another
    /// connection.
    pub(super) fn open(&self, datagram: &[u8], packet: &LongHeaderPacket<'_>) -> Option<Vec<u8>> {
        let bytes = datagram.get(packet.range.clone())?;
        let number_at = packet.packet_number_at.checked_sub(packet.range.start)?;
        let sample = bytes
            .get(number_at + MAX_PACKET_NUMBER_BYTES..)?
            .get(..SAMPLE_BYTES)?;
        let mask = self.mask.new_mask(sample).ok()?;
        let first = bytes.first()? ^ (mask[0] & 0x0f);
        let number_length = usize::from(first & 3) + 1;
        let mut header = bytes.get(..number_at + number_length)?.to_vec();
        *header.first_mut()? = first;
        header
            .iter_mut()
            .skip(number_at)
            .zip(&mask[1..])
            .for_each(|(byte, mask)| *byte ^= mask);
        // Packet numbers are not truncated in Initial packets: there are too few of them.
        let number = header
            .iter()
            .skip(number_at)
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let mut nonce: [u8; 12] = self.iv.as_slice().try_into().ok()?;
        nonce
            .iter_mut()
            .rev()
            .zip(number.to_be_bytes().iter().rev())
            .for_each(|(byte, number)| *byte ^= number);
        let mut text = bytes.get(header.len()..)?.to_vec();
        let length = self
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(&header),
                &mut text,
            )
            .ok()?
            .len();
        text.truncate(length);
        Some(text)
    }
}
