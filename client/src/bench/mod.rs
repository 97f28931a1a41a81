//! What the system costs, measured: gas, bytes, seconds, memory.
//!
//! | module | holds |
//! | --- | --- |
//! | [`slice`] | one job of the first class from ballots to totals, in this process |
//! | [`evaluate`] | bootstrappings beside tfhe-rs |
//! | [`prove`] | proofs of bootstrapping |
//! | [`operations`] | each operation beside tfhe-rs |
//! | [`rival`], [`integer_rival`] | tfhe-rs, measured in the same run: blocks and integers |
//! | [`timing`] | durations and their medians |
//! | [`evm_tally`] | the contracts on the in-process EVM |
//! | [`memory`] | peak memory of this process |

pub mod evaluate;
pub mod evm_tally;
pub mod integer_rival;
pub mod memory;
pub mod operations;
pub mod prove;
pub mod rival;
pub mod slice;
pub mod timing;
