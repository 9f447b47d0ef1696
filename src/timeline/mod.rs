//! Geometry of time axes: scales, ticks, zoom, rows. Pure, and shared by every picture with a time
//! axis: no colours, no characters, no screen.

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
