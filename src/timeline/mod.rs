//! Where things lie on a time axis. Pure geometry, shared by every picture with such an axis: no
//! colour, no character, no screen.

mod braille;
mod lanes;
mod scale;
mod ticks;
mod zoom;

pub use braille::BraillePlot;
pub use lanes::{Lane, LaneOptions, exchange_lanes};
pub use scale::{ColumnSpan, Scale};
pub use ticks::{AxisTick, AxisTicks, AxisUnit, round_axis_end};
pub use zoom::{TimeWindow, Zoom};
