//! The argument: completeness, the attacks its checks stop, every field tampered with.

mod case;
mod statement;
mod tamper;
