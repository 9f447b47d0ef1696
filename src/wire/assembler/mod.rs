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
//! - [`Coverage`] keeps which bytes have passed, as gaps below an end, with a tag for each gap.
//!   Used by `trace::flow`, `insight::exchange_packets`, redaction, IP fragments and [`Carriers`].
//! - [`Carriers`] keeps which packet carried which bytes. Used by `trace::flow`.
//! - [`Assembler`] holds out-of-order bytes. Used by redaction, QUIC and IP fragments; without
//!   holding any by `dissect` and `insight::payload`, which read packets by offset.
//! - [`unwrap_offset`] converts 32-bit sequence numbers to offsets. Used by `trace::flow` and
//!   redaction.
//!
//! **Overlap.** In-order bytes are final: bytes that arrive for them later are repeats. Of the
//! pieces held out of order, the one that begins first counts, and of those that begin at the same
//! offset the one that arrived first. Reading packets sorted by offset yields the same result, so a
//! live redaction and a later dissection agree on the bytes. Receivers differ in this (Linux keeps
//! the older bytes, others the newer segment), so contradicting segments can make any reader wrong;
//! true retransmissions are read correctly under every policy.
//!
//! **Limits.** A gap or a held piece costs memory that a hostile sender could claim, so each type
//! has a maximum as a parameter, and its documentation says what happens beyond it.
//!
//! **Why own code.** The sets of ranges are `rangemap`'s. No crate was found that adds what is
//! needed here: the age of a gap, the repeated part of a range, the packet that carried it, and a
//! memory limit for held bytes. smoltcp's `Assembler` has a fixed number of gaps (4 unless built
//! otherwise) and does not report repeats; `range-set-blaze` has inclusive ranges without tags and
//! depends on five more crates; the reassembler of `stackforge-core` keeps the whole stream in
//! memory; quinn's assembler is private.

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
