//! Nanoseconds a multiplication.
fn main() {}
