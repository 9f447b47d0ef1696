//! Detection of the capture format.

use super::ArchiveError;
use super::input::ArchiveInput;
use super::pcap::{Pcap, PcapVariant};
use super::pcapng::Pcapng;
use super::record::CaptureRecord;

/// Reads a capture file record by record.
pub(super) enum RecordReader {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl RecordReader {
    /// Recognizes the format and reads the header.
    pub(super) fn new(mut source: ArchiveInput) -> Result<Self, ArchiveError> {
        let magic = source.peek(4)?;
        if magic.is_empty() {
            return Err(ArchiveError::Empty);
        }
        if magic == Pcapng::MAGIC {
            return Ok(Self::Pcapng(Pcapng::new(source)?));
        }
        match PcapVariant::from_magic(magic) {
            Some(variant) => Ok(Self::Pcap(Pcap::new(source, variant)?)),
            None => Err(ArchiveError::NotACapture {
                found: magic.to_vec(),
            }),
        }
    }

    /// Returns true if reading the next record may block.
    pub(super) fn may_block(&self) -> bool {
        let (source, length) = match self {
            Self::Pcap(pcap) => (pcap.source(), pcap.next_length()),
            Self::Pcapng(pcapng) => (pcapng.source(), pcapng.next_length()),
        };
        source
            .buffered()
            .is_some_and(|bytes| length.is_none_or(|length| bytes.len() < length))
    }

    /// The next record; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<CaptureRecord<'_>>, ArchiveError> {
        match self {
            Self::Pcap(pcap) => pcap.next(),
            Self::Pcapng(pcapng) => pcapng.next(),
        }
    }
}
