//! One command, one file: its arguments, and a `run` that returns the exit code.

pub mod bench;
pub mod bounds;
pub mod demo;
pub mod verify;
