//! HAR 1.2 of anybody's, as the events of a run on the program's clock.
//!
//! Browsers write it each in its own manner, and all break the specification somewhere. What is
//! read:
//!
//! | in the file | is |
//! |---|---|
//! | `-1`, `null`, nothing, text where a number belongs | absent |
//! | `dns`, `connect` or `ssl` of 0 (Firefox: there was none) | absent |
//! | `ssl` within `connect` (the specification, Chrome, Safari) or beside it | whichever agrees with `time`; see [`timings`] |
//! | `send`, `wait` and `receive` of an entry that was not answered | absent where they are 0 |
//! | `blocked` | time before the first phase, and no phase |
//! | `_connectionId` or else `connection`, and `serverIPAddress` | a connection: a new one where the entry connects, else the one known by both |
//! | `headersSize` of -1 | what the fields take as HTTP/1.1 writes them, which is said |
//! | `content.text` | the beginning of the body, base64 or not |
//! | a status of 0, `_error`, `_errorMessage` | a failure |
//! | `pages`, `_fromCache`, `_webSocketMessages` | notes |
//!
//! Where `serverIPAddress` is missing there is no connection; which end of it was this side's no
//! browser says. Other names that begin with `_`, cookies and what was posted are passed over.
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
