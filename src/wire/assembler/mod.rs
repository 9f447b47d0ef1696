//! Reassembly of byte sequences whose pieces arrive in any order, more than once, or never: the
//! segments of TCP (RFC 9293 §3.4), the fragments of an IP datagram (RFC 791 §2.3, RFC 8200 §4.5),
//! the `CRYPTO` frames of QUIC (RFC 9000 §19.6).
//!
//! ```text
//! sequence   ├──────────────┤░░░░░├──────┤░░░├────┤     offsets from 0, not wrapped
//!                           ▲      ▲ ahead         ▲ end
//!                    end of the in-order run; then gaps
//! ```
//!
//! | type | keeps | used by |
//! |---|---|---|
//! | [`Coverage`] | which bytes have passed, as gaps below an end, with a tag for each gap | `trace::flow`, `insight::exchange_packets`, redaction, IP fragments, [`Carriers`] |
//! | [`Carriers`] | which packet carried which bytes | `trace::flow` |
//! | [`Assembler`] | bytes that are ahead of the in-order run | redaction, QUIC, IP fragments; without holding any, `dissect` and `insight::payload`, which read packets by offset |
//! | [`unwrap_offset`] | nothing: 32-bit sequence numbers as offsets | `trace::flow`, redaction |
//!
//! **Overlap.** Bytes that were in order are final: what arrives for them later is a repeat. Of the
//! pieces held ahead, the one that begins first counts, and of those that begin at the same offset
//! the one that came first. This is also what reading packets sorted by offset yields, so a live
//! redaction and a later dissection agree on the bytes. Receivers differ in this (Linux keeps what
//! it has, others let the newer segment win), so a sender can make any reader wrong; a sender that
//! repeats what it sent is read right under every policy.
//!
//! **Limits.** A gap or a held piece costs memory that a hostile sender could claim, so each type
//! states its maximum in its type, and what happens beyond it.
//!
//! **Why own code.** The sets of ranges are `rangemap`'s. No crate was found that adds what is
//! needed here: since when a gap is there, what of a range is a repeat, which packet carried it, and
//! bytes under a memory limit. smoltcp's `Assembler` has a fixed number of gaps (4 unless built
//! otherwise) and does not tell repeats; `range-set-blaze` has inclusive ranges without tags and
//! brings five crates along; the reassembler of `stackforge-core` keeps the whole stream in memory;
//! quinn's assembler is private.

mod carriers;
mod coverage;
mod held;
mod sequence;
#[cfg(test)]
mod tests;

pub use carriers::{Carrier, Carriers, overlapping_items};
pub use coverage::{Coverage, Insertion, TooManyGaps};
pub use held::{Assembler, HeldPiece, PiecePosition};
pub use sequence::unwrap_offset;
