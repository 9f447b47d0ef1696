//! Initial packets for tests.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use aws_lc_rs::aead::{Aad, Nonce};

use super::protection::InitialKeys;
use super::{VERSION_1, VERSION_2};
use crate::wire::Side;

/// The versions that have been published.
pub(crate) const VERSIONS: [u32; 2] = [VERSION_1, VERSION_2];

/// A client's Initial packet with a fragment of its hello, padded to the required 1,200 bytes.
pub(crate) fn client_initial(version: u32, number: u32, offset: u16, piece: &[u8]) -> Vec<u8> {
    const ID: [u8; 8] = [0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08];
    const TAG: usize = 16;
    let keys = InitialKeys::new(version, &ID, Side::Client).unwrap();
    let short = |value: usize| (0x4000 | u16::try_from(value).unwrap()).to_be_bytes();
    let mut frames = [&[6][..], &short(offset.into()), &short(piece.len()), piece].concat();
    frames.resize(1_200 - TAG - 26, 0);
    let first = if version == VERSION_2 { 0xd3 } else { 0xc3 };
    let length = short(4 + frames.len() + TAG);
    let mut header = [
        &[first][..],
        &version.to_be_bytes(),
        &[8],
        &ID,
        &[0, 0],
        &length,
        &number.to_be_bytes(),
    ]
    .concat();
    let mut nonce: [u8; 12] = keys.iv.as_slice().try_into().unwrap();
    nonce
        .iter_mut()
        .rev()
        .zip(number.to_be_bytes().iter().rev())
        .for_each(|(byte, number)| *byte ^= number);
    keys.key
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(&header),
            &mut frames,
        )
        .unwrap();
    let mask = keys.mask.new_mask(&frames[..16]).unwrap();
    header[0] ^= mask[0] & 0x0f;
    header
        .iter_mut()
        .rev()
        .zip(mask[1..].iter().rev())
        .for_each(|(byte, mask)| *byte ^= mask);
    [header, frames].concat()
}
