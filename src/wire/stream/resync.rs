//! Finding the way again behind a gap, in any pieces: the next head of HTTP/1 or record of TLS.
//!
//! ```text
//! … rest of something │ HTTP/1.1 200 OK ⏎ fields ⏎ ⏎        believed once all of it is a head
//! … rest of something │ header │ content │ header           believed once another header follows,
//!                                                           or at once where it holds a hello
//! ```
//!
//! A body may quote a head, so a head that is found can be a quotation; after a gap nothing tells
//! them apart.

mod candidate;

use super::detect::{RECORD_HEADER, record_length};
use super::unit::{StreamProtocol, UnitKind};
use candidate::{CandidateFit, HeadCandidate};

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResyncTarget {
    /// A head of HTTP/1.
    Head,
    /// A record of TLS.
    Record,
    /// Whichever comes first.
    Either,
}

/// Looks for the next unit.
#[derive(Debug)]
pub(super) struct Resync {
    target: ResyncTarget,
    /// What bytes are in which nothing begins.
    kind: UnitKind,
    /// Bytes that were neither passed over nor recognised.
    held: Vec<u8>,
    /// Up to here in them nothing begins.
    searched: usize,
    /// What begins there, perhaps.
    head: Option<HeadCandidate>,
}

/// What a search has come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ResyncResult {
    /// Bytes that belong to nothing.
    pub(super) skipped: Vec<u8>,
    /// What begins behind them, and its bytes so far.
    pub(super) next: Option<(StreamProtocol, Vec<u8>)>,
}

impl Resync {
    /// Behind a gap.
    pub(super) const fn new(target: ResyncTarget) -> Self {
        Self::within(UnitKind::Skipped, target)
    }

    /// In a protocol that is not known: TLS may begin in it or may have begun before the capture.
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

    /// Takes all bytes, and says what is known of them and of those held.
    pub(super) fn take(&mut self, bytes: &[u8]) -> ResyncResult {
        self.held.extend_from_slice(bytes);
        self.search(false)
    }

    /// Nothing more comes, or another gap.
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
                CandidateFit::Sound => return self.found(at, Some(protocol)),
                CandidateFit::Open if !is_over => return self.found(at, None),
                // A head that is not complete holds all that follows it.
                CandidateFit::Open if protocol == StreamProtocol::Http1 => self.held.len() - at,
                CandidateFit::Open => 1,
                CandidateFit::Unsound { resume } => resume.max(1),
            };
            self.head = None;
            self.searched = at + resume;
        }
        self.found(self.held.len(), None)
    }

    /// Where the next thing may begin.
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

    /// A record is believed where another one follows, or nothing.
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
        self.head.get_or_insert_default().judge(rest)
    }

    /// Hands out the bytes before a place: they belong to nothing. What begins there is handed out,
    /// too, where it is known.
    fn found(&mut self, at: usize, protocol: Option<StreamProtocol>) -> ResyncResult {
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

    fn found(target: ResyncTarget, pieces: &[&[u8]]) -> (usize, Option<(StreamProtocol, Vec<u8>)>) {
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
                found(ResyncTarget::Head, &[&bytes]),
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
            assert_eq!(found(ResyncTarget::Head, &[bytes]), (bytes.len(), None));
        }
    }

    #[test]
    fn records_are_believed_when_another_one_follows() {
        let record = [23, 3, 3, 0, 4, 1, 2, 3, 4];
        let two = [&[9, 23, 3, 3, 0, 1, 9, 9][..], &record, &record].concat();
        assert_eq!(
            found(ResyncTarget::Record, &[&two]),
            (8, Some((StreamProtocol::Tls, two[8..].to_vec())))
        );
        let cut = [&[23, 3, 3, 0][..], &record[..8]].concat();
        assert_eq!(found(ResyncTarget::Record, &[&cut]), (12, None));
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            parts in proptest::collection::vec(prop::sample::select(vec![
                HEAD, b"GET /a HTTP/1.1\r\n\r\n", b"GET ", b"H", b"HTTP/1.1 ", b"\n", &[23, 3, 3, 0, 1, 0], &[22, 3], b"A: b\r\n",
            ]), 0..8),
            cuts in proptest::collection::vec(0_usize..150, 0..6),
        ) {
            let bytes = parts.concat();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect();
            for target in [ResyncTarget::Head, ResyncTarget::Record, ResyncTarget::Either] {
                prop_assert_eq!(found(target, &pieces), found(target, &[&bytes]));
            }
        }
    }
}
