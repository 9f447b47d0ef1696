//! A trace written as text for people and machines. Pure: the caller writes.
