//! Live packets as events.
