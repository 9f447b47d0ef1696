//! What a budget may limit.

use crate::insight::Transfer;
use crate::trace::{HttpVersion, Phase};
use crate::units::{Bytes, Nanos};

/// A figure of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Time in a phase, over all hops.
    Phase(Phase),
    /// From the start of the first hop to the end of the last.
    Total,
    /// From the start of the first hop to the first byte of the final response.
    FirstByte,
    /// Bytes of the final response's body, as transferred.
    Size,
    /// Status of the final response.
    Status,
    /// HTTP version of the final response.
    Version,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nanoseconds.
    Time,
    /// Bytes.
    Size,
    /// A status code.
    Status,
    /// Tenths of an HTTP version: 11, 20.
    Version,
}

impl Measure {
    /// The names a budget may use, each with what it means. `xfer` and `receive` are the same.
    pub(super) const NAMES: [(&'static str, Self); 13] = [
        ("dns", Self::Phase(Phase::Dns)),
        ("connect", Self::Phase(Phase::Connect)),
        ("proxy", Self::Phase(Phase::Proxy)),
        ("tls", Self::Phase(Phase::Tls)),
        ("send", Self::Phase(Phase::Send)),
        ("wait", Self::Phase(Phase::Wait)),
        ("receive", Self::Phase(Phase::Receive)),
        ("xfer", Self::Phase(Phase::Receive)),
        ("ttfb", Self::FirstByte),
        ("total", Self::Total),
        ("size", Self::Size),
        ("status", Self::Status),
        ("http", Self::Version),
    ];

    /// Its name in a budget and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Phase(phase) => phase.name(),
            Self::Total => "total",
            Self::FirstByte => "ttfb",
            Self::Size => "size",
            Self::Status => "status",
            Self::Version => "http",
        }
    }

    /// What it counts.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Phase(_) | Self::Total | Self::FirstByte => Kind::Time,
            Self::Size => Kind::Size,
            Self::Status => Kind::Status,
            Self::Version => Kind::Version,
        }
    }

    /// The figure; `None` where it was not measured.
    pub(super) fn of(self, transfer: &Transfer) -> Option<u64> {
        let response = || transfer.last()?.response.as_ref();
        match self {
            Self::Phase(phase) => transfer.phase(phase).map(|time| time.0),
            Self::Total => transfer.total().map(|time| time.0),
            Self::FirstByte => transfer.first_byte().map(|time| time.0),
            Self::Size => response().and(transfer.last()).map(|last| last.response_body.transferred),
            Self::Status => response().map(|response| u64::from(response.status)),
            Self::Version => response().map(|response| tenths(response.version)),
        }
    }
}

const fn tenths(version: HttpVersion) -> u64 {
    match version {
        HttpVersion::Http10 => 10,
        HttpVersion::Http11 => 11,
        HttpVersion::Http2 => 20,
        HttpVersion::Http3 => 30,
    }
}

impl Kind {
    /// A figure of this kind as people read it.
    pub fn shown(self, figure: u64) -> String {
        match self {
            Self::Time => Nanos(figure).to_string(),
            Self::Size => Bytes(figure).to_string(),
            Self::Status => figure.to_string(),
            Self::Version if figure.is_multiple_of(10) => (figure / 10).to_string(),
            Self::Version => format!("{}.{}", figure / 10, figure % 10),
        }
    }

    /// The units a limit of this kind may have, each with how many of the figure's own it holds.
    pub(super) const fn units(self) -> &'static [(&'static str, u64)] {
        match self {
            Self::Time => &[("ns", 1), ("us", 1_000), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000)],
            Self::Size => {
                &[("B", 1), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
            }
            Self::Status => &[("", 1)],
            Self::Version => &[("", 10)],
        }
    }
}
