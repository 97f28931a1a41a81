//! Parameter set, keys, ciphertext words, exact evaluation, noise squashing.
//!
//! You want this crate if you encrypt, evaluate, squash or decrypt. Users' and keyholders' cryptography is tfhe-rs's
//! own; what the engine computes is exact integer arithmetic of ours, the same words on every machine.
//!
//! | module | holds |
//! | --- | --- |
//! | [`parameters`] | the parameter set in one place, release policy |
//! | [`noise`] | variances, failure probabilities |
//! | [`keys`] | tfhe-rs's keys, their bytes and digest |
//! | [`encryption`] | compact lists, expanded without any lookup table |
//! | [`words`] | ciphertext words and their canonical bytes |
//! | [`bootstrapping`] | exact keyswitch and bootstrapping |
//! | [`circuit`] | exact evaluation of circuits, in batches that can be resumed |
//! | [`linear`] | exact evaluation of linear programs |
//! | [`squashing`] | noise squashing, by each keyholder itself |
//! | [`dev_keys`] | development keys on disk (the one module with I/O) |
//!
//! Values in, values out: no network, no clock, no async.

pub mod bootstrapping;
pub mod circuit;
pub mod dev_keys;
pub mod encryption;
pub mod keys;
pub mod linear;
pub mod noise;
pub mod parameters;
pub mod squashing;
pub mod words;

pub use words::{BlockWords, ValueWords};
