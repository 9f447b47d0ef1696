//! The live terminal UI: state, message, update to effects, views, the loop.
