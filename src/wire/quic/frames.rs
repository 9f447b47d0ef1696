//! Frames in Initial packets (RFC 9000 §12.4, §19).

use crate::wire::byte_reader::ByteReader;

/// The `CRYPTO` frames of a packet, each with its offset, up to a frame that is not allowed here.
pub(super) fn crypto_frames(frames: &[u8]) -> Vec<(u64, &[u8])> {
    let mut rest = ByteReader::new(frames);
    let mut pieces = Vec::new();
    while !rest.is_at_end() {
        if read_frame(&mut rest, &mut pieces).is_none() {
            break;
        }
    }
    pieces
}

fn read_frame<'a>(rest: &mut ByteReader<'a>, pieces: &mut Vec<(u64, &'a [u8])>) -> Option<()> {
    match rest.integer()? {
        // PADDING, PING
        0 | 1 => {}
        kind @ (2 | 3) => skip_ack(rest, kind == 3)?,
        6 => {
            let offset = rest.integer()?;
            let length = usize::try_from(rest.integer()?).ok()?;
            pieces.push((offset, rest.take(length)?));
        }
        // CONNECTION_CLOSE, and frames that are not allowed
        _ => return None,
    }
    Some(())
}

/// `ACK` (RFC 9000 §19.3).
fn skip_ack(rest: &mut ByteReader<'_>, counts_congestion: bool) -> Option<()> {
    let _largest = rest.integer()?;
    let _delay = rest.integer()?;
    let ranges = rest.integer()?;
    let _first = rest.integer()?;
    for _ in 0..ranges {
        let _gap = rest.integer()?;
        let _length = rest.integer()?;
    }
    if counts_congestion {
        let _ect0 = rest.integer()?;
        let _ect1 = rest.integer()?;
        let _ce = rest.integer()?;
    }
    Some(())
}
