//! What capture files consist of.

use std::net::IpAddr;

use super::interface::CaptureInterface;
use super::packet_meta::PacketMeta;
use crate::trace::Event;
use crate::units::{Untrusted, WallTime};

/// The next thing in a file.
#[derive(Debug)]
pub(super) enum CaptureRecord<'a> {
    /// An interface, numbered from 0 in the order in which they come.
    Interface(&'a CaptureInterface),
    /// Another file begins here: somebody put one behind the other.
    Section,
    /// A frame.
    Frame(CapturedFrame<'a>),
    /// Somebody's remark.
    Comment(Untrusted),
    /// The name of an address.
    Name(IpAddr, Untrusted),
    /// An interface's counts so far.
    Statistics(InterfaceStatistics),
    /// A TLS key log (Decryption Secrets Block of type `TLSK`).
    KeyLog(Extent),
    /// An entry of the systemd journal.
    Journal(Extent),
    /// An entry of the systemd journal that is an event of a run.
    Event(Box<Event>),
    /// One that says it is, and cannot be read; why.
    UnreadableEvent(Untrusted),
}

/// A frame as it was captured.
#[derive(Clone, Copy, Debug)]
pub(super) struct CapturedFrame<'a> {
    /// The interface's number.
    pub(super) interface: u16,
    /// When it passed; `None` where the file does not say.
    pub(super) wall: Option<WallTime>,
    /// What was captured of it.
    pub(super) bytes: &'a [u8],
    /// How long it was on the link.
    pub(super) frame_bytes: u32,
    /// Where in the file its first byte lies.
    pub(super) at: u64,
    /// What stands beside it, where a run was saved.
    pub(super) meta: Option<PacketMeta>,
}

/// An interface's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct InterfaceStatistics {
    pub(super) interface: u16,
    /// Packets that came, as the capturing system counted them.
    pub(super) received: Option<u64>,
    /// Packets it had no room for.
    pub(super) dropped: Option<u64>,
}

/// Bytes of the file that are kept where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Offset of the first one.
    pub at: u64,
    /// How many.
    pub bytes: u64,
}
