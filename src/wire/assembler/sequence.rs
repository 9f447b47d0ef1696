//! Conversion of 32-bit sequence numbers to offsets that do not wrap.

const EPOCH: u64 = 1 << 32;

/// Returns the offset whose low 32 bits are `low` and that is nearest to `near`; `None` if it would
/// be negative, as for a keep-alive probe or a stray segment.
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
