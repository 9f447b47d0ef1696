//! Import of HAR 1.2 files of any program, as the events of a run on the program's clock.
//!
//! Each browser writes HAR differently, and all deviate from the specification somewhere. How
//! deviations are read:
//!
//! | in the file | is |
//! |---|---|
//! | `-1`, `null`, nothing, text in the place of a number | absent |
//! | `dns`, `connect` or `ssl` of 0 (Firefox: it did not happen) | absent |
//! | `ssl` contained in `connect` (the specification, Chrome, Safari) or in addition to it | whichever agrees with `time`; see [`timings`] |
//! | `send`, `wait` and `receive` of an unanswered entry | absent if they are 0 |
//! | `blocked` | time before the first phase, and not a phase |
//! | `_connectionId` or else `connection`, and `serverIPAddress` | a connection: a new one if the entry connects, else the known one with the same values |
//! | `headersSize` of -1 | estimated as in HTTP/1.1 notation, with a note |
//! | `content.text` | the beginning of the body, base64 or not |
//! | a status of 0, `_error`, `_errorMessage` | a failure |
//! | `pages`, `_fromCache`, `_webSocketMessages` | notes |
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
