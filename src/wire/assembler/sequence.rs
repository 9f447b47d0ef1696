//! Sequence numbers of 32 bits and offsets, which do not wrap.

const EPOCH: u64 = 1 << 32;

/// Offset whose low 32 bits are `low` and which lies nearest to `near`; `None` if it would lie
/// before offset 0, as that of a keep-alive probe or a stray segment.
pub const fn unwrap_offset(low: u32, near: u64) -> Option<u64> {
    let guess = (near & !(EPOCH - 1)) | low as u64;
    if guess > near.saturating_add(EPOCH / 2) {
        guess.checked_sub(EPOCH)
    } else if guess.saturating_add(EPOCH / 2) < near {
        guess.checked_add(EPOCH)
    } else {
        Some(guess)
    }
}
