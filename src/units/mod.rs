//! Quantities with units, how they are parsed and formatted, and text that has to be handled with
//! care. Pure: reads no clock and writes nothing.

mod decimal;
mod edit_distance;
mod fraction;
mod json;
mod rate;
mod size;
mod text;
mod tight_push;
mod time;
mod typed_url;

pub use decimal::parse_scaled_decimal;
pub use edit_distance::{closest_match, closest_match_within};
pub use fraction::Fraction;
pub use json::{json_line, write_json};
pub use rate::BitRate;
pub use size::{Bytes, format_count, group_digits};
pub use text::{Secret, Untrusted, escape_for_terminal, is_unsafe_for_terminal};
pub use tight_push::push_tight;
pub use time::{Moment, Nanos, WallTime, format_percent};
pub use typed_url::{TypedUrl, TypedUrlError};
