//! Quantities with their units, and how people read them. Pure: no clock is read and nothing is
//! written here.

mod json;
mod nearest;
mod rate;
mod scaled;
mod share;
mod size;
mod text;
mod time;
mod typed_url;

pub use json::{json_line, write_json};
pub use nearest::{nearest, nearest_within};
pub use rate::BitRate;
pub use scaled::scaled;
pub use share::Share;
pub use size::{Bytes, counted, grouped};
pub use text::{Secret, Untrusted, acts_on_a_terminal, escape};
pub use time::{Moment, Nanos, WallTime, percent};
pub use typed_url::{TypedUrl, UrlMistake};
