//! The argument: completeness, the attacks its checks stop, every field tampered with, why each check is there.

mod case;
mod forger;
mod mutation;
mod statement;
mod tamper;
mod weakened;
