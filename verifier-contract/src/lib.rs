//! Contract artifacts, bindings, calldata, deployment, and an in-process EVM to test them on.
//!
//! You want this crate if you call the contracts, deploy them, or change them. The Solidity sources stand beside it
//! (`src/*.sol`, `examples/`), compiled by `tools/build.sh` into `artifacts/`, which is committed: cargo needs no node.
//!
//! | module | holds |
//! | --- | --- |
//! | [`bindings`] | calls, events and errors of the contracts, read from the artifacts |
//! | [`calldata`] | proof bytes and public values, a strict decoder of both; claims about circuits |
//! | [`deployment`] | deploys on a JSON-RPC node; refuses development setups outside development mode |
//! | [`error`] | reverts by selector: which contract, which error |
//! | [`evm`] | an EVM in process: deploy, call, gas, logs |
//! | [`solidity`] | generates `src/generated/` from class, verifying key and reference string |
//! | [`verifying_key`] | words and hash of a verifying key; refuses keys under which anybody forges |
//!
//! Place among the crates: engine, keyholders and client meet the chain through this one. It knows the digests from
//! `trine-verifier` and no proving code.

pub mod bindings;
pub mod calldata;
pub mod deployment;
pub mod error;
pub mod evm;
pub mod solidity;
pub mod verifying_key;

pub use calldata::EvaluationProof;
pub use error::ContractError;
