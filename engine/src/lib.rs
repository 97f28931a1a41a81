//! The engine: gRPC service, storage, scheduling, chain adapter.
//!
//! You want this crate if you serve computation on encrypted values. It is trusted with nothing but availability:
//! handles, evaluation and proofs are recomputed by whoever relies on them.
//!
//! | module | holds |
//! | --- | --- |
//! | [`domain`] | what is stored: keys, ciphertexts, access lists, jobs and their states, proofs |
//! | [`store`] | the trait of the store and its RocksDB implementation: every change one durable batch |
//! | [`setup`] | what the engine is bound to: chain, contract, verifier, SRS, class |
//! | [`evaluation`] | from bytes to words to handles; programs applied to words |
//! | [`circuit`] | operation lists lowered and checked; circuits evaluated in batches and resumed from their wires; segments and their links |
//! | [`jobs`] | the state machine of a job, its proofs and transactions, its announcements, resumption after a crash |
//! | [`chain`] | the trait of the chain and its JSON-RPC implementation |
//! | [`prover`] | the trait of the prover and its gRPC client |
//! | [`service`] | `trine.engine.v1`: authentication, limits, conversion between messages and [`domain`] |
//! | [`config`] | the configuration file of the binary |
//! | [`error`] | every refusal, with its name and its gRPC code |
//!
//! A job's state is on disk before anybody hears of it. After a crash each job goes on from the state on disk; the
//! transaction that fulfils a request is stored signed before it is sent, so that sending it again is the same
//! transaction.
//!
//! A circuit that is larger than one proof is one job for one request: evaluated as a whole, proven segment by segment, each
//! proof on disk before the next one is asked for, and sent segment by segment, in order. Its receipt has all proofs.
//!
//! Circuits that wait for the prover at the same time, under one key, share a proof and a transaction as far as they fit
//! ([`jobs::batch`]). Each keeps its request, its state and its receipt, which names the others. What is wrong with one fails no
//! other: where a batch has no proof, or its transaction cannot be simulated, each of its jobs is proved and sent by itself.

pub mod chain;
pub mod circuit;
pub mod config;
pub mod domain;
pub mod error;
pub mod evaluation;
pub mod jobs;
pub mod prover;
pub mod service;
pub mod setup;
pub mod store;

pub use error::EngineError;
