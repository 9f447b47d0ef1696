//! Pure findings about a trace: phases on two clocks, round trips, what the packets say.
