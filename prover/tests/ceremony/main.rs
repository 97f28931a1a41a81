//! The second phase: keys that prove and verify, and every way to cheat that the checks name.

mod chain;
mod files;
mod fixture;
mod forger;
mod keys;
mod powers;
mod setup;
