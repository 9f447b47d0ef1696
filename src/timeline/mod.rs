//! Pure geometry of a time axis: scale, ticks, lanes, zoom.
