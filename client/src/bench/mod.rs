//! What the system costs, measured: gas, bytes, seconds, memory.
//!
//! | module | holds |
//! | --- | --- |
//! | [`slice`] | one job of the first class from ballots to totals, in this process |
//! | [`evm_tally`] | the contracts on the in-process EVM |
//! | [`memory`] | peak memory of this process |

pub mod evm_tally;
pub mod memory;
pub mod slice;
