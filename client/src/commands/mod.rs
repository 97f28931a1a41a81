//! One command, one file: its arguments, and a `run` that returns the exit code.

pub mod bench;
pub mod bounds;
pub mod ceremony;
pub mod demo;
pub mod encrypt;
pub mod prepare;
pub mod release;
pub mod submit;
pub mod up;
pub mod verify;
pub mod watch;
