//! The demonstration: an application on encrypted values through every part of the system.
//!
//! | module | holds |
//! | --- | --- |
//! | [`clients`] | clients of a cluster, and what they do whatever the application |
//! | [`election`] | an election: a circuit of bootstrappings, only the winner released |
//! | [`workload`] | any workload, with an account as the consumer |
//! | [`jobs`] | several jobs of one run |
//! | [`honest`] | the honest path of the linear tally, which attacks begin from |
//! | [`in_process`] | the linear tally without chain, committee and processes |
//! | [`summary`] | the JSON line that a linear tally ends with |
//! | [`figures`] | the JSON lines of circuits |

pub mod clients;
pub mod election;
pub mod figures;
pub mod honest;
pub mod in_process;
pub mod jobs;
pub mod summary;
pub mod workload;
