//! Exact bootstrapping with real keys of the production set: what tfhe-rs computes, what it decrypts, the same words
//! however the work is split, noise as predicted, and a trace whose identities hold over the integers.

mod keys;

mod casting;
mod keyswitch;
mod noise;
mod plaintexts;
mod trace;
mod words;
