//! The local lab: servers to look at without a network.
