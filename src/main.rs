//! Chooses a command and returns its exit code.

fn main() {}
