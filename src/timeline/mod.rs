//! Where things lie on a time axis. Pure geometry, shared by every picture with such an axis: no
//! colour, no character, no screen.

mod dots;
mod lanes;
mod scale;
mod ticks;
mod zoom;

pub use dots::Dots;
pub use lanes::{Detail, Lane, lanes};
pub use scale::{Cover, Scale};
pub use ticks::{AxisUnit, Tick, Ticks, round_end};
pub use zoom::{Window, Zoom};
