//! Records of capture files, independent of the format.

use std::net::IpAddr;

use super::interface::CaptureInterface;
use super::packet_meta::PacketMeta;
use crate::trace::Event;
use crate::units::{Untrusted, WallTime};

/// A record.
#[derive(Debug)]
pub(super) enum CaptureRecord<'a> {
    /// An interface; they are numbered from 0 in order.
    Interface(&'a CaptureInterface),
    /// The start of another section: somebody concatenated files.
    Section,
    /// A frame.
    Frame(CapturedFrame<'a>),
    /// A comment.
    Comment(Untrusted),
    /// The name of an address.
    Name(IpAddr, Untrusted),
    /// The counts of an interface so far.
    Statistics(InterfaceStatistics),
    /// A TLS key log (Decryption Secrets Block of type `TLSK`).
    KeyLog(Extent),
    /// The position of an entry of the systemd journal.
    Journal(Extent),
    /// An event of a saved run, from the systemd journal.
    Event(Box<Event>),
    /// An unreadable event of a saved run, with the error.
    UnreadableEvent(Untrusted),
}

/// A captured frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct CapturedFrame<'a> {
    /// The interface's number.
    pub(super) interface: u16,
    /// Its timestamp; `None` if the file has none.
    pub(super) wall: Option<WallTime>,
    /// The captured bytes.
    pub(super) bytes: &'a [u8],
    /// Its length on the link.
    pub(super) frame_bytes: u32,
    /// The offset of its first byte in the file.
    pub(super) at: u64,
    /// Its metadata, in a saved run.
    pub(super) meta: Option<PacketMeta>,
}

/// The counts of an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct InterfaceStatistics {
    pub(super) interface: u16,
    /// Packets received, as counted by the capturing system.
    pub(super) received: Option<u64>,
    /// Packets dropped for lack of space.
    pub(super) dropped: Option<u64>,
}

/// A range of bytes in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The offset of its first byte.
    pub at: u64,
    /// Its length.
    pub bytes: u64,
}
