//! Arguments and commands; the only room that wires the others together.
