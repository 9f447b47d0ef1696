//! Quantities with their units, and how people read them. Pure: no clock is read and nothing is written here.

mod size;
mod text;
mod time;

pub use size::Bytes;
pub use text::{Secret, Untrusted, acts_on_a_terminal};
pub use time::{Moment, Nanos, WallTime};
