//! Client library of Trine, and what its command line is made of.
//!
//! You want this crate if your application encrypts values, outsources a program over them, reads the proven result
//! or checks somebody else's receipt.
//!
//! | module | holds |
//! | --- | --- |
//! | [`voter`] | encryption, words, commitment, handle |
//! | [`setup`] | development reference string and cache |
//! | [`ballot`] | ballots and the tally program of the demonstration |
//! | [`receipt`] | receipt files and their native verification |
//! | [`ciphertext`] | the file of an encrypted value |
//! | [`operations`] | operation lists as an engine takes them |
//! | [`facts`] | what a chain says about one request |
//! | [`process`], [`port`], [`certificates`] | what a local cluster of processes is made of |
//! | [`config`] | the cluster file |
//! | [`phases`] | durations of a run |
//! | [`proving`] | proofs of bootstrapping in this process, under development keys |
//! | [`engine`], [`prover`], [`keyholders`], [`chain`], [`rpc`] | clients of the services |
//!
//! Place among the crates: on top of all others; only the workloads of `examples/` depend on it.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests state what they expect"))]

pub mod ballot;
pub mod certificates;
pub mod chain;
pub mod ciphertext;
pub mod cluster;
pub mod config;
pub mod engine;
pub mod facts;
pub mod keyholders;
pub mod operations;
pub mod phases;
pub mod port;
pub mod process;
pub mod prover;
pub mod proving;
pub mod receipt;
pub mod rpc;
pub mod setup;
pub mod voter;
