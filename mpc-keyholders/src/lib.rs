//! Keyholders: a committee that decrypts what is proven, authorised and final, and nothing else.
//!
//! You want this crate if you run a keyholder node, deal a committee's keys, or read how a release is made. The
//! protocol is specified in `docs/spec/threshold-release.md`; code names its steps (`TR.A1`).
//!
//! | module | holds |
//! | --- | --- |
//! | [`protocol`] | sharing, masks, shares, votes, attestation, the release policy: values in, values out |
//! | [`node`] | one node: configuration, storage, chain, peers over mTLS, gRPC services |
//! | [`adversary`] | malicious nodes as code, for tests and for attacks in demonstrations |
//!
//! Place among the crates: `trine-verifier` verifies proofs, `trine-fhe` squashes noise, `trine-program` states what
//! may be released; clients call the services of `trine-proto`'s `keyholder::v1`.

pub mod adversary;
pub mod node;
pub mod protocol;
