//! Frames in Initial packets (RFC 9000 §12.4, §19).

use crate::wire::byte_reader::ByteReader;

/// Returns the `CRYPTO` frames of a packet, each with its offset, up to a frame that is not allowed
/// here.
pub(super) fn crypto_frames(frames: &[u8]) -> Vec<(u64, &[u8])> {
    let mut reader = ByteReader::new(frames);
    let mut crypto = Vec::new();
    while !reader.is_at_end() {
        if read_frame(&mut reader, &mut crypto).is_none() {
            break;
        }
    }
    crypto
}

fn read_frame<'a>(reader: &mut ByteReader<'a>, crypto: &mut Vec<(u64, &'a [u8])>) -> Option<()> {
    match reader.integer()? {
        // PADDING, PING
        0 | 1 => {}
        kind @ (2 | 3) => skip_ack(reader, kind == 3)?,
        6 => {
            let offset = reader.integer()?;
            let length = usize::try_from(reader.integer()?).ok()?;
            crypto.push((offset, reader.take(length)?));
        }
        // CONNECTION_CLOSE, and frames that are not allowed
        _ => return None,
    }
    Some(())
}

/// Skips an `ACK` frame (RFC 9000 §19.3).
fn skip_ack(reader: &mut ByteReader<'_>, counts_congestion: bool) -> Option<()> {
    let _largest = reader.integer()?;
    let _delay = reader.integer()?;
    let ranges = reader.integer()?;
    let _first = reader.integer()?;
    for _ in 0..ranges {
        let _gap = reader.integer()?;
        let _length = reader.integer()?;
    }
    if counts_congestion {
        let _ect0 = reader.integer()?;
        let _ect1 = reader.integer()?;
        let _ce = reader.integer()?;
    }
    Some(())
}
