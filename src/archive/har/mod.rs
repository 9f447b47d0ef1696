//! Import of HAR 1.2 files of any program, as the events of a run on the program's clock.
//!
//! Each browser writes HAR differently, and all deviate from the specification somewhere. How
//! deviations are read:
//!
//! - `-1`, `null`, nothing, and text in the place of a number are absent.
//! - `dns`, `connect` or `ssl` of 0 are absent (Firefox: they did not happen).
//! - `ssl` is contained in `connect` (the specification, Chrome, Safari) or written in addition to
//!   it, whichever agrees with `time`; see [`timings`].
//! - `send`, `wait` and `receive` of 0 are absent for an unanswered entry.
//! - `blocked` is time before the first phase, and not a phase.
//! - `_connectionId` or else `connection`, and `serverIPAddress` identify a connection: a new one
//!   if the entry connects, else the known one with the same values.
//! - `headersSize` of -1 is replaced by an estimate as in HTTP/1.1 notation, with a note.
//! - `content.text` is the beginning of the body, base64 or not.
//! - A status of 0, `_error` and `_errorMessage` are failures.
//! - `pages`, `_fromCache` and `_webSocketMessages` become notes.
//!
//! Without `serverIPAddress` there is no connection; no browser writes the local endpoint. Other
//! members that begin with `_`, cookies and posted data are ignored.
//!
//! <http://www.softwareishard.com/blog/har-12-spec/>

mod body;
mod connections;
mod entry;
mod entry_reader;
mod events;
mod failure;
mod index;
mod log;
mod message;
mod overlapping;
mod recent_map;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod timings;

pub(super) use events::read_har_events;
pub(super) use index::{EntryIndex, HarFile};
pub(super) use log::HarLog;
