//! Resynchronization after a gap: finds the next HTTP/1 head or TLS record, in input of any pieces.
//!
//! ```text
//! … rest of something │ HTTP/1.1 200 OK ⏎ fields ⏎ ⏎     accepted once the whole head is valid
//! … rest of something │ header │ content │ header        accepted once another header follows,
//!                                                        or at once if it contains a hello
//! ```
//!
//! A body may quote a head, so a head that is found after a gap may be such a quotation; the two
//! cannot be distinguished.

mod candidate;

use super::detect::{RECORD_HEADER, record_length};
use super::unit::{StreamProtocol, UnitKind};
use candidate::{CandidateFit, HeadCandidate};

/// Kind of unit to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResyncTarget {
    /// An HTTP/1 head.
    Head,
    /// A TLS record.
    Record,
    /// Whichever comes first.
    Either,
}

/// Search for the next unit.
#[derive(Debug)]
pub(super) struct Resync {
    target: ResyncTarget,
    /// Kind reported for bytes that are skipped.
    kind: UnitKind,
    /// Bytes that were neither skipped nor recognized.
    held: Vec<u8>,
    /// Number of these bytes in which nothing can begin.
    searched: usize,
    /// A possible head after them.
    head: Option<HeadCandidate>,
}

/// Result of a search step.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ResyncResult {
    /// Bytes that belong to no unit.
    pub(super) skipped: Vec<u8>,
    /// Protocol of what follows them, and its bytes so far.
    pub(super) next: Option<(StreamProtocol, Vec<u8>)>,
}

impl Resync {
    /// Creates a search after a gap.
    pub(super) const fn new(target: ResyncTarget) -> Self {
        Self::within(UnitKind::Skipped, target)
    }

    /// Creates a search in an unknown protocol, in which TLS may begin or may have begun before the
    /// capture.
    pub(super) const fn in_opaque() -> Self {
        Self::within(UnitKind::Opaque, ResyncTarget::Record)
    }

    const fn within(kind: UnitKind, target: ResyncTarget) -> Self {
        Self {
            target,
            kind,
            held: Vec::new(),
            searched: 0,
            head: None,
        }
    }

    pub(super) const fn target(&self) -> ResyncTarget {
        self.target
    }

    pub(super) const fn kind(&self) -> UnitKind {
        self.kind
    }

    /// Searches the next bytes, together with those buffered.
    pub(super) fn take(&mut self, bytes: &[u8]) -> ResyncResult {
        self.held.extend_from_slice(bytes);
        self.search(false)
    }

    /// Ends the search: the stream ended, or there is another gap.
    pub(super) fn end(&mut self) -> ResyncResult {
        self.search(true)
    }

    fn search(&mut self, is_over: bool) -> ResyncResult {
        while let Some((at, protocol)) = self.next_candidate(is_over) {
            self.searched = at;
            let judgement = match protocol {
                StreamProtocol::Tls => self.judge_record(is_over),
                _ => self.judge_head(),
            };
            let resume = match judgement {
                CandidateFit::Sound => return self.take_before(at, Some(protocol)),
                CandidateFit::Open if !is_over => return self.take_before(at, None),
                // An incomplete head extends to the end of the buffer.
                CandidateFit::Open if protocol == StreamProtocol::Http1 => self.held.len() - at,
                CandidateFit::Open => 1,
                CandidateFit::Unsound { resume } => resume.max(1),
            };
            self.head = None;
            self.searched = at + resume;
        }
        self.take_before(self.held.len(), None)
    }

    /// Returns the offset at which the next unit may begin.
    fn next_candidate(&self, is_over: bool) -> Option<(usize, StreamProtocol)> {
        if self.head.is_some() {
            return Some((self.searched, StreamProtocol::Http1));
        }
        let rest = self.held.get(self.searched..)?;
        let (heads, records) = match self.target {
            ResyncTarget::Head => (true, false),
            ResyncTarget::Record => (false, true),
            ResyncTarget::Either => (true, true),
        };
        let begins = |(at, byte): (usize, &u8)| {
            if records && matches!(byte, 20..=24) {
                let header = rest.get(at..)?;
                let may_be = header.get(1).is_none_or(|major| *major == 3)
                    && header
                        .first_chunk()
                        .is_none_or(|header| record_length(*header).is_some());
                return may_be.then_some((at, StreamProtocol::Tls));
            }
            (heads && byte.is_ascii_uppercase() && candidate::may_begin(rest.get(at..)?, is_over))
                .then_some((at, StreamProtocol::Http1))
        };
        let (at, protocol) = rest.iter().enumerate().find_map(begins)?;
        Some((self.searched + at, protocol))
    }

    /// Accepts a record if another one follows, or if the stream ends after it.
    fn judge_record(&self, is_over: bool) -> CandidateFit {
        let rest = self.held.get(self.searched..).unwrap_or_default();
        let Some(length) = rest
            .first_chunk::<RECORD_HEADER>()
            .map(|header| record_length(*header))
        else {
            return CandidateFit::Open;
        };
        let Some(end) = length.map(|length| RECORD_HEADER + length) else {
            return CandidateFit::Unsound { resume: 1 };
        };
        if matches!(rest, [22, _, _, _, _, 1 | 2, 0, high, low, ..]
            if usize::from(u16::from_be_bytes([*high, *low])) + RECORD_HEADER + 4 <= end)
        {
            return CandidateFit::Sound;
        }
        let next = rest
            .get(end..)
            .and_then(<[u8]>::first_chunk::<RECORD_HEADER>);
        match next {
            Some(header) if record_length(*header).is_some() => CandidateFit::Sound,
            Some(_) => CandidateFit::Unsound { resume: 1 },
            None if is_over && rest.len() == end => CandidateFit::Sound,
            None => CandidateFit::Open,
        }
    }

    fn judge_head(&mut self) -> CandidateFit {
        let rest = self.held.get(self.searched..).unwrap_or_default();
        self.head.get_or_insert_default().examine(rest)
    }

    /// Removes the bytes before an offset, which belong to no unit, and what begins there if its
    /// protocol is known.
    fn take_before(&mut self, at: usize, protocol: Option<StreamProtocol>) -> ResyncResult {
        let rest = self.held.split_off(at.min(self.held.len()));
        let skipped = std::mem::replace(&mut self.held, rest);
        self.searched = 0;
        let next = protocol.map(|protocol| (protocol, std::mem::take(&mut self.held)));
        ResyncResult { skipped, next }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n";

    fn search_pieces(
        target: ResyncTarget,
        pieces: &[&[u8]],
    ) -> (usize, Option<(StreamProtocol, Vec<u8>)>) {
        let (mut resync, mut skipped) = (Resync::new(target), 0);
        for (place, piece) in pieces.iter().enumerate() {
            let found = resync.take(piece);
            skipped += found.skipped.len();
            if let Some((protocol, mut bytes)) = found.next {
                bytes.extend(pieces[place + 1..].concat());
                return (skipped, Some((protocol, bytes)));
            }
        }
        let found = resync.end();
        (skipped + found.skipped.len(), found.next)
    }

    #[test]
    fn heads_are_found_wherever_they_begin_and_nothing_that_looks_like_one() {
        for before in [
            &b""[..],
            b"xHTTP/1.1 200",
            b"HTTP/1.1 20 OK\r\n",
            b"GET / HTTP/1.1\r\nno field\r\n",
            b"GETGET /",
        ] {
            let bytes = [before, HEAD].concat();
            let expected = Some((StreamProtocol::Http1, HEAD.to_vec()));
            assert_eq!(
                search_pieces(ResyncTarget::Head, &[&bytes]),
                (before.len(), expected),
                "{before:?}"
            );
        }
        for bytes in [
            &b"HTTP/1.1 200 OK\r\nA: b\r\n"[..],
            b"HTTP/2 200\r\n\r\n",
            b"",
            b"GET /a",
        ] {
            assert_eq!(
                search_pieces(ResyncTarget::Head, &[bytes]),
                (bytes.len(), None)
            );
        }
    }

    #[test]
    fn records_are_believed_when_another_one_follows() {
        let record = [23, 3, 3, 0, 4, 1, 2, 3, 4];
        let two = [&[9, 23, 3, 3, 0, 1, 9, 9][..], &record, &record].concat();
        assert_eq!(
            search_pieces(ResyncTarget::Record, &[&two]),
            (8, Some((StreamProtocol::Tls, two[8..].to_vec())))
        );
        let cut = [&[23, 3, 3, 0][..], &record[..8]].concat();
        assert_eq!(search_pieces(ResyncTarget::Record, &[&cut]), (12, None));
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            parts in proptest::collection::vec(prop::sample::select(vec![
                HEAD, b"GET /a HTTP/1.1\r\n\r\n", b"GET ", b"H", b"HTTP/1.1 ", b"\n",
                &[23, 3, 3, 0, 1, 0], &[22, 3], b"A: b\r\n",
            ]), 0..8),
            cuts in proptest::collection::vec(0_usize..150, 0..6),
        ) {
            let bytes = parts.concat();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect();
            for target in [ResyncTarget::Head, ResyncTarget::Record, ResyncTarget::Either] {
                prop_assert_eq!(search_pieces(target, &pieces), search_pieces(target, &[&bytes]));
            }
        }
    }
}
